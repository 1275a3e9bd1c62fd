"""What a kernel's file says that it was made for: its problem, its bindings, its grid.

A kernel's text reads and writes as far as these let it, and says so nowhere else; the manifest that says it
lies in another file. With this line in the text, a manifest that was changed or damaged beside it cannot run
the kernel on another grid, with other bindings, or as another problem's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from kernelc.artifact.json_form import to_json
from kernelc.artifact.schema import Json, Kernel, Manifest, Variant
from kernelc.errors import ArtifactError, ShapeError
from kernelc.ir.dim import from_json

_COMMENT, _WORDS = b"// made for ", b"made for "
_MAGIC = (0x07230203).to_bytes(4, "little")
_HEADER_BYTES, _PROCESSED = 20, 330
_BEFORE = frozenset((2, 3, 4, 5, 6, 7, 10, 11, 14, 15, 16, 17, 331))
"""The instructions of a module that stand before OpModuleProcessed: capabilities, the entry point and its
modes, sources and names (SPIR-V specification, 2.4)."""


def with_purpose(data: bytes, kernel: Kernel, variant: Variant) -> bytes:
    """Return a kernel's file that says what it was made for: a text in a last line, which is a comment, and a
    module of SPIR-V in an OpModuleProcessed. Other variants, and files and hashes, are not looked at."""
    said = json.dumps(_purpose(kernel, variant), separators=(",", ":"))
    if not data.startswith(_MAGIC):
        return data.rstrip(b"\n") + b"\n" + _COMMENT + said.encode() + b"\n"
    text = _WORDS + said.encode() + b"\0"
    text += bytes(-len(text) % 4)
    head = (len(text) // 4 + 1 << 16 | _PROCESSED).to_bytes(4, "little")
    at = _HEADER_BYTES
    while at < len(data) and _opcode(data, at) in _BEFORE:
        at += _length(data, at)
    return data[:at] + head + text + data[at:]


def purpose_of(data: bytes) -> Mapping[str, Json] | None:
    """Return what a kernel's file says that it was made for; None where it does not, as in artifacts of
    earlier releases."""
    said = _processed(data) if data.startswith(_MAGIC) else data.rpartition(b"\n" + _COMMENT)[2]
    if said is None or (said is data and not data.startswith(_COMMENT)):
        return None
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Json]", found) if isinstance(found, dict) else None


def check_purpose(manifest: Manifest, name: str, variant: Variant, data: bytes) -> None:
    """Check that the file of a kernel's variant was made for what the manifest says of it.

    Raises: ArtifactError naming the kernel and what differs.
    """
    said = purpose_of(data)
    if said is None:
        return
    said = {**said, "grid": _read(said.get("grid"), manifest)}
    for field, value in _purpose(manifest.kernels[name], variant).items():
        wanted = _read(value, manifest) if field == "grid" else value
        if said.get(field) != wanted:
            got, made = json.dumps(value), json.dumps(said.get(field))
            raise ArtifactError(
                f"its {field} is said to be {got}, {variant.file} was made for {made}",
                where=f"manifest.json: kernels.{name}",
                help="build the artifact again",
            )


def _read(grid: Json, manifest: Manifest) -> Json:
    """A grid as the manifest's reader has it: within the bounds of its symbols a size may be a number."""
    try:
        sizes = grid if isinstance(grid, list) else []
        return to_json([from_json(each, manifest.symbols) for each in sizes])
    except ShapeError:
        return None


def _purpose(kernel: Kernel, variant: Variant) -> dict[str, Json]:
    return {
        "spec": kernel.spec,
        "problem": to_json(kernel.problem),
        "params": kernel.params,
        "bindings": [f"{each.element} {each.access}" for each in kernel.bindings],
        "entry": variant.entry,
        "workgroup": list(variant.workgroup),
        "grid": to_json(variant.grid),
        "requires": to_json(variant.requires),
    }


def _processed(data: bytes) -> bytes | None:
    at = _HEADER_BYTES
    while at < len(data) and (opcode := _opcode(data, at)) in (*_BEFORE, _PROCESSED):
        text = data[at + 4 : at + _length(data, at)]
        if opcode == _PROCESSED and text.startswith(_WORDS):
            return text.removeprefix(_WORDS).rstrip(b"\0")
        at += _length(data, at)
    return None


def _opcode(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _length(data: bytes, at: int) -> int:
    """Bytes of an instruction; never 0, whatever a damaged module says."""
    return max(4, 4 * int.from_bytes(data[at + 2 : at + 4], "little"))
