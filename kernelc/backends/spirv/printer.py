"""SPIR-V 1.3 from kernel IR: a function's lines behind `templates/module.spvasm.j2`, assembled."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from kernelc.backends.base import Rendered
from kernelc.backends.spirv.assembler import assemble
from kernelc.backends.spirv.body import BodyPrinter
from kernelc.kir.nodes import Kernel


def _capabilities(kernel: Kernel) -> list[str]:
    features = kernel.features()
    halves = any(buffer.type.scalar == "f16" for buffer in kernel.buffers)
    return [
        "Shader",
        *(["Float16"] if "f16" in features else []),
        *(["StorageBuffer16BitAccess"] if halves else []),
        *(["GroupNonUniform", "GroupNonUniformArithmetic"] if "subgroups" in features else []),
        *(["DotProductInput4x8BitPackedKHR", "DotProductKHR"] if "dot4" in features else []),
    ]


def _extensions(kernel: Kernel) -> list[str]:
    return ["SPV_KHR_integer_dot_product"] if "dot4" in kernel.features() else []


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    return environment.get_template("module.spvasm.j2")


class SpirvBackend:
    """Renders verified kernels to SPIR-V 1.3 modules for Vulkan 1.1 with the entry point `main`."""

    name = "spirv"
    suffix = "spv"

    def render(self, kernel: Kernel) -> Rendered:
        printer = BodyPrinter(kernel)
        printer.block(kernel.body)
        text = _template().render(
            kernel=kernel,
            capabilities=_capabilities(kernel),
            extensions=_extensions(kernel),
            module=printer.module,
            names=printer.names,
            void=printer.module.fresh("void"),
            function=printer.module.fresh("function"),
            registers=printer.registers,
            body="\n".join(printer.lines),
        )
        return Rendered(text, "main", assemble(text))
