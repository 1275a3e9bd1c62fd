"""Opens a device by its name, or picks one.

`auto` takes the first of DEVICE_KINDS that can be opened among those whose kernels the artifact has, and else
the cpu. A vendor's own driver comes before the portable ones, and those that drive graphics cards come before
OpenCL, which mostly finds a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from kernelc.artifact import Manifest
from kernelc.errors import DeviceError, UsageError
from runtime.cpu.executor import CpuExecutor
from runtime.device.executor import DeviceInfo, Executor, Reference

Explain = Callable[[str], None]
"""Receives one line that says which device `auto` took, and why none of those before it."""


def _open_cuda() -> Executor:
    from runtime.cuda.executor import CudaExecutor  # drivers' libraries load where they are asked for

    return CudaExecutor()


def _open_vulkan() -> Executor:
    from runtime.vulkan.executor import VulkanExecutor

    return VulkanExecutor()


def _open_wgpu() -> Executor:
    from runtime.wgpu.executor import WgpuExecutor

    return WgpuExecutor()


def _open_opencl() -> Executor:
    from runtime.opencl.executor import OpenClExecutor

    return OpenClExecutor()


@dataclass(frozen=True)
class DeviceKind:
    """A kind of device that has a driver: the target of the kernels it runs, and how it is opened."""

    target: str
    open: Callable[[], Executor]


DEVICE_KINDS: Mapping[str, DeviceKind] = {  # in the order in which `auto` tries them
    "cuda": DeviceKind("cuda", _open_cuda),
    "vulkan": DeviceKind("spirv", _open_vulkan),
    "wgpu": DeviceKind("wgsl", _open_wgpu),
    "opencl": DeviceKind("opencl", _open_opencl),
}
DEVICES = ("auto", *DEVICE_KINDS, "cpu")


def open_device(
    name: str = "auto",
    *,
    references: Mapping[str, Reference] | None = None,
    manifest: Manifest | None = None,
    explain: Explain | None = None,
) -> Executor:
    """Open a device by its name, or for "auto" the first that runs kernels which the artifact has.

    `references` are the numpy kernels by spec name; the cpu device runs nothing else. Without a `manifest`,
    "auto" takes any kind. Raises: DeviceError where it cannot be opened or the artifact is for other targets,
    UsageError for an unknown name.
    """
    if name not in DEVICES:
        raise UsageError(f"`device` is {name!r}, wanted one of {', '.join(DEVICES)}")
    if name == "cpu":
        return _open_cpu(references)
    targets = None if manifest is None else targets_of(manifest)
    if name == "auto":
        return _open_first(references, targets, explain)
    target = DEVICE_KINDS[name].target
    if targets is not None and target not in targets:
        raise DeviceError(
            f"device {name} runs {target} kernels, the artifact has {', '.join(sorted(targets)) or 'none'}",
            help=f"build with `target` {target} or all",
        )
    return DEVICE_KINDS[name].open()


def _open_first(
    references: Mapping[str, Reference] | None, targets: Collection[str] | None, explain: Explain | None
) -> Executor:
    passed: dict[str, str] = {}
    for kind, driven in DEVICE_KINDS.items():
        if targets is not None and driven.target not in targets:
            passed[kind] = f"the artifact has no {driven.target} kernels"
            continue
        try:
            executor = driven.open()
        except DeviceError as error:
            passed[kind] = str(error)
            continue
        _explain_choice(explain, executor.info, passed)
        return executor
    if references is None:
        raise _none(passed)
    executor = _open_cpu(references)
    _explain_choice(explain, executor.info, passed)
    return executor


def _explain_choice(explain: Explain | None, info: DeviceInfo, passed: Mapping[str, str]) -> None:
    if explain:
        explain(choice_line(info.kind, info.name, passed))


def choice_line(kind: str, name: str, passed: Mapping[str, str]) -> str:
    """Return the line that says which device `auto` takes, and why none of those `passed`."""
    others = "; ".join(f"no {other}: {why}" for other, why in passed.items())
    return f"device {kind}: {name}" + (f" ({others})" if others else "")


def _none(passed: Mapping[str, str]) -> DeviceError:
    why = "; ".join(f"{kind}: {reason}" for kind, reason in passed.items())
    help_ = "install a Vulkan driver, such as Mesa's (mesa-vulkan-drivers), or use `device` cpu"
    return DeviceError(f"no device can be used: {why}", where="`device` auto", help=help_)


def _open_cpu(references: Mapping[str, Reference] | None) -> Executor:
    if references is None:
        raise DeviceError("device cpu needs the numpy kernels, and was given none")
    return CpuExecutor(references)


def targets_of(manifest: Manifest) -> frozenset[str]:
    """Return the targets for which every kernel of an artifact has a variant."""
    found = {driven.target for driven in DEVICE_KINDS.values()}
    for kernel in manifest.kernels.values():
        found &= {variant.target for variant in kernel.variants}
    return frozenset(found)


@dataclass(frozen=True)
class Survey:
    """A kind of device and what there is of it: `info`, or what is `missing` and the `help` for that.

    `help` names settings between backquotes, as errors do (see `kernelc.errors`).
    """

    kind: str
    target: str
    info: DeviceInfo | None
    missing: str = ""
    help: str = ""


def survey() -> Iterator[Survey]:
    """Open each kind of device in turn, in the order of `auto`, and report what it is or what is missing."""
    for kind, driven in DEVICE_KINDS.items():
        try:
            executor = driven.open()
        except DeviceError as error:
            yield Survey(kind, driven.target, None, str(error), error.help or "")
            continue
        info = executor.info
        executor.close()
        yield Survey(kind, driven.target, info)
    yield Survey("cpu", "", CpuExecutor({}).info)
