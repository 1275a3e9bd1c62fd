"""Whatever graph the verifier accepts compiles, and computes on every executor what `ir.evaluate` gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernelc.api.graph_replay import GraphRun, graph_script
from kernelc.ir.evaluate import empty_states
from kernelc.ir.graph import Graph
from kernelc.ir.text import graph_text
from kernelc.passes.fuse import PATTERNS
from kernelc.target import Capabilities
from tests.graphs.compiled import Options, compile_graphs, printed_for_a_device
from tests.graphs.meaning import meaning
from tests.graphs.runner import Runner
from tests.graphs.strategy import CHUNK, CONTEXT, VOCAB, Program, programs, random_weights
from tests.kernels.executors import require
from tests.kernels.harness import VARIANTS
from tests.kernels.leaving import device_of, script_left

_LARGEST = 1e4
"""Values beyond are no test of arithmetic: f16 caches overflow."""

OFF = st.one_of(
    st.just(frozenset[str]()),
    st.sampled_from(sorted(PATTERNS)).map(lambda name: frozenset({name})),
    st.frozensets(st.sampled_from(sorted(PATTERNS))),
    st.just(frozenset(PATTERNS)),
)
STEPS = st.integers(1, CHUNK)
SPLITS = st.sampled_from([(0, False), (2, False), (2, True)])
"""Of decode attention: the positions of a split (0: all of them), and whether workgroups join splits."""
SEEDS = st.integers(0, 99)
JOINING = ("vulkan", "c")
"""Of the devices those on which workgroups can join splits."""
EXAMPLES = settings().max_examples  # of the profile: more at night


def check_program(graphs: Mapping[str, Graph], options: Options, executor: str, rows: int, seed: int) -> None:
    """A prefill of `rows` rows, two decode steps, a prefill; caches that one role writes the other reads."""
    weights = random_weights(graphs["decode"], seed)
    ids = np.random.default_rng(seed).integers(0, VOCAB, CONTEXT + 1).astype(np.uint32)
    states = empty_states(graphs["decode"], {"context": CONTEXT})
    states["tokens"] = ids
    wanted = []
    steps = (("prefill", rows, 0), ("decode", 1, rows), ("decode", 1, rows + 1), ("prefill", rows, rows + 2))
    for role, seq, past in steps:
        env = {"seq": seq, "past": past, "context": CONTEXT}
        with np.errstate(all="ignore"):
            wanted.append((role, seq, past, meaning(graphs[role], env, weights, states)))
        states = dict(wanted[-1][3].states)
    values = [array for *_, step in wanted for array in (*step.outputs.values(), *step.states.values())]
    assume(all(np.all(np.abs(array) < _LARGEST) for array in values))
    runner = Runner(graphs, weights, options, executor, CONTEXT)
    runner.write_tokens(ids)
    for role, seq, past, step in wanted:
        outputs, after = runner.run(role, seq, past)
        for name, array in {**step.outputs, **step.states}.items():
            got = {**outputs, **after}[name]
            error = np.max(np.abs(got.astype(np.float64) - array), initial=0.0)
            expected = {output: step.outputs[output] for output in graphs[role].outputs}
            device = "numpy" if executor == "cpu" else device_of(executor)
            steps = [*((min(seq, past - at), at) for at in range(0, past, seq)), (seq, past)]
            run = GraphRun(weights, ids, steps, expected, step.tolerance, device, options.off)
            with script_left(f"graph-{executor}", partial(graph_script, graphs[role], run)):
                assert got.shape == array.shape and error <= step.tolerance[name], (
                    f"{executor}, {role} of {seq} rows after {past}: {name} differs by {error:.3g}, allowed"
                    f" are {step.tolerance[name]:.3g}\n{options}\n{graph_text(graphs[role])}"
                )


@given(programs(), OFF, STEPS, SPLITS, SEEDS)
def test_references_compute_what_a_graph_means(
    program: Program, off: frozenset[str], rows: int, splits: tuple[int, bool], seed: int
) -> None:
    """All kernels' numpy references: what is wrong here is wrong in fuse, select or lower."""
    split, joined = splits
    check_program(program.graphs, Options(off, split=split, joined=joined), "cpu", rows, seed)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=max(1, EXAMPLES // 6))
@given(programs(), STEPS, SEEDS)
def test_a_graph_means_the_same_without_one_pattern(
    pattern: str, program: Program, rows: int, seed: int
) -> None:
    check_program(program.graphs, Options(frozenset({pattern})), "cpu", rows, seed)


@given(programs(), OFF, STEPS, SPLITS, st.booleans(), SEEDS)
def test_the_interpreter_computes_what_a_graph_means(
    program: Program, off: frozenset[str], rows: int, splits: tuple[int, bool], subgroups: bool, seed: int
) -> None:
    split, joined = splits
    options = Options(off, Capabilities(subgroups=subgroups), split, joined)
    check_program(program.graphs, options, "interpreter", rows, seed)


@pytest.mark.parametrize("executor", ["wgpu", "vulkan", "opencl", "c"])
@settings(max_examples=max(1, EXAMPLES // 8))
@given(programs(), OFF, STEPS, SPLITS, SEEDS)
def test_devices_compute_what_a_graph_means(
    executor: str, program: Program, off: frozenset[str], rows: int, splits: tuple[int, bool], seed: int
) -> None:
    capabilities = VARIANTS["processor"] if executor == "c" else Capabilities()
    require(executor, capabilities)
    split, joined = splits
    options = Options(off, capabilities, split, joined and executor in JOINING)
    check_program(program.graphs, options, executor, rows, seed)


@pytest.mark.parametrize("target", ["wgsl", "spirv", "opencl", "cuda", "c"])
@settings(max_examples=max(1, EXAMPLES // 6))
@given(programs(), OFF)
def test_every_target_prints_what_a_graph_needs(target: str, program: Program, off: frozenset[str]) -> None:
    compiled = compile_graphs(program.graphs, Options(off, target=target), printed_for_a_device)
    assert set(compiled.kernels) == set(compiled.lowered.kernels)
    assert all(compiled.lowered.files.values())
