"""What the attention tests share: shapes, and inputs with known answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import settings
from hypothesis import strategies as st

from kernelc.ir.dim import evaluate
from kernelc.kernels.attention.cache import CacheShape
from kernelc.kernels.attention.row_kinds import KINDS as KINDS_OF_ROWS
from kernelc.kernels.spec import KernelSpec
from kernelc.target import TARGETS, Capabilities
from tests.kernels.executors import EXECUTORS, require

BASELINE = Capabilities()
# A driver compiles a kernel in up to a second: fewer examples there than in the interpreter.
few = settings(max_examples=max(1, settings().max_examples // 3))

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("f16", "f32", "q8")
ALL_CAPABILITIES = sorted(
    {variant for target in TARGETS.values() for variant in target.variants} | {BASELINE}, key=repr
)
"""What kernels of any target may rely on."""
EVEN_WIDTHS = [*range(2, 66, 2), *range(66, 1024, 38), 128, 256, 258, 512, 514, 516, 520, 1020, 1022, 1024]
"""Head widths that loads of 8, 4 and 2 elements divide, up to the widest that the tensor IR admits."""
WINDOWS = st.sampled_from([0, 0, 1, 2, 5, 33, 1000])
CAPS = st.sampled_from([0.0, 0.0, 0.7, 50.0])
HEAD_DIMS = st.sampled_from([2, 6, 8, 16, 20, 32, 64])

CODED_HEAD_DIMS = st.sampled_from([32, 64, 96])


def draw_codes(draw: st.DrawFn, head_dims: st.SearchStrategy[int]) -> tuple[int, int]:
    """Return (codes, head_dim): heads of a width that may be coded, where they are."""
    codes = draw(st.sampled_from([0, 0, 1, 2]))
    return codes, draw(CODED_HEAD_DIMS if codes else head_dims)


def draw_kind(draw: st.DrawFn, head_dim: int) -> str:
    """A kind of cache that heads of this width may have."""
    return draw(st.sampled_from([kind for kind in KINDS if may_cache(kind, head_dim)]))


def may_cache(kind: str, head_dim: int) -> bool:
    """Whether a cache of this kind holds heads of this width."""
    return head_dim % KINDS_OF_ROWS[kind].together == 0


def draw_ring(data: st.DataObject, window: int, seq: int, pasts: list[int]) -> tuple[int, int]:
    """Return (ring, past): no ring and one of `pasts`, or where there is a window perhaps a ring, that just
    holds a step of `seq` rows and what they see, or some more; and a position near its end, or rounds later.
    """
    ring = data.draw(st.sampled_from([0, *(window + seq + more for more in (-1, 0, 6) if window)]))
    if not ring:
        return 0, data.draw(st.sampled_from(pasts))
    rounds = data.draw(st.sampled_from([0, 1, 3]))
    return ring, max(0, rounds * ring + data.draw(st.sampled_from([-seq, -1, 0, 1, window - 1, window])))


def run_kernel(
    spec: KernelSpec[Any, Any],
    problem: Any,
    executor: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    env: Mapping[str, int],
    more: tuple[int, int, int] = (0, 0, 0),
) -> dict[str, npt.NDArray[Any]]:
    """The arrays after the default schedule ran on them; `more` workgroups than the spec asks for."""
    require(executor, BASELINE)
    schedule = spec.default(BASELINE, problem)
    kernel = spec.kernel(problem, schedule, BASELINE)
    grid = spec.grid(problem, schedule)
    x, y, z = (evaluate(axis, env) + extra for axis, extra in zip(grid, more, strict=True))
    step = spec.params(problem, np.random.default_rng(0), env)
    return EXECUTORS[executor](kernel, (x, y, z), arrays, step)


def assert_as_reference(
    spec: KernelSpec[Any, Any],
    problem: Any,
    arrays: Mapping[str, npt.NDArray[Any]],
    env: Mapping[str, int],
    got: Mapping[str, npt.NDArray[Any]],
) -> None:
    """`got` is what the reference makes of `arrays`, to the last element of every buffer."""
    assert not spec.coded_rows(problem), "compare coded rows with harness.compare"
    wanted = {name: array.copy() for name, array in arrays.items()}
    spec.reference(problem, wanted, {"seq": env["seq"], "past": env["past"]})
    near = spec.tolerance(problem)
    for name, array in wanted.items():
        assert np.allclose(got[name], array, rtol=near.relative, atol=near.absolute), name


def fill_cache(
    shape: CacheShape, arrays: Mapping[str, npt.NDArray[Any]], name: str, rows: npt.NDArray[Any]
) -> None:
    """Write rows [positions, kv_heads, head_dim] into the first positions of a bound cache."""
    shape.store(arrays, name, slice(len(rows)), rows)


def opposed_keys(shape: CacheShape, positions: int, winner: int) -> npt.NDArray[Any]:
    """Keys [positions, kv_heads, head_dim] of 12 at positions `winner` and `winner` + 41, else of -12.

    With queries of 13 and scale 64 / head_dim every score is +9984 or -9984.
    """
    keys = np.full((positions, shape.kv_heads, shape.head_dim), -12.0)
    keys[[winner, winner + 41]] = 12.0
    return keys
