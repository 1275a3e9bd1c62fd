"""Rows that were kept and put back are those that were computed: the same logits, bit by bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelc.artifact import Artifact, Sequences
from kernelc.ir.dim import Var, evaluate
from kernelc.session import open_engine
from kernelc.target import Capabilities
from runtime.device.executor import Executor
from runtime.devices import open_device
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.prefixes.cache import PrefixCache
from runtime.prefixes.layout import CacheRows, layout_of
from runtime.prefixes.names import names_of
from runtime.prefixes.settings import PrefixSettings
from runtime.prefixes.store import Block, BlockStore, MemoryStore
from tests.kernels.executors import require
from tests.model.test_rings import CONTEXT, GEMMA3, RING, WINDOW, build, opened
from tests.runtime.tiny_artifact import MAX_CONTEXT
from tests.runtime.tiny_kernels import REFERENCES, VOCAB, continuation

IDS = st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=MAX_CONTEXT - 4)


def cache_of(engine: Engine, store: BlockStore, block: int) -> PrefixCache:
    """A cache of prefixes with blocks as short as a test wants them."""
    layout = layout_of(engine.artifact.manifest, engine.executor.buffers, engine.context)
    assert layout is not None and engine.artifact.build is not None
    sequence = engine._sequence  # pyright: ignore[reportPrivateUsage]
    return PrefixCache(sequence, layout, engine.artifact.build, store, block, least_gain=1)


def load(engine: Engine, cache: PrefixCache, ids: list[int], *, late: bool = False) -> int:
    """Do what an engine that keeps prefixes does for a prompt; return how many ids were not computed.

    With `late` nothing is kept between the steps of a prompt.
    """
    cache.save()
    kept = engine.truncate(min(engine.common_prefix(ids), len(ids) - 1))
    kept = cache.restore(ids[:-1], kept)
    assert list(engine.ids) == ids[:kept]
    engine.feed(ids[kept:], progress=None if late else cache.watching(None))
    return kept


@pytest.mark.parametrize("block", [4, 8])
def test_every_device_goes_on_from_what_was_kept(executor: Executor, tiny: Artifact, block: int) -> None:
    engine = Engine(executor, tiny, roles=ALL_ROLES)
    cache = cache_of(engine, MemoryStore(1 << 20), block)
    first, other = [*range(1, 30)], [5] * 30
    for ids, reused in ((first, 0), (other, 0), ([*first, 7, 8, 9], len(first) // block * block)):
        assert load(engine, cache, ids) == reused
        held = engine.executor.read_buffer("tokens", 0, 4 * len(ids))  # which penalties look at
        assert np.frombuffer(held, "<u4").tolist() == ids
        assert [token.id for token in engine.generate(8)] == continuation(ids, 8)


@pytest.fixture(scope="module")
def toy(tiny: Artifact) -> Engine:
    return Engine(open_device("numpy", references=REFERENCES), tiny, roles=ALL_ROLES)


@given(prompts=st.lists(IDS, min_size=2, max_size=6), block=st.integers(1, 20), room=st.integers(0, 300))
def test_whatever_is_kept_and_forgotten_answers_are_those_of_the_whole_prompt(
    toy: Engine, prompts: list[list[int]], block: int, room: int
) -> None:
    """Prompts that share beginnings, in a memory that is often too small for them."""
    toy.truncate(0)
    cache = cache_of(toy, MemoryStore(room), block)
    for ids in (*prompts, [*prompts[0][:30], *prompts[1][:20]], *prompts):
        load(toy, cache, ids)
        assert [token.id for token in toy.generate(3)] == continuation(ids, 3)


def test_what_goes_on_does_not_push_out_its_own_beginning(toy: Engine) -> None:
    toy.truncate(0)
    store = MemoryStore(6 * 4 * 4)  # six blocks of four rows of four bytes
    cache, ids = cache_of(toy, store, 4), [*range(1, 17)]
    toy.feed(ids[:12])
    cache.save()
    others = ["a", "b", "c"]
    for name in others:
        store.put(name, Block(bytes(16), None))
    toy.feed(ids[12:])
    cache.save()
    names = names_of(toy.artifact.build or "", ids, 4)
    assert [store.kept(name) for name in names] == [True] * 4
    assert [store.kept(name) for name in others] == [None, False, False]


class FullOnce(MemoryStore):
    """Has no room for some blocks when they are offered first."""

    def __init__(self) -> None:
        super().__init__(1 << 20)
        self.refused: set[str] = set()

    def put(self, name: str, block: Block) -> bool:
        if len(self.refused) < 2 and name not in self.refused:
            self.refused.add(name)
            return False
        return super().put(name, block)


def test_what_a_store_had_no_room_for_is_offered_again(toy: Engine) -> None:
    toy.truncate(0)
    store = FullOnce()
    cache = cache_of(toy, store, 4)
    toy.feed([*range(1, 13)])
    cache.save()
    assert len(store.refused) == 2 and len(store) == 1
    cache.save()
    assert len(store) == 3


@pytest.fixture(scope="module")
def ringed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Engine]:
    """Two engines of a model with a ring of 16 rows and a window of 6: one keeps prefixes, one does not."""
    artifact = build(tmp_path_factory.mktemp("rings"), GEMMA3, "wgsl", "f32", rings=True)
    return opened(artifact, "numpy"), opened(artifact, "numpy")


@settings(max_examples=max(4, settings().max_examples // 4), deadline=None)
@given(data=st.data(), block=st.integers(1, RING))
def test_rings_go_on_as_if_all_had_been_computed(
    ringed: tuple[Engine, Engine], data: st.DataObject, block: int
) -> None:
    engine, plain = ringed
    engine.truncate(0)
    cache, late = cache_of(engine, MemoryStore(1 << 20), block), data.draw(st.booleans())
    ids = st.lists(st.integers(0, 39), min_size=1, max_size=45)
    begin = data.draw(ids)
    for _ in range(data.draw(st.integers(2, 5))):
        prompt = [*begin[: data.draw(st.integers(0, len(begin)))], *data.draw(ids)][: CONTEXT - 4]
        load(engine, cache, prompt, late=late)
        plain.truncate(0)
        plain.feed(prompt)
        got, wanted = (list(each.generate(3, logits=True)) for each in (engine, plain))
        for one, other in zip(got, wanted, strict=True):
            assert one.logits is not None and other.logits is not None
            assert np.abs(one.logits - other.logits).max() < 2e-4


def test_a_ring_is_put_back_as_far_as_the_window_needs_it(ringed: tuple[Engine, Engine]) -> None:
    engine, plain = ringed
    engine.truncate(0)
    cache = cache_of(engine, MemoryStore(1 << 20), 4)
    first, other = [*range(38)], [7] * 40
    assert [load(engine, cache, ids, late=True) for ids in (first, other)] == [0, 0]
    # The ring held positions 22 to 37 when they were kept, so that blocks from 24 on have its rows: a window
    # of 6 before 32 is there, and before 28 is not.
    assert 32 - WINDOW >= 24 > 28 - WINDOW
    assert load(engine, cache, [*first[:33], 1, 2], late=True) == 32
    assert load(engine, cache, other, late=True) == 36
    assert load(engine, cache, [*first[:29], 1, 2], late=True) == 0
    for each in ringed:
        each.truncate(0)
    load(engine, cache, first)
    plain.feed(first)
    got, wanted = (next(each.generate(1, logits=True)).logits for each in ringed)
    assert got is not None and wanted is not None and np.array_equal(got, wanted)


def test_a_block_that_lost_the_rows_of_rings_meanwhile_is_none(ringed: tuple[Engine, Engine]) -> None:
    """A store may say that it has them and find then that their file is damaged."""

    class Losing(MemoryStore):
        lost = ""

        def get(self, name: str) -> Block | None:
            block = super().get(name)
            return replace(block, ring=None) if block and name == self.lost else block

    engine, plain = ringed
    engine.truncate(0)
    store = Losing(1 << 20)
    cache, first = cache_of(engine, store, 4), [*range(38)]
    assert [load(engine, cache, ids) for ids in (first, [7] * 40)] == [0, 0]
    store.lost = names_of(engine.artifact.build or "", first, 4)[7]
    assert load(engine, cache, [*first, 1]) == 0
    plain.truncate(0)
    plain.feed([*first, 1])
    got, wanted = (next(each.generate(1, logits=True)).logits for each in ringed)
    assert got is not None and wanted is not None and np.abs(got - wanted).max() < 2e-4


@pytest.mark.parametrize("shared", [5, 9, 22, 37])
def test_rows_of_rings_are_kept_before_a_long_prompt_replaces_them(
    ringed: tuple[Engine, Engine], shared: int
) -> None:
    engine = ringed[0]
    engine.truncate(0)
    cache = cache_of(engine, MemoryStore(1 << 20), 4)
    first = [*range(38)]
    assert [load(engine, cache, ids) for ids in (first, [7] * 40)] == [0, 0]
    assert load(engine, cache, [*first[:shared], 1, 2]) == shared // 4 * 4


@pytest.mark.parametrize("device", ["cpu", pytest.param("wgpu", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("kv_dtype", ["f16", "q8"])
def test_logits_are_the_same_after_a_restart(device: str, kv_dtype: str, tmp_path: Path) -> None:
    if device == "cpu":
        require("c", Capabilities())
    config = {**GEMMA3, "max_position_embeddings": 256}
    artifact = build(tmp_path, config, "wgsl", kv_dtype, rings=False)
    prompt = np.random.default_rng(3).integers(0, 40, 200).tolist()
    keeping = PrefixSettings(memory_bytes=0, disk_bytes=1 << 30, folder=tmp_path / "kept")

    def answered(settings: PrefixSettings | None, *prompts: list[int]) -> tuple[int, np.ndarray]:
        with open_engine(artifact, device=device, prefixes=settings) as engine:
            reused = 0
            for ids in prompts:
                reused = engine.reuse(ids[:-1])
                engine.feed(ids[reused:])
            rows = [token.logits for token in engine.generate(4, logits=True)]
            engine.remember()
            return reused, np.stack([row for row in rows if row is not None])

    assert answered(keeping, prompt)[0] == 0
    reused, logits = answered(keeping, prompt)
    assert reused == 192
    in_place, wanted = answered(None, prompt, [*prompt[:192], 5], prompt)
    assert in_place == 192
    assert np.array_equal(logits, wanted)


def test_ranges_go_round_the_end_of_a_ring() -> None:
    ring = CacheRows("k", 8, 16, 16)
    assert [(each.offset, each.bytes) for each in ring.ranges(12, 8)] == [(96, 32), (0, 32)]
    assert [(each.offset, each.bytes) for each in ring.ranges(16, 16)] == [(0, 128)]
    assert ring.ranges(5, 0) == []


def test_each_of_several_sequences_has_its_part_of_a_buffer(tiny: Artifact) -> None:
    manifest = tiny.manifest
    alone = {name: evaluate(buffer.bytes, {"context": 48}) for name, buffer in manifest.buffers.items()}
    buffers = {
        name: replace(buffer, bytes=buffer.bytes * 3) if name == "layers.0.cache" else buffer
        for name, buffer in manifest.buffers.items()
    }
    sequences = Sequences(3, Var("context", 1, 48), ("layers.0.cache",), ())
    several, loaded = replace(manifest, buffers=buffers), {**alone, "layers.0.cache": 3 * 4 * 48}
    layout = layout_of(replace(several, sequences=sequences), loaded, 48, 2)
    assert layout is not None and layout.rings == ()
    (rows,) = layout.full
    assert rows == CacheRows("layers.0.cache", 4, 48, 0, 2 * 4 * 48)
    assert [(each.offset, each.bytes) for each in rows.ranges(40, 8)] == [(2 * 4 * 48 + 160, 32)]
