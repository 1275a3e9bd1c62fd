"""Writes the toy model of `tiny_kernels` as a complete artifact, with knobs for what may be wrong."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from kernelc.artifact import (
    Artifact,
    ArtifactWriter,
    Buffer,
    BufferRange,
    Dispatch,
    Kernel,
    KernelBinding,
    Manifest,
    ModelInfo,
    Param,
    Program,
    Requires,
    Variant,
    kernel_file,
)
from kernelc.artifact.made_for import with_purpose
from kernelc.backends import backend_named
from kernelc.ir.dim import Dim, Var, ceildiv
from kernelc.target import TARGETS
from tests.runtime import tiny_kernels as kernels
from tests.runtime.tiny_traced import traced

MAX_CONTEXT = 64
PREFILL_ROWS, SCORE_ROWS = 8, 4
SEQ = Var("seq", 1, PREFILL_ROWS)
PAST = Var("past", 0, MAX_CONTEXT - 1)
CONTEXT = Var("context", 1, MAX_CONTEXT)
BIAS = np.linspace(-0.5, 0.5, kernels.VOCAB, dtype=np.float32)
GAIN = (4 + np.arange(kernels.VOCAB) / 32).astype(np.float16)
PARAMS = (
    *(Param(name, "u32") for name in ("seq", "past", "seed", "top_k")),
    *(Param(name, "f32") for name in ("temperature", "top_p", "min_p", "repetition_penalty")),
)
BUFFERS: dict[str, Dim] = {
    "step": 32,
    "tokens": (CONTEXT + 1) * 4,
    "layers.0.cache": CONTEXT * 4,
    "mark": 16,
    "logits": 4 * kernels.VOCAB,
    "all_logits": 4 * kernels.VOCAB * SCORE_ROWS,
}
SLOTS: dict[str, Dim] = {"slot.0": 4 * 4 * PREFILL_ROWS}

Texts = dict[str, str]
Unwritten = tuple[str, str, Variant, bytes]
"""The name of a variant, the suffix of its file, the variant without a file, and the file."""
Change = Callable[[Manifest], Manifest]


def write_tiny(
    out: Path,
    *,
    targets: tuple[str, ...] = ("wgsl",),
    texts: Texts | None = None,
    change: Change | None = None,
    max_shard_bytes: int = 4096,
) -> Artifact:
    """Write the toy artifact to `out` and open it.

    `targets` are those that it has kernels for; `texts` replaces WGSL texts by variant ("store.plain");
    `change` edits the manifest before it is written.
    """
    with ArtifactWriter(out, max_shard_bytes=max_shard_bytes) as writer:
        writer.weights.add("bias", "f32", (kernels.VOCAB,), [BIAS])
        writer.weights.add("gain.quants", "f16.quants", (1, kernels.VOCAB), [GAIN])
        manifest = _manifest(writer, targets, texts or {})
        writer.commit(change(manifest) if change else manifest)
    return Artifact.open(out)


def _manifest(writer: ArtifactWriter, targets: tuple[str, ...], texts: Texts) -> Manifest:
    weights = writer.weights.finish()
    buffers = {name: Buffer("weight", tensor.bytes) for name, tensor in weights.tensors.items()}
    buffers |= {name: Buffer("state", size) for name, size in BUFFERS.items()}
    buffers |= {name: Buffer("slot", size) for name, size in SLOTS.items()}
    return Manifest(
        name="toy",
        target=targets[0] if len(targets) == 1 else "all",
        quant="f16",
        model=ModelInfo("llama", kernels.VOCAB, 8, 1, 1, 1, 8, 8, MAX_CONTEXT, 1, (2,)),
        symbols={"seq": (1, PREFILL_ROWS), "past": (0, MAX_CONTEXT - 1), "context": (1, MAX_CONTEXT)},
        params=PARAMS,
        kernels=_kernels(writer, targets, texts),
        buffers=buffers,
        programs=_programs(),
        weights=weights,
    )


WITHOUT = {"opencl": frozenset({"f16", "subgroups"}), "cuda": frozenset({"f16"})}
WITHOUT["c"] = WITHOUT["opencl"]


def _kernels(writer: ArtifactWriter, targets: tuple[str, ...], texts: Texts) -> dict[str, Kernel]:
    def variant(
        name: str, text: str, threads: int, grid: tuple[Dim, Dim, Dim], storage: int, *features: str
    ) -> list[Unwritten]:
        """The same for every target, but for those whose kernels do not ask for such features."""
        requires = Requires(features, None, threads, 0, storage)
        found: list[Unwritten] = []
        for target in targets:
            if WITHOUT.get(target, frozenset()) & set(features):
                continue
            suffix, entry, data = _printed(target, name, texts.get(name, text))
            made = Variant(target, "", "", entry, (threads, 1, 1), grid, requires)
            found.append((name, suffix, made, data))
        return found

    kernel = partial(_kernel, writer)

    store_grid = (ceildiv(SEQ, 64), 1, 1)
    blocks_grid = (ceildiv(PAST + SEQ, kernels.BLOCK), SEQ, 1)
    logits = ("sums:u32:read", "cache:u32:read", "bias:f32:read", "gain:u32:read", "logits:f32:read_write")
    sample = ("logits:f32:read", "tokens:u32:read_write")
    return {
        "store": kernel(
            "toy_store",
            {},
            ("tokens:u32:read", "cache:u32:read_write", "mark:u32:read_write"),
            variant("store.subgroups", kernels.STORE_SUBGROUPS, 64, store_grid, 3, "subgroups"),
            variant("store.plain", kernels.STORE_PLAIN, 64, store_grid, 3),
        ),
        "partial": kernel(
            "toy_partial",
            {},
            ("cache:u32:read", "sums:u32:read_write"),
            variant("partial", kernels.PARTIAL, 1, blocks_grid, 2),
        ),
        "logits": kernel(
            "toy_logits",
            {"all": False},
            logits,
            variant("logits.f16", kernels.LOGITS_F16, 32, (1, 1, 1), 5, "f16"),
            variant("logits.plain", kernels.LOGITS_PLAIN, 32, (1, 1, 1), 5),
        ),
        "all_logits": kernel(
            "toy_logits",
            {"all": True},
            logits,
            variant("all_logits", kernels.ALL_LOGITS, 32, (1, SEQ, 1), 5),
        ),
        "greedy": kernel(
            "toy_sample",
            {"random": False},
            sample,
            variant("greedy", kernels.SAMPLE_GREEDY, 1, (1, 1, 1), 2),
        ),
        "random": kernel(
            "toy_sample",
            {"random": True},
            sample,
            variant("random", kernels.SAMPLE_RANDOM, 1, (1, 1, 1), 2),
        ),
    }


def _printed(target: str, variant: str, wgsl: str) -> tuple[str, str, bytes]:
    """Suffix, entry point and file of a variant: hand-written for WGSL, traced for every other target."""
    if target == "wgsl":
        return "wgsl", "main", wgsl.encode()
    rendered = backend_named(target).render(traced(variant))
    return TARGETS[target].suffix, rendered.entry, rendered.file


def _kernel(
    writer: ArtifactWriter,
    spec: str,
    problem: dict[str, bool],
    bindings: tuple[str, ...],
    *variants: list[Unwritten],
) -> Kernel:
    """A kernel with its variants, by target, whose files say what they were made for."""
    bound = tuple(KernelBinding(*each.split(":")) for each in bindings)
    kernel = Kernel(spec, {**problem}, True, bound, ())
    by_target: dict[str, list[Variant]] = {}
    for name, suffix, variant, data in itertools.chain(*variants):
        if not TARGETS[variant.target].printed_where_run:
            data = with_purpose(data, kernel, variant)
        file = kernel_file(name, data, suffix)
        written = dataclasses.replace(variant, file=file, sha256=writer.add_kernel(file, data))
        by_target.setdefault(variant.target, []).append(written)
    return dataclasses.replace(kernel, variants=tuple(itertools.chain(*by_target.values())))


def _programs() -> dict[str, Program]:
    sizes = {**BUFFERS, **SLOTS, "bias": 4 * kernels.VOCAB, "gain.quants": 2 * kernels.VOCAB}

    def dispatch(kernel: str, *buffers: str) -> Dispatch:
        ranges = tuple(BufferRange(name, 0, sizes[name]) for name in buffers)
        return Dispatch(kernel, ranges, f"layers.0.{kernel}")

    sums = ("slot.0", "layers.0.cache", "bias", "gain.quants")
    front = (
        dispatch("store", "tokens", "layers.0.cache", "mark"),
        dispatch("partial", "layers.0.cache", "slot.0"),
    )
    last = (*front, dispatch("logits", *sums, "logits"))
    return {
        "prefill": Program("prefill", {"seq": (1, PREFILL_ROWS)}, last),
        "decode.short": Program("decode", {"seq": (1, 1), "past": (0, 15)}, last),
        "decode.long": Program("decode", {"seq": (1, 1), "past": (16, MAX_CONTEXT - 1)}, last),
        "score": Program(
            "score", {"seq": (1, SCORE_ROWS)}, (*front, dispatch("all_logits", *sums, "all_logits"))
        ),
        "greedy": Program("sample_greedy", {}, (dispatch("greedy", "logits", "tokens"),)),
        "random": Program("sample", {}, (dispatch("random", "logits", "tokens"),)),
    }


def without_variant(manifest: Manifest, kernel: str, index: int) -> Manifest:
    """The manifest without one variant of a kernel."""
    entry = manifest.kernels[kernel]
    variants = tuple(each for i, each in enumerate(entry.variants) if i != index)
    changed = {**manifest.kernels, kernel: dataclasses.replace(entry, variants=variants)}
    return dataclasses.replace(manifest, kernels=changed)
