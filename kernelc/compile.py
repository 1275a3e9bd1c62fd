"""From a model's graphs to kernels, programs and a memory plan: everything in an artifact except its weights.

The stages, in order (each is written to $KERNELC_DUMP): the tensor graph of each role, fuse, select, plan
memory and lower. No weight is read, so planning a 7B model takes seconds on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kernelc import debug, switches
from kernelc.artifact import ACTIVATION_TERMS, ACTIVATIONS, Manifest, ModelInfo, Param, Ring, Weights
from kernelc.errors import ShapeError, UsageError
from kernelc.ir.dim import Dim, dim_max
from kernelc.ir.formats import FORMATS, FormatTable, Override, weight_format
from kernelc.ir.graph import Graph
from kernelc.ir.packed_matrix import PackedMatrix
from kernelc.ir.text import graph_text
from kernelc.ir.types import DType
from kernelc.ir.verify import verify
from kernelc.kernels.linear.matvec_int8 import FORMATS_WITH_CODES
from kernelc.kernels.step_block import STEP
from kernelc.passes.caches import cache_bytes, rings_of
from kernelc.passes.coding import code_activations
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.passes.lower import Lowered, ProgramSource, lower
from kernelc.passes.memory import worst_case
from kernelc.passes.sampling import greedy_calls, sample_calls
from kernelc.passes.select import PackedVector, Selection, SelectOptions, SplitOptions, select
from kernelc.passes.splits import decode_splits
from kernelc.printing import render
from kernelc.schedules import named_schedules
from kernelc.source import PREFILL_ROWS, ModelSource, Role
from kernelc.target import Target, targets_named

DEFAULT_CONTEXT = 4096
SCORE_ROWS = 64  # the logits of all of them are kept
# Up to this size a cache is kept in f32: that costs little, while rounding keys and values to f16 would
# change the logits of small models by a few hundredths.
SMALL_CACHE_BYTES = 32 << 20


@dataclass(frozen=True)
class CompileOptions:
    """What to build.

    `context` is the longest context, in positions; None stands for the model's own, at most DEFAULT_CONTEXT.
    `kv_dtype` is the element type of the cache; None stands for f32 if `quant` is f32 or the whole cache has
    at most SMALL_CACHE_BYTES, and for f16 otherwise. `activations` "int8" rounds the input of a single row's
    matrix products to two signed bytes, where the weights are codes of bytes, "int8-fast" to one.
    `overrides` give single matrices, the embedding or the head another format than `quant`; `bits` is what a
    weight may take on average, from which a build of a model makes overrides of its own.
    `tuned` names a table of schedules, by its class of devices or as a file, instead of the families' rules.
    `splits`: whether attention's positions may be split over workgroups; `joins`: whether these workgroups
    may join them; `codes`: whether layers may code what they make. `without` names optimisations that are
    left out (see `kernelc.switches`).
    """

    target: str = "wgsl"
    quant: str = "q4"
    context: int | None = None
    kv_dtype: str | None = None
    activations: str = "f32"
    overrides: tuple[Override, ...] = ()
    bits: float | None = None
    tuned: str | None = None
    splits: bool = True
    joins: bool = True
    codes: bool = True
    without: switches.Without = ()

    @property
    def formats(self) -> FormatTable:
        """Which format each matrix gets."""
        return FormatTable(self.quant, self.overrides)

    def checked(self, source: ModelSource) -> CompileOptions:
        """Return these options with every default filled in.

        Raises: UsageError for a value that is unknown or does not fit the model.
        """
        if self.quant not in FORMATS:
            raise UsageError(
                f"got {self.quant!r}, wanted one of: {', '.join(FORMATS)}",
                where="`quant`",
                help="q4 is the default",
            )
        longest = source.info.max_context
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
        small = cache_bytes(_graph(source, "decode", context, 1, DType.F32), context) <= SMALL_CACHE_BYTES
        dtype = self.kv_dtype or ("f32" if weight_format(self.quant).exact_in_f32 or small else "f16")
        targets_named(self.target)  # refuse an unknown one now
        return replace(self, context=context, kv_dtype=dtype)

    def _check_activations(self) -> None:
        if self.activations not in ACTIVATIONS:
            raise UsageError(
                f"got {self.activations!r}, wanted one of: {', '.join(ACTIVATIONS)}",
                where="`activations`",
                help="f32 is the default",
            )
        if ACTIVATION_TERMS[self.activations] and self.quant not in FORMATS_WITH_CODES:
            raise UsageError(
                f"{self.activations} multiplies bytes, and weights of `quant` {self.quant} are none",
                where="`activations`",
                help=f"use `quant` {' or '.join(FORMATS_WITH_CODES)}, or `activations` f32",
            )


@dataclass(frozen=True)
class Compiled:
    """A compiled model: `lowered` goes into the manifest, `matrices` and `vectors` say what to pack.

    `info` are the model's facts with the context it was compiled for, `symbols` the inclusive bounds of the
    dims' symbols, `graph` the text of each role's fused graph, `rings` the caches that are rings.
    """

    options: CompileOptions
    info: ModelInfo
    symbols: Mapping[str, tuple[int, int]]
    lowered: Lowered
    matrices: Mapping[str, PackedMatrix]
    vectors: Mapping[str, PackedVector]
    graph: str
    rings: tuple[Ring, ...] = ()

    def manifest(self, name: str, weights: Weights) -> Manifest:
        """Return the manifest of everything but tokenizer and chat template."""
        params = tuple(Param(field.name, str(field.type)) for field in STEP)
        low = self.lowered
        return Manifest(
            name,
            self.options.target,
            self.options.quant,
            self.info,
            self.symbols,
            params,
            low.kernels,
            low.buffers,
            low.programs,
            weights,
            activations=self.options.activations,
            rings=self.rings,
        )


def compile_model(source: ModelSource, options: CompileOptions) -> Compiled:
    """Compile every role of a model, and sampling.

    Raises: UsageError for options that do not fit the model.
    """
    without = switches.named(options.without)
    options = replace(options, **switches.settings_of(without)).checked(source)
    targets = [switches.target_with_less(each, without) for each in targets_named(options.target)]
    off = switches.patterns_off(without)
    builder = _Builder(source, options, targets, FuseOptions(off=off))
    if not builder.every_role():
        # The fused heads of one role order a cache as another role's do not: keep the checkpoint's order.
        builder = _Builder(source, options, targets, FuseOptions(off=off | {"heads"}))
        builder.every_role()
    builder.sampling()
    return builder.compiled()


def packed_together(source: ModelSource) -> list[tuple[str, ...]]:
    """Return the tensors of each matrix that `compile_model` packs: those that fused kernels read share one.

    Neither targets nor formats change that.
    """
    graph = fuse(_graph(source, "decode", 1, 1, DType.F32), FuseOptions())
    selection = select(graph, SelectOptions(FormatTable("f32"), 1 << 30))
    return list(dict.fromkeys(matrix.sources for matrix in selection.matrices.values()))


class _Builder:
    """Collects the programs of all roles, then lowers them together."""

    def __init__(
        self, source: ModelSource, options: CompileOptions, targets: Sequence[Target], fusing: FuseOptions
    ) -> None:
        assert options.context is not None
        self.fusing = fusing
        self.source, self.options, self.targets, self.context = source, options, targets, options.context
        found = named_schedules(options.tuned, [target.name for target in targets])
        self.schedules = replace(found, without=options.without)
        self.info = replace(source.info, max_context=options.context)
        self.first: Graph | None = None  # the graph that the other roles' must agree with
        self.sources: list[ProgramSource] = []
        self.selected = Selection()
        self.graphs: dict[str, str] = {}
        self.states: dict[str, Dim] = {"step": 4 * len(STEP)}
        self.symbols = {
            "seq": (1, min(PREFILL_ROWS, self.context)),
            "past": (0, self.context - 1),
            "context": (1, self.context),
        }

    def every_role(self) -> bool:
        """Add the programs of every role; False where they disagree about the order within cached heads."""
        decode = self.graph("decode")
        variants = [each for target in self.targets for each in target.variants]
        joined = self.options.joins and all(target.fences for target in self.targets)
        programs = decode_splits(decode, self.context, variants, joined)
        if not self.options.splits:
            programs = [(0, self.context - 1, SplitOptions())]
        for low, high, split in programs:
            if not self.role(f"decode_{low}" if low else "decode", decode, "decode", split, (low, high)):
                return False
        prefill, score = (self.graph(role) for role in ("prefill", "score"))
        whole = (0, self.context - 1)
        if not self.role("prefill", prefill, "prefill", SplitOptions(), whole):
            return False
        return self.role("score", score, "score", SplitOptions(), whole)

    def role(self, name: str, graph: Graph, role: Role, split: SplitOptions, past: tuple[int, int]) -> bool:
        """Take the graph of one role through fuse and select, as the program `name`; False where it orders
        the elements of a cached head otherwise than the programs before it."""
        fused = fuse(graph, self.fusing)
        debug.dump(f"{name}_fused", "ir", lambda: graph_text(fused))
        self.graphs.setdefault(role, graph_text(fused))
        if terms := ACTIVATION_TERMS[self.options.activations]:
            fused = code_activations(fused, self.options.formats, terms, fused=self.options.codes)
            debug.dump(f"{name}_coded", "ir", lambda: graph_text(fused))
        selection = select(fused, SelectOptions(self.options.formats, self.largest_binding, split))
        self.selected.matrices |= selection.matrices
        self.selected.vectors |= selection.vectors
        symbols = {"seq": graph.symbols["seq"], "past": past}
        self.sources.append(ProgramSource(name, role, symbols, selection.calls))
        limits = {**self.symbols, "seq": graph.symbols["seq"]}
        for state, type_ in graph.states.items():
            self.states[state] = worst_case(type_.size_bytes, limits)
        for counter, size in selection.counters.items():
            self.states[counter] = dim_max(self.states.get(counter, 0), size)
        for output, tensor in graph.outputs.items():
            size = worst_case(tensor.type.size_bytes, limits)
            self.states[output] = dim_max(self.states.get(output, 0), size)
        orders = self.selected.head_orders
        agree = all(orders.get(cache, order) == order for cache, order in selection.head_orders.items())
        self.selected.head_orders |= selection.head_orders
        return agree

    @property
    def largest_binding(self) -> int:
        """The most bytes that every variant of every target can bind at once."""
        return min(each.max_binding_bytes for target in self.targets for each in target.variants)

    def graph(self, role: Role) -> Graph:
        """Return a role's graph, verified, and checked to run on the same buffers as the other roles'."""
        rows = SCORE_ROWS if role == "score" else PREFILL_ROWS
        dtype = DType(self.options.kv_dtype or "f16")
        graph = _graph(self.source, role, self.context, rows, dtype)
        debug.dump(role, "ir", lambda: graph_text(graph))
        self.first = self.first or graph
        _check_agreement(graph, self.first, self.info.vocab_size)
        return graph

    def sampling(self) -> None:
        """Add the programs that turn logits into the next id."""
        vocab = self.info.vocab_size
        symbols = {"seq": self.symbols["seq"], "past": self.symbols["past"]}
        self.sources.append(ProgramSource("sample_greedy", "sample_greedy", symbols, greedy_calls(vocab)))
        self.sources.append(ProgramSource("sample", "sample", symbols, sample_calls(vocab)))

    def compiled(self) -> Compiled:
        """Lower all programs, with one plan of memory."""
        weights = {name: size for matrix in self.selected.matrices.values() for name, size in _stored(matrix)}
        weights |= {vector.name: 4 * vector.length for vector in self.selected.vectors.values()}
        lowered = lower(
            self.sources, self.states, weights, self.symbols, self.targets, render, self.schedules.choose
        )
        text, rings = "\n".join(self.graphs.values()), rings_of(self.first) if self.first else ()
        made = self.selected
        return Compiled(
            self.options, self.info, self.symbols, lowered, made.matrices, made.vectors, text, rings
        )


def _graph(source: ModelSource, role: Role, context: int, rows: int, dtype: DType) -> Graph:
    return verify(source.graph(role, max_context=context, chunk=rows, kv_dtype=dtype, spare=PREFILL_ROWS))


def _check_agreement(graph: Graph, first: Graph, vocab_size: int) -> None:
    """Check that a role's graph declares the weights and states of the `first`, and gives vocab_size logits.

    Raises: ShapeError naming what differs; the code of a model family is to blame.
    """
    for mine, others in ((graph.weights, first.weights), (graph.states, first.states)):
        for name in {**others, **mine}:
            if mine.get(name) != others.get(name):
                raise ShapeError(
                    f"{graph.name} declares {name} as {mine.get(name)}, {first.name} as {others.get(name)}:"
                    " every role must declare the same weights and states"
                )
    for name, tensor in graph.outputs.items():
        if tensor.type.shape[-1] != vocab_size:
            wanted = f"the vocabulary of {vocab_size}"
            raise ShapeError(f"{graph.name}: {name} is {tensor.type}, which does not match {wanted}")


def _stored(matrix: PackedMatrix) -> list[tuple[str, int]]:
    """Return the tensors that hold a packed matrix, as (name, bytes)."""
    return [(array.name, array.bytes) for array in matrix.stored_arrays.values()]
