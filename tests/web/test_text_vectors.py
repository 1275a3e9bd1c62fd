"""Tokenizers, templates and prompts in the page give what the Python runtime gives.

The committed vectors of the demo model are what Python gives now; random ones of every kind of tokenizer,
made here, are compared by the page's own code in node (web/tests/unit/text_vectors.test.ts).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.text.chat_template import ChatTemplate
from tests.model.test_chat_template import compact
from tests.web.text_models import write_json, write_sentencepiece
from tests.web.text_vectors import REPO, demo_vectors, prompt_set, tokenizer_vectors

WEB = REPO / "web"
COMMITTED = WEB / "tests" / "vectors" / "demo_text.json"
COUNT = (
    10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 200
)  # random texts for each tokenizer
FOLDERS = {
    "tokenizers/llama2": ("tokenizer.model", "tokenizer.json"),
    "tokenizers/llama3": ("tokenizer.json",),
    "models/stories260K": ("tokenizer.model", "tokenizer.json"),
    "models/babyllama105": ("tokenizer.model", "tokenizer.json"),
}
TEMPLATES = {
    "llama-2-chat": "llama2",
    "chatml": "llama2",
    "zephyr": "llama2",
    "vicuna": "llama2",
    "mistral-instruct": "llama2",
    "llama-3-instruct": "llama3",
    "meta-llama-Llama-3.1-8B-Instruct": "llama3",
}


def test_the_committed_vectors_are_what_python_gives(update_golden: bool) -> None:
    text = json.dumps(demo_vectors()) + "\n"
    if update_golden:
        COMMITTED.write_text(text)
    assert COMMITTED.read_text() == text, "python -m tests.web.text_vectors web/tests/vectors/demo_text.json"


@pytest.fixture
def node() -> str:
    """The program that runs the page's code."""
    found = shutil.which("node")
    if found is None or not (WEB / "node_modules" / "vitest").is_dir():
        pytest.skip("node or web/node_modules is missing: `make setup` installs both")
    return found


def test_the_page_gives_the_same_for_made_tokenizers(node: str, tmp_path: Path) -> None:
    folders = [*write_sentencepiece(tmp_path), *write_json(tmp_path)]
    vectors = [tokenizer_vectors(folder, COUNT, seed) for seed, folder in enumerate(folders)]
    compare(node, tmp_path, {"tokenizers": vectors, "prompts": []})


def test_the_page_gives_the_same_for_real_models(node: str, shared_data: Path, tmp_path: Path) -> None:
    folders = list(real_folders(shared_data, tmp_path))
    vectors = [tokenizer_vectors(folder, COUNT, 100 + seed) for seed, folder in enumerate(folders)]
    prompts = [
        prompt_set(shared_data / "tokenizers" / kind, open_template(shared_data, name), 18, seed)
        for seed, (name, kind) in enumerate(TEMPLATES.items())
    ]
    compare(node, tmp_path, {"tokenizers": vectors, "prompts": prompts})


def real_folders(shared_data: Path, tmp_path: Path) -> Iterator[Path]:
    """Yield a folder for each file of a real tokenizer, with its settings."""
    for source, files in FOLDERS.items():
        for file in files:
            folder = tmp_path / f"{Path(source).name}-{file}"
            folder.mkdir()
            for name in (file, "tokenizer_config.json"):
                shutil.copyfile(shared_data / source / name, folder / name)
            yield folder


def open_template(shared_data: Path, name: str) -> ChatTemplate:
    """Return a template of the collection, as it is used."""
    folder = shared_data / "chat_templates"
    known = json.loads((folder / "rendered.json").read_text())["rendered"][f"{name}.jinja"]
    source = compact(f"{name}.jinja", (folder / f"{name}.jinja").read_text())
    return ChatTemplate(source, known["bos_token"], known["eos_token"])


def compare(node: str, folder: Path, vectors: dict[str, list[Any]]) -> None:
    """Run the page's comparison: three tests for each tokenizer, two for each set of prompts."""
    path, report = folder / "vectors.json", folder / "report.json"
    path.write_text(json.dumps(vectors))
    command = [node, "node_modules/vitest/vitest.mjs", "run", "tests/unit/text_vectors.test.ts"]
    reporters = ["--reporter=default", "--reporter=json", f"--outputFile.json={report}"]
    environment = {**os.environ, "KERNELC_TEXT_VECTORS": str(path), "NO_COLOR": "1"}
    done = subprocess.run(
        [*command, *reporters], cwd=WEB, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    ran = [
        test["fullName"]
        for file in json.loads(report.read_text())["testResults"]
        for test in file["assertionResults"]
        if test["status"] == "passed" and "vectors of random" in test["fullName"]
    ]
    assert len(ran) == 3 * len(vectors["tokenizers"]) + 2 * len(vectors["prompts"]), ran
