"""A model in several GGUF files: NAME-00001-of-00003.gguf and so on."""

from __future__ import annotations

import re
from pathlib import Path

from kernelc.errors import CheckpointError, ConfigError
from model.gguf.container import Container

_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
_MAX_PARTS = 1024
_SHOWN = 4


def files_of(path: Path) -> list[Path]:
    """Return the files of the model at `path`: a .gguf file, a part of several, or a folder that holds one.

    They need not exist, except that a folder is looked through.
    Raises: ConfigError where a folder holds several models; CheckpointError where a part's name makes no
    sense.
    """
    file = _only_model(path) if path.is_dir() else path
    match = _PART.fullmatch(file.name)
    if match is None:
        return [file]
    count = int(match[3])
    if not 1 <= int(match[2]) <= count <= _MAX_PARTS:
        raise CheckpointError(f"got a part of {count}, wanted 1 to {_MAX_PARTS} parts", where=str(file))
    return [file.with_name(f"{match[1]}-{number:05}-of-{match[3]}.gguf") for number in range(1, count + 1)]


def name_of(path: Path) -> str:
    """Return what the model is called: the file's name without its ending and part numbers."""
    first = files_of(path)[0].resolve()
    match = _PART.fullmatch(first.name)
    return match[1] if match else first.name.removesuffix(".gguf")


def open_parts(path: Path) -> list[Container]:
    """Open all files of a model; the first has the metadata.

    Raises: CheckpointError where one is missing or damaged, or two hold the same tensor.
    """
    containers: list[Container] = []
    try:
        for file in files_of(path):
            containers.append(Container.open(file))
            _check_apart(containers)
        return containers
    except BaseException:
        for container in containers:
            container.close()
        raise


def _check_apart(containers: list[Container]) -> None:
    last = containers[-1]
    for container in containers[:-1]:
        twice = container.tensors.keys() & last.tensors.keys()
        if twice:
            message = f"got a tensor that {container.path.name} has as well"
            raise CheckpointError(message, where=f"{last.path}: {min(twice)}")


def _only_model(folder: Path) -> Path:
    """Return the .gguf file of a folder, the first part where it is in parts."""
    files = sorted(folder.glob("*.gguf"))
    first = [file for file in files if not _is_later_part(file)]
    if len(first) == 1:
        return first[0]
    shown = ", ".join(file.name for file in files[:_SHOWN])
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    message = f"got {shown or 'no .gguf file'}{more}, wanted one model"
    raise ConfigError(message, where=str(folder), help="give the path of the .gguf file itself")


def _is_later_part(file: Path) -> bool:
    match = _PART.fullmatch(file.name)
    return match is not None and int(match[2]) > 1
