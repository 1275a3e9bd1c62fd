"""Answers from a model folder, many conversations at once, in PyTorch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)
from safetensors.numpy import load_file

from tools.demo_model.answers import Conversation
from tools.demo_model.chat import EOS, Coder
from tools.demo_model.model import Llama, Shape, weight_shapes

Tensor = Any
_BATCH = 512


class FolderModel:
    """A model folder run by PyTorch."""

    def __init__(self, folder: str | Path, *, quant: str = "f16") -> None:
        """Load a folder; with quant "q4" or "q8" the matrices are what these formats make of them."""
        torch.set_float32_matmul_precision("highest")
        folder = Path(folder)
        shape = Shape.from_config(json.loads((folder / "config.json").read_text()))
        self.coder = Coder(folder / "tokenizer.model")
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = Llama(shape)
        weights = load_file(folder / "model.safetensors")
        with torch.no_grad():
            for name in weight_shapes(shape):
                value = weights[name].astype(np.float32)
                if value.ndim == 2 and quant != "f16":
                    value = requantised(quant, value, name, weights["model.norm.weight"])
                self.model.weight(name).copy_(torch.from_numpy(value))
        self.model = self.model.to(self.device)

    @torch.no_grad()
    def generate(
        self, conversations: Sequence[Conversation], *, max_new: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Return the answer that each conversation waits for; see `Answers`."""
        longest = self.model.shape.context - 1
        prompts = [self.coder.prompt(c.messages, c.system)[-longest:] for c in conversations]
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        answers = [""] * len(prompts)
        source = torch.Generator(self.device).manual_seed(seed)
        for begin in range(0, len(order), _BATCH):
            chosen = order[begin : begin + _BATCH]
            rows = self._batch([prompts[i] for i in chosen], max_new, temperature, source)
            for i, ids in zip(chosen, rows, strict=True):
                answers[i] = self.coder.decode(ids)
        return answers

    def _batch(
        self, prompts: list[list[int]], max_new: int, temperature: float, source: Any
    ) -> list[list[int]]:
        s, count = self.model.shape, len(prompts)
        longest = max(map(len, prompts))
        room = min(s.context, longest + max_new)
        fed = torch.zeros(count, longest, dtype=torch.long)
        for row, prompt in zip(fed, prompts, strict=True):
            row[: len(prompt)] = torch.tensor(prompt)
        lengths = torch.tensor([len(p) for p in prompts], device=self.device)
        w = self.model.matrices(torch.float32)
        cache = torch.zeros(s.layers, 2, count, s.kv_heads, room, s.head_dim, device=self.device)
        logits = self.model.step(fed.to(self.device), torch.zeros_like(lengths), cache, w)
        logits = logits[torch.arange(count, device=self.device), lengths - 1]
        chosen, open_ = [], torch.ones(count, dtype=torch.bool, device=self.device)
        while len(chosen) < max_new:
            token = _pick(logits, temperature, source)
            token = torch.where(open_, token, EOS)
            open_ = open_ & (token != EOS) & (lengths < room - 1)
            chosen.append(token)
            if not bool(open_.any()):
                break
            logits = self.model.step(token[:, None], lengths.clamp(max=room - 1), cache, w)[:, 0]
            lengths = lengths + 1
        rows = torch.stack(chosen, 1).tolist()
        return [row[: row.index(EOS)] if EOS in row else row for row in rows]


def _pick(logits: Tensor, temperature: float, source: Any) -> Tensor:
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=source)[:, 0]


def requantised(quant: str, value: np.ndarray, name: str, final_norm: np.ndarray) -> np.ndarray:
    """Return a matrix as the build would store it and the kernels would read it."""
    from kernelc.ir.formats import unpack
    from model.quantize import quantize

    importance = final_norm.astype(np.float32) ** 2 if "embed" in name else None
    return unpack(quant, quantize(quant, value, name=name, importance=importance), value.shape[1])
