"""Which files of a model folder hold its weights: one file, or shards with an index or without.

The order in which names are looked for is that of transformers; what it does not know comes after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path

from kernelc.errors import CheckpointError
from model.checkpoints.array_file import ArrayFile
from model.checkpoints.safetensors_file import SafetensorsFile
from model.checkpoints.torch.file import TorchFile
from model.json_fields import Fields, read_json_object, show

OTHER_SHARDS = "the shards are of different models: download all of them again"

_MAX_INDEX_BYTES = 16 << 20
_MAX_SHARDS = 4096
_MAX_LISTED = 10_000
_KNOWN = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.safetensors|\.bin)")
_KINDS = (".safetensors", ".bin", ".pt", ".pth")
_NO_MODEL = ("adapter_*", "consolidated*", "optimizer*", "scheduler*", "rng_state*", "training_args*")
"""Files of those kinds that are not the weights of a model, or not with the names that families have."""


def open_weights(folder: Path) -> dict[str, ArrayFile]:
    """Return the file of each tensor of a model folder, by the tensor's name.

    Raises: CheckpointError if a file is missing, truncated, malformed or in conflict with the index, or the
    folder has no weights, or several of which one would have to be chosen.
    """
    known = next((folder / name for name in _KNOWN if (folder / name).exists()), None)
    if known is not None and known.suffix == ".json":
        return _open_indexed(known)
    return open_files([known] if known is not None else _unindexed(folder))


def open_files(paths: Iterable[Path]) -> dict[str, ArrayFile]:
    """Return the file of each tensor of some files of weights. Raises: CheckpointError."""
    found: dict[str, ArrayFile] = {}
    with ExitStack() as undo:
        for path in paths:
            file = open_file(path)
            undo.callback(file.close)
            twice = next((name for name in file.tensors if name in found), None)
            if twice is not None:
                message = f"got the tensor {show(twice)} a second time, after {found[twice].path.name}"
                raise CheckpointError(message, where=str(path), help=OTHER_SHARDS)
            found.update(dict.fromkeys(file.tensors, file))
        undo.pop_all()
    return found


def open_file(path: Path) -> ArrayFile:
    """Open one file of weights, by the ending of its name. Raises: CheckpointError."""
    kind = SafetensorsFile if path.suffix == ".safetensors" else TorchFile
    return kind(path)


def _open_indexed(index: Path) -> dict[str, ArrayFile]:
    """Open every shard that the index names; return each tensor's file, as the index places it.

    Raises: CheckpointError if a shard cannot be opened, or lacks a tensor that the index places there.
    """
    weight_map = _weight_map(index)
    shards: dict[str, ArrayFile] = {}
    with ExitStack() as undo:
        for name in dict.fromkeys(weight_map.values()):
            shards[name] = open_file(index.parent / name)
            undo.callback(shards[name].close)
        for tensor, name in weight_map.items():
            if tensor not in shards[name].tensors:
                raise CheckpointError(
                    f"got no tensor {show(tensor)}, which {index.name} places here",
                    where=str(index.parent / name),
                    help="the index and the shards are of different versions: download all of them again",
                )
        undo.pop_all()
    return {tensor: shards[name] for tensor, name in weight_map.items()}


def _weight_map(index: Path) -> Mapping[str, str]:
    """Return the index's shard file of each tensor.

    Raises: CheckpointError if one is not the plain name of a file in this folder.
    """
    fields = Fields(read_json_object(index, _MAX_INDEX_BYTES, CheckpointError), str(index), CheckpointError)
    weight_map = fields.child("weight_map")
    if weight_map is None or not weight_map.data:
        raise fields.fail("weight_map", "got nothing, wanted an object of tensor names to files")
    kind = index.name.removesuffix(".index.json")
    kind = kind[kind.index(".") :]
    files = {name: weight_map.text(name) for name in weight_map.data}
    for name, file in files.items():
        if Path(file).name != file or not file.isprintable() or not file.endswith(kind):
            raise weight_map.fail(name, f"got {show(file)}, wanted a {kind} file of this folder")
    shards = len(set(files.values()))
    if shards > _MAX_SHARDS:
        raise fields.fail("weight_map", f"got {shards} shards, wanted at most {_MAX_SHARDS}")
    return files


def is_of_a_model(name: str) -> bool:
    """Whether a file of weights may hold those of a model, by its name."""
    return not any(fnmatchcase(name, pattern) for pattern in _NO_MODEL)


def _unindexed(folder: Path) -> list[Path]:
    """Return the complete set of shards without an index, or the one file of weights with another name.

    Raises: CheckpointError.
    """
    names = _listed(folder)
    shards = [found for name in names if (found := _SHARD.fullmatch(name))]
    for kind in (".safetensors", ".bin"):
        of_kind = [found for found in shards if found[4] == kind]
        if of_kind:
            return _complete(folder, of_kind)
    candidates = [name for name in names if name.endswith(_KINDS) and is_of_a_model(name)]
    for kind in _KINDS:  # safetensors before the rest
        of_kind = [name for name in candidates if name.endswith(kind)]
        if len(of_kind) == 1:
            return [folder / of_kind[0]]
        if of_kind:
            message = f"got {len(of_kind)} files of weights: {', '.join(of_kind[:3])}"
            help_ = "leave one, or call it model" + kind
            raise CheckpointError(message, where=str(folder), help=help_)
    raise _without_weights(folder, names)


def _complete(folder: Path, shards: list[re.Match[str]]) -> list[Path]:
    """Return all shards of the set. Raises: CheckpointError if there are two sets, or some are missing."""
    sets = {(found[1], found[3]) for found in shards}
    numbers = sorted(int(found[2]) for found in shards)
    wanted = int(shards[0][3])
    if len(sets) > 1 or numbers != list(range(1, wanted + 1)):
        missing = f"-of-{shards[0][3]}: {len(numbers)} of {wanted} are here"
        message = "got shards of two checkpoints" if len(sets) > 1 else f"shards are missing, *{missing}"
        raise CheckpointError(message, where=str(folder), help="download the shards that are missing")
    return sorted(folder / found[0] for found in shards)


def _listed(folder: Path) -> list[str]:
    """Return the names in the folder. Raises: CheckpointError where there is no folder, or too much in it."""
    if not folder.is_dir():
        wanted = "this one does not exist" if not folder.exists() else "this is a file"
        help_ = f"give a Hugging Face model folder; {wanted}"
        raise CheckpointError("got no folder with weights", where=str(folder), help=help_)
    names = sorted(path.name for path, _ in zip(folder.iterdir(), range(_MAX_LISTED + 1), strict=False))
    if len(names) > _MAX_LISTED:
        message = f"got more than {_MAX_LISTED} files, wanted the files of a model"
        raise CheckpointError(message, where=str(folder), help="give a folder of its own to the model")
    return names


_HELP = {
    "adapter_model.*": "only a LoRA adapter is here: merge it into its base model (merge_and_unload of peft)"
    " and save that",
    "*.gguf": "give the .gguf file itself",
    "consolidated*.safetensors": "consolidated files have names of their own here: download the"
    " model*.safetensors of the same model",
    "consolidated*.pth": "Meta's own layout has params.json beside the consolidated files: download that too",
    "tf_model.h5": "only weights for TensorFlow are here: download model*.safetensors",
    "flax_model*": "only weights for Flax are here: download model*.safetensors",
}
"""What to do, by what is there instead of weights."""


def _without_weights(folder: Path, names: list[str]) -> CheckpointError:
    help_ = next(
        (text for pattern, text in _HELP.items() if any(fnmatchcase(name, pattern) for name in names)),
        "give a Hugging Face model folder with its *.safetensors files, or pytorch_model*.bin",
    )
    return CheckpointError(
        f"got none of {_KNOWN[0]}, {_KNOWN[1]} and {_KNOWN[2]}", where=str(folder), help=help_
    )
