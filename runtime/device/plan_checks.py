"""What is proved of a load plan before a driver sees it: every range, for the context that is really loaded.

A manifest is a stranger's. Its reader checks its fields at the ends of each symbol's bounds; sizes between
may be anything, and nothing there compares what the model is said to be with what the plan allocates. Drivers
check little of it: Vulkan copies what lies behind a buffer without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from kernelc.artifact import ROLES, STEP_BUFFER, Bounds, Manifest, Param
from kernelc.artifact.schema import ELEMENT_BYTES, MASK_BUFFER, ROW_MASKS_BUFFER
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Dim, Var, bounds, substitute
from runtime.device.executor import Fetch
from runtime.device.program import STEP_FIELDS, LoadPlan, ResolvedDispatch, program_of

_REBUILD = "build the artifact again"
_WORD_BYTES = 4
_LEFT_BY: Mapping[str, str] = {
    "decode": "logits",
    "decode_rows": "row_logits",
    "alike_rows": "row_logits",
    "score": "all_logits",
    "embed": "hidden",
    "mask": "logits",
    "mask_rows": "row_logits",
}
"""The buffer that the host reads after a program of a role, where that is not "tokens"."""


class Accessed(Protocol):
    """What a kernel accesses of each binding at most, in bytes, and whether it writes it."""

    @property
    def binding_bytes(self) -> Sequence[Dim]: ...

    @property
    def written(self) -> Sequence[bool]: ...


def check_plan(manifest: Manifest, plan: LoadPlan, context: int) -> None:
    """Check every range of a plan, and what the model is said to be against its buffers.

    Raises: ArtifactError naming the dispatch or the field.
    """
    if any(manifest.kernels[name].params for name in plan.kernels):
        check_step_block(manifest.params)
    for program, dispatches in plan.programs.items():
        for at, dispatch in enumerate(dispatches):
            where = f"manifest.json: programs.{program}.dispatches[{at}]"
            for wants, item in zip(manifest.kernels[dispatch.kernel].bindings, dispatch.ranges, strict=True):
                size = plan.buffers[item.buffer]
                inside = item.offset >= 0 and 0 < item.bytes <= size - item.offset
                if not inside or item.bytes % ELEMENT_BYTES[wants.element]:
                    got = f"{item.bytes} bytes at {item.offset} of {item.buffer}, which has {size}"
                    raise ArtifactError(
                        f"{dispatch.origin} binds {got} at context {context}", where=where, help=_REBUILD
                    )
    for program in plan.programs:
        role = manifest.programs[program_of(program)].role
        if role not in ROLES:  # made to be measured, and never stored
            continue
        left = _LEFT_BY.get(role, "tokens")
        if left not in plan.buffers:
            raise ArtifactError(
                f"it leaves nothing in buffer {left}",
                where=f"manifest.json: programs.{program}",
                help=_REBUILD,
            )
    for buffer, wanted, why in _wanted(manifest, plan, context):
        have = plan.buffers.get(buffer, wanted)
        if have < wanted:
            raise ArtifactError(
                f"buffer {buffer} has {have} bytes at context {context}, wanted {wanted} for {why}",
                where=f"manifest.json: buffers.{buffer}",
                help=_REBUILD,
            )


def check_step_block(params: Sequence[Param]) -> None:
    """Check that the fields of the step block are where kernels read them: they find each by its place alone,
    and with a temperature's bits for a position they would reach far beyond what they bind.

    Raises: ArtifactError.
    """
    if [(param.name, param.type) for param in params] != list(STEP_FIELDS.items()):
        got = ", ".join(f"{param.name} {param.type}" for param in params) or "none"
        wanted = ", ".join(f"{name} {type_}" for name, type_ in STEP_FIELDS.items())
        raise ArtifactError(
            f"the step block has the fields {got}; kernels read {wanted}, in this order",
            where="manifest.json: params",
            help=_REBUILD,
        )


def _wanted(manifest: Manifest, plan: LoadPlan, context: int) -> list[tuple[str, int, str]]:
    """Return what the host reads and writes: buffer, bytes, and what for."""
    vocab, rows = manifest.model.vocab_size, _rows(manifest, plan, "score", context)
    scores = f"the scores of a vocabulary of {vocab}"
    mask_bytes = _WORD_BYTES * -(-vocab // 32)
    most = 1 if manifest.sequences is None else manifest.sequences.most_rows
    return [
        (STEP_BUFFER, _WORD_BYTES * len(manifest.params), "the step block"),
        ("tokens", _WORD_BYTES * (context + 1), f"{context + 1} ids"),
        ("logits", _WORD_BYTES * vocab, scores),
        (MASK_BUFFER, mask_bytes, f"a bit for each of {vocab} tokens"),
        (ROW_MASKS_BUFFER, mask_bytes * most, f"a bit for each of {vocab} tokens in {most} rows"),
        ("all_logits", _WORD_BYTES * vocab * rows, f"{scores} in {rows} rows"),
    ]


def _rows(manifest: Manifest, plan: LoadPlan, role: str, context: int) -> int:
    """Return the most rows that a step of a role has."""
    programs = [manifest.programs[program_of(name)] for name in plan.programs]
    rows = [each.symbols.get("seq", manifest.symbols["seq"])[1] for each in programs if each.role == role]
    return min(context, max(rows, default=0))


def check_accesses(manifest: Manifest, plan: LoadPlan, kernels: Mapping[str, Accessed], context: int) -> None:
    """Check that every range is as large as what its kernel accesses at most, and that none that is written
    is a weight: those may be mapped from their files. Kernels that are not among `kernels` are left out.

    Raises: ArtifactError naming the dispatch.
    """
    for program, dispatches in plan.programs.items():
        symbols = {**manifest.symbols, **manifest.programs[program_of(program)].symbols}
        wanted: dict[str, list[int]] = {}
        for dispatch in dispatches:
            kernel = kernels.get(dispatch.kernel)
            if kernel is None:
                continue
            if dispatch.kernel not in wanted:
                wanted[dispatch.kernel] = [_most(size, symbols, context) for size in kernel.binding_bytes]
            most, where = wanted[dispatch.kernel], f"manifest.json: programs.{program}"
            if not _all_within(plan, dispatch, most):
                sizes = [item.bytes for item in dispatch.ranges]
                raise ArtifactError(
                    f"{dispatch.origin} binds {sizes} bytes, its kernel accesses up to {most}",
                    where=where,
                    help=_REBUILD,
                )
            if _writes_weights(manifest, dispatch, kernel.written):
                raise ArtifactError(f"{dispatch.origin} writes a weight", where=where)


def _all_within(plan: LoadPlan, dispatch: ResolvedDispatch, wanted: Sequence[int]) -> bool:
    """Whether the ranges lie in their buffers and have the bytes that are wanted of them."""
    if len(wanted) != len(dispatch.ranges):
        return False
    return all(
        each.offset >= 0 and 0 <= most <= each.bytes and each.offset + each.bytes <= plan.buffers[each.buffer]
        for most, each in zip(wanted, dispatch.ranges, strict=True)
    )


def _writes_weights(manifest: Manifest, dispatch: ResolvedDispatch, written: Sequence[bool]) -> bool:
    return any(
        is_written and manifest.buffers[each.buffer].kind == "weight"
        for is_written, each in zip(written, dispatch.ranges, strict=True)
    )


def _most(dim: Dim, symbols: Mapping[str, Bounds], context: int) -> int:
    """The largest value of a size, for the symbols of a program at this context."""
    most = {"seq": context, "past": max(0, context - 1)}
    known: dict[str, Dim] = {
        name: Var(name, min(low, most.get(name, high)), min(high, most.get(name, high)))
        for name, (low, high) in symbols.items()
    }
    return bounds(substitute(dim, {**known, "context": context}))[1]


def check_copy(plan: LoadPlan, name: str, offset: int, size: int) -> None:
    """Check that `size` bytes from `offset` lie in a buffer of the plan. Raises: ArtifactError."""
    have = plan.buffers[name]
    if offset < 0 or size < 0 or offset + size > have:
        raise ArtifactError(
            f"buffer {name} has {have} bytes, wanted {offset}..{offset + size}",
            where=f"manifest.json: buffers.{name}",
            help=_REBUILD,
        )


def check_step(plan: LoadPlan, step: bytes, fetch: Sequence[Fetch]) -> None:
    """Check the copies of one step: its block, and what is read back. Raises: ArtifactError."""
    if step and STEP_BUFFER in plan.buffers:
        check_copy(plan, STEP_BUFFER, 0, len(step))
    for item in fetch:
        check_copy(plan, item.buffer, item.offset, item.bytes)
