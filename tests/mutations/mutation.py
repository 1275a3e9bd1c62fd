"""What a mutation is, and the tests that most of them name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` in `file` becomes `new`; then one of the tests that pytest selects by `tests` must fail."""

    name: str
    why: str  # what is wrong then, in one sentence
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def of_kernel(family: str) -> tuple[str, ...]:
    """The family's property test on the interpreter alone: what a wrong kernel must not pass."""
    return (
        f"tests/kernels/test_{family}.py",
        "-k",
        "equals_its_reference and not wgpu and not device and not opencl and not vulkan and not cuda",
    )


RANDOM_KERNELS = ("tests/backends/test_random_kernels.py", "-k", "what_they_mean and wgpu")
