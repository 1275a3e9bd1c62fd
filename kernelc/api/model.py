"""A model to talk to: `kernelc.open`.

with kernelc.open("smollm2") as model:
    print(model.chat("Why is the sky blue?"))
    for piece in model.chat("And at night?", max_new=40):
        print(piece, end="", flush=True)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from kernelc.api.finding import artifact_folder
from kernelc.api.reply import Reply
from kernelc.api.settings import Settings, request_of
from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from kernelc.session import Session, text_of, with_prefix
from runtime.chat.completion import Completion
from runtime.chat.request import CompletionRequest
from runtime.device.executor import Progress
from runtime.engine.engine import EMBED_ROLES, GENERATE_ROLES
from runtime.engine.sampling import SamplingParams

F32 = npt.NDArray[np.float32]
Message = Mapping[str, Any]
"""{"role": "system", "user" or "assistant", "content": text}, as OpenAI's API has them."""


class Model:
    """An open model. One answer at a time: it has one sequence. Close it, or use it in a `with`."""

    def __init__(self, session: Session, roles: Sequence[str]) -> None:
        """`kernelc.open` makes one. `roles` are those of the programs that are loaded."""
        self.session, self._roles = session, frozenset(roles)
        self._completer = session.completer()
        self._current: Completion | None = None

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<kernelc model {self.name} on {self.device}>"

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self.session.close()

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.session.artifact.manifest.name

    @property
    def device(self) -> str:
        """The device's kind and name, such as "cuda: NVIDIA H200"."""
        info = self.session.engine.executor.info
        return f"{info.kind}: {info.name}"

    @property
    def context(self) -> int:
        """The longest context, in tokens."""
        return self.session.engine.context

    @property
    def vocab_size(self) -> int:
        """How many tokens the model knows."""
        return self.session.engine.vocab_size

    def chat(
        self, messages: str | Sequence[Message], *, system: str | None = None, **settings: Unpack[Settings]
    ) -> Reply:
        """Return the answer to a question, or to messages that end with the user's.

        Nothing is remembered from call to call; `conversation` does. What a prompt shares with the beginning
        of the last one is not computed again. `settings` are those of `kernelc.api.settings.Settings`.
        Raises: UsageError for settings out of range; while iterating ContextError, TemplateError,
        DeviceError.
        """
        turns = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
        if system is not None:
            turns = [{"role": "system", "content": system}, *turns]
        return Reply(self._begin(request_of(settings, messages=turns)))

    def conversation(self, *, system: str | None = None) -> Conversation:
        """Return a conversation, which remembers its turns."""
        return Conversation(self, system)

    def generate(self, prompt: str | Sequence[int], **settings: Unpack[Settings]) -> Reply:
        """Return what follows a prompt: a text, after BOS where the model wants it, or token ids as they are.

        It is greedy unless `settings` say otherwise. Raises: as `chat`.
        """
        what = {"prompt": prompt} if isinstance(prompt, str) else {"prompt_ids": list(prompt)}
        return Reply(self._begin(request_of(settings, own=SamplingParams(), **what)))

    def logits(self, text: str | Sequence[int], *, one_by_one: bool = False) -> F32:
        """Return the scores of the next token at every position. Shape: f32 [tokens, vocab_size].

        `text` is read as `generate` reads it. `one_by_one` runs the kernels of decoding, which round
        activations where the model was built so. The model must have been opened with `logits`. Raises:
        UsageError, ContextError, DeviceError.
        """
        if "score" not in self._roles:
            raise UsageError("the model was opened without logits", help="kernelc.open(..., logits=True)")
        ids = self.encode(text, prompt=True) if isinstance(text, str) else list(text)
        self._end()
        self.session.engine.truncate(0)
        return self.session.engine.score(ids, one_by_one=one_by_one)

    def embed(self, texts: str | Sequence[str]) -> F32:
        """Return the mean of the final hidden states of a text, scaled to length 1, or those of several.

        Shapes: f32 [hidden], or f32 [texts, hidden]. The model must have been opened with `embeddings`.
        Raises: UsageError, ContextError where a text does not fit, DeviceError.
        """
        if "embed" not in self._roles:
            raise UsageError(
                "the model was opened without `embeddings`", help="kernelc.open(..., embeddings=True)"
            )
        self._end()
        embedder = self.session.embedder()
        if isinstance(texts, str):
            return embedder.embed(texts).vector
        found = [embedder.embed(text).vector for text in texts]
        return np.stack(found) if found else np.zeros((0, 0), np.float32)

    def encode(self, text: str, *, prompt: bool = False) -> list[int]:
        """Return the token ids of a text; as a `prompt` after BOS, where the model wants it."""
        ids = self.session.tokenizer.encode(text)
        return with_prefix(self.session.tokenizer, ids) if prompt else ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids that go on from other text."""
        return text_of(self.session.tokenizer, ids)

    def _begin(self, request: CompletionRequest) -> Completion:
        self._end()
        self._current = self._completer.stream(request)
        return self._current

    def _end(self) -> None:
        """End the answer before, which may not have come to its end."""
        current, self._current = self._current, None
        if current is not None:
            current.close()


class Conversation:
    """Turns with a model. `messages` are all of them, also those that the next question is asked after."""

    def __init__(self, model: Model, system: str | None) -> None:
        """`Model.conversation` makes one."""
        self.model = model
        self.messages: list[dict[str, str]] = []
        if system is not None:
            self.messages.append({"role": "system", "content": system})

    def say(self, text: str, **settings: Unpack[Settings]) -> Reply:
        """Return the answer to one more turn; both become part of the conversation when it ends.

        Raises: as `Model.chat`.
        """
        question = {"role": "user", "content": text}
        request = request_of(settings, messages=[*self.messages, question])

        def ended(answer: str) -> None:
            self.messages += [question, {"role": "assistant", "content": answer}]

        return Reply(self.model._begin(request), ended)  # pyright: ignore[reportPrivateUsage]  (of this module)


def open(
    model: str | Path | None = None,
    *,
    device: str = "auto",
    quant: str | None = None,
    context: int | None = None,
    logits: bool = False,
    embeddings: bool = False,
    progress: Progress | None = None,
) -> Model:
    """Open a model on a device.

    `model` is what `kernelc chat` takes: an artifact, a model's folder or .gguf file, a name such as
    "smollm2", org/name on the hub, or None for the demo model. A model is built for the device at first, and
    kept. `device`: "auto", "cuda", "vulkan", "wgpu", "opencl", "cpu" or "numpy". `quant` (q4, q4a, q8, f16,
    f32, keep) and `context` (in tokens) are of models that are built; of an artifact `context` is what is
    loaded of it. `logits` and `embeddings` load what the methods of these names need. `progress` is called
    with what is being done, how much of it is done, and how much there is.

    Raises: UsageError for what cannot be, ConfigError, CheckpointError, TokenizerError and ArtifactError for
    files that are unusable, DeviceError, ContextError.
    """
    folder = artifact_folder(
        model, device=device, quant=quant, context=context, embeddings=embeddings, progress=progress
    )
    artifact = Artifact.open(folder)
    roles = (*(EMBED_ROLES if embeddings else GENERATE_ROLES), *(("score",) if logits else ()))
    if embeddings and all(each.role != "embed" for each in artifact.manifest.programs.values()):
        raise UsageError(
            "the artifact has no program for embeddings", where=str(folder), help="build it with `embeddings`"
        )
    session = Session.open(artifact, device=device, context=context, roles=roles, progress=progress)
    return Model(session, roles)
