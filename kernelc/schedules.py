"""Which schedule a kernel gets: the choice that lowering is handed."""

from __future__ import annotations

from typing import Any

from kernelc.kernels.spec import KernelSpec
from kernelc.target import Capabilities


def usual_schedule(spec: KernelSpec[Any, Any], problem: Any, capabilities: Capabilities) -> Any:
    """The family's own choice, which is good without measuring."""
    return spec.default(capabilities, problem)
