"""Opens an artifact to run it: the engine on a device, the tokenizer, the chat template and the stop
tokens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kernelc.artifact import Artifact
from kernelc.commands.progress import progress_bar
from kernelc.errors import UsageError
from kernelc.kernels.registry import references
from model.text.chat_template import PLAIN_TEMPLATE, ChatTemplate
from model.text.detokenize import StreamDecoder, decode
from model.text.tokenizer import Tokenizer, load_tokenizer
from runtime.engine.engine import GENERATE_ROLES, Engine


def open_engine(
    artifact: Artifact, device: str, context: int | None = None, *, roles: Sequence[str] = GENERATE_ROLES
) -> Engine:
    """Load an artifact on a device, with a progress bar. Raises: ArtifactError, DeviceError, ContextError."""
    with progress_bar(f"loading {artifact.manifest.name}") as report:
        engine = Engine.open(
            artifact,
            device=device,
            context=context,
            roles=roles,
            references=references(),
            progress=report,
            explain=tell,
        )
        try:
            engine.warm_up()
        except BaseException:
            engine.close()
            raise
        return engine


def tell(line: str) -> None:
    """Say on a terminal's stderr, beside the results, which device `auto` took."""
    if not sys.stderr.isatty():
        return
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    shown = "".join(char for char in line if char.isprintable())
    print(shown if plain else f"\x1b[2m{shown}\x1b[0m", file=sys.stderr, flush=True)


def open_tokenizer(artifact: Artifact) -> Tokenizer:
    """Load the artifact's tokenizer, its files' hashes checked. Raises: UsageError where there is none."""
    info = artifact.manifest.tokenizer
    if info is None:
        help_ = "random weights have none; generate takes --prompt-ids"
        raise UsageError("the artifact has no tokenizer", where=str(artifact.folder), help=help_)
    for name in info.files:
        artifact.read(name)
    return load_tokenizer(artifact.folder, vocab_size=artifact.manifest.model.vocab_size)


def open_template(artifact: Artifact, tokenizer: Tokenizer) -> ChatTemplate:
    """Load the artifact's chat template; without one, messages are joined for the model to go on from."""
    info = artifact.manifest.chat_template
    source = PLAIN_TEMPLATE if info is None else artifact.text(info.file)
    bos = (info.bos_token if info else None) or _token(tokenizer, tokenizer.bos_id)
    eos = (info.eos_token if info else None) or _token(tokenizer, tokenizer.eos_id)
    return ChatTemplate(
        source, bos, eos, where=str(artifact.folder / (info.file if info else "manifest.json"))
    )


def _token(tokenizer: Tokenizer, token_id: int | None) -> str | None:
    return None if token_id is None else tokenizer.token(token_id)


def stop_ids(artifact: Artifact) -> frozenset[int]:
    """Return the ids that end an answer: the model's ends, and BOS, which only ever starts another text."""
    model = artifact.manifest.model
    starts = () if model.bos_token_id is None else (model.bos_token_id,)
    return frozenset((*model.eos_token_ids, *starts))


def with_bos(tokenizer: Tokenizer, ids: Sequence[int], *, always: bool = False) -> list[int]:
    """Return `ids` behind BOS, where the model's prompts start with it, or `always` where it has one."""
    if tokenizer.bos_id is None or not (always or tokenizer.adds_bos):
        return list(ids)
    return [tokenizer.bos_id, *ids]


def text_of(tokenizer: Tokenizer, ids: Iterable[int]) -> str:
    """Return the text of ids that go on from other text."""
    return decode(tokenizer, ids, continued=True)


class Coder:
    """A tokenizer as a conversation wants it: see `runtime.chat.prompt.TextCoder`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """The model's markup, by its text."""
        return self._tokenizer.special_tokens

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS."""
        return self._tokenizer.encode(text, parse_special=parse_special)

    def stream_decoder(self, *, continued: bool) -> StreamDecoder:
        """Return a decoder of an answer."""
        return StreamDecoder(self._tokenizer, continued=continued)


def facts_of(engine: Engine, artifact: Artifact, folder: Path) -> dict[str, str]:
    """Return what a person wants to know of what is running."""
    manifest, info = artifact.manifest, engine.executor.info
    return {
        "model": f"{manifest.name} ({manifest.quant}), {folder}",
        "device": f"{info.kind}: {info.name} ({info.driver})",
        "memory": f"{engine.executor.allocated_bytes / 1e6:.1f} MB on the device",
    }
