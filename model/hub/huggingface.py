"""Downloads models from the Hugging Face hub, with the hub's own library: its cache, resume and settings.

HF_ENDPOINT, HF_HUB_OFFLINE, HF_HOME, HF_TOKEN and the login of `hf auth login` hold as everywhere. What is in
the cache is used without the hub where that cannot be reached.
"""

from __future__ import annotations

import errno
import glob
import queue
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernelc.errors import KernelcError, UsageError, WorkFailed
from model.hub.reference import Reference, select_files

Say = Callable[[str], None]

_PATIENCE_SECONDS = 3.0
"""How long the hub may take to answer where its cache holds the model: much longer than it ever takes."""

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
        noted = _listed_in_cache(wanted)
        patience = _PATIENCE_SECONDS if _is_cached(wanted, noted) else None
        names = _listed_by_hub(wanted, say, patience)
        if names is None:
            return _model_in(_snapshot(wanted, _chosen(wanted, noted), local=True), wanted)
        chosen = _chosen(wanted, names)
        sizes: list[huggingface_hub.DryRunFileInfo] = _snapshot(wanted, chosen, dry_run=True)
        if missing := sum(file.file_size or 0 for file in sizes if file.will_download):
            say(f"downloading {wanted} from the Hugging Face hub ({missing / 1e6:.1f} MB) ...")
        return _model_in(_snapshot(wanted, chosen), wanted)


def _model_in(folder: str, wanted: Reference) -> Path:
    """Return what is to be opened in a folder of the cache: the folder, or a GGUF file in it."""
    root = Path(folder)
    here = [file.relative_to(root).as_posix() for file in sorted(root.rglob("*")) if file.is_file()]
    if wanted.file is not None and wanted.file not in here:
        raise WorkFailed("the cache holds this repository without the file", where=str(wanted), help=_CONNECT)
    found = select_files(wanted, here)[0]
    return root / found.file if found.file else root


_CONNECT = "check the connection, HF_ENDPOINT and HF_HUB_OFFLINE; or give the folder of a copy"


def _snapshot(
    wanted: Reference, chosen: Sequence[str] | None, *, dry_run: bool = False, local: bool = False
) -> Any:
    """Call the library's `snapshot_download` for some files, None for all; `local` asks no hub for them."""
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]  (tqdm_class)

    return snapshot_download(
        wanted.repository,
        revision=wanted.revision,
        allow_patterns=None if chosen is None else [glob.escape(name) for name in chosen],
        local_files_only=local,
        dry_run=dry_run,
    )


def _chosen(wanted: Reference, names: Sequence[str] | None) -> list[str] | None:
    """Return which of a repository's files a build needs; None where those are not known."""
    return None if names is None else select_files(wanted, names)[1]


def _listed_in_cache(wanted: Reference) -> list[str] | None:
    """Return the repository's files as the cache has noted them; None where it has not.

    The cache holds some of them alone, and the library takes it for a broken one where it is asked for all.
    """
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        return [file.path for file in get_cached_repo_tree(wanted.repository, revision=wanted.revision)]
    except CachedRepoTreeNotFoundError:
        return None


def _is_cached(wanted: Reference, names: Sequence[str] | None) -> bool:
    """Return whether the cache holds what a build needs of a repository's files, so that no hub is needed."""
    try:
        _snapshot(wanted, _chosen(wanted, names), local=True)
    except (KernelcError, *_network_errors()):
        return False
    return True


def _listed_by_hub(wanted: Reference, say: Say, patience: float | None) -> list[str] | None:
    """Ask the hub for the repository's files; None where it cannot be reached, so that the cache must do.

    Where there is no network, a system may look for the hub's name for minutes before it says so, and nothing
    can interrupt it. So a question of which we would not miss the answer is left to a thread, and given up
    after `patience` seconds.
    """
    answers: queue.SimpleQueue[list[str] | BaseException | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_ask_hub(wanted))
        except BaseException as error:
            answers.put(error)

    if patience is None:
        return _ask_hub(wanted)
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        say(f"the Hugging Face hub does not answer: taking {wanted} out of its cache ...")
        return None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _ask_hub(wanted: Reference) -> list[str] | None:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    timeout = constants.HF_HUB_ETAG_TIMEOUT  # the library's own for other questions; here it has none
    try:
        info = HfApi().model_info(wanted.repository, revision=wanted.revision, timeout=timeout)
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
