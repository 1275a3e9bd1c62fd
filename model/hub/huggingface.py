"""Downloads models from the Hugging Face hub, with the hub's own library: its cache, resume and settings.

HF_ENDPOINT, HF_HUB_OFFLINE, HF_HOME, HF_TOKEN and the login of `hf auth login` hold as everywhere. What is in
the cache is used without the hub where that cannot be reached.
"""

from __future__ import annotations

import errno
import glob
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from kernelc.errors import KernelcError, UsageError, WorkFailed
from model.hub.reference import Reference, select_files

Say = Callable[[str], None]

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

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
        chosen = None if names is None else select_files(wanted, names)[1]
        download = partial(_snapshot, wanted, chosen)
        sizes: list[huggingface_hub.DryRunFileInfo] = download(dry_run=True) if names is not None else []
        if missing := sum(file.file_size or 0 for file in sizes if file.will_download):
            say(f"downloading {wanted} from the Hugging Face hub ({missing / 1e6:.1f} MB) ...")
        folder = Path(download())
    return _model_in(folder, wanted)


def _model_in(folder: Path, wanted: Reference) -> Path:
    """Return what is to be opened in a folder of the cache: the folder, or a GGUF file in it."""
    here = [file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()]
    if wanted.file is not None and wanted.file not in here:
        raise WorkFailed("the cache holds this repository without the file", where=str(wanted), help=_CONNECT)
    found = select_files(wanted, here)[0]
    return folder / found.file if found.file else folder


_CONNECT = "check the connection, HF_ENDPOINT and HF_HUB_OFFLINE; or give the folder of a copy"


def _snapshot(wanted: Reference, chosen: Sequence[str] | None, *, dry_run: bool = False) -> Any:
    """Call the library's `snapshot_download` for the files that a build needs, or for the cache's alone."""
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]  (tqdm_class)

    return snapshot_download(
        wanted.repository,
        revision=wanted.revision,
        allow_patterns=None if chosen is None else [glob.escape(name) for name in chosen],
        local_files_only=chosen is None,
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
        if isinstance(reason, OSError) and reason.errno in _OF_THE_DISK:
            message = f"the hub's cache cannot be written: {reason.strerror}"
            help_ = "make room, or set HF_HOME to a folder of yours"
            raise WorkFailed(message, where=reason.filename or str(wanted), help=help_) from reason
        message = "there is no such folder here nor in the hub's cache, and the hub cannot be reached"
        raise WorkFailed(message, where=str(wanted), help=_CONNECT) from reason
