"""The rows of a site's system prompt: computed here, shipped with the artifact, put back by the page.

The page computes the same names of blocks (`runtime/prefixes/names.py`), so that it knows what it may put
back under which prompt, and fetches a block like any file of the artifact, by its sha256.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from kernelc.artifact import Artifact
from kernelc.errors import TemplateError, UsageError
from kernelc.session import Coder, Session
from runtime.chat.prompt import PromptEncoder
from runtime.prefixes.file_format import encoded
from runtime.prefixes.names import BLOCK, names_of
from runtime.prefixes.settings import PrefixSettings
from runtime.prefixes.store import MemoryStore

LIST = "warm.json"
FOLDER = "warm"
VERSION = 1
MOST_CHARACTERS = 20_000  # the page's limit of a system prompt, counted as JavaScript does in UTF-16 units
_QUESTIONS = ("Hello", "12")  # what they begin with alike is there whatever is asked
_MOST_BYTES = 1 << 40  # of the store: what there is is bounded by the context


@dataclass(frozen=True)
class Warm:
    """A system prompt, its list of blocks and all files by their names within the artifact's folder."""

    system: str
    files: dict[str, bytes]

    @property
    def bytes(self) -> int:
        """What a browser downloads for it."""
        return sum(map(len, self.files.values()))

    def to_json(self) -> dict[str, object]:
        """What models.json says of it."""
        listed = self.files[LIST]
        sha256 = hashlib.sha256(listed).hexdigest()
        return {"system": self.system, "warm": {"file": LIST, "bytes": len(listed), "sha256": sha256}}


def check_text(system: str) -> None:
    """Raises: UsageError for a system prompt that the page would not take."""
    if not system.strip():
        raise UsageError("got a blank text, wanted a system prompt", where="--warm")
    units = len(system.encode("utf-16-le", "surrogatepass")) // 2
    if units > MOST_CHARACTERS:
        raise UsageError(f"got {units} characters, the page takes {MOST_CHARACTERS}", where="--warm")


def warmed(artifact: Artifact, system: str) -> Warm:
    """Compute the rows of a system prompt, on the processor, up to its last whole block.

    Raises: UsageError where there is none, or more than the context holds; as `Session.open`.
    """
    build, store = artifact.build, MemoryStore(_MOST_BYTES)
    assert build is not None  # it was opened from its file
    with Session.open(artifact, device="cpu", prefixes=PrefixSettings(store=store)) as session:
        ids = _common_ids(session, system)
        whole = ids[: len(ids) // BLOCK * BLOCK]
        if not whole:
            raise UsageError(
                f"prompts of {artifact.manifest.name} begin with {len(ids)} tokens of it, fewer than a block"
                f" of {BLOCK}",
                where="--warm",
                help="leave it out: so few tokens are computed at once",
            )
        if len(whole) > session.engine.context:
            raise UsageError(
                f"it is {len(ids)} tokens, {artifact.manifest.name} holds {session.engine.context}",
                where="--warm",
                help="shorten it",
            )
        session.engine.feed(whole)
        session.engine.remember()
    files: dict[str, bytes] = {}
    blocks: list[dict[str, str]] = []
    for name in names_of(build, whole):
        block = store.get(name)
        if block is None:
            raise UsageError(
                "its KV cache is laid out in a way that cannot be kept", where=str(artifact.folder)
            )
        file = f"{FOLDER}/{name}.kv"
        files[file] = b"".join(encoded(name, block))
        blocks.append({"name": name, "file": file, "sha256": hashlib.sha256(files[file]).hexdigest()})
    listed = {"version": VERSION, "build": build, "block": BLOCK, "blocks": blocks}
    return Warm(system, {LIST: (json.dumps(listed, indent=1) + "\n").encode(), **files})


def _common_ids(session: Session, system: str) -> list[int]:
    """Return the ids that every prompt with this system prompt begins with."""
    prompts: list[list[int]] = []
    for question in _QUESTIONS:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        encoder = PromptEncoder(Coder(session.tokenizer), session.template)
        try:
            prompts.append(encoder.encode(messages)[1])
        except TemplateError as error:
            message = f"the chat template takes no system prompt: {error.message}"
            raise UsageError(message, where="--warm", help="leave it out for this model") from error
    same = next((at for at, (a, b) in enumerate(zip(*prompts, strict=False)) if a != b), None)
    return prompts[0][:same] if same is not None else min(prompts, key=len)
