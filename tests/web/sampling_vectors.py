"""Writes web/tests/unit/sampling_vectors.json: what the numpy reference draws, for the page's own sampler.

Run it again when `kernelc/kernels/sampling/sample.py` changes its meaning:
`python -m tests.web.sampling_vectors`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.kernels.sampling.hash_random import gumbel_reference, hash_words_reference
from kernelc.kernels.sampling.penalty import PENALTY, PenaltyProblem
from kernelc.kernels.sampling.sample import SAMPLE, SampleProblem

FILE = Path(__file__).parents[2] / "web/tests/unit/sampling_vectors.json"
VOCAB = 300
NUMBER = 120
TOKENS = np.arange(VOCAB, dtype=np.uint32)


def logits_of(number: int) -> npt.NDArray[np.float32]:
    """The logits of a case, which the page's test makes alike. Shape: f32 [vocab]."""
    unit = hash_words_reference(TOKENS, number, 9).astype(np.float64) / 2**32
    scale = (0.5, 4.0, 30.0)[number % 3]
    return np.round((unit * 2 - 1) * scale, 2 if number % 2 else 9).astype(np.float32)  # equal ones, too


def sampled(number: int) -> dict[str, Any]:
    """One case: the parameters and the token that is drawn."""
    rng = np.random.default_rng(number)
    params = {
        "temperature": float(rng.choice([0.2, 0.7, 1.0, 3.0])),
        "top_k": int(rng.choice([0, 1, 5, 40, 1000])),
        "top_p": float(rng.choice([1.0, 0.95, 0.5, 0.05])),
        "min_p": float(rng.choice([0.0, 0.05, 0.5])),
        "repetition_penalty": float(rng.choice([1.0, 1.3])),
        "seed": int(rng.integers(2**32)),
    }
    before, position = rng.integers(0, VOCAB, 12).tolist(), 12
    stored = {name: float(np.float32(value)) for name, value in params.items()} | {"seed": params["seed"]}
    step = {**stored, "top_k": params["top_k"], "past": position - 1, "seq": 1}
    tokens = np.array([*before, 0], np.uint32)
    arrays: dict[str, npt.NDArray[Any]] = {"tokens": tokens, "logits": logits_of(number)}
    PENALTY.reference(PenaltyProblem(VOCAB), arrays, step)
    SAMPLE.reference(SampleProblem(VOCAB), arrays, step)
    token = int(tokens[-1])
    return {"number": number, "sampling": params, "before": before, "position": position, "token": token}


def vectors() -> dict[str, Any]:
    """Everything that the file has."""
    words = [(0, 0, 0), (1, 2, 3), (31999, 4095, 2**32 - 1), (2**32 - 1,) * 3]
    bits = np.array([0, 1, 255, 2**31, 2**32 - 129, 2**32 - 1], np.uint32)
    return {
        "hashes": [[*word, int(hash_words_reference(*word)[0])] for word in words],
        "gumbels": [[int(b), float(g)] for b, g in zip(bits, gumbel_reference(bits), strict=True)],
        "draws": [sampled(number) for number in range(NUMBER)],
    }


if __name__ == "__main__":
    found = vectors()
    lines = [",\n    ".join(json.dumps(item) for item in found[name]) for name in found]
    body = ",\n  ".join(f'"{name}": [\n    {text}\n  ]' for name, text in zip(found, lines, strict=True))
    FILE.write_text("{\n  " + body + "\n}\n")
