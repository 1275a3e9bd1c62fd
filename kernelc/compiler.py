"""From a model's graphs to kernels, programs and a memory plan: everything in an artifact except its weights.

The stages, in order (each is written to $KERNELC_DUMP): the tensor graph of each role, fuse, select, plan
memory and lower. No weight is read, so planning a 7B model takes seconds on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from kernelc import debug, switches
from kernelc.artifact import (
    ACTIVATION_TERMS,
    CODED_CACHES,
    Manifest,
    ModelInfo,
    Param,
    Ring,
    Sequences,
    Weights,
)
from kernelc.artifact.schema import MASK_BUFFER, RESULTS_BUFFER, ROW_MASKS_BUFFER
from kernelc.compile_options import CompileOptions
from kernelc.ir.dim import Dim, dim_max
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph
from kernelc.ir.packed_matrix import PackedMatrix
from kernelc.ir.text import graph_text
from kernelc.ir.types import DType
from kernelc.ir.verify import verify
from kernelc.kernels.sampling.mask import MaskProblem
from kernelc.kernels.sampling.row_result import WORDS
from kernelc.kernels.several.table import FIELDS, TABLE, sequence_rows
from kernelc.kernels.spec import CONTEXT
from kernelc.kernels.step_block import STEP
from kernelc.passes.caches import rings_of
from kernelc.passes.coding import code_activations
from kernelc.passes.fuse import FuseOptions, fuse
from kernelc.passes.hidden import hidden_states
from kernelc.passes.last_row import last_row_early
from kernelc.passes.lower import Lowered, ProgramSource, lower
from kernelc.passes.memory import worst_case
from kernelc.passes.sampling import greedy_calls, mask_calls, result_call, sample_calls
from kernelc.passes.select import PackedVector, Selection, SelectOptions, SplitOptions, select
from kernelc.passes.several import ROW_LOGITS, DecodeCalls, Repeater, held_bytes, table_bytes
from kernelc.passes.splits import decode_splits
from kernelc.printing import render
from kernelc.schedules import named_schedules
from kernelc.source import PREFILL_ROWS, ModelSource, Role, check_agreement
from kernelc.target import Target, targets_named

SCORE_ROWS = 64  # the logits of all of them are kept
ProgramRole: TypeAlias = Role | Literal["embed"]


@dataclass(frozen=True)
class Compiled:
    """A compiled model: `lowered` goes into the manifest, `matrices` and `vectors` say what to pack.

    `info` are the model's facts with the context it was compiled for, `symbols` the inclusive bounds of the
    dims' symbols, `graph` the text of each role's fused graph, `rings` the caches that are rings,
    `sequences` how several lie in the states, where there are more than one.
    """

    options: CompileOptions
    info: ModelInfo
    symbols: Mapping[str, tuple[int, int]]
    lowered: Lowered
    matrices: Mapping[str, PackedMatrix]
    vectors: Mapping[str, PackedVector]
    graph: str
    rings: tuple[Ring, ...] = ()
    sequences: Sequences | None = None

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
            activations=self.options.chosen_activations,
            rings=self.rings,
            sequences=self.sequences,
            kv=self.options.kv_dtype if self.options.kv_dtype in CODED_CACHES else None,
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
    if max(options.sequences, options.rows) > 1:
        builder.several()
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
        self.counters: dict[str, int] = {}
        self.sequences: Sequences | None = None
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
        if not self.role("score", score, "score", SplitOptions(), whole):
            return False
        if not self.options.embeddings:
            return True
        hidden = verify(hidden_states(self.graph("score", PREFILL_ROWS)))
        return self.role("embed", hidden, "embed", SplitOptions(), whole)

    def role(
        self, name: str, graph: Graph, role: ProgramRole, split: SplitOptions, past: tuple[int, int]
    ) -> bool:
        """Take the graph of one role through fuse and select, as the program `name`; False where it orders
        the elements of a cached head otherwise than the programs before it."""
        if self.options.last_row:
            graph = last_row_early(graph)
        fused = fuse(graph, self.fusing)
        debug.dump(f"{name}_fused", "ir", lambda: graph_text(fused))
        self.graphs.setdefault(role, graph_text(fused))
        if terms := ACTIVATION_TERMS[self.options.chosen_activations]:
            prompts = self.options.prompts and role == "prefill"
            prompts = prompts and all(each.coded_prompts for each in self.targets)
            fused = code_activations(
                fused, self.options.formats, terms, fused=self.options.codes, prompts=prompts
            )
            debug.dump(f"{name}_coded", "ir", lambda: graph_text(fused))
        halves = self.options.halves and role in ("prefill", "embed")
        halves = halves and all(each.half_rows for each in self.targets)
        chosen = SelectOptions(self.options.formats, self.largest_binding, split, halves)
        selection = select(fused, chosen)
        self.selected.matrices |= selection.matrices
        self.selected.vectors |= selection.vectors
        symbols = {"seq": graph.symbols["seq"], "past": past}
        self.sources.append(ProgramSource(name, role, symbols, selection.calls))
        limits = {**self.symbols, "seq": graph.symbols["seq"]}
        for state, type_ in graph.states.items():
            for suffix, size in type_.stored_arrays.items():
                self.states[state + suffix] = worst_case(size, limits)
        self.counters |= selection.counters
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

    def graph(self, role: Role, rows: int | None = None) -> Graph:
        """Return a role's graph of at most `rows`, verified, and checked to run on the same buffers as the
        other roles'."""
        rows = rows or (SCORE_ROWS if role == "score" else PREFILL_ROWS)
        dtype = DType(self.options.kv_dtype or "f16")
        graph = _graph(self.source, role, self.context, rows, dtype)
        debug.dump(role, "ir", lambda: graph_text(graph))
        self.first = self.first or graph
        check_agreement(graph, self.first, self.info.vocab_size)
        return graph

    def sampling(self) -> None:
        """Add the programs that turn logits into the next id."""
        vocab = self.info.vocab_size
        symbols = {"seq": self.symbols["seq"], "past": self.symbols["past"]}
        self.sources.append(ProgramSource("sample_greedy", "sample_greedy", symbols, greedy_calls(vocab)))
        self.sources.append(ProgramSource("sample", "sample", symbols, sample_calls(vocab)))
        self.sources.append(ProgramSource("mask", "mask", symbols, mask_calls(vocab)))
        self.states[MASK_BUFFER] = 4 * MaskProblem(vocab).words

    def several(self) -> None:
        """Add the programs of steps of several rows, each of which is a sequence's that has its own part of
        the states that grow with the context."""
        assert self.first is not None
        count, vocab = self.options.sequences, self.info.vocab_size
        step_rows = max(count, self.options.rows) if self.options.rows > 1 else None
        most = step_rows or count
        states = self.first.states.items()
        held = [name + suffix for name, type_ in states for suffix in type_.stored_arrays]
        counters = {name: f"{name}.rows" for name in self.counters}
        for name in held:
            self.states[name] = held_bytes(name, self.states[name], count)
        for of_one, of_all in counters.items():
            self.states[of_all] = self.states[of_one] * most
        self.states |= {
            TABLE: table_bytes(most),
            ROW_LOGITS: 4 * vocab * most,
            ROW_MASKS_BUFFER: 4 * MaskProblem(vocab).words * most,
        }
        self.states[RESULTS_BUFFER] = 4 * WORDS * most
        matrices = (array.name for m in self.selected.matrices.values() for array in m.stored_arrays.values())
        weights = {*matrices, *(vector.name for vector in self.selected.vectors.values())}
        renamed = {"logits": ROW_LOGITS, MASK_BUFFER: ROW_MASKS_BUFFER, **counters}
        repeater = Repeater(step_rows, count, self.context, weights, frozenset(held), renamed)
        decode = [each for each in self.sources if each.role == "decode"]
        programs = [DecodeCalls(*each.symbols["past"], each.calls) for each in decode]
        for source, calls in zip(decode, repeater.decode(programs), strict=True):
            symbols = {"seq": (2, most), "past": source.symbols["past"]}
            name = source.name.replace("decode", "decode_rows")
            self.sources.append(ProgramSource(name, "decode_rows", symbols, calls))
        for source, program in list(zip(decode, programs, strict=True))[1:]:  # the first has no other's calls
            symbols = {"seq": (2, most), "past": source.symbols["past"]}
            name = source.name.replace("decode", "alike_rows")
            self.sources.append(ProgramSource(name, "alike_rows", symbols, repeater.alike(program)))
        result = result_call(vocab, RESULTS_BUFFER)
        for role, least, calls in (
            ("greedy_rows", 2, (*greedy_calls(vocab), result)),
            ("sample_rows", 2, (*sample_calls(vocab), result)),
            ("mask_rows", 1, mask_calls(vocab)),  # a single row of a step may have a mask
        ):
            symbols = {"seq": (least, most), "past": self.symbols["past"]}
            repeated = [repeater.call(call) for call in calls]
            self.sources.append(ProgramSource(role, role, symbols, repeated))
        fields = tuple(Param(field.name, str(field.type)) for field in FIELDS)
        self.sequences = Sequences(count, sequence_rows(CONTEXT), tuple(held), fields, step_rows)

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
            self.options,
            self.info,
            self.symbols,
            lowered,
            made.matrices,
            made.vectors,
            text,
            rings,
            self.sequences,
        )


def _graph(source: ModelSource, role: Role, context: int, rows: int, dtype: DType) -> Graph:
    return verify(source.graph(role, max_context=context, chunk=rows, kv_dtype=dtype, spare=PREFILL_ROWS))


def _stored(matrix: PackedMatrix) -> list[tuple[str, int]]:
    """Return the tensors that hold a packed matrix, as (name, bytes)."""
    return [(array.name, array.bytes) for array in matrix.stored_arrays.values()]
