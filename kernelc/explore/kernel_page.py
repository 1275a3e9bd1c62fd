"""What the page shows of one kernel, as JSON: its texts with linked lines, and what it is held to."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any

from kernelc.artifact import Kernel as KernelEntry
from kernelc.artifact.json_form import to_json
from kernelc.explore.drawings import layout_of, memory_of, tiling_of
from kernelc.explore.printed import PrintedKernel, Refused, Search, Spec, printed_kernels
from kernelc.explore.python_lines import PythonLines
from kernelc.explore.references import reference_of
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import Binding
from kernelc.kir.memory import SourceLine
from kernelc.kir.text import kernel_lines
from kernelc.kir.tile_types import TileKind
from kernelc.target import Capabilities

MOST_ALTERNATIVES = 24
"""Legal schedules that are listed for one text; the page says how many more there are."""
MOST_COUNTED = 20_000


def kernel_page(name: str, entry: KernelEntry, search: Search | None = None) -> dict[str, Any]:
    """Return the page's data of a kernel of an artifact.

    `texts` are the kernel in each language and variant; a line of a text or of the IR lists the numbers of
    its lines of Python, of which `places` and `python` say where they are. `refused`: languages that cannot
    say what the kernel does. `search`: of one for all kernels of an artifact.
    """
    spec: Spec = SPECS[entry.spec]
    problem = spec.problem_from_json(entry.problem)
    lines = PythonLines()
    trace = type(spec).trace
    lines.add(SourceLine(inspect.getsourcefile(trace) or "", inspect.getsourcelines(trace)[1]))
    texts: list[dict[str, Any]] = []
    irs: dict[str, int] = {}
    kernels: list[dict[str, Any]] = []
    refused: dict[str, str] = {}
    for made in printed_kernels(name, spec, problem, entry, search):
        if isinstance(made, Refused):
            refused[made.target] = made.why
            continue
        written = kernel_lines(made.kernel)
        ir = "\n".join(text for text, _ in written)
        if ir not in irs:
            irs[ir] = len(kernels)
            numbers = [lines.numbers(() if place is None else (place,)) for _, place in written]
            kernels.append({"text": ir, "lines": numbers, **memory_of(made.kernel)})
        texts.append(_text(made, spec, problem, lines, irs[ir]))
    tolerance = spec.tolerance(problem)
    return {
        "name": name,
        "spec": entry.spec,
        "about": inspect.cleandoc(type(spec).__doc__ or ""),
        "problem": to_json(entry.problem),
        "params": entry.params,
        "bindings": [_binding(each) for each in spec.bindings(problem)],
        "tolerance": {"relative": tolerance.relative, "absolute": tolerance.absolute},
        "reference": reference_of(spec),
        "layout": layout_of(problem),
        "irs": kernels,
        "texts": texts,
        "refused": refused,
        **lines.to_json(),
    }


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "name": binding.name,
        "element": str(binding.type),
        "access": binding.access,
        "length": str(binding.length),
        "constant": binding.constant,
    }


def _text(made: PrintedKernel, spec: Spec, problem: Any, lines: PythonLines, ir: int) -> dict[str, Any]:
    rendered = made.rendered
    text = rendered.text.rstrip("\n")
    places = rendered.places[: text.count("\n") + 1]
    held = spec.tolerance_with(problem, made.requires.features)
    return {
        "target": made.target,
        "text": text,
        "lines": [lines.numbers(each) for each in places],
        "ir": ir,
        "entry": rendered.entry,
        "same": made.same,
        "requires": to_json(made.requires),
        "workgroup": spec.workgroup(problem, made.schedule),
        "grid": to_json(spec.grid(problem, made.schedule)),
        "grid_text": [str(extent) for extent in spec.grid(problem, made.schedule)],
        "tolerance": {"relative": held.relative, "absolute": held.absolute},
        "schedule": schedule_json(made.schedule),
        "tiling": tiling_of(made.schedule),
        "alternatives": alternatives(spec, problem, made.capabilities, made.schedule),
    }


def alternatives(spec: Spec, problem: Any, capabilities: Capabilities, chosen: Any) -> dict[str, Any]:
    """Return the legal schedules for a problem: how many there are, which `values` each field has in them,
    and the first of the chosen one's kind, as the values of its fields."""
    count, listed = 0, list[list[Any]]()
    values: dict[str, dict[str, Any]] = {}
    for each in spec.space(capabilities, problem):
        count += 1
        fields = schedule_json(each)
        for name, value in fields.items():
            values.setdefault(name, {})[str(value)] = value
        if len(listed) < MOST_ALTERNATIVES and each != chosen and type(each) is type(chosen):
            listed.append(list(fields.values()))
        if count == MOST_COUNTED:
            break
    named = {name: list(found.values())[:MOST_ALTERNATIVES] for name, found in values.items()}
    return {"count": count, "more": count == MOST_COUNTED, "values": named, "listed": listed}


def schedule_json(schedule: Any) -> dict[str, Any]:
    """Return a schedule's fields by name. A family may have schedules of several kinds, with other fields."""
    return {field.name: _plain(getattr(schedule, field.name)) for field in dataclasses.fields(schedule)}


def _plain(value: Any) -> Any:
    """A field's value as JSON; a kind of tile is named as devices name it."""
    if isinstance(value, TileKind):
        return value.feature if value.lanes > 1 else f"registers {value.m}x{value.n}"
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value if isinstance(value, str | int | float | bool | None) else str(value)
    return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]  (of a dataclass)
