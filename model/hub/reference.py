"""How a model on the Hugging Face hub is named, and which files of its repository a build needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from kernelc.errors import CheckpointError, UsageError
from model.checkpoints.weight_files import is_of_a_model
from model.gguf.splits import name_of

_PART = r"[A-Za-z0-9][\w.\-]*"
_REFERENCE = re.compile(rf"({_PART}/{_PART})(?:@([\w.\-/]+?))?(?:/([^@]+\.gguf))?", re.ASCII)
_SPLIT = re.compile(r"(.*-)\d{5}(-of-\d{5}\.gguf)")
_NAMES_SHOWN = 8

_TEXT = (
    "config.json", "generation_config.json", "params.json", "quantize_config.json", "quant_config.json",
    "tokenizer*.json", "tokenizer.model", "added_tokens.json", "special_tokens_map.json", "vocab.json",
    "merges.txt", "chat_template.*", "LICENSE*",
)  # fmt: skip
_WEIGHTS = (  # the first kind that a repository has is taken, with its index
    ("model*.safetensors", "model.safetensors.index.json"),
    ("*.safetensors", "*.safetensors.index.json"),
    ("pytorch_model*.bin", "pytorch_model.bin.index.json"),
)
_META = "consolidated.*.pth"


@dataclass(frozen=True)
class Reference:
    """A model on the hub: "org/name", "org/name@revision" or "org/name/file.gguf".

    A file may have a revision too ("org/name@revision/file.gguf"), and lie in a folder of the repository.
    """

    repository: str
    revision: str | None = None
    file: str | None = None

    @staticmethod
    def parse(text: str) -> Reference | None:
        """Read what a person wrote; None where it is no such reference."""
        found = _REFERENCE.fullmatch(text)
        return Reference(*found.groups()) if found else None

    @property
    def name(self) -> str:
        """What an artifact of the model is called by default."""
        return name_of(Path(self.file)) if self.file else self.repository.rpartition("/")[2]

    def __str__(self) -> str:
        parts = (
            self.repository,
            f"@{self.revision}" if self.revision else "",
            f"/{self.file}" if self.file else "",
        )
        return "".join(parts)


def select_files(wanted: Reference, names: Sequence[str]) -> tuple[Reference, list[str]]:
    """Return which files of a repository a build needs: one kind of weights, and the text beside them.

    Where the weights are GGUF, the reference comes back with the file that is meant: a GGUF file is all that
    there is to its model, whatever lies beside it.
    Raises: UsageError where a file that was asked for is missing, or several could be meant;
    CheckpointError where there are no weights that can be read.
    """
    if wanted.file is not None:
        return wanted, _with_its_parts(wanted, wanted.file, names)
    top = [name for name in names if "/" not in name]
    text = [name for name in top if _any(name, _TEXT)]
    weights = _weights_of(top)
    if weights:
        return wanted, [name for name in weights if name not in text] + text
    file = _only_gguf(wanted, names)
    return replace(wanted, file=file), _with_its_parts(wanted, file, names)


def _weights_of(names: Sequence[str]) -> list[str]:
    """The weights of a folder that is no GGUF's, with their index; none where there are none."""
    sound = [name for name in names if is_of_a_model(name)]
    for pattern, index in _WEIGHTS:
        found = [name for name in sound if fnmatchcase(name, pattern)]
        if found:
            return [name for name in names if name in found or fnmatchcase(name, index)]
    return [name for name in names if fnmatchcase(name, _META)]


def _only_gguf(wanted: Reference, names: Sequence[str]) -> str:
    """The one GGUF file of a repository, or the first part of one that is cut into several."""
    ggufs = sorted(name for name in names if name.endswith(".gguf"))
    models = {found.groups() if (found := _SPLIT.fullmatch(name)) else name for name in ggufs}
    if len(models) == 1:
        return ggufs[0]
    if ggufs:
        shown = ", ".join(ggufs[:_NAMES_SHOWN]) + (", ..." if len(ggufs) > _NAMES_SHOWN else "")
        help_ = f"name one of them, such as {wanted}/{ggufs[0]}"
        raise UsageError(
            f"the repository has {len(ggufs)} GGUF files: {shown}", where=str(wanted), help=help_
        )
    help_ = "look for a copy of the model in one of these formats"
    if "adapter_config.json" in names:
        help_ = "it is a LoRA adapter: merge it into its base model, and build what you save"
    raise CheckpointError(
        "the repository has no weights that kernelc reads: *.safetensors, pytorch_model*.bin, *.pth, *.gguf",
        where=str(wanted),
        help=help_,
    )


def _with_its_parts(wanted: Reference, file: str, names: Sequence[str]) -> list[str]:
    """A file, with the others where it is one part of several."""
    if file not in names:
        near = [name for name in names if name.endswith(".gguf")][:_NAMES_SHOWN]
        help_ = f"it has {', '.join(near)}" if near else "it has no GGUF file"
        raise UsageError("the repository has no such file", where=str(wanted), help=help_)
    split = _SPLIT.fullmatch(file)
    if split is None:
        return [file]
    return [name for name in names if (other := _SPLIT.fullmatch(name)) and other.groups() == split.groups()]


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
