"""The optimiser: Muon for the matrices inside the layers, Adam for the embedding and the norms."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch  # pyright: ignore[reportMissingImports]  (needed by this tool alone; its README says how to get it)

Tensor = Any
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonal(update: Tensor) -> Tensor:
    """Return the nearest matrices with equal singular values, roughly: five Newton-Schulz steps.

    Shapes: [count, rows, cols], all matrices at once.
    Source: Keller Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024).
    """
    a, b, c = _NEWTON_SCHULZ
    x = update.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Optimizer:
    """Updates parameters in place; all matrices of one shape go through Muon together."""

    def __init__(
        self, parameters: dict[str, Tensor], *, weight_decay: float = 0.05, momentum: float = 0.95
    ) -> None:
        """Hold the parameters and their state."""
        self.weight_decay, self.momentum = weight_decay, momentum
        self.steps = 0
        groups: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
        self.others: list[Tensor] = []
        for name, parameter in parameters.items():
            if parameter.dim() == 2 and "embed" not in name:
                groups[tuple(parameter.shape)].append(parameter)
            else:
                self.others.append(parameter)
        self.groups = list(groups.values())
        self.velocity = [torch.zeros_like(torch.stack(group)) for group in self.groups]
        self.first = [torch.zeros_like(p) for p in self.others]
        self.second = [torch.zeros_like(p) for p in self.others]
        self.orthogonal: Any = orthogonal

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Apply the gradients at a learning rate, and clear them."""
        self.steps += 1
        for group, velocity in zip(self.groups, self.velocity, strict=True):
            gradient = torch.stack([p.grad for p in group])
            velocity.lerp_(gradient, 1 - self.momentum)
            update = self.orthogonal(gradient.lerp(velocity, self.momentum))
            # The size of an Adam update, so that one learning rate serves both (Moonlight, arXiv 2502.16982).
            size = 0.2 * max(update.shape[1:]) ** 0.5
            torch._foreach_mul_(group, 1 - rate * self.weight_decay)
            torch._foreach_add_(group, list(update.unbind(0)), alpha=-rate * size)
        self._adam(rate)
        for parameter in (*self.others, *(p for group in self.groups for p in group)):
            parameter.grad = None

    def _adam(self, rate: float, beta1: float = 0.9, beta2: float = 0.98) -> None:
        for p, first, second in zip(self.others, self.first, self.second, strict=True):
            first.lerp_(p.grad, 1 - beta1)
            second.lerp_(p.grad.square(), 1 - beta2)
            mean = first / (1 - beta1**self.steps)
            spread = (second / (1 - beta2**self.steps)).sqrt() + 1e-10
            p.add_(mean / spread, alpha=-rate)

    def state(self) -> dict[str, Any]:
        """Return what a later run needs to go on."""
        return {"steps": self.steps, "velocity": self.velocity, "first": self.first, "second": self.second}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.steps = state["steps"]
        for name in ("velocity", "first", "second"):
            for mine, saved in zip(getattr(self, name), state[name], strict=True):
                mine.copy_(saved)
