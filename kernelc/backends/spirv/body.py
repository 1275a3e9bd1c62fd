"""The lines of a SPIR-V function from kernel IR: one or a few for each value and statement.

Registers are variables of the function, so that no phi is needed; control flow is structured, as in kernel
IR.
"""

from __future__ import annotations

from kernelc.backends.spirv.conversions import Conversions
from kernelc.backends.spirv.exact import exact_values
from kernelc.backends.spirv.module import BUILT_IN
from kernelc.backends.spirv.operations import instruction_of
from kernelc.backends.spirv.tiles import tile_store, tile_value
from kernelc.kir.memory import Buffer, Shared
from kernelc.kir.nodes import (
    Assign,
    Barrier,
    Block,
    Declare,
    Fence,
    For,
    If,
    InputsReady,
    Kernel,
    Let,
    Probe,
    Statement,
    Store,
    TileStore,
)
from kernelc.kir.operation_table import OPERATIONS, Scope
from kernelc.kir.passes.simplify import constant_of
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageWait
from kernelc.kir.types import Type, boolean, u32
from kernelc.kir.values import Value, Variable

_DEVICE, _WORKGROUP = 1, 2  # scopes
_ACQUIRE_RELEASE_BUFFERS = 0x8 | 0x40
_ACQUIRE_RELEASE_WORKGROUP_MEMORY = 0x8 | 0x100
_RELAXED = 0
_AVAILABLE_AND_VISIBLE = 0x2000 | 0x4000  # which the Vulkan memory model requires to be explicit


class BodyPrinter(Conversions):
    """Prints the statements of one kernel, and declares in the module what they need."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.exact = exact_values(kernel)
        self.registers: list[str] = []
        for binding, buffer in enumerate(kernel.buffers):
            self.ids[buffer] = self.module.buffer(buffer, binding)
        for shared in kernel.shared:
            self.ids[shared] = self.module.shared(shared)
        self.names = list(self.ids.values())
        self.step = self.module.step(kernel) if kernel.params else ""
        self.built_in = {op: self.module.built_in(op) for op in BUILT_IN if op in kernel.operations}

    # Statements

    def block(self, block: Block) -> None:
        for statement in block.statements:
            self.place = statement.where
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        match statement:
            case Let(value=value):
                self.ids[value] = self.value(value)
            case Declare(variable=variable):
                self.ids[variable] = self.register(variable.name, variable.type)
                self.emit(f"OpStore {self.ids[variable]} {self.ref(statement.init)}")
            case Assign():
                self.emit(f"OpStore {self.ids[statement.variable]} {self.ref(statement.value)}")
            case Store():
                cell, value = self.cell(statement.memory, statement.index), self.ref(statement.value)
                self.emit("OpStore", cell, value, *self.access(statement.memory))
            case TileStore():
                tile_store(self, statement)
            case For():
                self.loop(statement)
            case If():
                self.branch(statement)
            case Barrier():
                self.barrier()
            case StageRequest() | StageWait() | StageRelease():
                raise NotImplementedError("SPIR-V has no bulk copies")
            case Probe():  # of the interpreter alone
                pass
            case InputsReady():  # a kernel starts when the one before it has ended
                pass
            case Fence():
                semantics = self.constant(_ACQUIRE_RELEASE_BUFFERS)
                self.emit("OpMemoryBarrier", self.constant(_DEVICE), semantics)

    def barrier(self) -> None:
        memory = _ACQUIRE_RELEASE_WORKGROUP_MEMORY
        if self.module.vulkan_memory:
            memory |= _AVAILABLE_AND_VISIBLE
        scope = self.constant(_WORKGROUP)
        self.emit("OpControlBarrier", scope, scope, self.constant(memory))

    def register(self, name: str, type: Type) -> str:
        id = self.module.fresh(f"{name}_register")
        self.registers.append(
            f"  {id} = OpVariable {self.module.pointer('Function', self.module.type(type))} Function"
        )
        return id

    def loop(self, statement: For) -> None:
        name = statement.index.name or "i"
        register, type = self.register(name, u32), self.type(u32)
        head, test, body, again, after = (
            self.module.fresh(f"{name}_{part}") for part in ("loop", "test", "body", "next", "done")
        )
        self.emit(f"OpStore {register} {self.ref(statement.start)}")
        self.emit(f"OpBranch {head}")
        self.label(head)
        self.emit(f"OpLoopMerge {after} {again} None")
        self.emit(f"OpBranch {test}")
        self.label(test)
        index = self.ids[statement.index] = self.result(name, "OpLoad", type, register)
        more = self.result(f"{name}_more", "OpULessThan", self.type(boolean), index, self.ref(statement.stop))
        self.emit(f"OpBranchConditional {more} {body} {after}")
        self.arm(body, statement.body, again)
        self.label(again)
        step = self.result(f"{name}_stepped", "OpIAdd", type, index, self.ref(statement.step))
        self.emit(f"OpStore {register} {step}")
        self.emit(f"OpBranch {head}")
        self.label(after)

    def branch(self, statement: If) -> None:
        then, orelse, after = (self.module.fresh(part) for part in ("then", "else", "endif"))
        otherwise = orelse if statement.orelse.statements else after
        self.emit(f"OpSelectionMerge {after} None")
        self.emit(f"OpBranchConditional {self.ref(statement.condition)} {then} {otherwise}")
        self.arm(then, statement.then, after)
        if statement.orelse.statements:
            self.arm(orelse, statement.orelse, after)
        self.label(after)

    def arm(self, label: str, block: Block, after: str) -> None:
        self.label(label)
        self.depth += 1
        self.block(block)
        self.emit(f"OpBranch {after}")
        self.depth -= 1

    # Values

    def value(self, value: Value) -> str:
        """Emit a value; returns its id."""
        type, wish = self.type(value.type), value.name or value.hint or value.op
        args = [self.ref(arg) for arg in value.args]
        scalar = value.args[0].type.scalar if value.args else ""
        row = OPERATIONS[value.op]
        if row.on_tiles:
            return tile_value(self, wish, value, args)
        instruction = instruction_of(value.op, scalar)
        if value.op == "subgroup_shuffle_xor":
            return self.shuffle(wish, value, args[0])
        if row.participants is Scope.SUBGROUP:
            return self.subgroup(wish, instruction, value.args[0], args[0])
        if value.op in ("div", "mod") and value.type.is_integer:
            args[1] = self.divisor(value, *args)
        if instruction:
            id = self.result(wish, instruction, type, *args)
            if value in self.exact:
                self.module.decorate(id, "NoContraction")
            return id
        match value.op:
            case "read" | "load" | "uniform_load" | "atomic_add":
                return self.read(wish, value, type, args)
            case "splat":
                return self.splat(wish, value.args[0], value.type)
            case "extract":
                return self.result(wish, "OpCompositeExtract", type, args[0], str(value.attr))
            case "select":
                return self.select(wish, value, args)
            case "convert":
                return self.convert(wish, value.args[0].type, value.type, args[0])
            case "bitcast":
                same = value.args[0].type == value.type
                return args[0] if same else self.result(wish, "OpBitcast", type, args[0])
            case "abs":  # of a u32
                return args[0]
            case "mod":
                return self.remainder(wish, value, *args)
            case "unpack_u8x4" | "unpack_i8x4":
                return self.bytes(wish, value, args[0])
            case "dot4_i8":
                return self.dot4(wish, value, args)
            case _:
                return self.place_of(value, type)

    def read(self, wish: str, value: Value, type: str, args: list[str]) -> str:
        """Emit what a register or a cell of memory holds."""
        if value.op == "read":
            assert isinstance(value.attr, Variable)
            return self.result(value.name or value.attr.name, "OpLoad", type, self.ids[value.attr])
        assert isinstance(value.attr, Buffer | Shared)
        cell = self.cell(value.attr, value.args[0])
        if value.op == "atomic_add":
            how = map(self.constant, (_DEVICE, _RELAXED))
            return self.result(wish, "OpAtomicIAdd", type, cell, *how, args[1])
        access = self.access(value.attr)
        return self.result(value.name or f"{value.attr.name}_value", "OpLoad", type, cell, *access)

    def place_of(self, value: Value, type: str) -> str:
        """Emit a number that the invocation is given: a field of the step block or a built-in variable."""
        if value.op == "param":
            at = [field.name for field in self.kernel.params].index(str(value.attr))
            pointer = self.module.pointer("Uniform", type)
            cell = self.result(f"{value.attr}_cell", "OpAccessChain", pointer, self.step, self.constant(at))
            return self.result(str(value.attr), "OpLoad", type, cell)
        if value.op == "workgroup_id":
            axis, all_axes = str(value.attr), self.module.vector(u32, 3)
            ids = self.result("group", "OpLoad", all_axes, self.built_in[value.op])
            return self.result(f"group_{'xyz'[int(axis)]}", "OpCompositeExtract", type, ids, axis)
        if value.op in self.built_in:
            return self.result(f"{value.op}_value", "OpLoad", type, self.built_in[value.op])
        raise NotImplementedError(f"SPIR-V has no line for {value.op}")

    def select(self, wish: str, value: Value, args: list[str]) -> str:
        """SPIR-V 1.3 selects vectors lane by lane only, so a single condition is spread over the lanes."""
        condition, lanes = value.args[0], boolean.with_lanes(value.type.lanes)
        chosen = args[0] if condition.type == lanes else self.splat(f"{wish}_if", condition, lanes)
        return self.result(wish, "OpSelect", self.type(value.type), chosen, *args[1:])

    def divisor(self, value: Value, dividend: str, divisor: str) -> str:
        """What to divide an integer by: 1 where the quotient does not exist or does not fit, since SPIR-V
        leaves these undefined."""
        type, by = value.type, value.args[1].args[0] if value.args[1].op == "splat" else value.args[1]
        if by.op == "const" and by.attr not in (0, -1):
            return divisor
        if type.scalar == "u32":
            return self.result("divisor", "UMax", self.type(type), divisor, self.constant(1, type))
        conditions, least = (
            self.type(boolean.with_lanes(type.lanes)),
            self.constant(type.integer_range[0], type),
        )
        zero = self.result("zero", "OpIEqual", conditions, divisor, self.constant(0, type))
        negates = self.result("negates", "OpIEqual", conditions, divisor, self.constant(-1, type))
        extreme = self.result("extreme", "OpIEqual", conditions, dividend, least)
        too_large = self.result("too_large", "OpLogicalAnd", conditions, negates, extreme)
        wrong = self.result("wrong", "OpLogicalOr", conditions, zero, too_large)
        return self.result("divisor", "OpSelect", self.type(type), wrong, self.constant(1, type), divisor)

    def remainder(self, wish: str, value: Value, dividend: str, divisor: str) -> str:
        """The remainder of i32, computed from the quotient: OpSRem is undefined for negative operands in
        Vulkan (its specification, "Precision and Operation of SPIR-V Instructions"), and drivers rely on
        that."""
        type = self.type(value.type)
        quotient = self.result("quotient", "OpSDiv", type, dividend, divisor)
        whole = self.result("whole", "OpIMul", type, quotient, divisor)
        return self.result(wish, "OpISub", type, dividend, whole)

    def dot4(self, wish: str, value: Value, args: list[str]) -> str:
        type, a, b, plus = self.type(value.type), *args
        product = self.result(f"{wish}_product", "OpSDotKHR", type, a, b, "PackedVectorFormat4x8BitKHR")
        if constant_of(value.args[2]) == 0:
            return product
        return self.result(wish, "OpIAdd", type, plus, product)
