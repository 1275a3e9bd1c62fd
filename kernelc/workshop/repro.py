"""The program that reproduces a failure: one Python file with the kernel, its inputs and what must come out.

It imports numpy and kernelc alone, so it runs in any checkout. A kernel is in it as what it was made of: a
family with problem and schedule, or a listing of its nodes; or as the text of an artifact. What is printed
of the former is printed when the script runs, so it shows a printer's bug as long as that is there.
"""

from __future__ import annotations

import base64
import os
import re
import textwrap
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc import __version__
from kernelc.cache_place import cache_place
from kernelc.errors import UsageError
from kernelc.kernels.spec import KernelSpec
from kernelc.kir.listing import kernel_listing
from kernelc.kir.nodes import Kernel
from kernelc.measure.facts import commit, today
from kernelc.target import Capabilities
from kernelc.tuned.schedules import schedule_json, stored_problem
from kernelc.workshop.case import Case, Grid

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

FOLDER_VARIABLE = "KERNELC_REPRO"
"""The environment's variable for the folder of scripts; else they are kept in the cache."""
MOST_ARRAY_BYTES = 1 << 20
"""Arrays that are larger together are drawn again by the script."""
_KEPT = 100  # scripts
_SHOWN = 24  # elements of an array that a script has as numbers


@dataclass(frozen=True)
class Run:
    """What was run on which device: the arrays before, the step block, and what must come out.

    `seed` and `env` are those that the arrays were drawn with, by a family's `inputs`.
    """

    arrays: Arrays
    params: Mapping[str, int | float]
    expected: Arrays
    device: str
    env: Mapping[str, int]
    seed: int | None = None


def family_script(
    spec: KernelSpec[Any, Any], problem: Any, schedule: Any, capabilities: Capabilities, run: Run
) -> str:
    """Return the script for a family's kernel with a schedule that the family lists."""
    stored = stored_problem(spec, problem)
    body = [
        f"FAMILY, PROBLEM = {spec.name!r}, {stored!r}",
        f"SCHEDULE = {schedule_json(schedule)!r}",
        f"CAPABILITIES = {capabilities!r}",
        f"ENV = {dict(run.env)!r}",
        "",
        *_arrays(run, drawn="FAMILY, PROBLEM"),
        "",
        "subject = of_family(FAMILY, PROBLEM, SCHEDULE, CAPABILITIES, ENV)",
    ]
    imports = ["from kernelc.kir.tile_types import TileKind", "from kernelc.target import Capabilities"]
    return _script(f"{spec.name} on {run.device}", imports, body, run)


def nodes_script(kernel: Kernel, grid: Grid, run: Run, tolerance: tuple[float, float] = (0.0, 0.0)) -> str:
    """Return the script for a kernel of no family; `tolerance` is relative and absolute.

    Raises: NotListed for kernels with tiles or stages.
    """
    bound = {buffer.name for buffer in kernel.buffers}
    body = [
        "def kernel():",
        textwrap.indent(kernel_listing(kernel), "    "),
        "",
        *_arrays(
            replace(
                run,
                arrays={name: array for name, array in run.arrays.items() if name in bound},
                expected={name: array for name, array in run.expected.items() if name in bound},
            )
        ),
        "",
        f"subject = of_nodes(kernel(), {grid!r}, relative={tolerance[0]!r}, absolute={tolerance[1]!r})",
    ]
    imports = ["from kernelc.kir.builder import KernelBuilder"]
    return _script(f"{kernel.name} on {run.device}", imports, body, run)


def text_script(case: Case, spec: KernelSpec[Any, Any], problem: Any, run: Run) -> str:
    """Return the script for a text, of an artifact or changed by hand, of a family's kernel."""
    plain = case.target != "spirv"
    text = (
        f"{_text_literal(case.data.decode())}.encode()"
        if plain
        else f"base64.b64decode({_packed(case.data)})"
    )
    body = [
        f"FAMILY, PROBLEM = {spec.name!r}, {stored_problem(spec, problem)!r}",
        f"ENV = {dict(run.env)!r}",
        f"TEXT = {text}",
        "CASE = Case(",
        f"    {case.name!r}, {case.target!r}, TEXT, {case.entry!r}, {case.workgroup}, {case.grid!r},",
        f"    {case.requires!r}, {case.params!r},",
        f"    {case.bindings!r},",
        ")",
        "",
        *_arrays(run, drawn="FAMILY, PROBLEM"),
        "",
        "subject = of_text(CASE, FAMILY, PROBLEM, ENV)",
    ]
    imports = [
        "from kernelc.artifact import KernelBinding, Requires",
        "from kernelc.workshop.case import Case",
    ]
    title = f"{case.name} on {run.device}"
    return _script(title, imports if plain else ["import base64", *imports], body, run)


def keep(script: str, name: str) -> Path:
    """Write a script as NAME.py into the folder of scripts, over one of that name, and return its path.

    Of many the oldest go. Raises: OSError; UsageError where there is no place for a cache.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    folder = Path(named) if named else cache_place() / "repro"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)[:100].strip('.-') or 'kernel'}.py"
    path.write_text(script, encoding="utf-8")
    every = sorted(folder.glob("*.py"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in every[_KEPT:] if not named else ():
        old.unlink(missing_ok=True)
    return path.resolve()


def kept_sentence(script: str, name: str) -> str:
    """Keep a script, and return what to do with it in words; or why it could not be kept."""
    try:
        return f"python {keep(script, name)} reproduces it"
    except (OSError, UsageError) as error:
        return f"the script that reproduces it could not be written: {error}"


def _script(title: str, imports: Sequence[str], body: Sequence[str], run: Run) -> str:
    imported = [
        *imports,
        "from kernelc.workshop.replay import drawn, of_family, of_nodes, of_text, replay, unpacked",
    ]
    ends = f'sys.exit(replay(subject, ARRAYS, PARAMS, EXPECTED, device="{run.device}"))'
    return _whole(title, imported, [*body, ends])


def script_of(title: str, imports: str, body: Sequence[str]) -> str:
    """Return a script with another end than a kernel's; arrays in it are those of `table_of`."""
    return _whole(title, [imports, "from kernelc.workshop.replay import unpacked"], body)


def _whole(title: str, imports: Sequence[str], body: Sequence[str]) -> str:
    found = commit()
    of = f"kernelc {__version__}" + (f" (commit {found})" if found else "")
    lines = [
        f'"""{title}: it computes something else than it should.',
        "",
        f"Written on {today()} by {of}. It needs numpy and kernelc alone:",
        "",
        "    python THIS_FILE                       whether it still does: exit code 1, and by how much",
        "    python THIS_FILE -h                    what else it can do",
        "    KERNELC_INTERPRET=1 python THIS_FILE   in the interpreter",
        '"""',
        "",
        "import sys",
        "",
        "import numpy as np",
        "",
        *imports,
        "",
        *body,
        "",
    ]
    return "\n".join(lines)


def _arrays(run: Run, drawn: str | None = None) -> list[str]:
    params = f"PARAMS = {_plain(run.params)!r}"
    size = sum(array.nbytes for array in (*run.arrays.values(), *run.expected.values()))
    if drawn is not None and run.seed is not None and size > MOST_ARRAY_BYTES:
        return [params, f"ARRAYS, EXPECTED = drawn({drawn}, {run.seed}, ENV, PARAMS)"]
    return [params, *table_of("ARRAYS", run.arrays), *table_of("EXPECTED", _changed(run))]


def _changed(run: Run) -> Arrays:
    """What is expected of arrays that the kernel writes."""
    return {
        name: array
        for name, array in run.expected.items()
        if name not in run.arrays or array.tobytes() != run.arrays[name].tobytes()
    }


def table_of(name: str, arrays: Arrays) -> list[str]:
    """Return the lines of a script that define a dict of arrays."""
    return [f"{name} = {{", *(f"    {each!r}: {_code(array)}," for each, array in arrays.items()), "}"]


def _code(array: Array) -> str:
    """An array as Python: numbers where there are few, and they are finite."""
    if array.size <= _SHOWN and (array.dtype.kind != "f" or np.isfinite(array).all()):
        return f"np.array({array.tolist()!r}, np.{array.dtype.name})"
    if not np.frombuffer(array.tobytes(), np.uint8).any():  # the bytes, since -0.0 is false
        return f"np.zeros({array.shape!r}, np.{array.dtype.name})"
    return f'unpacked("{array.dtype.name}", {array.shape!r}, {_packed(zlib.compress(array.tobytes(), 9))})'


def _packed(data: bytes) -> str:
    return repr(base64.b64encode(data).decode())


def _plain(params: Mapping[str, int | float]) -> dict[str, int | float]:
    """Python's own numbers."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in params.items()}


def _text_literal(text: str) -> str:
    """A text as Python, a line for each of its lines."""
    return "(\n" + "\n".join(f"    {line!r}" for line in text.splitlines(keepends=True)) + "\n)"
