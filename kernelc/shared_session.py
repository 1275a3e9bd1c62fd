"""A model of several sequences opened for use: as `kernelc.session`, for several answers at a time."""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.artifact import Artifact
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.session import completer_on, open_template, open_tokenizer
from kernelc.switches import Without, asked
from model.text.chat_template import ChatTemplate
from model.text.tokenizer import Tokenizer
from runtime.chat.completion import Completer
from runtime.device.executor import Progress
from runtime.devices import Explain
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
    ) -> SharedSession:
        """Open an artifact of several sequences on a device. Raises: as `Session.open`."""
        tokenizer = open_tokenizer(artifact)
        template = open_template(artifact, tokenizer)
        engine = open_several_engine(
            artifact, device=device, context=context, progress=progress, explain=explain, prefixes=prefixes
        )
        return cls(artifact, engine, tokenizer, template)

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
