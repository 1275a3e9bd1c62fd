"""Options that several commands share, and checks of the paths that they name."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kernelc.errors import UsageError
from kernelc.regular import NO_FILE, replaceable

if TYPE_CHECKING:
    from runtime.engine.sampling import SamplingParams

FLAGS = {
    "activations": "--activations",
    "allow_host": "--allow-host",
    "api_key": "--api-key",
    "bits": "--bits",
    "calibrate": "--calibrate",
    "context": "--context",
    "cors_origin": "--cors-origin",
    "device": "--device",
    "draft": "--draft",
    "embeddings": "--embeddings",
    "host": "--host",
    "kv_dtype": "--kv",
    "max_new": "--max-gen-len",
    "min_p": "--min-p",
    "out": "--out",
    "policy": "--context-policy",
    "port": "--port",
    "prefix_cache": "--prefix-cache",
    "prefix_dir": "--prefix-dir",
    "prefix_disk": "--prefix-disk",
    "problem": "--problem",
    "profile": "--profile",
    "prompt_ids": "--prompt-ids",
    "quant": "--quant",
    "repetition_penalty": "--repetition-penalty",
    "rows": "--rows",
    "seed": "--seed",
    "sequences": "--sequences",
    "stop": "--stop",
    "system": "--system",
    "target": "--target",
    "temperature": "--temperature",
    "top_k": "--top-k",
    "top_p": "--top-p",
    "tuned": "--tuned",
    "without": "--without",
}
"""How the command line spells the settings that errors name (see `kernelc.errors.spell_settings`)."""

DEVICES = "auto|cuda|vulkan|wgpu|opencl|cpu|numpy"
QUANTS = "q4|q4a|q8|f16|f32"
MAX_TEXT_BYTES = 1 << 30
MANIFEST = "manifest.json"
CONFIG = "config.json"
META_PARAMS = "params.json"


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add --device."""
    parser.add_argument("--device", default="auto", metavar="D", help=f"{DEVICES} (default: auto)")


def add_context(parser: argparse.ArgumentParser, what: str) -> None:
    """Add --context. `what` is its help text."""
    parser.add_argument("--context", type=positive, metavar="N", help=what)


def add_kv(parser: argparse.ArgumentParser) -> None:
    """Add --kv."""
    parser.add_argument(
        "--kv",
        metavar="T",
        help="numbers of the KV cache: f16|f32, or q8: bytes with a scale for each head, half of f16's memory"
        " (default: f32 where small, else f16)",
    )


def add_sequences(parser: argparse.ArgumentParser, default: int, shown: str) -> None:
    """Add --sequences; `shown` says in the help text what the default is."""
    parser.add_argument(
        "--sequences",
        type=positive,
        default=default,
        metavar="N",
        help="sequences that share the weights, 1 to 8, each with a cache of its own: `kernelc serve` answers"
        f" as many calls at once (default: {shown})",
    )


def add_activations(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Add --activations. `of` says at the start of the help text what it applies to."""
    parser.add_argument(
        "--activations",
        metavar="A",
        help=f"{of}what decoding multiplies weights with: int8, two bytes each, for q4, q4a and q8;"
        " int8-fast, one; or f32 (default: int8 for these, which costs nothing that can be measured, but for"
        " the target opencl; else f32)",
    )


def add_embeddings(parser: argparse.ArgumentParser, what: str) -> None:
    """Add --embeddings. `what` is its help text."""
    parser.add_argument("--embeddings", action="store_true", help=what)


def add_bits(parser: argparse.ArgumentParser) -> None:
    """Add --bits."""
    parser.add_argument(
        "--bits",
        type=float,
        metavar="B",
        help="for q4: bits that a weight may take on average, 4.5 to 8.5; more matrices get an offset"
        " or eight bits (default: head and embedding in q8, 4.57 in the layers)",
    )


def add_without(parser: argparse.ArgumentParser) -> None:
    """Add --without."""
    parser.add_argument(
        "--without",
        metavar="NAMES",
        help="optimisations to leave out, with commas between them; `kernelc bench --ablation` lists them"
        " (default: those of KERNELC_WITHOUT in the environment)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_sampling(parser: argparse.ArgumentParser, *, own: str = "") -> None:
    """Add --max-gen-len, --stop and the sampling options.

    `own` says in help texts whose defaults are taken first, such as "the model's own, else ". Without it they
    are those of `SamplingParams`, which are greedy.
    """
    group = parser.add_argument_group("sampling")
    group.add_argument(
        "--max-gen-len", type=natural, default=512, metavar="N", help="most new tokens (default: 512)"
    )
    group.add_argument(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="end answers before this text; may be given several times",
    )
    temperature, top_p = ("0.8", "0.95") if own else ("0", "1")
    for flag, kind, metavar, what, default in (
        ("--temperature", float, "T", "0 takes the likeliest token", temperature),
        ("--top-k", int, "K", "keep the K likeliest tokens; 0 keeps all", "0"),
        ("--top-p", float, "P", "keep the likeliest tokens that make up P", top_p),
        ("--min-p", float, "P", "keep tokens at least P times as likely as the likeliest", "0"),
        ("--repetition-penalty", float, "R", "above 1: fewer repetitions", "1"),
    ):
        group.add_argument(flag, type=kind, metavar=metavar, help=f"{what} (default: {own}{default})")
    group.add_argument(
        "--seed", type=int, metavar="S", help="the same seed gives the same text (default: a new one)"
    )


def sampling_of(args: argparse.Namespace, own: SamplingParams | None = None) -> SamplingParams:
    """Return the sampling parameters asked for; what was not asked for is as in `own`, else greedy.

    Raises: UsageError where one is out of range.
    """
    from runtime.engine.sampling import SamplingParams

    names = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed")
    asked = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return replace(own or SamplingParams(), **asked)


def positive(text: str) -> int:
    """Read an integer of at least 1, for argparse."""
    return _integer(text, 1)


def natural(text: str) -> int:
    """Read an integer of at least 0, for argparse."""
    return _integer(text, 0)


def port(text: str) -> int:
    """Read a TCP port, for argparse."""
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"got {text!r}, wanted a port of 0..65535 (0: any free one)")


def _integer(text: str, least: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least:
        return int(text)
    raise argparse.ArgumentTypeError(f"got {text!r}, wanted an integer of at least {least}")


def print_json(value: Any) -> None:
    """Print a result as one JSON text on stdout. JSON has no numbers that are not finite: they are null."""
    print(json.dumps(_finite(value), indent=1, allow_nan=False))


def _finite(value: Any) -> Any:
    """Return a JSON value with null for every number that is none."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in cast("list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def file_to_write(name: str, option: str) -> Path:
    """Return the path of the file that `option` names, which may take the place of an older one.

    Raises: UsageError where none may be there: a device or a pipe would be gone.
    """
    path, where = Path(name), f"{option} {name}"
    if path.is_dir():
        raise UsageError("this is a folder, wanted a file", where=where)
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", where=where)
    if not replaceable(path):
        raise UsageError(NO_FILE, where=where, help="name a file, which may be a new one")
    return path


def read_text(name: str, option: str = "--text") -> str:
    """Read the text file that `option` names.

    Raises: UsageError where it is missing, too large or not UTF-8.
    """
    path = Path(name)
    if not path.is_file():
        raise UsageError("there is no such file", where=f"{option} {name}")
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise UsageError(f"got {path.stat().st_size} bytes, wanted at most {MAX_TEXT_BYTES}", where=name)
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        help_ = "convert it, for example with iconv"
        raise UsageError(f"not UTF-8 at byte {error.start}", where=name, help=help_) from error


def is_artifact(path: Path) -> bool:
    """Whether `path` is a folder that `kernelc build` wrote."""
    return (path / MANIFEST).is_file()


def is_model(path: Path) -> bool:
    """Whether `path` is a folder with a checkpoint's config or a .gguf file, or such a file."""
    if path.is_dir():
        named = any((path / name).is_file() for name in (CONFIG, META_PARAMS))
        return named or next(path.glob("*.gguf"), None) is not None
    return path.suffix == ".gguf" and path.is_file()


def artifact_path(text: str) -> Path:
    """Return the artifact folder that `text` names. Raises: UsageError saying what is there instead."""
    path = Path(text)
    if is_artifact(path):
        return path
    if is_model(path):
        raise UsageError(
            "this is a model folder, wanted an artifact",
            where=text,
            help=f"build it first: kernelc build --model {text}",
        )
    raise UsageError(
        f"there is no {MANIFEST} in it" if path.is_dir() else "there is no such folder",
        where=text,
        help="name the folder that `kernelc build` wrote",
    )


def demo_model() -> Path:
    """Return the demo model's folder. Raises: UsageError where this checkout has none."""
    import model

    demo = Path(model.__file__ or "").parent / "demo"
    if is_model(demo):
        return demo
    raise UsageError(
        "no model given, and there is no demo model in model/demo",
        help=f"name a Hugging Face model folder: {CONFIG}, *.safetensors and the tokenizer's files",
    )
