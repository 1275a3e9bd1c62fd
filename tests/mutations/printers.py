"""Bugs in printers: of one language each, beside which all others stay right, and of all that are like C."""

from __future__ import annotations

from tests.mutations.mutation import RANDOM_KERNELS, Mutation


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
    Mutation(
        "printer_precedence",
        "a - (b + c) is printed as a - b + c.",
        "kernelc/backends/c_like.py",
        'return level, level if value.op == "add" and value.type.is_integer else level - 1',
        "return level, level",
        RANDOM_KERNELS,
    ),
    Mutation(
        "printer_reassociates_floats",
        "a + (b - c) of floats is printed as a + b - c, which rounds otherwise.",
        "kernelc/backends/c_like.py",
        'value.op == "add" and value.type.is_integer else',
        'value.op == "add" else',
        ("tests/backends/test_wgsl.py", "-k", "floats"),
    ),
    Mutation(
        "compound_assignment",
        "x = y - x is printed as x -= y.",
        "kernelc/backends/c_like.py",
        "    first = statement.value.args[0]\n",
        "    first = statement.value.args[-1]\n",
        RANDOM_KERNELS,
    ),
    Mutation(
        "place_of_a_value",
        "A line does not know the Python of what is written in place in it.",
        "kernelc/backends/c_like.py",
        "        self.written[value.where] = None\n",
        "",
        ("tests/explore/test_lines.py", "-k", "written_in_place"),
    ),
    Mutation(
        "places_left_over",
        "Brackets are said to be from the Python of the line before.",
        "kernelc/backends/c_like.py",
        "        self.written.clear()\n",
        "",
        ("tests/explore/test_lines.py", "-k", "brackets"),
    ),
)
