from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.kernels.sampling.argmax import (
    ARGMAX,
    ARGMAX_BLOCKS,
    BLOCK,
    ArgmaxBlocksProblem,
    ArgmaxFinalProblem,
    ArgmaxProblem,
)
from kernelc.kernels.sampling.argmax_final import ARGMAX_FINAL
from kernelc.kernels.sampling.order_keys import (
    LOWEST,
    key_of,
    number_of_key,
    order_keys,
    order_keys_reference,
)
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, u32
from tests.kernels.executors import EXECUTORS
from tests.kernels.harness import VARIANTS, check_kernel

vocabs = st.sampled_from([1, 3, 4, 31, 64, 257, 512, 1000, 1028])
problems = st.one_of(
    st.builds(ArgmaxProblem, vocabs).map(lambda p: (ARGMAX, p)),
    st.builds(ArgmaxBlocksProblem, vocabs, st.sampled_from([4, 64, 260])).map(lambda p: (ARGMAX_BLOCKS, p)),
    st.builds(ArgmaxFinalProblem, st.sampled_from([1, 2, 33, 128, 300])).map(lambda p: (ARGMAX_FINAL, p)),
)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("executor", EXECUTORS)
@settings(max_examples=settings().max_examples * 6 // 5)
@given(
    case=problems,
    seq=st.integers(1, 3),
    past=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_argmax_equals_its_reference(
    executor: str,
    variant: str,
    case: tuple[KernelSpec[Any, Any], Any],
    seq: int,
    past: int,
    seed: int,
    data: st.DataObject,
) -> None:
    spec, problem = case
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(spec.space(capabilities, problem))))
    env = {"seq": seq, "past": past, "context": data.draw(st.integers(seq + past, 16))}
    check_kernel(
        spec, problem, executor=executor, capabilities=capabilities, seed=seed, env=env, schedule=schedule
    )


@pytest.mark.nightly
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("vocab", [32000, 128256, 151669, 262144])
def test_argmax_of_real_vocabularies(variant: str, vocab: int) -> None:
    env = {"seq": 1, "past": 5, "context": 16}
    cases: Iterable[tuple[KernelSpec[Any, Any], Any]] = (
        (ARGMAX, ArgmaxProblem(vocab)),
        (ARGMAX_BLOCKS, ArgmaxBlocksProblem(vocab, BLOCK)),
    )
    for spec, problem in cases:
        check_kernel(spec, problem, executor="wgpu", capabilities=VARIANTS[variant], seed=1, env=env)


@given(seed=st.integers(0, 2**32 - 1), vocab=st.integers(1, 3000))
def test_blocks_and_final_choose_what_numpy_chooses(seed: int, vocab: int) -> None:
    rng = np.random.default_rng(seed)
    logits = np.round(rng.normal(size=vocab), 1).astype(np.float32) + 0.0
    problem = ArgmaxBlocksProblem(vocab, 256)
    best = np.zeros((problem.blocks, 2), np.uint32)
    tokens = np.zeros(4, np.uint32)
    ARGMAX_BLOCKS.reference(problem, {"logits": logits, "best": best}, {})
    final = ArgmaxFinalProblem(problem.blocks)
    ARGMAX_FINAL.reference(final, {"best": best, "tokens": tokens}, {"past": 1, "seq": 2})
    assert tokens[3] == np.argmax(logits)


def test_keys_order_numbers_and_come_back() -> None:
    numbers = np.array([-np.inf, -3e38, -1.5, -1e-45, -0.0, 0.0, 1e-45, 1.0, 2.5, 3e38, np.inf], np.float32)
    keys = order_keys_reference(numbers)
    assert np.all(keys[1:] > keys[:-1])
    assert keys[0] == LOWEST == key_of(float("nan"))

    def body(k: Tracer) -> None:
        x, key, back = k.input("x", f32), k.output("key", u32), k.output("back", f32)
        key[k.local_id] = order_keys(x[k.local_id])
        back[k.local_id] = number_of_key(order_keys(x[k.local_id]))

    kernel = verify(trace("keys", body, workgroup=len(numbers)))
    arrays = {"x": numbers, "key": np.zeros(len(numbers), np.uint32), "back": np.zeros_like(numbers)}
    interpret(kernel, (1, 1, 1), arrays)
    assert np.array_equal(arrays["key"], keys)
    assert np.array_equal(arrays["back"].view(np.uint32), numbers.view(np.uint32))
