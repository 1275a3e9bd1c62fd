"""SPIR-V 1.3 from kernel IR: the lines of a function inside `templates/module.spvasm.j2`, assembled."""

from __future__ import annotations

from pathlib import Path

from kernelc.backends.base import Rendered
from kernelc.backends.shell import fill, placed
from kernelc.backends.spirv.assembler import assemble
from kernelc.backends.spirv.body import BodyPrinter
from kernelc.kir.nodes import Kernel

TEMPLATE = Path(__file__).parent / "templates" / "module.spvasm.j2"


def _capabilities(kernel: Kernel) -> list[str]:
    features = kernel.features()
    operands = {kind.operand for kind in kernel.tile_kinds()}
    halves = any(buffer.type.scalar == "f16" for buffer in kernel.buffers)
    shuffles = "subgroup_shuffle_xor" in kernel.operations
    return [
        "Shader",
        *(["Float16"] if "f16" in features or "f16" in operands else []),
        *(["Int8"] if "i8" in operands else []),
        *(["StorageBuffer16BitAccess"] if halves else []),
        *(["GroupNonUniform", "GroupNonUniformArithmetic"] if "subgroups" in features else []),
        *(["GroupNonUniformShuffle"] if shuffles else []),
        *(["DotProductInput4x8BitPackedKHR", "DotProductKHR"] if "dot4" in features else []),
        *(["VulkanMemoryModel", "CooperativeMatrixKHR"] if operands else []),
    ]


def _extensions(kernel: Kernel) -> list[str]:
    matrices = ["SPV_KHR_vulkan_memory_model", "SPV_KHR_cooperative_matrix"]
    return [
        *(["SPV_KHR_integer_dot_product"] if "dot4" in kernel.features() else []),
        *(matrices if kernel.tile_kinds() else []),
    ]


class SpirvBackend:
    """Renders verified kernels as SPIR-V 1.3 modules for Vulkan 1.1 with the entry point `main`."""

    name = "spirv"
    suffix = "spv"

    def render(self, kernel: Kernel) -> Rendered:
        printer = BodyPrinter(kernel)
        printer.block(kernel.body)
        body = "\n".join(printer.lines)
        text = fill(
            TEMPLATE,
            kernel=kernel,
            capabilities=_capabilities(kernel),
            extensions=_extensions(kernel),
            module=printer.module,
            names=printer.names,
            void=printer.module.fresh("void"),
            function=printer.module.fresh("function"),
            registers=printer.registers,
            body=body,
        )
        return Rendered(text, "main", assemble(text), placed(text, body, printer.places))
