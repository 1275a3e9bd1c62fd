"""What decides the result of a build besides its options: the model's files, kernelc's own sources, and what
families compute that were registered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import kernelc
import model
from kernelc.ir.text import graph_text
from model.families.registry import load_model, registered
from model.gguf.splits import files_of


def inputs_stamp(path: Path) -> str:
    """Return a text that differs wherever a file that a build of the model at `path` reads has changed.

    Files are told apart by name, size and time. Families that were registered are told apart by what they
    record. Raises: OSError, and the errors of `files_of`; ConfigError where families were registered.
    """
    digest = hashlib.sha256()
    for file in [*_model_files(path), *_sources()]:
        stat = file.stat()
        digest.update(repr((str(file.absolute()), stat.st_size, stat.st_mtime_ns)).encode())
    digest.update(_recorded(path).encode())
    return digest.hexdigest()


def _recorded(path: Path) -> str:
    """What the model's family computes, where other code than kernelc's registered it; its files may be
    anywhere, or nowhere, as those of a notebook."""
    own = registered()
    if not own or not (path / "config.json").is_file():
        return ""
    found = load_model(path)
    if found.family not in own:
        return ""
    graphs = (found.graph(role, max_context=found.info.max_context) for role in ("decode", "score"))
    rows = [(name, r.tensor, r.index.tobytes()) for name, r in found.family.rows(found.config).items()]
    return repr((found.family.roles, rows, *map(graph_text, graphs)))


def _model_files(path: Path) -> list[Path]:
    """The files of a model folder, without subfolders; or those of a .gguf file and its parts.

    The folder above counts too where it holds a tokenizer, as Meta's releases have it.
    """
    if path.is_file():
        return files_of(path)
    above = path.absolute().parent / "tokenizer.model"
    inside = sorted(file for file in path.iterdir() if file.is_file())
    return [*inside, above] if above.is_file() else inside


def _sources() -> Iterator[Path]:
    for package in (kernelc, model):
        for pattern in ("*.py", "*.j2", "*.json", "*.c", "*.h"):
            yield from sorted(Path(package.__file__ or "").parent.rglob(pattern))
