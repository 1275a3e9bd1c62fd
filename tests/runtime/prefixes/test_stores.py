"""What keeps blocks: their names, what goes first, and files that are not what they were."""

from __future__ import annotations

import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import DeviceError
from runtime.device.executor import DeviceInfo
from runtime.prefixes import disk, settings
from runtime.prefixes.disk import BlockSizes, DiskStore
from runtime.prefixes.file_format import HEADER_BYTES, decoded, encoded
from runtime.prefixes.names import names_of
from runtime.prefixes.store import Block, MemoryStore, Tiers

BUILD = "ab" * 32
FULL, RING = 40, 12
SIZES = BlockSizes(FULL, RING)
NAMES = names_of(BUILD, range(100), 10)
BLOCK = Block(b"f" * FULL, b"r" * RING)


def test_a_name_stands_for_all_ids_before_it_and_for_the_build() -> None:
    ids = [5, 6] * 8
    names = names_of(BUILD, ids, 4)
    assert len(names) == 4 and len(set(names)) == 4  # the same ids each time
    assert names_of(BUILD, [*ids, 1, 2, 3], 4) == names  # what is left over has none
    assert names_of(BUILD, [9, *ids[1:]], 4)[3] != names[3]
    assert names_of("cd" * 32, ids, 4)[0] != names[0]
    assert names_of(BUILD, ids, 8)[0] not in names
    assert names_of(BUILD, ids[:3], 4) == []


def test_names_are_those_that_the_page_computes() -> None:
    assert names_of("0123456789abcdef" * 4, [0, 1, 2**31, 7], 2) == GOLDEN


GOLDEN = [
    "d1f053b4cbfec21b0c8cc1779df218bcc01d65a37894ff4016c3a1e58f0ef2ca",
    "5a22e280942b6e0fd1e148620a3644a7b086a49661ce26ef8d8b6e7ca7227977",
]


def test_what_was_not_used_for_longest_goes_first_and_of_a_prefix_its_end() -> None:
    store = MemoryStore(4 * BLOCK.bytes)
    for name in NAMES[:4]:
        store.put(name, BLOCK)
    store.used(NAMES[1:4])
    store.put(NAMES[4], BLOCK)
    assert [store.kept(name) for name in NAMES[:5]] == [None, True, True, True, True]
    store.put(NAMES[5], BLOCK)
    assert store.kept(NAMES[3]) is None and store.kept(NAMES[1])
    assert store.bytes == 4 * BLOCK.bytes and len(store) == 4


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=40), st.integers(0, 200))
def test_memory_never_holds_more_than_it_may(puts: list[tuple[int, int]], most: int) -> None:
    store = MemoryStore(most)
    for number, size in puts:
        store.put(NAMES[number], Block(b"x" * size, b""))
        kept = [block for name in NAMES if (block := store.get(name))]
        assert store.bytes == sum(block.bytes for block in kept) <= most


def test_blocks_are_there_after_a_restart_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = DiskStore(folder, "build", SIZES, 1 << 20)
    first.put(NAMES[0], BLOCK)
    first.put(NAMES[1], Block(BLOCK.full, None))
    assert first.get(NAMES[0]) == BLOCK  # before it is written, too
    first.close()
    second = DiskStore(folder, "build", SIZES, 1 << 20)
    assert second.get(NAMES[0]) == BLOCK
    assert [second.kept(name) for name in NAMES[:3]] == [True, False, None]
    second.close()
    assert DiskStore(folder, "another", SIZES, 1 << 20).get(NAMES[0]) is None
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@given(data=st.data())
def test_a_file_that_is_not_what_its_name_says_is_none(data: st.DataObject) -> None:
    whole = b"".join(encoded(NAMES[0], BLOCK))
    assert decoded(NAMES[0], whole, FULL, RING) == BLOCK
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(changed), whole[:at], whole + b"x", whole[at:]):
        assert damaged == whole or decoded(NAMES[0], damaged, FULL, RING) is None
    assert decoded(NAMES[1], whole, FULL, RING) is None
    assert decoded(NAMES[0], whole, FULL + 4, RING - 4) is None  # of another layout
    without = b"".join(encoded(NAMES[0], Block(BLOCK.full, None)))
    assert decoded(NAMES[0], without, FULL, RING) == Block(BLOCK.full, None)


def test_a_damaged_file_is_removed(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    store.put(NAMES[0], BLOCK)
    store.close()
    (file,) = (tmp_path / "kept" / "build").iterdir()
    data = bytearray(file.read_bytes())
    data[HEADER_BYTES + 3] ^= 1
    file.write_bytes(data)
    again = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    assert again.kept(NAMES[0]) and again.get(NAMES[0]) is None
    assert not file.exists()
    again.close()


def test_the_folder_is_bounded_in_bytes_and_in_age(tmp_path: Path) -> None:
    each = HEADER_BYTES + BLOCK.bytes
    folder = tmp_path / "kept"
    for place in ("one", "two"):
        store = DiskStore(folder, place, SIZES, 100 * each)
        for name in NAMES[:4]:
            store.put(name, BLOCK)
        store.close()
    old, older = folder / "one" / f"{NAMES[2]}.kv", folder / "two" / f"{NAMES[0]}.kv"
    draft = folder / "one" / ".writing-1"
    draft.write_bytes(b"x")
    now = time.time()
    for path, days in ((old, 29), (older, 31), (draft, 2)):
        when = now - days * 24 * 3600
        os.utime(path, (when, when))
    left = disk._remove_old(folder, 6 * each)  # pyright: ignore[reportPrivateUsage]
    assert left == 6 * each == sum(path.stat().st_size for path in folder.rglob("*.kv"))
    assert not any(path.exists() for path in (old, older, draft))
    full = DiskStore(folder, "three", SIZES, 6 * each)
    for name in NAMES[:9]:
        full.put(name, BLOCK)
    full.close()
    assert sum(path.stat().st_size for path in folder.rglob("*.kv")) <= 6 * each


def test_a_folder_is_as_new_as_what_was_used_last_in_it(tmp_path: Path) -> None:
    """`kernelc cache clear --older DAYS` goes by folders: one that is only read from must not seem unused."""
    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    store.put(NAMES[0], BLOCK)
    store.close()
    os.utime(tmp_path / "kept" / "build", (0, 0))
    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    store.used(NAMES[:1])
    store.close()
    assert (tmp_path / "kept" / "build").stat().st_mtime > 0


def test_the_end_of_a_prefix_is_older_also_where_it_was_used_before_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, write = threading.Event(), DiskStore._write  # pyright: ignore[reportPrivateUsage]

    def late(store: DiskStore, name: str, block: Block) -> None:
        may_write.wait()
        write(store, name, block)

    monkeypatch.setattr(DiskStore, "_write", late)
    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    for name in NAMES[:4]:
        store.put(name, BLOCK)
    store.used(NAMES[:4])
    may_write.set()
    store.close()
    dates = [(tmp_path / "kept" / "build" / f"{name}.kv").stat().st_mtime for name in NAMES[:4]]
    assert dates == sorted(dates, reverse=True) and len(set(dates)) == 4


def test_a_disk_that_fails_ends_keeping_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    store = Tiers([MemoryStore(1 << 20), DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)])
    monkeypatch.setattr(disk.tempfile, "mkstemp", full)
    for name in NAMES[:3]:
        store.put(name, BLOCK)
    assert store.get(NAMES[2]) == BLOCK
    store.close()
    assert list((tmp_path / "kept" / "build").iterdir()) == []


def test_an_error_of_any_kind_ends_the_writing_and_not_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*args: object, **more: object) -> None:
        raise MemoryError

    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    monkeypatch.setattr(disk, "encoded", exhausted)
    store.put(NAMES[0], BLOCK)
    store.close()
    assert list((tmp_path / "kept" / "build").iterdir()) == []


def test_what_does_not_fit_the_queue_is_refused_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    encode = disk.encoded
    monkeypatch.setattr(disk, "_MOST_QUEUED_BYTES", 2 * BLOCK.bytes)
    monkeypatch.setattr(disk, "encoded", lambda *given: may_write.wait() and encode(*given))
    store = DiskStore(tmp_path / "kept", "build", SIZES, 1 << 20)
    both = Tiers([MemoryStore(1 << 20), store])
    assert [both.put(name, BLOCK) for name in NAMES[:3]] == [True, True, False]
    assert both.kept(NAMES[2]) and store.kept(NAMES[2]) is None
    may_write.set()
    while store.kept(NAMES[1]) and store._pending:  # pyright: ignore[reportPrivateUsage]
        time.sleep(0.001)
    assert both.put(NAMES[2], BLOCK)
    both.close()
    assert store.kept(NAMES[2])


def test_another_driver_has_rows_of_its_own() -> None:
    device = DeviceInfo("vulkan", "A card", "driver 1", "spirv")
    place = settings._plain  # pyright: ignore[reportPrivateUsage]
    assert place(device) == place(replace(device, memory_bytes=5))
    assert place(device) != place(replace(device, driver="driver 2"))
    assert place(device).startswith("vulkan-A-card-")


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(DeviceError, match="folder of kept prompts may be written to by others"):
        DiskStore(folder, "build", SIZES, 1 << 20)


def test_what_is_on_disk_comes_into_memory_with_the_rows_of_rings(tmp_path: Path) -> None:
    quick, slow = MemoryStore(1 << 20), MemoryStore(1 << 20)
    both = Tiers([quick, slow])
    slow.put(NAMES[0], BLOCK)
    quick.put(NAMES[1], Block(BLOCK.full, None))
    slow.put(NAMES[1], BLOCK)
    assert both.kept(NAMES[0]) and both.kept(NAMES[1]) and both.kept(NAMES[2]) is None
    assert both.get(NAMES[0]) == both.get(NAMES[1]) == BLOCK
    assert quick.get(NAMES[0]) == quick.get(NAMES[1]) == BLOCK
