"""The second dispatch of a search in blocks: the best of the blocks' best scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.parts.reduce import Workgroup
from kernelc.kernels.sampling.argmax import (
    ArgmaxFinalProblem,
    ArgmaxKernel,
    ArgmaxSchedule,
    keep_best,
    random_logits,
    tokens_binding,
    write_token,
)
from kernelc.kernels.sampling.order_keys import order_keys_reference
from kernelc.kernels.spec import Arrays, Binding, Params, empty
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import u32x2


class ArgmaxFinal(ArgmaxKernel):
    """best [blocks] of (key, index), indices ascending -> tokens[past + seq]."""

    name = "argmax_final"
    problem_type = ArgmaxFinalProblem

    def elements(self, problem: ArgmaxFinalProblem) -> int:
        return problem.blocks

    def bindings(self, problem: ArgmaxFinalProblem) -> tuple[Binding, ...]:
        return (Binding("best", u32x2, "read", problem.blocks), tokens_binding("read_write"))

    def reference(self, problem: ArgmaxFinalProblem, arrays: Arrays, params: Params) -> None:
        best = arrays["best"]
        arrays["tokens"][int(params["past"]) + int(params["seq"])] = best[np.argmax(best[:, 0]), 1]

    def trace(
        self, k: Tracer, arrays: Mapping[str, Array], problem: ArgmaxFinalProblem, schedule: ArgmaxSchedule
    ) -> None:
        best = keep_best(k)
        with k.loop(k.local_id, problem.blocks, schedule.threads) as block:
            pair = arrays["best"][block]
            best.meet(pair.x, pair.y)
        _, token = best.of_workgroup(Workgroup(k, schedule.subgroups))
        write_token(k, arrays["tokens"], token)

    def inputs(
        self, problem: ArgmaxFinalProblem, rng: np.random.Generator, env: Mapping[str, int]
    ) -> dict[str, npt.NDArray[Any]]:
        arrays = {b.name: empty(b, env) for b in self.bindings(problem)}
        keys = order_keys_reference(random_logits(problem.blocks, rng))
        indices = np.arange(problem.blocks) * 16 + rng.integers(0, 16, problem.blocks)
        arrays["best"][...] = np.stack([keys, indices.astype(np.uint32)], axis=1)
        return arrays


ARGMAX_FINAL = ArgmaxFinal()
