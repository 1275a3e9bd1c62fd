"""Opens a device by its name, or picks one.

`auto` takes the first of DEVICE_KINDS that drives a graphics card, among those whose kernels the artifact
has. A vendor's own driver comes before the portable ones. Then comes the cpu, then drivers that only imitate
a graphics card on the processor, which are slower than the cpu itself, and last numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from kernelc import debug
from kernelc.artifact import Manifest
from kernelc.errors import DeviceError, UsageError
from runtime.cpu.executor import CpuExecutor, cpu_info
from runtime.cpu.kernels import TARGET as CPU_TARGET
from runtime.cpu.kernels import KernelLibrary
from runtime.device.classes import is_software
from runtime.device.executor import DeviceInfo, Executor, Reference
from runtime.references.executor import NumpyExecutor


@dataclass(frozen=True)
class Choice:
    """One line that says which device was taken, and why none of those before it. `slow` where that is numpy,
    which nobody asked for and which a person should hear of everywhere.
    """

    line: str
    slow: bool = False


Explain = Callable[[Choice], None]
"""Receives what `auto` took, or what was taken in place of a cpu without a compiler."""


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
LEAVES_OUT: Mapping[str, frozenset[str]] = {
    "cuda": frozenset({"graphs", "overlap", "ahead"}),
    "vulkan": frozenset({"recordings", "ahead"}),
    "wgpu": frozenset({"ahead"}),
    "opencl": frozenset({"ahead"}),
}
"""Optimisations that a kind of device leaves out where it is asked to (`Executor.without`)."""
DEVICES = ("auto", *DEVICE_KINDS, "cpu", "numpy")


@dataclass(frozen=True)
class Handed:
    """What the devices without a driver run: numpy's `references` by kernel family, and the `library` that
    prints the cpu's kernels. None for what the caller does not have.
    """

    references: Mapping[str, Reference] | None = None
    library: KernelLibrary | None = None


def open_device(
    name: str = "auto",
    *,
    references: Mapping[str, Reference] | None = None,
    library: KernelLibrary | None = None,
    manifest: Manifest | None = None,
    explain: Explain | None = None,
) -> Executor:
    """Open a device by its name, or for "auto" the best that runs kernels which the artifact has.

    `references` are the numpy kernels by spec name; the numpy device runs nothing else. `library` prints the
    kernels of the cpu, which runs every artifact; where there is none, or no C compiler, "cpu" is numpy, and
    `explain` is told. With KERNELC_INTERPRET=1 every device is numpy, and what is handed in as references
    are the kernels in the interpreter. Without a `manifest`, "auto" takes any kind. Raises: DeviceError where
    it cannot be opened or the artifact is for other targets, UsageError for an unknown name.
    """
    if name not in DEVICES:
        raise UsageError(f"`device` is {name!r}, wanted one of {', '.join(DEVICES)}")
    handed = Handed(references, library)
    if name == "numpy" or debug.interpret_enabled():
        return _open_numpy(handed)
    if name == "cpu":
        return _open_cpu_or_numpy(handed, explain)
    targets = None if manifest is None else targets_of(manifest)
    if name == "auto":
        return _open_best(handed, targets, explain)
    target = DEVICE_KINDS[name].target
    if targets is not None and target not in targets:
        raise DeviceError(
            f"device {name} runs {target} kernels, the artifact has {', '.join(sorted(targets)) or 'none'}",
            help=f"build with `target` {target} or all",
        )
    return DEVICE_KINDS[name].open()


def _open_best(handed: Handed, targets: Collection[str] | None, explain: Explain | None) -> Executor:
    passed: dict[str, str] = {}
    imitations: list[str] = []
    for kind, driven in DEVICE_KINDS.items():
        if targets is not None and driven.target not in targets:
            passed[kind] = f"the artifact has no {driven.target} kernels"
            continue
        try:
            executor = driven.open()
        except DeviceError as error:
            passed[kind] = str(error)
            continue
        if not is_software(executor.info):
            return _chosen(executor, passed, explain)
        passed[kind] = f"{executor.info.name} runs on the processor"
        imitations.append(kind)
        executor.close()
    return _chosen(_open_on_processor(handed, imitations, passed), passed, explain)


def _open_on_processor(handed: Handed, imitations: Collection[str], passed: dict[str, str]) -> Executor:
    """Open the cpu, else a driver that imitates a card, else numpy; fill in what was passed over."""
    try:
        return _open_cpu(handed)
    except DeviceError as error:
        passed["cpu"] = str(error)
    for kind in imitations:
        del passed[kind]
        return DEVICE_KINDS[kind].open()
    if handed.references is None:
        raise _none(passed)
    return _open_numpy(handed)


def _chosen(executor: Executor, passed: Mapping[str, str], explain: Explain | None) -> Executor:
    if explain:
        info = executor.info
        explain(Choice(choice_line(info.kind, info.name, passed), slow=info.kind == "numpy"))
    return executor


def choice_line(kind: str, name: str, passed: Mapping[str, str]) -> str:
    """Return the line that says which device `auto` takes, and why none of those `passed`."""
    others = "; ".join(f"no {other}: {why}" for other, why in passed.items() if other != kind)
    return f"device {kind}: {name}" + (f" ({others})" if others else "")


def _none(passed: Mapping[str, str]) -> DeviceError:
    why = "; ".join(f"{kind}: {reason}" for kind, reason in passed.items())
    help_ = "install a Vulkan driver, such as Mesa's (mesa-vulkan-drivers), or use `device` cpu"
    return DeviceError(f"no device can be used: {why}", where="`device` auto", help=help_)


def _open_cpu(handed: Handed) -> Executor:
    if handed.library is None:
        raise DeviceError("device cpu needs the kernel library, and was given none")
    return CpuExecutor(handed.library)


def _open_cpu_or_numpy(handed: Handed, explain: Explain | None) -> Executor:
    try:
        return _open_cpu(handed)
    except DeviceError as error:
        if handed.references is None:
            raise
        why = error.message + (f" (help: {error.help})" if error.help else "")
        return _chosen(_open_numpy(handed), {"cpu": why}, explain)


def _open_numpy(handed: Handed) -> Executor:
    if handed.references is None:
        raise DeviceError("device numpy needs the numpy kernels, and was given none")
    return NumpyExecutor(handed.references)


def targets_of(manifest: Manifest) -> frozenset[str]:
    """Return the targets for which every kernel of an artifact has a variant."""
    found = {CPU_TARGET, *(driven.target for driven in DEVICE_KINDS.values())}
    for kernel in manifest.kernels.values():
        found &= {variant.target for variant in kernel.variants}
    return frozenset(found)


def info_for(name: str) -> DeviceInfo | None:
    """Return what a device is, None where it cannot be opened. "auto" means the device that it would take."""
    return next((each.info for each in survey() if each.info and name in ("auto", each.kind)), None)


def target_for(name: str) -> str:
    """Return the target to build for a device: what it runs. "auto" means the device that it would take."""
    if name == "auto":
        name = next((each.kind for each in survey() if each.info is not None), "numpy")
    if name == "cpu":
        return CPU_TARGET
    return DEVICE_KINDS[name].target if name in DEVICE_KINDS else "wgsl"


@dataclass(frozen=True)
class Survey:
    """A kind of device and what there is of it: `info`, or what is `missing` and the `help` for that.

    `help` names settings between backquotes, as errors do (see `kernelc.errors`). `anything`: whether it runs
    every artifact, whatever targets that is built for.
    """

    kind: str
    target: str
    info: DeviceInfo | None
    missing: str = ""
    help: str = ""
    anything: bool = False


def survey() -> Iterator[Survey]:
    """Open each kind of device in turn and report what it is or what is missing, in the order of `auto`."""
    imitations: list[Survey] = []
    for kind, driven in DEVICE_KINDS.items():
        found = _survey(kind, driven)
        if found.info is not None and is_software(found.info):
            imitations.append(found)
        else:
            yield found
    try:
        yield Survey("cpu", CPU_TARGET, cpu_info(), anything=True)
    except DeviceError as error:
        yield Survey("cpu", CPU_TARGET, None, str(error), error.help or "", anything=True)
    yield from imitations
    yield Survey("numpy", "", NumpyExecutor({}).info, anything=True)


def _survey(kind: str, driven: DeviceKind) -> Survey:
    try:
        executor = driven.open()
    except DeviceError as error:
        return Survey(kind, driven.target, None, str(error), error.help or "")
    info = executor.info
    executor.close()
    return Survey(kind, driven.target, info)
