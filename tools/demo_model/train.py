"""Train the demo model on one GPU, in one piece or several.

    python -m tools.demo_model.train --out build/demo [--minutes 8] [--total-minutes 8.4 | --steps N | --tiny]
    python -m tools.demo_model.train --out build/large --layers 24 --hidden 640 --tokenizer FILE --data DIR

Called again with the same --out it goes on from its last checkpoint. The learning rate follows the minutes
trained so far, or the steps where --steps says how many: up, level, and down to nothing. From 60% of the
training on, every other step sees the weights rounded to q4. --layers and --hidden make a sibling of another
size, which with --tokenizer has the same tokens.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)
import torch.nn.functional as F  # pyright: ignore[reportMissingImports]  (likewise)

from tools.demo_model.chat import Coder
from tools.demo_model.data import LEARNED, Shards
from tools.demo_model.fake_quant import Rounded, round_groups
from tools.demo_model.model import Llama, Shape
from tools.demo_model.optimizer import Optimizer, orthogonal

CHECKPOINT, LOG = "checkpoint.pt", "training_log.csv"
Tensor = Any


@dataclass(frozen=True)
class Plan:
    """The settings of a training run; `steps` 0 means that time decides."""

    shape: Shape = field(default_factory=Shape)
    total_minutes: float = 8.4
    steps: int = 0
    batch: int = 128
    rate: float = 3e-3
    warm_up: float = 0.01
    decay_from: float = 0.55
    round_from: float = 0.6
    shard_sequences: int = 1024
    shards: int = 4000
    workers: int = 15
    seed: int = 1


TINY = Plan(
    shape=Shape(hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2, head_dim=16, context=256),
    steps=60, batch=8, rate=4e-3, shard_sequences=64, shards=8, workers=1,
)  # fmt: skip
"""A setting for tests: a CPU is through in two minutes, and nothing useful is learned."""


def rate_at(plan: Plan, progress: float) -> float:
    """Return the learning rate at a progress of 0..1."""
    if progress < plan.warm_up:
        return plan.rate * (progress / plan.warm_up * 0.95 + 0.05)
    if progress < plan.decay_from:
        return plan.rate
    return plan.rate * max(0.0, (1 - progress) / (1 - plan.decay_from))


class Trainer:
    """A model in training, with everything that a checkpoint keeps."""

    def __init__(self, plan: Plan, out: Path, tokenizer: Path, data: Path | None = None) -> None:
        """Start, or go on from the checkpoint in `out`; `data` has the shards (default: those of `out`)."""
        torch.set_float32_matmul_precision("high")
        self.plan, self.out, self.tokenizer = plan, out, tokenizer
        self.data = data or out / "shards"
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.dtype = torch.bfloat16 if self.device == "cuda" else torch.float32
        self.model = Llama(plan.shape, plan.seed).to(self.device)
        parameters = dict(self.model.named_parameters())
        self.optimizer = Optimizer(parameters)
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.log: list[tuple[float, ...]] = []
        if (out / CHECKPOINT).is_file():
            self._load()
        fast = self.device == "cuda"
        self._loss = torch.compile(self._plain_loss) if fast else self._plain_loss
        self.optimizer.orthogonal = torch.compile(orthogonal) if fast else orthogonal
        matrices = [p for p in parameters.values() if p.dim() == 2]
        self._rounded = Rounded(matrices, torch.compile(round_groups) if fast else round_groups)

    def progress(self) -> float:
        """Return how much of the training is done, 0..1."""
        if self.plan.steps:
            return self.step / self.plan.steps
        return self.seconds / (self.plan.total_minutes * 60)

    def run(self, minutes: float) -> bool:
        """Train until done or for so many minutes; return whether it is done. Leaves a checkpoint."""
        begin = time.perf_counter()
        per_shard = self.plan.shard_sequences // self.plan.batch
        shards = Shards(
            self.tokenizer, self.data, workers=self.plan.workers, first=self.step // per_shard,
            count=self.plan.shards, sequences=self.plan.shard_sequences, length=self.plan.shape.context,
        )  # fmt: skip
        try:
            for shard in shards.read():
                rows = torch.from_numpy(shard.astype(np.int32)).to(self.device)
                for batch in rows.split(self.plan.batch):
                    self._train_on(batch)
                    if self.progress() >= 1 or time.perf_counter() - begin > minutes * 60:
                        return self.progress() >= 1
        finally:
            shards.stop()
            self.save()
            print(f"waited {shards.waited_seconds:.1f} s for data", flush=True)
        return False

    def _train_on(self, batch: Tensor) -> None:
        started = time.perf_counter()
        progress = self.progress()
        rate = rate_at(self.plan, progress)
        rounding = progress > self.plan.round_from and random.Random(f"round {self.step}").random() < 0.5
        if rounding:
            with self._rounded:
                loss = self._backward(batch)
        else:
            loss = self._backward(batch)
        self.optimizer.step(rate)
        self.step += 1
        self.tokens += batch.numel()
        if self.step % 50 == 0 or self.step == 1:
            value = loss.item()
            self.log.append((self.step, self.tokens, round(self.seconds, 1), round(value, 5), round(rate, 7)))
            if self.step % 200 == 0 or self.step < 200:
                print(
                    f"step {self.step} progress {progress:.3f} tokens {self.tokens / 1e6:.0f}M loss "
                    f"{value:.4f}",
                    flush=True,
                )
        elif self.device == "cuda" and self.step % 5 == 0:
            torch.cuda.synchronize()
        if self.step > 2:  # the first steps compile
            self.seconds += time.perf_counter() - started

    def _backward(self, batch: Tensor) -> Tensor:
        loss = self._loss(batch)
        loss.backward()
        return loss.detach()

    def _plain_loss(self, batch: Tensor) -> Tensor:
        """Return the mean loss over the tokens to learn. Shapes: [batch, context + 1]."""
        ids, learned = (batch & (LEARNED - 1)).long(), (batch >= LEARNED)[:, 1:].float()
        logits = self.model(ids[:, :-1], self.dtype).float()
        losses = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        return (losses * learned.flatten()).sum() / learned.sum()

    def save(self) -> None:
        """Write the checkpoint and the log."""
        state = {
            "model": self.model.state_dict(), "optimizer": self.optimizer.state(), "step": self.step,
            "seconds": self.seconds, "tokens": self.tokens, "log": self.log,
            "shape": self.plan.shape.as_dict(),
        }  # fmt: skip
        part = self.out / (CHECKPOINT + ".part")
        torch.save(state, part)
        part.rename(self.out / CHECKPOINT)
        with (self.out / LOG).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("step", "tokens", "seconds", "loss", "rate"))
            writer.writerows(self.log)

    def _load(self) -> None:
        state = torch.load(self.out / CHECKPOINT, map_location=self.device, weights_only=True)
        if state["shape"] != self.plan.shape.as_dict():
            raise SystemExit(f"{self.out / CHECKPOINT} is of another shape: give --out another folder")
        self.model.load_state_dict(state["model"])
        self.optimizer.load(state["optimizer"])
        self.step, self.seconds, self.tokens = state["step"], state["seconds"], state["tokens"]
        self.log = [tuple(row) for row in state["log"]]
        print(f"going on from step {self.step}", flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a training run."""
    parser.add_argument("--out", type=Path, default=Path("build/demo"))
    parser.add_argument("--minutes", type=float, default=1e9, help="of this piece, on the clock")
    parser.add_argument(
        "--total-minutes", type=float, default=Plan.total_minutes, help="of training, all pieces"
    )
    parser.add_argument("--steps", type=int, default=0, help="train so many steps instead of minutes")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--workers", type=int, default=Plan.workers, help="processes that make data")
    parser.add_argument("--layers", type=int, default=Shape.layers)
    parser.add_argument("--hidden", type=int, default=Shape.hidden, help="width, a multiple of 128")
    parser.add_argument("--batch", type=int, default=Plan.batch, help="sequences of a step")
    parser.add_argument(
        "--tokenizer", type=Path, help="copy this one to OUT, where there is none (default: train one)"
    )
    parser.add_argument("--data", type=Path, help="a folder of shards that runs share (default: OUT/shards)")
    parser.add_argument("--tiny", action="store_true", help="a small model on the CPU, for tests")


def train(args: argparse.Namespace) -> bool:
    """Train as the options say; return whether the training is done."""
    try:
        shape = Shape.of(args.layers, args.hidden)
    except ValueError as error:
        raise SystemExit(f"--layers, --hidden: {error}") from error
    plan = replace(
        Plan(),
        shape=shape,
        rate=args.rate,
        workers=args.workers,
        total_minutes=args.total_minutes,
        steps=args.steps,
        batch=args.batch,
    )
    if args.tiny:
        plan = replace(TINY, steps=args.steps or TINY.steps)
    tokenizer = args.out / "tokenizer.model"
    copy_tokenizer(args)
    plan = replace(plan, shape=replace(plan.shape, vocab_size=Coder(tokenizer).vocab_size))
    return Trainer(plan, args.out, tokenizer, args.data).run(args.minutes)


def copy_tokenizer(args: argparse.Namespace) -> None:
    """Copy the tokenizer that the options name, where the folder has none."""
    own = args.out / "tokenizer.model"
    if args.tokenizer is not None and not own.is_file():
        args.out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(args.tokenizer, own)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    print("done" if train(parser.parse_args()) else "not done: call it again to go on")


if __name__ == "__main__":
    main()
