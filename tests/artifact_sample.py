"""A tiny, complete artifact for tests of the reader, the writer and everything that opens one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kernelc.artifact import (
    ArtifactWriter,
    Buffer,
    BufferRange,
    ChatTemplateInfo,
    CheckInput,
    CheckOutput,
    Checks,
    Dispatch,
    GraphInfo,
    Kernel,
    KernelBinding,
    KernelCheck,
    Manifest,
    ModelInfo,
    Param,
    Program,
    Requires,
    TokenizerInfo,
    Variant,
    Weights,
    kernel_file,
)
from kernelc.ir import formats
from kernelc.ir.dim import Var, ceildiv

Q4 = formats.weight_format("q4")
ROWS, COLS, MAX_CONTEXT = 24, 172, 64
KERNEL_TEXT = "@compute @workgroup_size(64) fn main() {}\n"
TEMPLATE = "{{ messages[0].content }}\n"


def sample_matrix() -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(5).normal(size=(ROWS, COLS)).astype(np.float32)
    quants, (scales,) = formats.pack("q4", values)
    return quants, scales


def write_sample(out: Path, *, max_shard_bytes: int = 4096) -> None:
    """Write the sample artifact to `out`; small shards, so that its matrix spans two of them."""
    with ArtifactWriter(out, max_shard_bytes=max_shard_bytes) as writer:
        fill_sample(writer)


def fill_sample(writer: ArtifactWriter) -> None:
    quants, scales = sample_matrix()
    writer.weights.add("norm", "f32", (COLS,), [np.arange(COLS, dtype=np.float32)])
    halves = (quants[: ROWS // 2], quants[ROWS // 2 :])
    writer.weights.add("layers.0.proj.quants", "q4.quants", (ROWS, COLS), halves)
    writer.weights.add("layers.0.proj.scales", "q4.scales", (ROWS, COLS), [Q4.sides[0].to_bytes(scales)])
    file = kernel_file("matvec", KERNEL_TEXT.encode(), "wgsl")
    variant = sample_variant(file, writer.add_kernel(file, KERNEL_TEXT.encode()))
    tokenizer = {"tokenizer.model": writer.add_file("tokenizer.model", bytes(range(100)))}
    template = writer.add_file("chat_template.jinja", TEMPLATE.encode())
    graph = writer.add_file("graph.ir", b"graph\n")
    writer.commit(
        Manifest(
            name="sample",
            target="wgsl",
            quant="q4",
            model=ModelInfo("llama", 40, COLS, 1, 4, 2, 16, 96, MAX_CONTEXT, 1, (2,)),
            symbols={"seq": (1, 32), "past": (0, MAX_CONTEXT - 1), "context": (1, MAX_CONTEXT)},
            params=(Param("seq", "u32"), Param("past", "u32"), Param("temperature", "f32")),
            kernels={"matvec": sample_kernel(variant)},
            buffers=sample_buffers(writer.weights.finish()),
            programs={"decode": sample_program()},
            weights=writer.weights.finish(),
            tokenizer=TokenizerInfo("sentencepiece", "tokenizer.model", tokenizer),
            chat_template=ChatTemplateInfo("chat_template.jinja", template.sha256, "<s>", "</s>"),
            graph=GraphInfo("graph.ir", graph.sha256),
            checks=sample_checks(writer),
        )
    )


def sample_variant(file: str, sha256: str) -> Variant:
    grid = (ceildiv(Var("seq", 1, 32), 4), ROWS, 1)
    requires = Requires((), None, 64, 256, 4)
    return Variant("wgsl", file, sha256, "main", (64, 1, 1), grid, requires, len(KERNEL_TEXT))


def sample_kernel(variant: Variant) -> Kernel:
    bindings = (
        KernelBinding("quants", "u32x4", "read"),
        KernelBinding("scales", "u32", "read"),
        KernelBinding("x", "f32", "read"),
        KernelBinding("y", "f32", "read_write"),
    )
    return Kernel("matvec", {"rows": ROWS, "cols": COLS, "format": "q4"}, True, bindings, (variant,))


def sample_checks(writer: ArtifactWriter) -> Checks:
    """A check of made-up numbers."""
    entry = writer.add_file("checks.bin", bytes(range(96)))
    sizes = (
        formats.tensor_bytes("q4.quants", (ROWS, COLS)),
        formats.tensor_bytes("q4.scales", (ROWS, COLS)),
        4 * COLS,
        4 * ROWS,
    )
    inputs = tuple(CheckInput(size, 0, 64 if at < 3 else 0) for at, size in enumerate(sizes))
    check = KernelCheck(
        {"seq": 1, "past": 3, "context": 4},
        {"seq": 1, "past": 3, "temperature": 0.5},
        inputs,
        (CheckOutput(3, 8, 32, 64, "f32", 1e-5, 1e-6),),
    )
    return Checks("checks.bin", entry.bytes, entry.sha256, {"matvec": check})


def sample_buffers(weights: Weights) -> dict[str, Buffer]:
    buffers = {name: Buffer("weight", tensor.bytes) for name, tensor in weights.tensors.items()}
    context = Var("context", 1, MAX_CONTEXT)
    return buffers | {
        "step": Buffer("state", 32),
        "tokens": Buffer("state", (context + 1) * 4),
        "slot.0": Buffer("slot", 4 * COLS),
        "slot.1": Buffer("slot", 4 * ROWS),
    }


def sample_program() -> Program:
    bindings = (
        BufferRange("layers.0.proj.quants", 0, formats.tensor_bytes("q4.quants", (ROWS, COLS))),
        BufferRange("layers.0.proj.scales", 0, formats.tensor_bytes("q4.scales", (ROWS, COLS))),
        BufferRange("slot.0", 0, 4 * COLS),
        BufferRange("slot.1", 0, 4 * ROWS),
    )
    return Program("decode", {"seq": (1, 1)}, (Dispatch("matvec", bindings, "layers.0.proj"),))
