"""Damaged and hostile variants of sound inputs: bytes changed at random, and JSON values put elsewhere."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1)
MOST_COPIED = 1 << 20
"""How long the copies of a JSON value may be together."""
TOKENS = (
    b"\0", b"\n", b'"', b"\\", b"[", b"{", b"(", b"(a+)+$", b"{{", b"{%", b"NaN", b"-1", b"1e999", b"9" * 400,
    b"\xff", b"\xed\xa0\x80", b"\\ud800", b"null", b"../", b"%", b"\xe2\x96\x81", b"[" * 3000, b"(" * 3000,
)  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 2**31, 2**53 + 1, 2**200, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "\0", "é", "\ud800", "a" * 5000, "seq", "(a+)+$", [], {}, [1, 2], [[]], {"a": 1}, [None],
)  # fmt: skip


def mutated(seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """Return one of the sound inputs with a few changes; JSON is changed as a whole as often as by bytes."""
    data = rng.choice(seeds)
    if rng.random() < 0.6:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict | list):
            try:
                return _mutated_json(value, rng)
            except (ValueError, RecursionError):
                pass  # what became too deep, or a circle, has no text
    return _mutated_bytes(data, seeds, rng)


def _mutated_bytes(whole: bytes, seeds: Sequence[bytes], rng: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(9):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                width = rng.choice((2, 4, 8))
                number = rng.choice(NUMBERS) & ((1 << 8 * width) - 1)
                data[at : at + width] = number.to_bytes(width, rng.choice(("little", "big")))
            case 3:
                del data[at : at + rng.randrange(1, 64)]
            case 4:
                data[at:at] = data[at : at + rng.randrange(1, 64)] * rng.choice((1, 1, 2, 50))
            case 5:
                other = rng.randrange(len(data) + 1)
                data[at : at + 16] = data[other : other + 16]
            case 6:
                data[at:at] = rng.choice(TOKENS)
            case 7:
                other_seed = rng.choice(seeds)
                begin = rng.randrange(len(other_seed) + 1)
                data[at:at] = other_seed[begin : begin + rng.randrange(1, 200)]
            case _ if rng.random() < 0.2:
                del data[at:]
            case _:
                pass
    return bytes(data)


def _mutated_json(value: Any, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        value = _changed(value, rng)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _changed(value: Any, rng: random.Random) -> Any:
    """Change one place of a JSON value: another value, one from elsewhere, a copy, or nothing at all."""
    places = _places(value)
    if not places:
        return _wrong(rng)
    holder, key = rng.choice(places)
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1:
            other, at = rng.choice(places)
            if at in (other if isinstance(other, dict) else range(len(other))):
                holder[key] = json.loads(json.dumps(other[at]))
        case 2 if isinstance(holder, list):
            text = json.dumps(holder[key])
            count = min(rng.choice((1, 3, 1000)), MOST_COPIED // len(text))  # copies of copies are many
            holder[key:key] = [json.loads(text) for _ in range(count)]
        case 2:
            other_key = rng.choice((f"{key}x", "", "\ud800", "__proto__", key.upper()))
            holder[other_key] = copy.deepcopy(holder[key])
        case 3 if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] = rng.choice((holder[key] + 1, holder[key] - 1, -holder[key], holder[key] * 2**20))
        case 3 if isinstance(holder[key], str):
            text = holder[key].encode("utf-8", "surrogatepass")
            holder[key] = _mutated_bytes(text, [text], rng).decode("utf-8", "surrogateescape")
        case 4:
            inner = holder[key]
            for _ in range(rng.choice((1, 8, 400))):
                inner = [inner] if rng.random() < 0.5 else {"a": inner}
            holder[key] = inner
        case _:
            holder[key] = _wrong(rng)
    return value


def _wrong(rng: random.Random) -> Any:
    """One of the wrong values: a copy, since what is changed later must not change those of other inputs."""
    return copy.deepcopy(rng.choice(WRONG))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value as its holder and key; of long lists, some."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < 5000:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        for key in list(keys)[:64]:
            found.append((each, key))
            if isinstance(each[key], dict | list):
                waiting.append(each[key])
    return found
