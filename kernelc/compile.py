"""From a model's configuration to kernels, programs and a memory plan: everything of an artifact but its
weights.

The whole way, in order (each stage lands in $KERNELC_DUMP): the tensor graph of each role, fuse, select,
plan memory and lower. No weight is needed, so a plan for a 7B model takes a second on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernelc import debug
from kernelc.artifact import ACTIVATIONS, Manifest, ModelInfo, Param, Requires, Weights
from kernelc.backends import backend_named
from kernelc.errors import UsageError
from kernelc.ir.dim import Dim
from kernelc.ir.formats import FORMATS, PackedMatrix, quants_bytes, scales_bytes
from kernelc.ir.graph import Graph
from kernelc.ir.text import graph_text
from kernelc.ir.types import DType
from kernelc.ir.verify import verify
from kernelc.kernels.linear.matvec_int8 import FORMATS_WITH_CODES
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.text import kernel_text
from kernelc.passes.fuse import fuse
from kernelc.passes.lower import Lowered, Printed, ProgramSource, lower
from kernelc.passes.memory import worst_case
from kernelc.passes.sampling import greedy_calls, sample_calls
from kernelc.passes.select import PackedVector, Selection, SelectOptions, select
from kernelc.target import Target, targets_named
from model.config import LlamaConfig
from model.families.llama import llama

DEFAULT_CONTEXT = 4096
PREFILL_ROWS = 512  # a longer prompt runs in chunks, so that activations do not grow with it
SCORE_ROWS = 64  # all their logits are kept
# Decode attention by positions already cached: (from, positions of a split; 0: one workgroup over all of
# them). A split costs one more small dispatch, so it has to be worth the bytes of cache that a layer reads
# for a position.
SPLITS_SMALL = ((0, 0), (512, 256))
SPLITS_LARGE = ((0, 0), (128, 32), (1024, 128))
LARGE_POSITION_BYTES = 4096
# Up to here an f32 cache costs little; rounding it to halves would move small models' logits by some
# hundredths.
SMALL_CACHE_BYTES = 32 << 20


@dataclass(frozen=True)
class CompileOptions:
    """`context`: the longest (None: the model's own, at most DEFAULT_CONTEXT). `kv_dtype` of the cache,
    None: f32 for quant f32 and where the whole cache is small anyway (SMALL_CACHE_BYTES), else f16.
    `activations`: "int8" rounds what a single row's matrix products read to signed bytes."""

    target: str = "wgsl"
    quant: str = "q4"
    context: int | None = None
    kv_dtype: str | None = None
    activations: str = "f32"

    def checked(self, config: LlamaConfig) -> CompileOptions:
        """With every default filled in. Raises: UsageError for what does not fit the model."""
        if self.quant not in FORMATS:
            raise UsageError(
                f"got {self.quant!r}, wanted one of: {', '.join(FORMATS)}",
                where="`quant`",
                help="q4 is the default",
            )
        longest = config.max_position_embeddings
        context = min(longest, DEFAULT_CONTEXT) if self.context is None else self.context
        if not 1 <= context <= longest:
            raise UsageError(
                f"got {context}, wanted 1 to {longest}, the model's max_position_embeddings",
                where="`context`",
                help=f"leave `context` out for {min(longest, DEFAULT_CONTEXT)}",
            )
        if self.kv_dtype not in (None, "f16", "f32"):
            message = f"got {self.kv_dtype!r}, wanted f16 or f32"
            raise UsageError(message, where="`kv_dtype`", help="leave `kv_dtype` out")
        self._check_activations()
        small = cache_bytes(config, context, 4) <= SMALL_CACHE_BYTES
        dtype = self.kv_dtype or ("f32" if self.quant == "f32" or small else "f16")
        targets_named(self.target)  # refuse an unknown one now
        return CompileOptions(self.target, self.quant, context, dtype, self.activations)

    def _check_activations(self) -> None:
        if self.activations not in ACTIVATIONS:
            raise UsageError(
                f"got {self.activations!r}, wanted one of: {', '.join(ACTIVATIONS)}",
                where="`activations`",
                help="f32 is the default",
            )
        if self.activations == "int8" and self.quant not in FORMATS_WITH_CODES:
            raise UsageError(
                f"int8 multiplies bytes, and weights of `quant` {self.quant} are none",
                where="`activations`",
                help=f"use `quant` {' or '.join(FORMATS_WITH_CODES)}, or `activations` f32",
            )


def cache_bytes(config: LlamaConfig, context: int, element_bytes: int) -> int:
    """Bytes of all keys and values of a full context."""
    return 2 * config.layers * context * config.kv_heads * config.head_dim * element_bytes


def decode_splits(config: LlamaConfig, context: int, kv_dtype: str) -> list[tuple[int, int, int]]:
    """The decode programs as (lowest past, highest past, positions of a split)."""
    position_bytes = cache_bytes(config, 1, DType(kv_dtype).size_bytes) // config.layers
    table = SPLITS_LARGE if position_bytes >= LARGE_POSITION_BYTES else SPLITS_SMALL
    starts = [row for row in table if row[0] < context]
    ends = [row[0] for row in starts[1:]] + [context]
    return [(low, end - 1, split) for (low, split), end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Compiled:
    """`lowered` goes into the manifest; `matrices` and `vectors` say what to pack from the checkpoint."""

    options: CompileOptions
    symbols: Mapping[str, tuple[int, int]]
    lowered: Lowered
    matrices: Mapping[str, PackedMatrix]
    vectors: Mapping[str, PackedVector]
    graph: str

    def manifest(self, name: str, config: LlamaConfig, weights: Weights) -> Manifest:
        """The manifest without tokenizer and template."""
        assert self.options.context is not None
        model = ModelInfo(
            "llama", config.vocab_size, config.hidden_size, config.layers, config.heads, config.kv_heads,
            config.head_dim, config.intermediate_size, self.options.context, config.bos_token_id,
            config.eos_token_ids,
        )  # fmt: skip
        params = tuple(Param(field.name, str(field.type)) for field in STEP)
        low = self.lowered
        return Manifest(
            name,
            self.options.target,
            self.options.quant,
            model,
            self.symbols,
            params,
            low.kernels,
            low.buffers,
            low.programs,
            weights,
            activations=self.options.activations,
        )


def compile_model(config: LlamaConfig, options: CompileOptions) -> Compiled:
    """Compile every role of a model. Raises: UsageError for options that do not fit it."""
    options = options.checked(config)
    assert options.context is not None and options.kv_dtype is not None
    builder = _Builder(config, options, targets_named(options.target))
    for low, high, split in decode_splits(config, options.context, options.kv_dtype):
        builder.role(f"decode_{low}" if low else "decode", "decode", split, (low, high))
    builder.role("prefill", "prefill", 0, (0, options.context - 1))
    builder.role("score", "score", 0, (0, options.context - 1))
    builder.sampling()
    return builder.compiled()


class _Builder:
    def __init__(self, config: LlamaConfig, options: CompileOptions, targets: Sequence[Target]) -> None:
        assert options.context is not None
        self.config, self.options, self.targets, self.context = config, options, targets, options.context
        self.sources: list[ProgramSource] = []
        self.selected = Selection()
        self.graphs: dict[str, str] = {}
        self.states: dict[str, Dim] = {"step": 4 * len(STEP)}
        self.symbols = {
            "seq": (1, min(PREFILL_ROWS, self.context)),
            "past": (0, self.context - 1),
            "context": (1, self.context),
        }

    def role(self, name: str, role: str, split: int, past: tuple[int, int]) -> None:
        """Take one role's graph through fuse and select."""
        graph = self.graph(role)
        fused = fuse(graph)
        debug.dump(f"{name}_fused", "ir", lambda: graph_text(fused))
        self.graphs.setdefault(role, graph_text(fused))
        int8 = self.options.activations == "int8"
        selection = select(fused, SelectOptions(self.options.quant, self.largest_binding, split, int8))
        self.selected.matrices |= selection.matrices
        self.selected.vectors |= selection.vectors
        symbols = {"seq": graph.symbols["seq"], "past": past}
        self.sources.append(ProgramSource(name, role, symbols, selection.calls))
        limits = {**self.symbols, "seq": graph.symbols["seq"]}
        for state, type_ in graph.states.items():
            self.states[state] = worst_case(type_.size_bytes, limits)
        for output, tensor in graph.outputs.items():
            self.states[output] = worst_case(tensor.type.size_bytes, limits)

    @property
    def largest_binding(self) -> int:
        return min(each.max_binding_bytes for target in self.targets for each in target.variants)

    def graph(self, role: str) -> Graph:
        rows = SCORE_ROWS if role == "score" else PREFILL_ROWS
        dtype = DType(self.options.kv_dtype or "f16")
        assert role in ("decode", "prefill", "score")
        graph = verify(llama(self.config, role=role, max_context=self.context, chunk=rows, kv_dtype=dtype))
        debug.dump(role, "ir", lambda: graph_text(graph))
        return graph

    def sampling(self) -> None:
        vocab = self.config.vocab_size
        symbols = {"seq": self.symbols["seq"], "past": self.symbols["past"]}
        self.sources.append(ProgramSource("sample_greedy", "sample_greedy", symbols, greedy_calls(vocab)))
        self.sources.append(ProgramSource("sample", "sample", symbols, sample_calls(vocab)))

    def compiled(self) -> Compiled:
        weights = {name: size for matrix in self.selected.matrices.values() for name, size in _stored(matrix)}
        weights |= {vector.name: 4 * vector.length for vector in self.selected.vectors.values()}
        lowered = lower(self.sources, self.states, weights, self.symbols, self.targets, render)
        text = "\n".join(self.graphs.values())
        return Compiled(
            self.options, self.symbols, lowered, self.selected.matrices, self.selected.vectors, text
        )


def _stored(matrix: PackedMatrix) -> list[tuple[str, int]]:
    """The stored tensors of a packed matrix and their bytes."""
    shape = (matrix.stored_rows, matrix.cols)
    found = [(matrix.quants_name, quants_bytes(matrix.format, *shape))]
    if FORMATS[matrix.format].has_scales:
        found.append((matrix.scales_name, scales_bytes(matrix.format, *shape)))
    return found


def render(target: str, kernel: Kernel) -> Printed:
    """Print a kernel for a target, and say what it asks of a device."""
    rendered = backend_named(target).render(kernel)
    requires = Requires(
        features=kernel.features(),
        subgroup_size=kernel.asked_subgroup_size(),
        threads=kernel.workgroup,
        shared_bytes=kernel.shared_bytes,
        storage_buffers=len(kernel.buffers),
    )
    return Printed(rendered, requires, bool(kernel.params), lambda: kernel_text(kernel))
