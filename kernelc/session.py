"""A model opened for use: an artifact on a device, with its tokenizer and its chat template.

    with Session.open("dist/stories260K-q4-wgsl", device="auto") as session:
        print(session.completer().complete(CompletionRequest(prompt="Once upon a time")).text)

This is the one place that joins the runtime, which knows token ids alone, with the model's text and with the
kernels' numpy references. It prints nothing; the caller may follow its progress.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kernelc.artifact import Artifact
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.switches import Without, asked
from model.text.bounded_tokenizer import BoundedTokenizer
from model.text.chat_template import PLAIN_TEMPLATE, ChatTemplate
from model.text.detokenize import LeadingSpace, StreamDecoder, decode
from model.text.markup import written_markup
from model.text.special_tokens import TokenizerSettings
from model.text.tokenizer import Tokenizer
from runtime.chat.answer import Sequencer
from runtime.chat.completion import Completer
from runtime.chat.conversation import ContextPolicy, Conversation
from runtime.chat.embedding import Embedder
from runtime.device.executor import Progress
from runtime.devices import Explain
from runtime.engine.engine import GENERATE_ROLES, Engine
from runtime.engine.sampling import SamplingParams
from runtime.grammar.vocabulary import Vocabulary
from runtime.prefixes.settings import PrefixSettings

TEMPERATURE, TOP_P = 0.8, 0.95
"""How answers are sampled where the artifact says nothing of it."""


class Coder:
    """A tokenizer as the chat in the runtime wants it: see `runtime.chat.prompt.TextCoder`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """The model's special tokens, by their text."""
        return self._tokenizer.special_tokens

    @property
    def markup(self) -> Mapping[str, int]:
        """All that is never read out of a user's text, by its text."""
        return self._tokenizer.markup

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS."""
        return self._tokenizer.encode(text, parse_special=parse_special)

    def stream_decoder(self, *, continued: bool) -> StreamDecoder:
        """Return a decoder of an answer."""
        return StreamDecoder(self._tokenizer, continued=continued)

    def vocabulary(self, size: int) -> Vocabulary:
        """Return the bytes of the tokens below `size`, for grammars; markup has none."""
        tokenizer = self._tokenizer
        pieces = [tokenizer.piece(token) for token in range(size)]
        drops = tokenizer.leading_space is not LeadingSpace.KEEP
        return Vocabulary(
            [piece.data for piece in pieces],
            excluded={*tokenizer.special_tokens.values(), *tokenizer.markup.values()},
            droppable=[
                token
                for token, piece in enumerate(pieces)
                if drops and piece.droppable and piece.data.startswith(b" ")
            ],
        )


@dataclass(frozen=True)
class Session:
    """An open model. One answer at a time: there is one cache."""

    artifact: Artifact
    engine: Engine
    tokenizer: Tokenizer
    template: ChatTemplate

    @classmethod
    def open(
        cls,
        artifact: Artifact | Path | str,
        *,
        device: str = "auto",
        context: int | None = None,
        roles: Sequence[str] = GENERATE_ROLES,
        progress: Progress | None = None,
        explain: Explain | None = None,
        prefixes: PrefixSettings | None = None,
    ) -> Session:
        """Open an artifact on a device, ready to answer; the parameters are those of `Engine.open`.

        Raises: UsageError for an artifact without a tokenizer; TokenizerError, TemplateError, ArtifactError,
        DeviceError, ContextError.
        """
        opened = artifact if isinstance(artifact, Artifact) else Artifact.open(Path(artifact))
        tokenizer = open_tokenizer(opened)
        template = open_template(opened, tokenizer)
        engine = open_engine(
            opened,
            device=device,
            context=context,
            roles=roles,
            progress=progress,
            explain=explain,
            prefixes=prefixes,
        )
        return cls(opened, engine, tokenizer, template)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self.engine.close()

    def conversation(
        self, *, system: str | None = None, policy: ContextPolicy = "stop", stop: Sequence[str] = ()
    ) -> Conversation:
        """Return a conversation with the model.

        `policy` says what happens when the context is full; the texts `stop` end answers. Raises: UsageError.
        """
        return Conversation(
            self.engine,
            Coder(self.tokenizer),
            self.template,
            stop_ids=stop_ids(self.artifact),
            system=system,
            policy=policy,
            stop=stop,
        )

    def completer(self) -> Completer:
        """Return what answers stateless requests."""
        return completer_on(self.engine, self.artifact, self.tokenizer, self.template)

    def embedder(self) -> Embedder:
        """Return what makes embeddings; the session must have the roles `EMBED_ROLES`."""
        return Embedder(
            self.engine.embed,
            self.tokenizer.encode,
            prefix=self.tokenizer.prompt_prefix,
            context=self.engine.context,
        )

    @property
    def sampling(self) -> SamplingParams:
        """How answers in a conversation are sampled unless somebody says otherwise."""
        return sampling_defaults(self.artifact)


# ---- parts of a session, for those that need no more ----


def completer_on(
    sequencer: Sequencer, artifact: Artifact, tokenizer: Tokenizer, template: ChatTemplate
) -> Completer:
    """Return what answers stateless requests on a sequence.

    A request that says nothing of sampling gets what the model's authors want, else what OpenAI's API does,
    as in the page: temperature 1 and no filter.
    """
    return Completer(
        sequencer,
        Coder(tokenizer),
        template,
        stop_ids=stop_ids(artifact),
        prefix=tokenizer.prompt_prefix,
        sampling=sampling_of_model(artifact) or SamplingParams(temperature=1.0),
    )


def open_engine(
    artifact: Artifact,
    *,
    device: str = "auto",
    context: int | None = None,
    roles: Sequence[str] = GENERATE_ROLES,
    progress: Progress | None = None,
    explain: Explain | None = None,
    without: Without | None = None,
    prefixes: PrefixSettings | None = None,
) -> Engine:
    """Load an artifact on a device and run each program once (see `Engine.open` and `Engine.warm_up`).

    `without` names optimisations that are left out, as far as a runtime makes them; None stands for what the
    environment says (see `kernelc.switches`).
    Raises: ArtifactError, DeviceError, ContextError, UsageError.
    """
    left_out = asked(None) if without is None else without
    engine = Engine.open(
        artifact,
        device=device,
        context=context,
        roles=roles,
        references=references(),
        library=Library(without=left_out),
        progress=progress,
        explain=explain,
        without=left_out,
        prefixes=prefixes,
    )
    try:
        engine.warm_up()
    except BaseException:
        engine.close()
        raise
    return engine


def open_tokenizer(artifact: Artifact) -> Tokenizer:
    """Load the artifact's tokenizer, its files' hashes checked. Raises: UsageError where there is none."""
    info = artifact.manifest.tokenizer
    if info is None:
        help_ = "random weights have none; generate from `prompt_ids` instead"
        raise UsageError("the artifact has no tokenizer", where=str(artifact.folder), help=help_)
    for name in info.files:
        artifact.read(name)
    tokenizer = BoundedTokenizer(artifact.folder, vocab_size=artifact.manifest.model.vocab_size)
    tokenizer.protect(written_markup(tokenizer, open_template(artifact, tokenizer)))
    return tokenizer


def open_template(artifact: Artifact, tokenizer: Tokenizer) -> ChatTemplate:
    """Load the artifact's chat template; without one, messages are joined for the model to go on from."""
    info = artifact.manifest.chat_template
    source = PLAIN_TEMPLATE if info is None else artifact.text(info.file)
    bos = (info.bos_token if info else None) or _token(tokenizer, tokenizer.bos_id)
    eos = (info.eos_token if info else None) or _token(tokenizer, tokenizer.eos_id)
    tokens = TokenizerSettings.load(artifact.folder).template_tokens
    where = str(artifact.folder / (info.file if info else "manifest.json"))
    return ChatTemplate(source, bos, eos, variables=tokens, where=where)


def _token(tokenizer: Tokenizer, token_id: int | None) -> str | None:
    return None if token_id is None else tokenizer.token(token_id)


def stop_ids(artifact: Artifact) -> frozenset[int]:
    """Return the ids that end an answer: the model's ends, and BOS, which only ever starts another text."""
    model = artifact.manifest.model
    starts = () if model.bos_token_id is None else (model.bos_token_id,)
    return frozenset((*model.eos_token_ids, *starts))


def with_prefix(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """Return `ids` after what the model's plain prompts start with: BOS for most models."""
    return [*tokenizer.prompt_prefix, *ids]


def sampling_defaults(artifact: Artifact) -> SamplingParams:
    """Return how the model's authors want answers sampled, or what suits most chat models."""
    return sampling_of_model(artifact) or SamplingParams(temperature=TEMPERATURE, top_p=TOP_P)


def sampling_of_model(artifact: Artifact) -> SamplingParams | None:
    """Return how the model's authors want answers sampled; None where they say nothing."""
    own = artifact.manifest.generation
    if own is None:
        return None
    return SamplingParams(own.temperature, own.top_k, own.top_p, own.min_p, own.repetition_penalty)


def text_of(tokenizer: Tokenizer, ids: Iterable[int]) -> str:
    """Return the text of ids that go on from other text."""
    return decode(tokenizer, ids, continued=True)
