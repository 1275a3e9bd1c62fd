"""A model of several sequences opened for use: as `kernelc.session`, for several answers at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernelc.artifact import Artifact
from kernelc.drafting import open_draft
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.session import (
    Coder,
    completer_on,
    open_template,
    open_tokenizer,
    sampling_defaults,
    stop_ids,
)
from kernelc.switches import Without, asked
from model.text.chat_template import ChatTemplate
from model.text.tokenizer import Tokenizer
from runtime.chat.completion import Completer
from runtime.chat.conversation import ContextPolicy, Conversation
from runtime.device.executor import Progress
from runtime.devices import Explain
from runtime.engine.sampling import SamplingParams
from runtime.engine.several import SeveralEngine
from runtime.prefixes.settings import PrefixSettings


@dataclass(frozen=True)
class SharedSession:
    """An open model of several sequences: as many answers at a time, one on each `engine.lease()`."""

    artifact: Artifact
    engine: SeveralEngine
    tokenizer: Tokenizer
    template: ChatTemplate

    @classmethod
    def open(
        cls,
        artifact: Artifact,
        *,
        device: str = "auto",
        context: int | None = None,
        progress: Progress | None = None,
        explain: Explain | None = None,
        prefixes: PrefixSettings | None = None,
        draft: Artifact | None = None,
    ) -> SharedSession:
        """Open an artifact of several sequences, or of steps of several rows, on a device.

        `draft` is a smaller model with the same tokenizer: it guesses the tokens of an answer that is alone,
        which changes their speed alone (see `runtime.engine.drafts`). Raises: as `Session.open`; UsageError
        for a draft with another tokenizer.
        """
        sequences = artifact.manifest.sequences
        if draft is not None and (sequences is None or sequences.step_rows is None):
            raise UsageError(
                "the artifact has no steps that check what a `draft` guesses",
                where=str(artifact.folder),
                help="build it again with 8 `rows`",
            )
        tokenizer = open_tokenizer(artifact)
        template = open_template(artifact, tokenizer)
        engine = open_several_engine(
            artifact, device=device, context=context, progress=progress, explain=explain, prefixes=prefixes
        )
        try:
            if draft is not None:
                where = (draft, artifact, tokenizer)
                engine.speculate(
                    open_draft(
                        *where, device=device, context=engine.context, progress=progress, explain=explain
                    )
                )
        except BaseException:
            engine.close()
            raise
        return cls(artifact, engine, tokenizer, template)

    def conversation(
        self, *, system: str | None = None, policy: ContextPolicy = "stop", stop: Sequence[str] = ()
    ) -> Conversation:
        """Return a conversation with the model, which keeps one of its sequences; see `Session.conversation`.

        Raises: UsageError where all sequences are in use.
        """
        return Conversation(
            self.engine.take(()),
            Coder(self.tokenizer),
            self.template,
            stop_ids=stop_ids(self.artifact),
            system=system,
            policy=policy,
            stop=stop,
        )

    @property
    def sampling(self) -> SamplingParams:
        """How answers in a conversation are sampled unless somebody says otherwise."""
        return sampling_defaults(self.artifact)

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self.engine.close()

    def completer(self) -> Completer:
        """Return what answers stateless requests, each on the lease that `Completer.stream` is given."""
        return completer_on(self.engine.lease(), self.artifact, self.tokenizer, self.template)


def open_several_engine(
    artifact: Artifact,
    *,
    device: str = "auto",
    context: int | None = None,
    progress: Progress | None = None,
    explain: Explain | None = None,
    without: Without | None = None,
    prefixes: PrefixSettings | None = None,
) -> SeveralEngine:
    """Load an artifact of several sequences on a device. The parameters are those of
    `kernelc.session.open_engine`. Raises: as `SeveralEngine.open`."""
    left_out = asked(None) if without is None else without
    return SeveralEngine.open(
        artifact,
        device,
        context,
        references(),
        Library(without=left_out),
        progress=progress,
        explain=explain,
        without=left_out,
        prefixes=prefixes,
    )
