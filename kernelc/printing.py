"""A kernel as an artifact has it: its text for a target, and what that requires of a device."""

from __future__ import annotations

from kernelc.artifact import Requires
from kernelc.backends import backend_named
from kernelc.errors import DeviceError
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.passes.lower import Printed


def render(target: str, kernel: Kernel) -> Printed:
    """Print a kernel for a target, and say what it requires of a device."""
    rendered = backend_named(target).render(kernel)
    return Printed(rendered, requires_of(kernel), bool(kernel.params), lambda: kernel_text(kernel))


def printed_for(target: str, kernel: Kernel) -> Printed:
    """Print a kernel of anybody's for a target.

    Raises: DeviceError where the target has no text for something in it, such as halves or subgroups.
    """
    try:
        return render(target, kernel)
    except NotImplementedError as error:
        help_ = "another `device` may have it, and numpy runs every kernel"
        raise DeviceError(str(error), where=f"{kernel.name} for {target}", help=help_) from error


def requires_of(kernel: Kernel) -> Requires:
    """Return what a kernel requires of a device."""
    return Requires(
        features=kernel.features(),
        subgroup_size=kernel.asked_subgroup_size(),
        threads=kernel.workgroup,
        shared_bytes=kernel.shared_bytes,
        storage_buffers=len(kernel.buffers),
    )
