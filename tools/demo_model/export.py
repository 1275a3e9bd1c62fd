"""Write a checkpoint of the training as a Hugging Face model folder.

python -m tools.demo_model.export --checkpoint build/demo --out model/demo
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)
from safetensors.numpy import save_file

from tools.demo_model.chat import SPECIALS, TEMPLATE
from tools.demo_model.model import Shape, weight_shapes
from tools.demo_model.train import CHECKPOINT, LOG

SMALL_FILES = ("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.model", LOG)


def tokenizer_config() -> dict[str, object]:
    """Return tokenizer_config.json: the special tokens, which sentencepiece holds too, and the template."""
    contents = ("<unk>", "<s>", "</s>", *SPECIALS)
    shared = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "additional_special_tokens": list(SPECIALS),
        "added_tokens_decoder": {str(i): {"content": text, **shared} for i, text in enumerate(contents)},
        "add_bos_token": True,
        "add_eos_token": False,
        "add_prefix_space": True,
        "legacy": True,
        "clean_up_tokenization_spaces": False,
        "model_max_length": Shape.context,
        "chat_template": TEMPLATE,
    }


def export(folder: Path, out: Path) -> None:
    """Write config, weights in f16, tokenizer and log of the training in `folder` to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    shape = Shape(**state["shape"])
    weights = {
        name: np.ascontiguousarray(state["model"][name.replace(".", "_")].float().numpy().astype(np.float16))
        for name in weight_shapes(shape)
    }
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    generation = {"bos_token_id": 1, "eos_token_id": 2, "do_sample": True, "temperature": 0.8, "top_p": 0.95}
    for name, data in (
        ("config.json", shape.config()),
        ("generation_config.json", generation),
        ("tokenizer_config.json", tokenizer_config()),
    ):
        (out / name).write_text(json.dumps(data, indent=2) + "\n")
    for name in ("tokenizer.model", LOG):
        if (folder / name).resolve() != (out / name).resolve():
            shutil.copyfile(folder / name, out / name)


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("build/demo"))
    parser.add_argument("--out", type=Path, default=Path("model/demo"))
    args = parser.parse_args()
    export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()
