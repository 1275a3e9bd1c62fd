"""What a site says of a model: what its own files say, and nothing where they say nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact.files import Tensor, Weights
from kernelc.commands.static_site.model_card import (
    ModelCard,
    card_at,
    card_of,
    parameters_of,
    readable_name,
)
from kernelc.errors import UsageError
from model.hub.locate import Located
from tests.model.gguf.writer import Gguf, stored

DEMO = Path(__file__).resolve().parents[2] / "model" / "demo"
README = """---
license: other
license_name: my-license
language:
- en
- fr
- not a code
tags:
- chat
model_name: 'My Model'
---
<p align="center"><img src="x.png"></p>

# My Model

> A note.

![picture](x.png)

```python
This is no sentence of the card but code.
```

**My Model** is a [small](https://a.test) chat model. It is described in more sentences.
"""


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_demo_is_a_toy() -> None:
    card = card_of(Located(DEMO))
    assert (card.title, card.license, card.languages, card.toy) == ("Kit", "apache-2.0", ("en",), True)
    assert card.about is not None and card.about.startswith("A toy of 5 MB")
    assert json.loads(json.dumps(card.to_json()))["toy"] is True


def test_a_card_from_the_hub(tmp_path: Path) -> None:
    card = card_at(folder(tmp_path, README))
    assert card == ModelCard(
        title="My Model",
        about="My Model is a small chat model.",
        license="my-license",
        languages=("en", "fr"),
    )
    assert card_at(tmp_path / "README.md") == card
    assert "toy" not in card.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\nlicense:\n---\n",
        "---\nlanguage: {a: b}\nlicense: [\n---\n# Only a title",
        "\x00\x01",
        "- a list\n- of things",
    ],
)
def test_a_card_without_anything_says_nothing(tmp_path: Path, text: str) -> None:
    assert card_at(folder(tmp_path, text)).to_json() == {}


def test_lists_in_one_line_and_long_sentences(tmp_path: Path) -> None:
    text = f"---\nlanguage: [de, 'it']\nlicense: \"mit\"\n---\n{'Word ' * 200}end."
    card = card_at(folder(tmp_path, text))
    assert (card.languages, card.license) == (("de", "it"), "mit")
    assert card.about is not None and len(card.about) <= 301


def test_what_cannot_be_read_says_nothing_unless_it_was_named(tmp_path: Path) -> None:
    assert card_of(Located(tmp_path)) == ModelCard()
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    assert card_of(Located(tmp_path / "broken.gguf")) == ModelCard()
    for missing in (tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(UsageError, match="no card of a model"):
            card_at(missing)


def test_the_metadata_of_a_gguf_file(tmp_path: Path) -> None:
    said: dict[str, object] = {
        "general.name": "SmolLM2  135M Instruct",
        "general.license": "apache-2.0",
        "general.languages": ["en"],
        "general.description": "a small model\nthat chats",
    }
    values = {"x": stored(np.zeros((1, 32), np.float32))}
    card = card_at(Gguf(said, values).write(tmp_path / "a.gguf"))
    assert card == ModelCard("SmolLM2 135M Instruct", "A small model that chats.", "apache-2.0", ("en",))
    assert card_of(Located(Gguf({}, values).write(tmp_path / "b.gguf"))) == ModelCard()


def test_a_known_model_says_what_it_is(tmp_path: Path) -> None:
    card = card_of(Located(folder(tmp_path, README), "smollm2"))
    assert card.title == "My Model"
    assert card.about == "A small chat model for short questions, explanations and rewriting."


def test_parameters_are_those_of_all_tensors() -> None:
    tensors = {
        "a.quants": Tensor(8, (), "q4.quants", (2, 3)), "a.scales": Tensor(8, (), "q4.scales", (2, 3)),
        "b": Tensor(8, (), "f32", (5,)),
    }  # fmt: skip
    assert parameters_of(Weights((), tensors)) == 11


def test_a_gguf_is_called_as_its_file_where_both_begin_alike(tmp_path: Path) -> None:
    said: dict[str, object] = {"general.name": "Smollm2 135M 8k Lc100K Mix1 Ep2"}
    array = stored(np.zeros((1, 32), np.float32))
    for file, title in (
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2 135M Instruct"),
        ("model.gguf", "Smollm2 135M 8k Lc100K Mix1 Ep2"),
    ):
        assert card_of(Located(Gguf(said, {"x": array}).write(tmp_path / file))).title == title


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("smollm2-135m_instruct.Q4_1", "smollm2 135m instruct"),
        ("hf32", "hf32"),
        ("gemma-3-270m-q4_k_m", "gemma 3 270m"),
        ("-", "-"),
    ],
)
def test_names_of_files_become_readable(name: str, shown: str) -> None:
    assert readable_name(name) == shown
