"""Records what transformers gives for a tiny model of every family, for the tests where there is no torch.

    python -m tests.model.families.record

needs torch and transformers (the extra `compare`) and writes the folder `recorded`; nothing is downloaded.
The same versions write the same configs, and logits whose last bits depend on the processor.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tests.model.families.recorded import COLUMNS, LOGITS, MODELS, START, ids_of, write_weights
from tests.model.families.tiny_models import OTHERS, SAMPLE, Case, continued, loaded, new_folder

_LAYER = re.compile(r"layers\.\d+")


def tensors_of(path: Path) -> dict[str, list[Any]]:
    """Return the tensors of a folder by name, with "*" for a layer's number.

    Each entry is how many layers have it, its shape, and of a single number, which is a constant, the value.
    """
    found: dict[str, list[Any]] = {}
    for name, tensor in load_file(path / "model.safetensors").items():
        fixed = [list(tensor.shape)] if tensor.ndim else [[], float(tensor)]
        entry = found.setdefault(_LAYER.sub("layers.*", name), [0, *fixed])
        assert entry[1:] == fixed, f"the layers of {path.name} differ in {name}"
        entry[0] += 1
    return found


def record(path: Path, case: Case) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the entry of one model and its results: logits f32 [positions, columns] and greedy ids."""
    new_folder(path, case)
    config, tensors = json.loads((path / "config.json").read_text()), tensors_of(path)
    write_weights(path, tensors)
    ids = ids_of(path.name, config.get("text_config", config)["vocab_size"])
    logits, greedy = continued(loaded(path), import_module("torch").from_numpy(ids), START)
    results = {path.name: logits[:, COLUMNS], f"{path.name} greedy": greedy}
    return {"config": config, "tensors": tensors}, results


def main() -> None:
    """Write the folder `recorded`."""
    models: dict[str, Any] = {}
    results: dict[str, np.ndarray] = {}
    with TemporaryDirectory() as folder:
        for name, case in {**SAMPLE, **OTHERS}.items():
            models[name], found = record(Path(folder, name), case)
            results |= found
    version = import_module("transformers").__version__
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(model)}" for name, model in models.items())
    MODELS.parent.mkdir(exist_ok=True)
    MODELS.write_text(f'{{"transformers": {json.dumps(version)}, "models": {{\n{lines}\n}}}}\n')
    np.savez_compressed(LOGITS, **results)  # pyright: ignore[reportArgumentType]  (numpy takes any name)


if __name__ == "__main__":
    main()
