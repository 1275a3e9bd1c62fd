"""What the page shows first: the model's facts, its programs with their dispatches, and its buffers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import kernelc
from kernelc.artifact import Manifest, Program
from kernelc.artifact.json_form import to_json
from kernelc.ir.dim import evaluate

VERSION = 1
"""Of the data's form: the page reads this one alone."""


def overview(
    manifest: Manifest, graphs: Mapping[str, list[str]], notes: list[str], chat: str | None = None
) -> dict[str, Any]:
    """Return the page's first file. `graphs`: by role, which there are; `notes`: what a reader must know;
    `chat`: the relative address of a chat page that it stands beside.

    `buffers` have their bytes at the longest context. A dispatch is the number of its kernel, its origin and
    the numbers of the buffers that it binds, in the order of the kernel's bindings.
    """
    context = {"context": manifest.model.max_context}
    uses = Counter(
        dispatch.kernel for program in manifest.programs.values() for dispatch in program.dispatches
    )
    return {
        "version": VERSION,
        "kernelc": kernelc.__version__,
        "name": manifest.name,
        "target": manifest.target,
        "quant": manifest.quant,
        "activations": manifest.activations,
        "kv": manifest.kv,
        "model": to_json(manifest.model),
        "params": to_json(manifest.params),
        "graphs": {role: list(found) for role, found in graphs.items()},
        "notes": notes,
        "chat": chat,
        "buffers": [
            {"name": name, "kind": each.kind, "bytes": evaluate(each.bytes, context)}
            for name, each in manifest.buffers.items()
        ],
        "kernels": [
            {
                "name": name,
                "spec": entry.spec,
                "uses": uses[name],
                "bindings": [[each.name, each.access] for each in entry.bindings],
            }
            for name, entry in manifest.kernels.items()
        ],
        "programs": {name: _program(manifest, program) for name, program in manifest.programs.items()},
    }


def _program(manifest: Manifest, program: Program) -> dict[str, Any]:
    kernels = {name: number for number, name in enumerate(manifest.kernels)}
    buffers = {name: number for number, name in enumerate(manifest.buffers)}
    bounds = {**manifest.symbols, **program.symbols}
    return {
        "role": program.role,
        "symbols": {symbol: list(bounds[symbol]) for symbol in ("seq", "past")},
        "dispatches": [
            [kernels[each.kernel], each.origin, [buffers[bound.buffer] for bound in each.bindings]]
            for each in program.dispatches
        ],
    }
