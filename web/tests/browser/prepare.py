"""Builds what the browser tests run on, and prints where it is as JSON: `Prepared` in setup.ts.

The tiny model (tiny_model.py) and the demo model are always there. Real models and their reference outputs
are no part of the repository: they are looked for as tests/conftest.py does, and `missing` names what was not
found. Artifacts with kernels for the processor (NAME-wasm) are there where a compiler for WebAssembly is.
Published models, which are downloads of 100 MB and more, are built for `npm run test:browser-data` where they
lie in $KERNELC_TEST_MODELS or in `real` beside the other data; what they say natively is noted. All are kept
under build/browser and built again when the compiler or a model changes.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
BUILD = REPO / "build" / "browser"
sys.path[:0] = [str(REPO), str(Path(__file__).parent)]
os.environ["XDG_CACHE_HOME"] = str(BUILD)

import numpy as np  # noqa: E402
import tiny_model  # noqa: E402
import tiny_reference  # noqa: E402
from explored import explorer_of  # noqa: E402

from benchmarks.browser.random_model import random_artifact  # noqa: E402
from kernelc.artifact import Artifact  # noqa: E402
from kernelc.cli import main  # noqa: E402
from kernelc.commands.build import add_compile_options  # noqa: E402
from kernelc.commands.kept import built  # noqa: E402
from kernelc.commands.static_site.page import EXPLORER, built_page, copy_page, files_in  # noqa: E402
from kernelc.compiler import CompileOptions  # noqa: E402
from kernelc.inputs import inputs_stamp  # noqa: E402
from kernelc.session import Session, open_engine, text_of  # noqa: E402
from model.hub.locate import Located  # noqa: E402
from runtime.chat.openai.requests import parse_chat, parse_text  # noqa: E402
from runtime.chat.openai.responses import (  # noqa: E402
    Head,
    chat_completion,
    prompt_texts,
    text_completion,
)
from runtime.engine.engine import EMBED_ROLES  # noqa: E402

TINY, DEMO = BUILD / "models" / "tiny", REPO / "model" / "demo"
REAL = {"stories260K": ("f32",), "babyllama105": ("f32",)}  # by name, how each is quantised
# By name, the file, and a prompt: "The meaning of life is", after BOS where the model wants it.
PUBLISHED = {
    "smollm2-135m": ("SmolLM2-135M-Instruct.Q4_1.gguf", (504, 2455, 282, 1029, 314)),
    "gemma-3-270m": ("gemma-3-270m-q4_k_m.gguf", (2, 818, 6590, 529, 1972, 563)),
}
LONG = "gemma-3-270m"  # takes minutes in a browser without a GPU: at night only
WARM = "Once upon a time there was a cat who had a hat and a bat. " * 6  # a system prompt
EMBEDDED = ([1, 403, 407], [1, *range(300, 380)])  # the latter takes more than one step
NEW_TOKENS = 4  # SwiftShader takes seconds for one
SITE = ("tiny-q4", "demo-q4")
COMPUTED = ("stories260K",)  # on the processor too
BOTH = "wgsl+wasm"
COMPILER = importlib.util.find_spec("ziglang") is not None or "KERNELC_WASM_CC" in os.environ
SHOWN = ("stories260K-f32", "babyllama105-f32", "demo-q4")  # in screenshots


def prepare() -> dict[str, object]:
    """Build every artifact whose model is there, the reference outputs, and the site."""
    data = Path(os.environ.get("KERNELC_TEST_DATA") or REPO.parent / "shared" / "data")
    references = {"tiny": tiny_reference.write(tiny_model.write(TINY), BUILD / "reference")}
    artifacts = {f"tiny-{quant}": artifact(TINY, quant) for quant in ("q4", "f32")}
    artifacts["demo-q4"] = artifact(DEMO, "q4")
    artifacts["tiny-embed"] = artifact(TINY, "f32", BOTH if COMPILER else "wgsl", embeddings=True)
    if COMPILER:
        artifacts |= {f"tiny-{quant}-wasm": artifact(TINY, quant, BOTH) for quant in ("q4", "f32")}
    missing: list[str] = []
    for name, quants in REAL.items():
        folder, reference = data / "models" / name, data / "reference" / f"{name}.json"
        missing += [str(path) for path in (folder, reference) if not path.exists()]
        if folder.is_dir() and reference.is_file():
            artifacts |= {f"{name}-{quant}": artifact(folder, quant) for quant in quants}
            if COMPILER and name in COMPUTED:
                artifacts[f"{name}-f32-wasm"] = artifact(folder, "f32", BOTH)
            references[name] = (str(reference), unpacked_logits(reference))
    published: dict[str, object] = {}
    if os.environ.get("KERNELC_REQUIRE_TEST_DATA") == "1":
        models = Path(os.environ.get("KERNELC_TEST_MODELS") or data.parent / "real")
        at_night = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
        for name, (file, prompt) in PUBLISHED.items():
            if (models / file).is_file() and (at_night or name != LONG):
                artifacts[name] = artifact(models / file, "keep")
                published[name] = {"prompt_ids": prompt, "ids": said(artifacts[name], prompt)}
        if at_night:
            artifacts["random-1b"] = random_model("llama-3.2-1b")
    shown = SHOWN if os.environ.get("KERNELC_SCREENSHOTS") == "1" else SITE
    cards = [str(DEMO) if name == "demo-q4" else "-" for name in shown if name in artifacts]
    site = site_of([artifacts[name] for name in shown if name in artifacts], cards=cards)
    computed = site_of([artifacts["tiny-q4-wasm"]], "site-wasm") if COMPILER else ""
    warm = site_of([artifacts["tiny-f32"]], "site-warm", more=["--warm", WARM])
    found: dict[str, object] = {"artifacts": artifacts, "references": references, "published": published}
    found["explored"] = explorer_of(artifacts["tiny-f32"], BUILD / "explored")
    found["explored_whole"] = whole_explorer()
    found["answered"] = answered(artifacts["tiny-f32"])
    found["embedded"] = embedded(artifacts["tiny-embed"])
    return {**found, "site": site, "computed": computed, "warm": warm, "missing": missing}


def artifact(folder: Path, quant: str, target: str = "wgsl", *, embeddings: bool = False) -> str:
    """Return the artifact of a model folder, building it where the one kept is out of date."""
    options = argparse.ArgumentParser()
    add_compile_options(options)
    args = options.parse_args(["--target", target, "--quant", quant])
    args.embeddings = embeddings
    return str(built(Located(folder), args))


def random_model(name: str) -> str:
    """Return an artifact of the shapes of a well-known model, with random weights."""
    out = BUILD / "models" / f"{name}-random"
    shutil.rmtree(out, ignore_errors=True)
    return str(random_artifact(name, CompileOptions("wgsl"), out))


def said(folder: str, prompt: tuple[int, ...]) -> list[int]:
    """Return the ids that follow a prompt at temperature 0, computed natively on the processor."""
    with open_engine(Artifact.open(folder), device="cpu") as engine:
        engine.feed(prompt)
        return [token.id for token in engine.generate(NEW_TOKENS)]


def embedded(folder: str) -> list[dict[str, object]]:
    """Return some ids with the embeddings that the native runtime makes of them."""
    with open_engine(Artifact.open(folder), device="cpu", roles=EMBED_ROLES) as engine:
        return [{"ids": ids, "vector": engine.embed(ids).tolist()} for ids in EMBEDDED]


def answered(folder: str) -> list[dict[str, object]]:
    """Return the requests of tests/requests/answered.json, each with the choices of the native answer."""
    with Session.open(folder, device="cpu") as session:
        entries = json.loads((REPO / "tests" / "requests" / "answered.json").read_text("utf-8"))
        return [{**entry, "choices": choices(session, **entry)} for entry in entries]


def choices(session: Session, endpoint: str, request: dict[str, object]) -> object:
    """Return the choices of the answer to one request."""
    completer, tokenizer = session.completer(), session.tokenizer
    vocab_size = session.engine.vocab_size
    if endpoint == "chat":
        call = parse_chat(request, vocab_size=vocab_size)
        answers = [completer.complete(each) for each in call.requests]
        return chat_completion(Head.chat("tiny"), call, answers, tokenizer)["choices"]
    text = parse_text(request, vocab_size=vocab_size)
    answers = [completer.complete(each) for each in text.requests]
    prompts = prompt_texts(text, lambda ids: text_of(tokenizer, ids))
    return text_completion(Head.text("tiny"), text, answers, tokenizer, prompts)["choices"]


def site_of(
    artifacts: list[str], name: str = "site", cards: Sequence[str] = (), more: Sequence[str] = ()
) -> str:
    """Return the site that `kernelc web` makes of some artifacts."""
    out = BUILD / name
    options = [f"--card={card}" for card in cards]
    with contextlib.redirect_stdout(sys.stderr):
        code = main(["web", *artifacts, *options, *more, "--out", str(out)])
    if code != 0:
        sys.exit("prepare.py: `kernelc web` failed")
    return str(out)


def whole_explorer() -> str:
    """Return the explorer of SmolLM2 with all its kernels: of its published file where that is, else of its
    shapes, since no weight is read."""
    models = os.environ.get("KERNELC_TEST_MODELS") or REPO.parent / "shared" / "real"
    file, out = Path(models) / PUBLISHED["smollm2-135m"][0], BUILD / "explored-whole"
    source = str(file) if file.is_file() else "smollm2"
    stamp = out.with_suffix(".stamp")
    made_from = f"{source} {inputs_stamp(file if file.is_file() else DEMO)}"
    if stamp.is_file() and stamp.read_text() == made_from:
        page = built_page(EXPLORER)
        shutil.rmtree(out / "assets")
        for name in files_in(page):
            (out / name).unlink(missing_ok=True)
        copy_page(page, out)
        return str(out)
    shutil.rmtree(out, ignore_errors=True)  # a page of another build may lie in it
    with contextlib.redirect_stdout(sys.stderr):
        code = main(["explore", source, "--out", str(out)])
    if code != 0:
        sys.exit("prepare.py: `kernelc explore` failed")
    stamp.write_text(made_from)
    return str(out)


def unpacked_logits(reference: Path) -> str:
    """Return a file of the logits that lie packed beside the reference runs of a model."""
    out = BUILD / "reference" / f"{reference.stem}.logits"
    out.write_bytes(np.load(reference.with_suffix(".npz"))["logits"].astype("<f4").tobytes())
    return str(out)


if __name__ == "__main__":
    print(json.dumps(prepare()))
