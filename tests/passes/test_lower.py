"""Lowering: buffers and slots, kernels that are printed once, their names and variants, and dispatches."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from kernelc import compiler
from kernelc.artifact import Requires
from kernelc.errors import InternalError
from kernelc.ir.dim import bounds, evaluate
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph, Tensor
from kernelc.ir.trace import add, linear, rms_norm, scale, silu
from kernelc.kernels.elementwise import Elementwise
from kernelc.kir.memory import SourceLine
from kernelc.kir.nodes import InputsReady, Kernel
from kernelc.kir.passes.verify import verify
from kernelc.passes.fuse import PATTERNS, FuseOptions, fuse
from kernelc.passes.lower import Lowered, Printed, ProgramSource, Render, lower
from kernelc.passes.select import KernelCall, SelectOptions, select
from kernelc.schedules import RULES
from kernelc.target import TARGETS, Capabilities, Target
from tests.graphs.compiled import Options, compile_graphs, only_traced
from tests.passes.blocks import CONTEXT, WIDTH, Block, attention_block, layer, norm, traced

PLAIN = (Target("none", "txt", (Capabilities(),)),)
SYMBOLS = {"seq": (1, 3), "past": (0, CONTEXT - 1), "context": (1, CONTEXT)}
STATES = {"tokens": 4 * (CONTEXT + 1), "step": 32, "y": 4 * 3 * WIDTH}


def calls(graph: Graph, off: frozenset[str] = frozenset(PATTERNS)) -> list[KernelCall]:
    fused = fuse(graph, FuseOptions(off=off))
    return select(fused, SelectOptions(FormatTable("f32"))).calls


def lowered(
    *blocks: Block,
    rows: int = 3,
    targets: tuple[Target, ...] = PLAIN,
    render: Render = only_traced,
    format: str = "f32",
) -> Lowered:
    """Programs "program_0", ... of unfused blocks; every weight has a buffer."""
    sources: list[ProgramSource] = []
    weights: dict[str, int] = {}
    for number, block in enumerate(blocks):
        graph = traced(block, rows)
        plain = fuse(graph, FuseOptions(off=frozenset(PATTERNS)))
        found = select(plain, SelectOptions(FormatTable(format)))
        for matrix in found.matrices.values():
            weights |= {array.name: array.bytes for array in matrix.stored_arrays.values()}
        weights |= {vector.name: 4 * vector.length for vector in found.vectors.values()}
        sources.append(ProgramSource(f"program_{number}", "role", dict(graph.symbols), found.calls))
    return lower(sources, STATES, weights, SYMBOLS, targets, render, RULES.choose)


def chain(x: Tensor) -> Tensor:
    """Four kernels in a row."""
    return silu(silu(silu(silu(x))))


def test_buffers_are_weights_states_and_slots() -> None:
    made = lowered(lambda x: linear(silu(x), layer("w", bias=True)))
    kinds = {name: buffer.kind for name, buffer in made.buffers.items()}
    assert kinds == {
        "tokens": "state", "step": "state", "y": "state",
        "embedding.quants": "weight", "w.weight.quants": "weight", "w.bias": "weight",
        "slot.0": "slot", "slot.1": "slot",
    }  # fmt: skip
    assert evaluate(made.buffers["tokens"].bytes, {"context": CONTEXT}) == 32  # 20 in whole vectors


def test_a_chain_alternates_between_two_slots() -> None:
    made = lowered(chain)
    written = [dispatch.bindings[-1].buffer for dispatch in made.programs["program_0"].dispatches]
    assert written == ["slot.0", "slot.1", "slot.0", "slot.1", "y"]
    assert {name for name, buffer in made.buffers.items() if buffer.kind == "slot"} == {"slot.0", "slot.1"}


def test_dispatches_read_where_the_last_was_written() -> None:
    made = lowered(lambda x: add(silu(x), x))
    look_up, function, total = made.programs["program_0"].dispatches
    x, y = look_up.bindings[-1].buffer, function.bindings[-1].buffer
    assert x != y
    assert [item.buffer for item in function.bindings] == [x, y]
    assert [item.buffer for item in total.bindings] == [y, x, "y"]
    assert [dispatch.origin for dispatch in (look_up, function, total)] == ["embed_tokens", "silu", "add"]
    row_bytes = 4 * WIDTH
    for item in (*function.bindings, *total.bindings):
        assert (item.offset, bounds(item.bytes)) == (0, (3 * row_bytes, 3 * row_bytes))


def test_programs_share_slots_and_kernels() -> None:
    one, both = lowered(chain), lowered(chain, chain)
    assert both.buffers == one.buffers and both.kernels == one.kernels
    assert both.programs["program_0"] == both.programs["program_1"] == one.programs["program_0"]


def test_equal_problems_are_one_kernel_printed_once() -> None:
    printed: Counter[str] = Counter()

    def render(target: str, kernel: Kernel) -> Printed:
        printed[kernel.name] += 1
        return only_traced(target, kernel)

    made = lowered(lambda x: linear(linear(chain(x), layer("a")), layer("b")), render=render)
    used = [dispatch.kernel for dispatch in made.programs["program_0"].dispatches]
    assert len(used) == 7 and len(set(used)) == 3
    assert printed == dict.fromkeys(set(used), 1) and made.kernels.keys() == set(used)


def test_kernels_are_named_by_what_they_compute_and_numbered_where_that_is_the_same() -> None:
    made = lowered(
        lambda x: silu(add(linear(x, layer("a", bias=True)), linear(silu(x), layer("b")))),
    )
    names = list(made.kernels)
    assert [name for name in names if name.startswith("elementwise")] == [
        f"elementwise_silu_{WIDTH}",
        f"elementwise_add_{WIDTH}",
    ]
    described = compile_graphs({"decode": traced(two_scales)}, Options(off=frozenset(PATTERNS))).kernels
    scales = [name for name in described if "scale" in name]
    assert scales == [f"elementwise_scale_{WIDTH}_one", f"elementwise_scale_{WIDTH}_one__2"]


def two_scales(x: Tensor) -> Tensor:
    """Two problems that one name describes."""
    return scale(scale(x, 2.0), 3.0)


def test_a_kernels_entry_says_what_computes_it_and_what_it_binds() -> None:
    made = lowered(silu)
    entry = made.kernels[f"elementwise_silu_{WIDTH}"]
    assert entry.spec == "elementwise" and entry.problem["width"] == WIDTH
    assert [(b.name, b.element, b.access) for b in entry.bindings] == [
        ("x", "f32x4", "read"),
        ("out", "f32x4", "read_write"),
    ]
    (variant,) = entry.variants
    assert variant.target == "none" and variant.entry == f"elementwise_silu_{WIDTH}"
    assert [evaluate(dim, {"seq": 3}) for dim in variant.grid] == [1, 3, 1]
    assert not entry.params
    (embedding,) = (entry for entry in made.kernels.values() if entry.spec == "embedding")
    assert embedding.params  # ids are read at positions of the step


def test_each_target_gets_its_variants_and_files() -> None:
    wgsl, cuda = TARGETS["wgsl"], TARGETS["cuda"]
    made = lowered(lambda x: linear(x, layer("w")), targets=(wgsl, cuda), render=compiler.render)
    (matmul,) = (entry for entry in made.kernels.values() if entry.spec == "matmul")
    assert {variant.target for variant in matmul.variants} == {"wgsl", "cuda"}
    assert len(made.files) == len({v.file for entry in made.kernels.values() for v in entry.variants})
    for entry in made.kernels.values():
        for variant in entry.variants:
            assert made.files[variant.file]
        demands = [(variant.target, str(variant.requires)) for variant in entry.variants]
        assert len(set(demands)) == len(demands)


def test_what_was_printed_in_this_process_is_not_printed_again() -> None:
    printed: Counter[str] = Counter()

    def render(target: str, kernel: Kernel) -> Printed:
        printed[kernel.name] += 1
        return only_traced(target, kernel)

    first, second = (lowered(chain, render=render) for _ in range(2))
    assert first == second and set(printed.values()) == {1}
    lowered(chain, rows=2, render=render)  # the same kernels, for fewer rows
    lowered(chain, targets=(TARGETS["opencl"],), render=render)
    assert set(printed.values()) == {2}


def test_variants_that_are_scheduled_alike_are_printed_once() -> None:
    """Once for each size that subgroups are known to have: tracing may look at that."""
    printed: Counter[str] = Counter()

    def render(target: str, kernel: Kernel) -> Printed:
        printed[kernel.name] += 1
        return only_traced(target, kernel)

    lowered(silu, targets=(TARGETS["wgsl"],), render=render)
    sizes = {variant.subgroup_size for variant in TARGETS["wgsl"].variants}
    assert printed[f"elementwise_silu_{WIDTH}"] == len(sizes) < len(TARGETS["wgsl"].variants)


def test_a_variant_that_asks_the_same_is_left_out() -> None:
    twice = (Target("none", "txt", (Capabilities(subgroups=True), Capabilities())),)
    made = lowered(silu, targets=twice)
    assert all(len(entry.variants) == 1 for entry in made.kernels.values())

    made = lowered(lambda x: rms_norm(x, norm()), targets=twice)
    (variants,) = (entry.variants for entry in made.kernels.values() if entry.spec == "rms_norm")
    assert [variant.requires.features for variant in variants] == [("subgroups",), ()]


def test_a_variant_for_matrix_units_alone_has_no_other_kernels() -> None:
    tiles = (replace(TARGETS["wgsl"], variants=TARGETS["wgsl"].variants[:2]),)
    assert tiles[0].variants[0].tiles_only
    wide = lambda x: linear(silu(linear(x, layer("a", 64))), layer("b", 64, 64))  # noqa: E731
    made = lowered(wide, targets=tiles, render=compiler.render, format="q4")
    for entry in made.kernels.values():
        on_tiles = ["tile" in str(variant.requires.features) for variant in entry.variants]
        assert on_tiles == ([True, False] if entry.spec == "matmul" else [False]), entry.spec


def test_an_operand_without_a_buffer_is_a_bug_of_ours() -> None:
    source = ProgramSource("decode", "decode", SYMBOLS, calls(traced(silu)))
    with pytest.raises(
        InternalError, match=r"embed_tokens: quants binds embedding.quants, which has no buffer"
    ):
        lower([source], STATES, {}, SYMBOLS, PLAIN, only_traced, RULES.choose)


def test_a_constant_binding_takes_weights_alone() -> None:
    """Kernels read it while others of the step may still run."""
    embedding, *rest = calls(traced(silu))
    wrong = replace(embedding, operands={**embedding.operands, "quants": "y"})
    source = ProgramSource("decode", "decode", SYMBOLS, [wrong, *rest])
    with pytest.raises(InternalError, match="embed_tokens: quants binds y, which is no weight"):
        lower([source], STATES, {}, SYMBOLS, PLAIN, only_traced, RULES.choose)


def test_what_is_read_early_is_not_made_in_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Elementwise.kernel

    def early(self: Elementwise, *args: Any) -> Kernel:
        kernel = plain(self, *args)
        kernel.body.statements.insert(0, InputsReady(kernel.buffers[:1], SourceLine(__file__, 1)))
        return verify(kernel)

    def render(target: str, kernel: Kernel) -> Printed:
        return only_traced(target, kernel)  # one of its own: what others printed is kept

    monkeypatch.setattr(Elementwise, "kernel", early)
    with pytest.raises(InternalError, match=r"x is read early, but %.* is made in this step"):
        lowered(silu, render=render)


def test_variants_must_agree_about_the_step_block() -> None:
    twice = (Target("none", "txt", (Capabilities(subgroups=True), Capabilities())),)

    def render(target: str, kernel: Kernel) -> Printed:
        return replace(only_traced(target, kernel), uses_params=bool(kernel.features()))

    with pytest.raises(InternalError, match="some variants read the step block and others do not"):
        lowered(lambda x: rms_norm(x, norm()), targets=twice, render=render)


def test_states_that_grow_with_the_context_stay_symbolic() -> None:
    graph = traced(attention_block)
    made = compile_graphs({"decode": graph}, Options()).lowered
    for length in (1, CONTEXT):
        size = evaluate(made.buffers["k_cache"].bytes, {"context": length})
        assert size == length * 8 * 4
    ranges = [
        item
        for dispatch in made.programs["decode"].dispatches
        for item in dispatch.bindings
        if item.buffer == "k_cache"
    ]
    assert ranges and all(evaluate(item.bytes, {"context": 2}) == 2 * 8 * 4 for item in ranges)


def test_requirements_come_from_the_kernel() -> None:
    made = lowered(silu, render=compiler.render, targets=(TARGETS["opencl"],))
    (variant,) = made.kernels[f"elementwise_silu_{WIDTH}"].variants
    assert variant.requires == Requires((), None, 64, 0, 2)
