"""What a site says of a model: a name for people, a sentence, its size, its licence, its languages.

All of it is what the model's own files say: the card of a folder from Hugging Face (README.md begins with a
few lines of YAML), or the metadata of a GGUF file. What nobody says is left out, and never guessed.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.errors import KernelcError, UsageError

if TYPE_CHECKING:
    from kernelc.artifact.files import Weights
    from model.hub.locate import Located

MAX_SENTENCE = 300
MAX_LANGUAGES = 40
_README_BYTES = 1 << 20  # more is not read
_GGUF_KEYS = {"title": "general.name", "license": "general.license", "about": "general.description"}


@dataclass(frozen=True)
class ModelCard:
    """What a model says of itself; None and () stand for nothing.

    `languages` are codes of ISO 639, `license` a name as Hugging Face spells it, `toy` is for a model that is
    there to try the page with.
    """

    title: str | None = None
    about: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    toy: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the fields for models.json, without what nobody said and without the title."""
        fields: dict[str, object] = {"about": self.about, "license": self.license}
        fields |= {"languages": list(self.languages) or None, "toy": self.toy or None}
        return {name: value for name, value in fields.items() if value is not None}


NOTHING = ModelCard()
"""The card of a model of which nothing is known."""


def card_of(model: Located) -> ModelCard:
    """Return the card of a model on this machine. A card that cannot be read is an empty one."""
    from model.hub.names import KNOWN

    card = _read(model.path)
    known = KNOWN.get(model.name or "")
    if known is None:
        return card
    title = card.title or known.repository.rpartition("/")[2]
    return replace(card, title=title, about=_sentence(known.about))


def card_at(path: Path) -> ModelCard:
    """Return the card in a model folder, README.md or .gguf file that somebody named.

    Raises: UsageError where there is none.
    """
    if (path / "README.md" if path.is_dir() else path).is_file():
        return _read(path)
    help_ = "name a model folder with a README.md, a README.md, a .gguf file, or - for none"
    raise UsageError("there is no card of a model", where=str(path), help=help_)


def parameters_of(weights: Weights) -> int:
    """Return how many numbers the model's tensors have, what stands beside groups of them (scales) left out.
    A matrix that is stored twice counts twice.
    """
    tensors = weights.tensors.values()
    return sum(math.prod(each.shape) for each in tensors if not each.encoding.endswith(".scales"))


def readable_name(name: str) -> str:
    """Return the name of a file or folder as a title: "smollm2-135m.Q4_1" as "smollm2 135m"."""
    plain = re.sub(r"[.-](?:i?q\d\w*|f16|f32|bf16)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[-_\s]+", " ", plain).strip() or name


def _read(path: Path) -> ModelCard:
    if path.suffix == ".gguf":
        return _of_gguf(path)
    return _of_readme(path if path.is_file() else path / "README.md")


def _of_readme(path: Path) -> ModelCard:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_README_BYTES)
    except OSError:
        return ModelCard()
    head, body = _split(text)
    fields = _front_matter(head)
    return ModelCard(
        title=_line(fields.get("title") or fields.get("model_name")),
        about=_sentence(_text(fields.get("summary"))) or _first_sentence(body),
        license=_license(fields),
        languages=_codes(fields.get("language")),
        toy=fields.get("toy") == "true",
    )


def _gguf_title(written: str | None, file: str) -> str | None:
    """Return what a GGUF file calls its model, or the file's name where both begin with the same word.

    What is written in it is often the name of a training run: "Smollm2 135M 8k Lc100K Mix1 Ep2".
    """
    first = written.lower().split(" ")[0] if written else None
    return file if first == file.lower().split(" ")[0] else written


def _of_gguf(path: Path) -> ModelCard:
    from model.gguf.container import Container
    from model.gguf.metadata import Metadata

    try:
        container = Container.open(path)
        with contextlib.closing(container):
            metadata = Metadata(container.metadata, str(path))
            found = {ours: metadata.fields.text(key, "") for ours, key in _GGUF_KEYS.items()}
            key = "general.languages"
            languages = metadata.strings(key, MAX_LANGUAGES) if metadata.has(key) else []
    except (KernelcError, OSError):
        return ModelCard()
    return ModelCard(
        title=_gguf_title(_line(found["title"]), readable_name(path.stem)),
        about=_sentence(found["about"]),
        license=_line(found["license"]),
        languages=_codes(languages),
    )


def _split(text: str) -> tuple[list[str], list[str]]:
    """Return the lines of the front matter and those of the text."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        return [], lines
    ends = (at for at, line in enumerate(lines[1:], 1) if line.strip() == "---")
    end = next(ends, 0)
    return lines[1:end], lines[end + 1 :]


def _front_matter(lines: list[str]) -> Mapping[str, str | list[str]]:
    """Return a card's plain entries `key: value`, `key: [a, b]` and lists; what is nested is left out."""
    fields: dict[str, str | list[str]] = {}
    key = ""
    for line in lines:
        entry = re.match(r"([A-Za-z_]\w*):\s*(.*)$", line)
        item = re.match(r"\s*-\s+([^:]+)$", line)
        if entry:
            key, value = entry[1], entry[2].strip()
            listed = re.fullmatch(r"\[(.*)\]", value)
            fields[key] = [_bare(each) for each in listed[1].split(",")] if listed else _bare(value)
        elif item and key and not (isinstance(fields[key], str) and fields[key]):
            fields[key] = [*_items(fields[key]), _bare(item[1])]
    return fields


def _bare(value: str) -> str:
    return value.strip().strip("\"'")


def _items(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _text(value: str | list[str] | None) -> str:
    return value if isinstance(value, str) else ""


def _license(fields: Mapping[str, str | list[str]]) -> str | None:
    """Return the licence; where it is "other", the name that the card gives it."""
    name = _line(fields.get("license"))
    if name == "other":
        name = _line(fields.get("license_name")) or name
    return name if name and re.fullmatch(r"[A-Za-z0-9][\w .+()-]*", name) else None


def _codes(value: str | list[str] | None) -> tuple[str, ...]:
    return tuple(each for each in _items(value) if re.fullmatch(r"[a-z]{2,3}", each))[:MAX_LANGUAGES]


def _line(value: str | list[str] | None) -> str | None:
    text = " ".join(_text(value).split())
    return text[:100] if text and text.isprintable() else None


def _first_sentence(lines: list[str]) -> str | None:
    """Return the first sentence of the first paragraph that is prose."""
    for paragraph in _paragraphs(lines):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]", lambda found: found[1] or "", paragraph)
        if re.match(r"[A-Z]", plain) and len(plain.split()) >= 6:
            return _sentence(plain)
    return None


def _paragraphs(lines: list[str]) -> Iterator[str]:
    fenced, found = False, list[str]()
    for line in [*lines, ""]:
        fenced ^= line.lstrip().startswith("```")
        if line.strip() and not fenced and not re.match(r"\s*(?:[#<>|!`]|[-*+] |\d+\. |\[!)", line):
            found.append(line.strip())
        elif found:
            yield " ".join(found)
            found = []


def _sentence(text: str) -> str | None:
    """Return the first sentence of a text, with a capital letter and a full stop; None for none."""
    plain = " ".join(text.split())
    end = re.search(r"[.!?](?=\s+[A-Z])|[.!?]$", plain)
    sentence = (plain[: end.end()] if end else plain)[:MAX_SENTENCE].strip()
    if not sentence or not sentence.isprintable():
        return None
    return sentence[0].upper() + sentence[1:] + ("" if sentence[-1] in ".!?" else ".")
