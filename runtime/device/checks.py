"""Checks made before anything is allocated: every kernel has a variant that runs here, and all of it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kernelc.artifact import Bounds, Kernel, Manifest, Variant
from kernelc.errors import DeviceError
from kernelc.ir.dim import Dim, Var, bounds, evaluate, substitute
from runtime.device.executor import DeviceInfo, Limits
from runtime.device.plan_checks import check_plan
from runtime.device.program import Extent, LoadPlan, plan_load, program_of

_SMALLER = "use a smaller `context`, a smaller `quant`, or another `device`"
_OTHER_DEVICE = "use another `device`; cpu runs everything"


def checked_plan(
    manifest: Manifest, context: int, roles: Sequence[str], info: DeviceInfo
) -> tuple[LoadPlan, dict[str, Variant]]:
    """Return the load plan and the chosen variants by kernel.

    Raises: DeviceError where they do not fit, ArtifactError where the manifest contradicts itself.
    """
    plan = proved_plan(manifest, context, roles)
    variants = choose_variants(manifest, plan.kernels, info)
    check_limits(manifest, plan, variants, info, context)
    return plan, variants


def proved_plan(manifest: Manifest, context: int, roles: Sequence[str]) -> LoadPlan:
    """Return the load plan, every range of it proved. Raises: ArtifactError."""
    plan = plan_load(manifest, context, roles)
    check_plan(manifest, plan, context)
    return plan


def choose_one(
    manifest: Manifest, kernel: str, env: Mapping[str, int], info: DeviceInfo
) -> tuple[Variant, Extent]:
    """Return a kernel's variant and workgroups for these symbols, to run it alone. Raises: DeviceError."""
    variant = choose_variants(manifest, [kernel], info)[kernel]
    x, y, z = (evaluate(extent, env) for extent in variant.grid)
    return variant, (x, y, z)


def choose_variants(manifest: Manifest, kernels: Iterable[str], info: DeviceInfo) -> dict[str, Variant]:
    """Return for each kernel the first variant whose requirements the device meets.

    Raises: DeviceError where there is none, saying what the least demanding variant lacks.
    """
    return {name: _choose(name, manifest.kernels[name], info) for name in kernels}


def _choose(name: str, kernel: Kernel, info: DeviceInfo) -> Variant:
    of_target = [variant for variant in kernel.variants if variant.target == info.target]
    if not of_target:
        has = ", ".join(sorted({variant.target for variant in kernel.variants})) or "none"
        raise DeviceError(
            f"device {info.kind} runs {info.target} kernels, the artifact has {has}",
            where=f"kernel {name}",
            help=f"build with `target` {info.target} or all",
        )
    missing = [_missing(variant, info) for variant in of_target]
    for variant, lacks in zip(of_target, missing, strict=True):
        if not lacks:
            return variant
    lacks = min(missing, key=len)
    raise DeviceError(f"{info.name} lacks {'; '.join(lacks)}", where=f"kernel {name}", help=_OTHER_DEVICE)


def _missing(variant: Variant, info: DeviceInfo) -> list[str]:
    """Return in words what a variant requires and the device lacks; empty if nothing."""
    needs = variant.requires
    lacks = [f"feature {feature}" for feature in needs.features if feature not in info.features]
    if needs.subgroup_size is not None and not info.has_subgroups_of(needs.subgroup_size):
        lacks.append(f"subgroups of {needs.subgroup_size} (it has {info.subgroup_size or 'no fixed size'})")
    if info.limits is None:
        return lacks
    limits = info.limits
    for what, wanted, most in (
        ("threads in a workgroup", needs.threads, limits.threads),
        ("bytes of shared memory", needs.shared_bytes, limits.shared_bytes),
        ("storage buffers in a kernel", needs.storage_buffers, limits.storage_buffers),
        *((f"threads along {axis}", n, most) for axis, n, most in _along(variant.workgroup, limits)),
    ):
        if wanted > most:
            lacks.append(f"{what}: wanted {wanted}, the limit is {most}")
    return lacks


def _along(workgroup: tuple[int, int, int], limits: Limits) -> Iterable[tuple[str, int, int]]:
    return zip("xyz", workgroup, limits.workgroup, strict=True)


def check_limits(
    manifest: Manifest, plan: LoadPlan, variants: Mapping[str, Variant], info: DeviceInfo, context: int
) -> None:
    """Check every buffer, binding and grid against the device's limits, and the total against its memory.

    Raises: DeviceError naming the limit, what was wanted and what the device allows.
    """
    if info.memory_bytes is not None and plan.total_bytes > info.memory_bytes:
        _refuse(info, "memory", f"all buffers at context {context}", plan.total_bytes, info.memory_bytes)
    if info.limits is None:
        return
    for name, size in plan.buffers.items():
        if size > info.limits.buffer_bytes:
            _refuse(info, "the size of a buffer", f"buffer {name}", size, info.limits.buffer_bytes)
    _check_ranges(plan, info, info.limits)
    _check_grids(manifest, plan, variants, info, context)


def _check_ranges(plan: LoadPlan, info: DeviceInfo, limits: Limits) -> None:
    for dispatches in plan.programs.values():
        for dispatch in dispatches:
            for item in dispatch.ranges:
                what = f"{dispatch.origin}: buffer {item.buffer}"
                if item.bytes > limits.binding_bytes:
                    _refuse(info, "the size of a storage binding", what, item.bytes, limits.binding_bytes)
                if item.offset % limits.offset_alignment_bytes:
                    wanted = f"a multiple of {limits.offset_alignment_bytes}"
                    raise DeviceError(
                        f"{what} is bound at offset {item.offset}, {info.name} wants {wanted}",
                        help=_OTHER_DEVICE,
                    )


def _check_grids(
    manifest: Manifest, plan: LoadPlan, variants: Mapping[str, Variant], info: DeviceInfo, context: int
) -> None:
    most = info.limits.workgroups if info.limits else 0
    checked: set[tuple[str, str]] = set()
    for program, dispatches in plan.programs.items():
        symbols = _within({**manifest.symbols, **manifest.programs[program_of(program)].symbols}, context)
        for dispatch in dispatches:
            if symbols is None or (program, dispatch.kernel) in checked:
                continue
            checked.add((program, dispatch.kernel))
            for extent in variants[dispatch.kernel].grid:
                if (high := _highest(extent, symbols)) > most:
                    _refuse(info, "workgroups along a dimension", dispatch.origin, high, most)


def _within(symbols: Mapping[str, Bounds], context: int) -> dict[str, Bounds] | None:
    """Return the bounds of the symbols at this context; None for a program that starts only after its end."""
    most = {"seq": context, "past": context - 1, "context": context}
    bounded = {name: (low, min(high, most.get(name, high))) for name, (low, high) in symbols.items()}
    bounded["context"] = (context, context)
    return None if any(low > high for low, high in bounded.values()) else bounded


def _highest(extent: Dim, symbols: Mapping[str, Bounds]) -> int:
    """Return the largest value of a grid's extent within the program's bounds, which are tighter than the
    manifest's.
    """
    return bounds(substitute(extent, {name: Var(name, *limits) for name, limits in symbols.items()}))[1]


def _refuse(info: DeviceInfo, limit: str, what: str, wanted: int, most: int) -> None:
    raise DeviceError(
        f"{what} exceeds the device's limit for {limit}: wanted {wanted:,}, {info.name} allows {most:,}",
        help=_SMALLER,
    )
