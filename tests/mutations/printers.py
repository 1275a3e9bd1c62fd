"""Bugs in the printer of one language each; the texts of all others stay right."""

from __future__ import annotations

from tests.mutations.mutation import Mutation


def random_kernels(executor: str) -> tuple[str, ...]:
    return ("tests/backends/test_random_kernels.py", "-k", f"what_they_mean and {executor}")


PRINTERS: tuple[Mutation, ...] = (
    Mutation(
        "wgsl_chooses_the_other",
        "WGSL's select has its arguments in the order of C's.",
        "kernelc/backends/wgsl/printer.py",
        'return self.call("select", (no, yes, condition))',
        'return self.call("select", (yes, no, condition))',
        random_kernels("wgpu"),
    ),
    Mutation(
        "c_chooses_the_other",
        "C's ?: has its branches exchanged.",
        "kernelc/backends/c/printer.py",
        "return choice(*args) if type.lanes == 1",
        "return choice(args[0], args[2], args[1]) if type.lanes == 1",
        random_kernels("c]"),
    ),
    Mutation(
        "opencl_subtracts_the_wrong_way",
        "OpenCL C subtracts the left integer from the right one.",
        "kernelc/backends/opencl/printer.py",
        'Text(f"{left} {INFIX[value.op][0]} {right}")',
        'Text(f"{right} {INFIX[value.op][0]} {left}")',
        random_kernels("opencl"),
    ),
)
