"""Measures building an artifact at full size: time, memory, and going on after a kill.

    python -m benchmarks.packing --folder FOLDER --out benchmarks/results/NAME.json

FOLDER gets a model of random weights with the shapes of Llama 2 7B (13.5 GB of f16 in safetensors), unless it
is there, and three artifacts: one built in peace, one built by a process that is killed halfway and then by
another, and one built once more. All three must be the same bytes.

Memory is read from /proc (Linux alone): `anonymous_mb` is what the processes themselves hold, and `total_mb`
adds those pages of mapped files that happen to be in memory, which the system may drop at any time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from runtime.cpu.cores import usable_cores

LAYERS, HIDDEN, INTERMEDIATE, VOCAB = 32, 4096, 11008, 32000
SEED = 7
DEVIATION = 0.02  # of a weight: what trained models of this size have, roughly


def main() -> int:
    """Make the model, build it three times, and write down what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the model and the artifacts go: 30 GB"
    )
    parser.add_argument("--layers", type=int, default=LAYERS, help="fewer layers, for a try")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    arguments = parser.parse_args()
    result = measure(arguments.folder, arguments.layers, arguments.quant)
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0 if result["same_bytes"] else 1


def measure(folder: Path, layers: int, quant: str) -> dict[str, Any]:
    """Return the measured times, memory, and whether the artifacts are the same."""
    before, model = about(), folder / f"random-{layers}"
    if not (model / "config.json").exists():
        write_model(model, layers)
    outs = [folder / name for name in ("in-peace", "killed", "again")]
    for out in outs:
        shutil.rmtree(out, ignore_errors=True)
    peace = build(model, outs[0], quant)
    killed = build(model, outs[1], quant, kill_after=peace.seconds / 2)
    resumed = build(model, outs[1], quant)
    again = build(model, outs[2], quant)
    return {
        "about": before,
        "model": {"layers": layers, "bytes": sum(each.stat().st_size for each in model.iterdir())},
        "quant": quant,
        "in_peace": peace.shown(),
        "killed": killed.shown(),
        "resumed": resumed.shown(),
        "again": again.shown(),
        "same_bytes": len({contents(out) for out in outs}) == 1,
    }


@dataclass
class Built:
    """One run of `kernelc build`."""

    seconds: float = 0.0
    anonymous_mb: float = 0.0
    total_mb: float = 0.0
    said: list[str] = field(default_factory=list[str])

    def shown(self) -> dict[str, Any]:
        """What the result has of it."""
        return {
            "seconds": round(self.seconds, 1),
            "anonymous_mb": round(self.anonymous_mb),
            "total_mb": round(self.total_mb),
            "said": self.said,
        }


def build(model: Path, out: Path, quant: str, *, kill_after: float | None = None) -> Built:
    """Run `kernelc build`, watch its memory, and kill it after so many seconds if that is wanted."""
    command = [
        sys.executable,
        "-m",
        "kernelc.build",
        "--model",
        str(model),
        "--out",
        str(out),
        "--quant",
        quant,
    ]
    built, begin = Built(), time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    reader = threading.Thread(
        target=lambda: built.said.extend(line.rstrip() for line in process.stderr or ())
    )
    reader.start()
    while process.poll() is None:
        built.anonymous_mb = max(built.anonymous_mb, resident(process.pid, ("RssAnon", "RssShmem")))
        built.total_mb = max(built.total_mb, resident(process.pid, ("VmRSS",)))
        if kill_after is not None and time.monotonic() - begin > kill_after:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.1)
    built.seconds = time.monotonic() - begin
    reader.join()
    wanted = 0 if kill_after is None else -signal.SIGKILL
    if process.returncode != wanted:
        raise SystemExit(f"the build ended with {process.returncode}: {' | '.join(built.said[-5:])}")
    return built


def resident(process: int, kinds: tuple[str, ...]) -> float:
    """Megabytes of memory of these kinds that the process holds; 0 once it has ended."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return sum(int(size) for size in re.findall(rf"^(?:{'|'.join(kinds)}):\s+(\d+) kB", text, re.M)) / 1024


def write_model(folder: Path, layers: int) -> None:
    """Write a Hugging Face folder with random weights, a file for each layer."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(SEED)
    for layer in range(layers):
        save_file(dict(_tensors(random, layer_shapes(layer))), folder / f"layer-{layer:02}.safetensors")
    save_file(dict(_tensors(random, other_shapes())), folder / "others.safetensors")
    names = {f"layer-{layer:02}.safetensors": layer_shapes(layer) for layer in range(layers)}
    names["others.safetensors"] = other_shapes()
    index = {"weight_map": {name: file for file, shapes in names.items() for name in shapes}}
    _write_json(folder / "model.safetensors.index.json", index)
    _write_json(folder / "tokenizer.json", tokenizer())
    _write_json(folder / "config.json", config(layers))  # last: a folder with it is whole


def config(layers: int) -> dict[str, Any]:
    """The config.json of Llama 2 7B with so many layers."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": VOCAB,
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": layers,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "rms_norm_eps": 1e-5,
        "max_position_embeddings": 4096,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float16",
    }


def tokenizer() -> dict[str, Any]:
    """A tokenizer of bytes, whose other tokens stand for nothing: only the number of its ids matters here."""
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    names += [f"unused{number}" for number in range(VOCAB - len(names))]
    vocabulary = {name: number for number, name in enumerate(names)}
    model = {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "vocab": vocabulary, "merges": []}
    decoder = {"type": "ByteFallback"}
    return {"version": "1.0", "added_tokens": [], "model": model, "decoder": decoder}


def layer_shapes(layer: int) -> dict[str, tuple[int, ...]]:
    """The tensors of one layer."""
    shapes: dict[str, tuple[int, ...]] = {
        **{f"self_attn.{name}_proj.weight": (HIDDEN, HIDDEN) for name in "qkvo"},
        "mlp.gate_proj.weight": (INTERMEDIATE, HIDDEN),
        "mlp.up_proj.weight": (INTERMEDIATE, HIDDEN),
        "mlp.down_proj.weight": (HIDDEN, INTERMEDIATE),
        "input_layernorm.weight": (HIDDEN,),
        "post_attention_layernorm.weight": (HIDDEN,),
    }
    return {f"model.layers.{layer}.{name}": shape for name, shape in shapes.items()}


def other_shapes() -> dict[str, tuple[int, ...]]:
    """The tensors outside the layers."""
    matrix = (VOCAB, HIDDEN)
    return {"model.embed_tokens.weight": matrix, "lm_head.weight": matrix, "model.norm.weight": (HIDDEN,)}


def _tensors(
    random: np.random.Generator, shapes: dict[str, tuple[int, ...]]
) -> Iterator[tuple[str, npt.NDArray[np.float16]]]:
    for name, shape in shapes.items():
        if len(shape) == 1:
            yield name, np.ones(shape, np.float16)
        else:
            values = random.standard_normal(shape, np.float32)
            values *= DEVIATION
            yield name, values.astype(np.float16)


def contents(folder: Path) -> str:
    """A hash of all files of an artifact, names included."""
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 24):
                digest.update(block)
    return digest.hexdigest()


def about() -> dict[str, Any]:
    """Where and when this was measured, and how."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "command": " ".join(["python -m benchmarks.packing", *sys.argv[1:]]),
        "processor": found[1] if found else platform.processor(),
        "cores": usable_cores(),
        "load_before": os.getloadavg()[0],
    }


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
