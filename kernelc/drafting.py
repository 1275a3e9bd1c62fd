"""A draft model for an open model: a smaller one that has the same tokens, proved when it is opened."""

from __future__ import annotations

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.session import open_tokenizer
from kernelc.switches import asked
from model.text.tokenizer import Tokenizer
from runtime.device.executor import Progress
from runtime.devices import Explain
from runtime.engine.drafts.model import DraftModel

_HELP = "a draft has the tokenizer of its model: take a smaller model of the same family"


def open_draft(
    draft: Artifact,
    artifact: Artifact,
    tokenizer: Tokenizer,
    *,
    device: str = "auto",
    context: int | None = None,
    progress: Progress | None = None,
    explain: Explain | None = None,
) -> DraftModel:
    """Open `draft` on a device, to guess for `artifact`, whose tokenizer is given; the other parameters are
    those of `DraftModel.open`.

    Raises: UsageError where their tokens differ, or one has no tokenizer; ArtifactError, DeviceError,
    ContextError, TokenizerError.
    """
    if not _same_files(draft, artifact):
        check_tokens(open_tokenizer(draft), tokenizer, str(draft.folder))
    left_out = asked(None)
    return DraftModel.open(
        draft,
        device=device,
        context=context,
        references=references(),
        library=Library(without=left_out),
        progress=progress,
        explain=explain,
        without=left_out,
    )


def check_tokens(draft: Tokenizer, model: Tokenizer, where: str) -> None:
    """Prove that a draft has a model's tokens.

    Raises: UsageError unless both have the same ids for the same tokens, the special ones too.
    """
    for what in ("vocab_size", "bos_id", "eos_id", "special_tokens", "added_tokens"):
        got, wanted = getattr(draft, what), getattr(model, what)
        if got != wanted:
            name, numbers = what.replace("_", " "), isinstance(got, int) and isinstance(wanted, int)
            told = f": {got}, not {wanted}" if numbers else ""
            raise UsageError(f"the draft has another {name} than the model{told}", where=where, help=_HELP)
    for token in range(model.vocab_size):
        if (draft.token(token), draft.piece(token)) != (model.token(token), model.piece(token)):
            shown = f"{draft.token(token)!r:.60}, that of the model {model.token(token)!r:.60}"
            raise UsageError(f"token {token} of the draft is {shown}", where=where, help=_HELP)


def _same_files(draft: Artifact, artifact: Artifact) -> bool:
    """Whether both have the same files of a tokenizer, which then is one."""
    own, wanted = draft.manifest.tokenizer, artifact.manifest.tokenizer
    if own is None or wanted is None:
        return False
    return {name: file.sha256 for name, file in own.files.items()} == {
        name: file.sha256 for name, file in wanted.files.items()
    }
