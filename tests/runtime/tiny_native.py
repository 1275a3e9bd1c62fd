"""The toy model's kernels as the cpu takes them: printed in C by the test, not by the artifact."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from kernelc.backends import backend_named
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Dim, ceildiv
from runtime.cpu.kernels import NativeKernel
from tests.runtime.tiny_artifact import BUFFERS, CONTEXT, PARAMS, PAST, SEQ, SLOTS
from tests.runtime.tiny_kernels import BLOCK, VOCAB
from tests.runtime.tiny_traced import traced

_GRIDS: dict[str, tuple[Dim, Dim, Dim]] = {
    "store.plain": (ceildiv(SEQ, 64), 1, 1),
    "partial": (ceildiv(PAST + SEQ, BLOCK), SEQ, 1),
    "all_logits": (1, SEQ, 1),
}
_CACHE, _TOKENS, _SUMS = CONTEXT * 4, (CONTEXT + 1) * 4, SLOTS["slot.0"]
_LOGITS: tuple[Dim, ...] = (_SUMS, _CACHE, 4 * VOCAB, 2 * VOCAB)
_BYTES: dict[str, tuple[Dim, ...]] = {
    "store.plain": (_TOKENS, _CACHE, BUFFERS["mark"]),
    "partial": (_CACHE, _SUMS),
    "logits.plain": (*_LOGITS, 4 * VOCAB),
    "all_logits": (*_LOGITS, BUFFERS["all_logits"]),
    "greedy": (4 * VOCAB, _TOKENS),
    "random": (4 * VOCAB, _TOKENS),
}
_WRITTEN = {"store.plain": 1}  # the first binding that is written; the last where it is not said


@functools.cache
def _rendered(variant: str) -> Any:
    return backend_named("c").render(traced(variant))


def _variant(spec: str, problem: Mapping[str, Any]) -> str:
    said = {"toy_logits": "all", "toy_sample": "random"}.get(spec)
    if said is not None and said not in problem:
        raise ArtifactError(f"a problem of {spec!r} says {said!r}")
    if spec == "toy_logits":
        return "all_logits" if problem["all"] else "logits.plain"
    if spec == "toy_sample":
        return "random" if problem["random"] else "greedy"
    known = {"toy_store": "store.plain", "toy_partial": "partial"}
    if spec not in known:
        raise ArtifactError(f"there is no kernel family {spec!r}")
    return known[spec]


class ToyLibrary:
    """A `runtime.cpu.kernels.KernelLibrary`."""

    fingerprint = "toy"
    step: Sequence[tuple[str, str]] = [(param.name, param.type) for param in PARAMS]

    def has(self, spec: str) -> bool:
        return spec.startswith("toy")

    def kernel(self, name: str, spec: str, problem: Mapping[str, Any]) -> NativeKernel:
        variant = _variant(spec, problem)
        sizes = _BYTES[variant]
        first = _WRITTEN.get(variant, len(sizes) - 1)
        return NativeKernel(
            _rendered(variant).entry,
            traced(variant).workgroup,
            _GRIDS.get(variant, (1, 1, 1)),
            sizes,
            tuple(at >= first for at in range(len(sizes))),
            lambda: _rendered(variant).text,
        )


LIBRARY = ToyLibrary()
