from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.ir.formats import FORMATS
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.parts.packed_rows import packed_inputs, unpacked
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

problems = st.builds(
    lambda format, cols, begin, rows: EmbeddingProblem(format, cols, begin, begin + rows),
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from([1, 31, 32, 33, 64, 172, 260, 1056]),
    st.sampled_from([0, 1, 7, 1000]),
    st.integers(1, 9),
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@given(
    problem=problems,
    seq=st.integers(1, 6),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_embedding_equals_its_reference(
    executor: str,
    variant: str,
    problem: EmbeddingProblem,
    seq: int,
    past: int,
    seed: int,
    data: st.DataObject,
) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(EMBEDDING.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": data.draw(st.integers(seq + past, 16))}
    check_kernel(
        EMBEDDING,
        problem,
        executor=executor,
        capabilities=capabilities,
        seed=seed,
        env=env,
        schedule=schedule,
    )


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_pieces_of_a_table_fill_the_rows_of_the_whole(format: str) -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(10, 40)).astype(np.float32)
    tokens = np.array([9, 3, 4, 10, 0, 2**32 - 1], np.uint32)
    out = np.full((5, 40), 7.0, np.float32)
    for begin, end in ((0, 4), (4, 10)):
        piece = packed_inputs(format, table[begin:end])
        problem = EmbeddingProblem(format, 40, begin, end)
        arrays = {"tokens": tokens, "out": out.reshape(-1, 4), **piece}
        EMBEDDING.reference(problem, arrays, {"seq": 5, "past": 1})
    whole = unpacked(format, packed_inputs(format, table), 10, 40)
    assert np.array_equal(out[[0, 1, 3]], whole[[3, 4, 0]])
    assert np.all(out[[2, 4]] == 7.0)
