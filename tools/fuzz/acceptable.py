"""Artifacts that are changed and still acceptable: other contexts, sizes, offsets, orders, ranges and grids.

Most changes of a manifest at random are refused (`kinds_loaded`), so that few of them reach a driver. The
changes here keep a manifest's form. Those that are `harmless` change no result, and the others may ask for
anything that a proof lets through.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_STEPS = (4, 16, 64, 256, 1024)


@dataclass(frozen=True)
class Changed:
    """A changed manifest, the bytes of its shards by name where they are others, and whether it must answer
    as the sound one."""

    manifest: Json
    shards: dict[str, bytes]
    harmless: bool


def changed(folder: Path, text: str, rng: random.Random) -> Changed:
    """Return a variant of the sound artifact in a folder, whose manifest is `text`."""
    manifest, shards = json.loads(text), dict[str, bytes]()
    if rng.random() < 0.3:
        shards = _moved_tensors(manifest, folder, rng)
    for _ in range(rng.randrange(3)):
        rng.choice(_HARMLESS)(manifest, rng)
    harmless = rng.random() < 0.5
    if not harmless:
        for _ in range(rng.choice((1, 1, 2))):
            rng.choice(_ANY)(manifest, rng)
    return Changed(_reordered(manifest, rng), shards, harmless)


# ---- what changes no result


def _grown(manifest: Json, rng: random.Random) -> None:
    """A larger buffer, more of which nobody binds."""
    buffer = manifest["buffers"][rng.choice(_scratch(manifest))]
    buffer["bytes"] = _sum(buffer["bytes"], 16 * rng.randrange(1, 40))


def _shifted(manifest: Json, rng: random.Random) -> None:
    """A slot that begins later in a larger buffer."""
    name = rng.choice(_scratch(manifest))
    offset = 256 * rng.randrange(1, 5)
    manifest["buffers"][name]["bytes"] = _sum(manifest["buffers"][name]["bytes"], offset)
    for item in _bindings(manifest):
        if item["buffer"] == name:
            item["offset"] += offset


def _fewer_variants(manifest: Json, rng: random.Random) -> None:
    """A kernel without its preferred variant for some target, where it has another."""
    kernel = rng.choice(list(manifest["kernels"].values()))
    targets = [variant["target"] for variant in kernel["variants"]]
    for at, target in enumerate(targets):
        if targets.count(target) > 1:
            del kernel["variants"][at]
            return


def _reordered(value: Any, rng: random.Random) -> Any:
    """The same JSON, the keys of its objects in another order: buffers are made in that order."""
    if isinstance(value, dict):
        keys = list(value)
        if rng.random() < 0.5:
            rng.shuffle(keys)
        return {key: _reordered(value[key], rng) for key in keys}
    return [_reordered(each, rng) for each in value] if isinstance(value, list) else value


def _moved_tensors(manifest: Json, folder: Path, rng: random.Random) -> dict[str, bytes]:
    """Put the tensors into the shards in another order, some in two parts, with gaps between them."""
    weights = manifest["weights"]
    old = {shard["file"]: (folder / shard["file"]).read_bytes() for shard in weights["shards"]}
    files = [shard["file"] for shard in weights["shards"]]
    new = {file: bytearray() for file in files}
    names = list(weights["tensors"])
    rng.shuffle(names)
    for name in names:
        tensor = weights["tensors"][name]
        data = b"".join(old[files[at]][start : start + size] for at, start, size in tensor["segments"])
        cut = rng.randrange(0, len(data) // 64 + 1) * 64 if rng.random() < 0.3 else 0
        tensor["segments"] = []
        for part in (data[:cut], data[cut:]):
            if part:
                at = rng.randrange(len(files))
                shard = new[files[at]]
                shard += bytes(-len(shard) % 256 + rng.choice((0, 0, 256)))
                tensor["segments"].append([at, len(shard), len(part)])
                shard += part
    for shard in weights["shards"]:
        data = new[shard["file"]] or new[shard["file"]] + bytes(256)
        new[shard["file"]] = data
        shard.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    return {file: bytes(data) for file, data in new.items()}


# ---- what may change anything


def _order(manifest: Json, rng: random.Random) -> None:
    dispatches = _program(manifest, rng)["dispatches"]
    match rng.randrange(3):
        case 0:
            rng.shuffle(dispatches)
        case 1:
            dispatches.insert(rng.randrange(len(dispatches) + 1), _copy(rng.choice(dispatches)))
        case _ if len(dispatches) > 1:
            del dispatches[rng.randrange(len(dispatches))]
        case _:
            pass


def _range(manifest: Json, rng: random.Random) -> None:
    """Another range of a buffer, or one of another buffer."""
    item = rng.choice(list(_bindings(manifest)))
    step = rng.choice(_STEPS)
    match rng.randrange(4):
        case 0:
            item["bytes"] = _sum(item["bytes"], step)
        case 1:
            item["bytes"] = _sum(item["bytes"], step, "sub")
        case 2:
            item["offset"] += step
        case _:
            other = rng.choice(list(_bindings(manifest)))
            item.update(buffer=other["buffer"], offset=other["offset"], bytes=_copy(other["bytes"]))


def _grid(manifest: Json, rng: random.Random) -> None:
    kernel = rng.choice(list(manifest["kernels"].values()))
    axis, by = rng.randrange(3), rng.choice((1, 2, 3, 64, "seq", "context"))
    for variant in kernel["variants"]:
        variant["grid"][axis] = rng.choice((by, _sum(variant["grid"][axis], by)))


def _steps(manifest: Json, rng: random.Random) -> None:
    """Other bounds of a program's steps."""
    symbols = rng.choice((_program(manifest, rng)["symbols"], manifest["symbols"]))
    for name in rng.sample(sorted(symbols), min(1, len(symbols))):
        symbols[name][rng.randrange(2)] += rng.choice((-8, -1, 1, 8))


def _step_block(manifest: Json, rng: random.Random) -> None:
    params = manifest["params"]
    at, other = rng.randrange(len(params)), rng.randrange(len(params))
    params[at], params[other] = params[other], params[at]


def _said_of_the_model(manifest: Json, rng: random.Random) -> None:
    model = manifest["model"]
    name = rng.choice([name for name, value in model.items() if isinstance(value, int)])
    model[name] = max(1, model[name] + rng.choice((-8, -1, 1, 8)))


def _buffer(manifest: Json, rng: random.Random) -> None:
    name = rng.choice(list(manifest["buffers"]))
    sign = rng.choice(("add", "sub"))
    manifest["buffers"][name]["bytes"] = _sum(manifest["buffers"][name]["bytes"], rng.choice(_STEPS), sign)


def _exchanged(manifest: Json, rng: random.Random) -> None:
    """Two kernels with each other's files."""
    one, other = rng.choices(list(manifest["kernels"].values()), k=2)
    one["variants"], other["variants"] = other["variants"], one["variants"]
    if rng.random() < 0.5:
        for variant, grid in zip(one["variants"], _copy(other["variants"]), strict=False):
            variant["grid"] = grid["grid"]


def _said_of_a_kernel(manifest: Json, rng: random.Random) -> None:
    kernel = rng.choice(list(manifest["kernels"].values()))
    match rng.randrange(4):
        case 0:
            kernel["params"] = not kernel["params"]
        case 1:
            rng.choice(kernel["bindings"])["element"] = rng.choice(("u32", "f32", "f16", "vec4<f32>"))
        case 2:
            rng.choice(kernel["bindings"])["access"] = rng.choice(("read", "read_write"))
        case _:
            kernel["problem"] = _copy(rng.choice(list(manifest["kernels"].values()))["problem"])


def _required(manifest: Json, rng: random.Random) -> None:
    variant = rng.choice(rng.choice(list(manifest["kernels"].values()))["variants"])
    requires = variant["requires"]
    match rng.randrange(3):
        case 0:
            requires["shared_bytes"] = rng.choice((0, 4, 4096, 65536))
        case 1:
            requires["subgroup_size"] = rng.choice((None, 8, 16, 32))
        case _:
            requires["features"] = rng.choice(([], ["subgroups"], ["f16"]))


_HARMLESS: tuple[Callable[[Json, random.Random], None], ...] = (_grown, _shifted, _fewer_variants)
_ANY = (*_HARMLESS, _order, _order, _range, _range, _range, _grid, _grid, _steps, _step_block)
_ANY = (*_ANY, _said_of_the_model, _buffer, _required, _exchanged, _said_of_a_kernel)


def _scratch(manifest: Json) -> list[str]:
    return [name for name, buffer in manifest["buffers"].items() if buffer["kind"] == "slot"]


def _program(manifest: Json, rng: random.Random) -> Json:
    return rng.choice(list(manifest["programs"].values()))


def _bindings(manifest: Json) -> Iterator[Json]:
    for program in manifest["programs"].values():
        for dispatch in program["dispatches"]:
            yield from dispatch["bindings"]


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _sum(size: Any, more: Any, sign: str = "add") -> Any:
    if isinstance(size, int) and isinstance(more, int):
        return size + more if sign == "add" else size - more
    return [sign, size, more]
