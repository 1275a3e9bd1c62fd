"""Downloads models from the Hugging Face hub, with the hub's own library: its cache, resume and settings.

HF_ENDPOINT, HF_HUB_OFFLINE, HF_HOME, HF_TOKEN and the login of `hf auth login` hold as everywhere. What is in
the cache is used without the hub where that cannot be reached.
"""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from kernelc.errors import CheckpointError, KernelcError, UsageError, WorkFailed

Say = Callable[[str], None]

_PART = r"[A-Za-z0-9][\w.\-]*"
_REFERENCE = re.compile(rf"({_PART}/{_PART})(?:@([\w.\-/]+?))?(?:/([^@]+\.gguf))?", re.ASCII)
_SPLIT = re.compile(r"(.*-)\d{5}(-of-\d{5}\.gguf)")
_NAMES_SHOWN = 8

_TEXT = (
    "config.json", "generation_config.json", "params.json", "quantize_config.json", "quant_config.json",
    "tokenizer*.json", "tokenizer.model", "added_tokens.json", "special_tokens_map.json", "vocab.json",
    "merges.txt", "chat_template.*", "LICENSE*",
)  # fmt: skip
_WEIGHTS = (  # the first kind that a repository has is taken
    ("model*.safetensors", "model.safetensors.index.json"),
    ("[!ca]*.safetensors", "*.safetensors.index.json"),  # not consolidated.*, nor an adapter's
    ("pytorch_model*.bin", "pytorch_model.bin.index.json"),
    ("consolidated.*.pth",),
)


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
        return Path(self.file).stem if self.file else self.repository.rpartition("/")[2]

    def __str__(self) -> str:
        parts = (
            self.repository,
            f"@{self.revision}" if self.revision else "",
            f"/{self.file}" if self.file else "",
        )
        return "".join(parts)


def take_from_hub(wanted: Reference, say: Say) -> Path:
    """Return the folder of the model in the hub's cache, or its GGUF file, downloading what is missing.

    Raises: UsageError where the library is missing, or the hub has no such model, revision or file;
    CheckpointError where the repository holds no weights that can be read; WorkFailed where the hub cannot be
    reached and the cache does not hold the model.
    """
    try:
        import huggingface_hub
        from huggingface_hub.utils import disable_progress_bars
    except ImportError as missing:
        help_ = "pip install 'kernelc[hub]', or give the model's folder"
        raise UsageError(
            "the huggingface_hub package is not installed", where=str(wanted), help=help_
        ) from missing
    if not sys.stderr.isatty():  # its progress bars would fill a log
        disable_progress_bars()
    with _told_to_people(wanted):
        names = _listed(wanted)
        download = partial(_snapshot, wanted, names)
        sizes: list[huggingface_hub.DryRunFileInfo] = download(dry_run=True) if names is not None else []
        if missing := sum(file.file_size or 0 for file in sizes if file.will_download):
            say(f"downloading {wanted} from the Hugging Face hub ({missing / 1e6:.1f} MB) ...")
        folder = Path(download())
    path = folder / wanted.file if wanted.file else folder
    if wanted.file and not path.is_file():
        raise WorkFailed("the cache holds this repository without the file", where=str(wanted), help=_CONNECT)
    return path


_CONNECT = "check the connection, HF_ENDPOINT and HF_HUB_OFFLINE; or give the folder of a copy"


def _snapshot(wanted: Reference, names: Sequence[str] | None, *, dry_run: bool = False) -> Any:
    """Call the library's `snapshot_download` for the files that a build needs, or for the cache's alone."""
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]  (tqdm_class)

    return snapshot_download(
        wanted.repository,
        revision=wanted.revision,
        allow_patterns=None if names is None else [glob.escape(n) for n in files_to_fetch(wanted, names)],
        local_files_only=names is None,
        dry_run=dry_run,
    )


def _listed(wanted: Reference) -> list[str] | None:
    """Ask the hub for the repository's files; None where it cannot be reached, so that the cache must do."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        info = HfApi().model_info(wanted.repository, revision=wanted.revision)
    except HfHubHTTPError:
        raise
    except (OfflineModeIsEnabled, *_network_errors()):
        return None
    return [file.rfilename for file in info.siblings or ()]


def _network_errors() -> tuple[type[BaseException], ...]:
    """Return what the library raises where there is no connection, or its cache lacks something.

    Among them are the bases of its own error for an answer of the hub: OSError, and the error of its HTTP
    client, which is not the same one in every release.
    """
    from huggingface_hub import errors

    lacking = (errors.CachedRepoTreeNotFoundError, errors.RevisionResolutionError, errors.XetDownloadError)
    return errors.HfHubHTTPError.__bases__ + lacking


@contextmanager
def _told_to_people(wanted: Reference) -> Generator[None]:
    """Turn the library's errors into ours."""
    from huggingface_hub import errors

    try:
        yield
    except KernelcError:
        raise
    except errors.GatedRepoError as reason:
        page = f"https://huggingface.co/{wanted.repository}"
        help_ = f"accept its terms at {page}, then `hf auth login` or HF_TOKEN"
        raise UsageError(
            "the hub gives this model only on request", where=str(wanted), help=help_
        ) from reason
    except errors.RevisionNotFoundError as reason:
        raise UsageError(
            "the model has no such revision", where=str(wanted), help="leave @... out"
        ) from reason
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as reason:
        help_ = "check the name; a private model needs `hf auth login` or HF_TOKEN"
        message = "there is no such folder here, and no such model on the hub"
        raise UsageError(message, where=str(wanted), help=help_) from reason
    except errors.HfHubHTTPError as reason:
        status = reason.response.status_code
        raise WorkFailed(f"the hub answered {status}", where=str(wanted), help="try again later") from reason
    except _network_errors() as reason:
        message = "there is no such folder here nor in the hub's cache, and the hub cannot be reached"
        raise WorkFailed(message, where=str(wanted), help=_CONNECT) from reason


def files_to_fetch(wanted: Reference, names: Sequence[str]) -> list[str]:
    """Return which files of a repository a build needs: one kind of weights, and the text beside them.

    Raises: UsageError where a file that was asked for is missing, or several could be meant;
    CheckpointError where there are no weights that can be read.
    """
    if wanted.file is not None:
        return _splits_of(wanted, names)
    top = [name for name in names if "/" not in name]
    text = [name for name in top if _any(name, _TEXT)]
    for kind in _WEIGHTS:
        if any(_any(name, kind[:1]) for name in top):
            return [name for name in top if _any(name, kind) and name not in text] + text
    ggufs = [name for name in names if name.endswith(".gguf")]
    if len(ggufs) == 1:
        return [*ggufs, *text]
    if ggufs:
        shown = ", ".join(ggufs[:_NAMES_SHOWN]) + (", ..." if len(ggufs) > _NAMES_SHOWN else "")
        help_ = f"name one of them, such as {wanted}/{ggufs[0]}"
        raise UsageError(
            f"the repository has {len(ggufs)} GGUF files: {shown}", where=str(wanted), help=help_
        )
    raise CheckpointError(
        "the repository has no weights that kernelc reads: *.safetensors, pytorch_model*.bin, *.pth, *.gguf",
        where=str(wanted),
        help="look for a copy of the model in one of these formats",
    )


def _splits_of(wanted: Reference, names: Sequence[str]) -> list[str]:
    """Return the file that was asked for, with the others where it is one part of several."""
    file = wanted.file or ""
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
