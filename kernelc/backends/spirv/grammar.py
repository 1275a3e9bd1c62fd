"""The part of SPIR-V's grammar that printed kernels use, as tables: numbers and operands of instructions.

Source: SPIR-V Specification 1.3 (unified), sections 3.2-3.32, "SPIR-V Extended Instructions for GLSL",
SPV_KHR_integer_dot_product, SPV_KHR_vulkan_memory_model and SPV_KHR_cooperative_matrix.
"""

from __future__ import annotations

MAGIC = 0x07230203
VERSION_1_3 = 0x00010300

# Each row: name, opcode, operands. T is the result's type, R the result, id another id; number is a constant
# of the result's type; literal and string stand for themselves; a capitalised word names an enumeration
# below, whose bits are joined by |; a star means any number of operands.
_TEXT = """
OpName                    5  id string
OpExtension              10  string
OpExtInstImport          11  R string
OpExtInst                12  T R id Function450 id*
OpMemoryModel            14  AddressingModel MemoryModel
OpEntryPoint             15  ExecutionModel id string id*
OpExecutionMode          16  id ExecutionMode literal*
OpCapability             17  Capability
OpTypeVoid               19  R
OpTypeBool               20  R
OpTypeInt                21  R literal literal
OpTypeFloat              22  R literal
OpTypeVector             23  R id literal
OpTypeArray              28  R id id
OpTypeRuntimeArray       29  R id
OpTypeStruct             30  R id*
OpTypePointer            32  R StorageClass id
OpTypeFunction           33  R id id*
OpConstantTrue           41  T R
OpConstantFalse          42  T R
OpConstant               43  T R number
OpConstantComposite      44  T R id*
OpFunction               54  T R FunctionControl id
OpFunctionEnd            56
OpVariable               59  T R StorageClass
OpLoad                   61  T R id MemoryOperands*
OpStore                  62  id id MemoryOperands*
OpAccessChain            65  T R id id*
OpDecorate               71  id Decoration value*
OpMemberDecorate         72  id literal Decoration value*
OpCompositeConstruct     80  T R id*
OpCompositeExtract       81  T R id literal*
OpConvertFToU           109  T R id
OpConvertFToS           110  T R id
OpConvertSToF           111  T R id
OpConvertUToF           112  T R id
OpFConvert              115  T R id
OpBitcast               124  T R id
OpSNegate               126  T R id
OpFNegate               127  T R id
OpIAdd                  128  T R id id
OpFAdd                  129  T R id id
OpISub                  130  T R id id
OpFSub                  131  T R id id
OpIMul                  132  T R id id
OpFMul                  133  T R id id
OpUDiv                  134  T R id id
OpSDiv                  135  T R id id
OpFDiv                  136  T R id id
OpUMod                  137  T R id id
OpSRem                  138  T R id id
OpDot                   148  T R id id
OpLogicalEqual          164  T R id id
OpLogicalNotEqual       165  T R id id
OpLogicalOr             166  T R id id
OpLogicalAnd            167  T R id id
OpLogicalNot            168  T R id
OpSelect                169  T R id id id
OpIEqual                170  T R id id
OpINotEqual             171  T R id id
OpUGreaterThan          172  T R id id
OpSGreaterThan          173  T R id id
OpUGreaterThanEqual     174  T R id id
OpSGreaterThanEqual     175  T R id id
OpULessThan             176  T R id id
OpSLessThan             177  T R id id
OpULessThanEqual        178  T R id id
OpSLessThanEqual        179  T R id id
OpFOrdEqual             180  T R id id
OpFUnordNotEqual        183  T R id id
OpFOrdLessThan          184  T R id id
OpFOrdGreaterThan       186  T R id id
OpFOrdLessThanEqual     188  T R id id
OpFOrdGreaterThanEqual  190  T R id id
OpShiftRightLogical     194  T R id id
OpShiftRightArithmetic  195  T R id id
OpShiftLeftLogical      196  T R id id
OpBitwiseOr             197  T R id id
OpBitwiseXor            198  T R id id
OpBitwiseAnd            199  T R id id
OpControlBarrier        224  id id id
OpMemoryBarrier         225  id id
OpAtomicIAdd            234  T R id id id id
OpLoopMerge             246  id id LoopControl
OpSelectionMerge        247  id SelectionControl
OpLabel                 248  R
OpBranch                249  id
OpBranchConditional     250  id id id
OpReturn                253
OpGroupNonUniformShuffleXor  346  T R id id id
OpGroupNonUniformIAdd   349  T R id GroupOperation id
OpGroupNonUniformFAdd   350  T R id GroupOperation id
OpGroupNonUniformSMax   356  T R id GroupOperation id
OpGroupNonUniformUMax   357  T R id GroupOperation id
OpGroupNonUniformFMax   358  T R id GroupOperation id
OpSDotKHR              4450  T R id id PackedVectorFormat
OpTypeCooperativeMatrixKHR    4456  R id id id id id
OpCooperativeMatrixLoadKHR    4457  T R id id id MemoryOperands*
OpCooperativeMatrixStoreKHR   4458  id id id id MemoryOperands*
OpCooperativeMatrixMulAddKHR  4459  T R id id id CooperativeMatrixOperands*
"""

INSTRUCTIONS: dict[str, tuple[int, tuple[str, ...]]] = {
    name: (int(number), tuple(operands))
    for name, number, *operands in (line.split() for line in _TEXT.strip().splitlines())
}

_NO_CONTROL = {"None": 0}
ENUMERATIONS: dict[str, dict[str, int]] = {
    "AddressingModel": {"Logical": 0},
    "BuiltIn": {
        "WorkgroupId": 26,
        "LocalInvocationIndex": 29,
        "SubgroupSize": 36,
        "SubgroupLocalInvocationId": 41,
    },
    "Capability": {
        "Shader": 1,
        "Float16": 9,
        "Int8": 39,
        "GroupNonUniform": 61,
        "GroupNonUniformArithmetic": 63,
        "GroupNonUniformShuffle": 65,
        "StorageBuffer16BitAccess": 4433,
        "VulkanMemoryModel": 5345,
        "DotProductInput4x8BitPackedKHR": 6018,
        "DotProductKHR": 6019,
        "CooperativeMatrixKHR": 6022,
    },
    "CooperativeMatrixOperands": {
        "MatrixASignedComponentsKHR": 1,
        "MatrixBSignedComponentsKHR": 2,
        "MatrixCSignedComponentsKHR": 4,
        "MatrixResultSignedComponentsKHR": 8,
    },
    "Decoration": {
        "Block": 2,
        "ArrayStride": 6,
        "BuiltIn": 11,
        "Restrict": 19,
        "Coherent": 23,
        "NonWritable": 24,
        "Binding": 33,
        "DescriptorSet": 34,
        "Offset": 35,
        "NoContraction": 42,
    },
    "ExecutionMode": {"LocalSize": 17},
    "ExecutionModel": {"GLCompute": 5},
    "Function450": {
        "FAbs": 4,
        "SAbs": 5,
        "Floor": 8,
        "Exp": 27,
        "Log": 28,
        "Exp2": 29,
        "Sqrt": 31,
        "InverseSqrt": 32,
        "FMin": 37,
        "UMin": 38,
        "SMin": 39,
        "FMax": 40,
        "UMax": 41,
        "SMax": 42,
        "Fma": 50,
        "PackHalf2x16": 58,
        "UnpackHalf2x16": 62,
        "NClamp": 81,
    },
    "FunctionControl": _NO_CONTROL,
    "GroupOperation": {"Reduce": 0},
    "LoopControl": _NO_CONTROL,
    "MemoryModel": {"GLSL450": 1, "Vulkan": 3},
    "MemoryOperands": {"NonPrivatePointer": 0x20},
    "PackedVectorFormat": {"PackedVectorFormat4x8BitKHR": 0},
    "SelectionControl": _NO_CONTROL,
    "StorageClass": {"Input": 1, "Uniform": 2, "Workgroup": 4, "Function": 7, "StorageBuffer": 12},
}
