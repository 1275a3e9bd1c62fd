"""Computes what transformers gives for the files that `tiny_architectures.py` wrote.

    python tests/model/gguf/reference_logits.py FOLDER tests/model/gguf/reference_logits.npz

needs torch, transformers and gguf, and nothing of kernelc. Where transformers reads an architecture's GGUF it
does so by itself: names, row orders and settings are its own reading then. With transformers 5.24 these are
gemma2, gemma3, llama, nemotron, phi3, qwen2, qwen3, stablelm and starcoder2. Of the other nine it gets the
config and the tensors that kernelc made of them, and only computes: an error in their names, row orders,
shifts of norms or settings would be on both sides, so that these references do not show it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  (of the environment that the script is run in)
import transformers  # pyright: ignore[reportMissingImports]  (likewise)

IDS = [0, 5, 9, 30, 7, 12, 3, 3, 21, 39, 2, 14]


def model_of(folder: Path, name: str) -> tuple[torch.nn.Module, str]:
    """The model, and how it was read."""
    options = {"dtype": torch.float32, "attn_implementation": "eager"}
    try:
        read = transformers.AutoModelForCausalLM.from_pretrained
        return read(str(folder), gguf_file=f"{name}.gguf", **options), "gguf"
    except ValueError as reason:
        if "not supported yet" not in str(reason):
            raise
    config = json.loads((folder / f"{name}.config.json").read_text())
    made = transformers.AutoConfig.for_model(config.pop("model_type"), **config, pad_token_id=1)
    model = transformers.AutoModelForCausalLM.from_config(made, **options)
    tensors = {key: torch.tensor(values) for key, values in np.load(folder / f"{name}.npz").items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert set(missing) <= {"lm_head.weight"} and not unexpected, (name, missing, unexpected)
    model.tie_weights()
    return model, "config"


def main(folder: Path, out: Path) -> None:
    """Write the logits f32 [ids, vocab] of every model by name."""
    found: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*.gguf")):
        model, how = model_of(folder, path.stem)
        with torch.no_grad():
            found[path.stem] = model.eval()(torch.tensor([IDS])).logits[0].numpy()
        print(path.stem, how, found[path.stem].std())
    np.savez_compressed(out, **found)  # pyright: ignore[reportArgumentType]  (numpy takes any name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
