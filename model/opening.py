"""Opens a model as a person has it: what it computes, its weights, and the files of its text.

`open_model` asks each layout in turn whether it knows the path. A layout that does not keep its tokenizer as
Hugging Face does writes it in that form to a folder of its own, so that nothing else need know of layouts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from kernelc.errors import ConfigError
from model.checkpoints.checkpoint import Checkpoint
from model.checkpoints.huggingface import open_huggingface
from model.checkpoints.huggingface import stores_codes as stores_huggingface_codes
from model.families.registry import AnyModel
from model.gguf.layout import is_gguf, open_gguf
from model.gguf.layout import stores_codes as stores_gguf_codes
from model.meta.layout import is_meta, open_meta


def _nothing() -> None:
    """Close nothing."""


@dataclass(frozen=True)
class ModelFiles:
    """An open model. `text` is the folder with its tokenizer and chat template, as Hugging Face names them.

    `name` is what an artifact of it is called by default.
    """

    name: str
    model: AnyModel
    checkpoint: Checkpoint
    text: Path
    release: Callable[[], None] = _nothing
    """Called when it is closed, after the checkpoint: a layout removes here what it had to write."""
    notes: tuple[str, ...] = ()
    """Sentences for the user: what was found in the files that changes or leaves out something."""

    def __enter__(self) -> ModelFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files of the weights, and remove what was written for this opening."""
        try:
            self.checkpoint.close()
        finally:
            self.release()


class Layout(Protocol):
    """One way in which models are published, such as a Hugging Face folder."""

    def knows(self, path: Path) -> bool:
        """Whether the path looks like this layout; it need not be sound."""
        ...

    def open(self, path: Path) -> ModelFiles:
        """Open it. Raises: ConfigError, CheckpointError, TokenizerError, TemplateError."""
        ...

    def stores_codes(self, path: Path) -> bool:
        """Whether the weights are quantised already. Raises: ConfigError, CheckpointError."""
        ...


class HuggingFaceFolder:
    """config.json with *.safetensors or *.bin and the tokenizer's files beside it."""

    def knows(self, path: Path) -> bool:
        """Whether there is a config.json."""
        return (path / "config.json").is_file()

    def open(self, path: Path) -> ModelFiles:
        """See `Layout.open`."""
        model, checkpoint, notes = open_huggingface(path)
        return ModelFiles(path.resolve().name, model, checkpoint, path, notes=notes)

    def stores_codes(self, path: Path) -> bool:
        """See `Layout.stores_codes`."""
        return stores_huggingface_codes(path)


class GgufFile:
    """A .gguf file, one part of several, or a folder that holds one model in such files."""

    def knows(self, path: Path) -> bool:
        """Whether the name ends in .gguf, or the folder has such a file and no config.json."""
        return is_gguf(path)

    def open(self, path: Path) -> ModelFiles:
        """See `Layout.open`. The text's files are made anew, in a folder that closing removes."""
        return ModelFiles(*open_gguf(path))

    def stores_codes(self, path: Path) -> bool:
        """See `Layout.stores_codes`."""
        return stores_gguf_codes(path)


class MetaFolder:
    """params.json, consolidated.*.pth and tokenizer.model, as Meta publishes Llama."""

    def knows(self, path: Path) -> bool:
        """Whether there are params.json and a consolidated file, and no config.json."""
        return is_meta(path)

    def open(self, path: Path) -> ModelFiles:
        """See `Layout.open`. The tokenizer is put into a folder that closing removes."""
        return ModelFiles(*open_meta(path))

    def stores_codes(self, path: Path) -> bool:
        """See `Layout.stores_codes`: Meta publishes floats."""
        return False


LAYOUTS: tuple[Layout, ...] = (HuggingFaceFolder(), GgufFile(), MetaFolder())


def layout_of(path: Path) -> Layout | None:
    """Return the layout that knows `path`, None where none does."""
    return next((layout for layout in LAYOUTS if layout.knows(path)), None)


def stores_codes(path: Path) -> bool:
    """Whether the weights at `path` are quantised already, so that a build had better keep them.

    Raises: CheckpointError, ConfigError where it is a GGUF file or a config.json that cannot be opened.
    """
    layout = layout_of(path)
    return layout is not None and layout.stores_codes(path)


def open_model(path: str | Path) -> ModelFiles:
    """Open the model at `path`; close it afterwards.

    Raises: ConfigError where no layout knows it, or its config describes what no family computes;
    CheckpointError, TokenizerError, TemplateError for files that are not sound.
    """
    path = Path(path)
    layout = layout_of(path)
    if layout is not None:
        return layout.open(path)
    raise ConfigError(
        "this is no model" if path.exists() else "there is no such file or folder",
        where=str(path),
        help=_help(path),
    )


def _help(path: Path) -> str:
    if path.suffix in (".safetensors", ".bin", ".pt", ".pth"):
        return "give the folder of the file, with config.json and the tokenizer's files in it"
    if (path / "adapter_config.json").is_file():
        return "only a LoRA adapter is here: merge it into its base model, and save that"
    return "give a .gguf file, or a folder with config.json, *.safetensors and the tokenizer's files"
