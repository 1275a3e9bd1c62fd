"""Imports point one way: this table says which, and the tests hold every module to it.

The same seams are banned-api rules in each package's ruff.toml, which an editor shows while typing. This test
is the finer of the two (it knows submodules) and sees to it that both say the same.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PACKAGES = ("kernelc", "model", "runtime")

EVERYONE = (
    "kernelc.errors",
    "kernelc.debug",
    "kernelc.artifact",
    "kernelc.cache_place",
    "kernelc.regular",
)
EVERYTHING = PACKAGES

# Who (the longest prefix of a module's name counts) may import what, besides its own package.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "kernelc": ("kernelc.api",),  # names that are loaded when they are asked for
    "kernelc.errors": (),
    "kernelc.debug": ("kernelc.errors",),
    "kernelc.cache_place": ("kernelc.errors",),
    "kernelc.regular": (),
    "kernelc.hosts": (),
    "kernelc.artifact": ("kernelc.errors", "kernelc.debug", "kernelc.ir.dim", "kernelc.ir.formats"),
    "kernelc.target": ("kernelc.errors", "kernelc.debug", "kernelc.kir.tile_types"),
    "kernelc.ir": (*EVERYONE, "kernelc.ir.dim", "kernelc.ir.formats"),
    "kernelc.ir.dim": ("kernelc.errors", "kernelc.debug"),  # the artifact stands on it
    # and on this; packed_matrix is re-exported until its users import it themselves
    "kernelc.ir.formats": ("kernelc.errors", "kernelc.debug"),
    "kernelc.kir": (*EVERYONE, "kernelc.ir.dim"),
    "kernelc.kernels": (
        *EVERYONE,
        "kernelc.kir",
        "kernelc.ir.dim",
        "kernelc.ir.types",
        "kernelc.ir.expression",
        "kernelc.ir.formats",
        "kernelc.ir.packed_matrix",
        "kernelc.ir.coded_rows",
        "kernelc.ir.cached_rows",
        "kernelc.ir.rotary",
        "kernelc.target",
    ),
    "kernelc.passes": (*EVERYONE, "kernelc.ir", "kernelc.kernels", "kernelc.target"),
    "kernelc.backends": (*EVERYONE, "kernelc.kir", "kernelc.target"),
    "kernelc.source": (*EVERYONE, "kernelc.ir"),
    "kernelc.switches": (*EVERYONE, "kernelc.passes", "kernelc.target"),
    "kernelc.tuned": (*EVERYONE, "kernelc.kernels", "kernelc.target"),
    "kernelc.schedules": (
        *EVERYONE,
        "kernelc.kernels",
        "kernelc.switches",
        "kernelc.target",
        "kernelc.tuned",
    ),
    "model": (*EVERYONE, "kernelc.ir", "kernelc.source"),
    "runtime": (*EVERYONE, "kernelc.ir.dim", "runtime.grammar"),
    # Bytes in, bits out: it stands alone, so that the page can have the same.
    "runtime.grammar": ("kernelc.errors",),
    "kernelc.compile_options": (
        *EVERYONE,
        "kernelc.ir",
        "kernelc.passes",
        "kernelc.source",
        "kernelc.switches",
        "kernelc.target",
    ),
    "kernelc.printing": (*EVERYONE, "kernelc.kir", "kernelc.passes", "kernelc.backends"),
    # It is handed the model, so it knows none.
    "kernelc.compiler": (
        *EVERYONE,
        "kernelc.compile_options",
        "kernelc.ir",
        "kernelc.kir",
        "kernelc.kernels",
        "kernelc.passes",
        "kernelc.printing",
        "kernelc.target",
        "kernelc.source",
        "kernelc.schedules",
        "kernelc.switches",
    ),
    # After it: targets whose kernels are compiled into one file.
    "kernelc.link": (
        *EVERYONE,
        "kernelc.backends",
        "kernelc.compiler",
        "kernelc.passes",
        "kernelc.target",
    ),
    # The kernels of the processor, as the runtime takes them.
    "kernelc.native": (
        *EVERYONE,
        "kernelc.kernels",
        "kernelc.backends",
        "kernelc.target",
        "kernelc.schedules",
        "kernelc.switches",
        "runtime.cpu",
    ),
    # The searches of the weight formats in C, compiled as kernels of the processor are.
    "kernelc.compiled_search": (*EVERYONE, "kernelc.ir.formats", "runtime.cpu"),
    # The search runs kernels: it joins the compiler with the runtime, and knows no model.
    "kernelc.tuning": (
        *EVERYONE,
        "kernelc.ir.dim",
        "kernelc.kernels",
        "kernelc.target",
        "kernelc.tuned",
        "kernelc.schedules",
        "kernelc.printing",
        "kernelc.compiler",
        "kernelc.native",
        "runtime",
    ),
    # So does what measures, which has a family of kernels of its own.
    "kernelc.measure": (
        *EVERYONE,
        "kernelc.ir.dim",
        "kernelc.ir.coded_rows",
        "kernelc.ir.formats",
        "kernelc.kir",
        "kernelc.kernels",
        "kernelc.target",
        "kernelc.switches",
        "kernelc.printing",
        "kernelc.native",
        "kernelc.tuning",
        "runtime",
    ),
    # So does what runs kernels one at a time, for people who change them.
    "kernelc.workshop": (
        *EVERYONE,
        "kernelc.ir.dim",
        "kernelc.kir",
        "kernelc.kernels",
        "kernelc.target",
        "kernelc.backends",
        "kernelc.printing",
        "kernelc.measure",
        "kernelc.tuned",
        "kernelc.tuning",
        "runtime",
    ),
    # What kernels of one's own are written with.
    "kernelc.language": ("kernelc.kir", "kernelc.kernels"),
    # A page of all that a build makes: it reads every stage, and is handed the model.
    "kernelc.explore": (
        *EVERYONE,
        "kernelc.ir",
        "kernelc.kir",
        "kernelc.kernels",
        "kernelc.passes",
        "kernelc.backends",
        "kernelc.source",
        "kernelc.target",
        "kernelc.schedules",
        "kernelc.printing",
    ),
    # It answers requests with what it is handed, and knows neither compiler nor models.
    "kernelc.serve": (*EVERYONE, "kernelc.hosts", "runtime"),
    "kernelc.inputs": EVERYTHING,
    "kernelc.kept": EVERYTHING,
    "kernelc.api": EVERYTHING,  # what `import kernelc` offers
    "kernelc.pipeline": EVERYTHING,
    "kernelc.session": EVERYTHING,
    "kernelc.shared_session": EVERYTHING,
    "kernelc.drafting": EVERYTHING,
    "kernelc.commands": EVERYTHING,
    "kernelc.cli": EVERYTHING,
    "kernelc.build": ("kernelc.cli",),  # `python -m kernelc.build`
}

# Only these may import the commands; the second only where it is run as a script.
COMMANDS = ("kernelc.commands", "kernelc.cli", "kernelc.build")
MAY_IMPORT_COMMANDS = ("kernelc.commands", "kernelc.cli", "kernelc.build")
SCRIPT_MAY_IMPORT = {"runtime.chat.__main__": "kernelc.cli"}  # `python -m runtime.chat`

# The runtime is what a user of an artifact installs: it stays this small.
RUNTIME_LIBRARIES = {"numpy", "wgpu", "vulkan", "pycuda", "cuda", "pyopencl"}


@dataclass(frozen=True)
class Import:
    target: str
    line: int
    in_script: bool  # inside `if __name__ == "__main__":`


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def row_of(module: str) -> str:
    """The row of the table for `module`, "" for none."""
    if module.startswith("kernelc.ir.dim_"):  # files split off dim
        return "kernelc.ir.dim"
    rows = [row for row in MAY_IMPORT if within(module, (row,)) and row != "kernelc"]
    return max(rows, key=len, default="kernelc" if module == "kernelc" else "")


def top_of(module: str) -> str:
    return ".".join(module.split(".")[:2]) if within(module, ("kernelc",)) else module.split(".")[0]


def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for package in PACKAGES:
        for path in sorted((REPO / package).rglob("*.py")):
            parts = path.relative_to(REPO).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(module: str, source: str, known: set[str], is_package: bool = False) -> Iterator[Import]:
    """Every import of our own packages in `source`, at whatever depth, for type checkers only or not."""

    def visit(node: ast.AST, in_script: bool) -> Iterator[Import]:
        for target in _targets(node, module, known, is_package):
            if target.split(".")[0] in PACKAGES:
                yield Import(target, getattr(node, "lineno", 0), in_script)
        for child in ast.iter_child_nodes(node):
            script = isinstance(node, ast.If) and _is_main_guard(node) and child in node.body
            yield from visit(child, in_script or script)

    yield from visit(ast.parse(source), False)


def _targets(node: ast.AST, module: str, known: set[str], is_package: bool) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = module.split(".")
            keep = len(parents) - node.level + (1 if is_package else 0)
            base = ".".join([*parents[:keep], *([node.module] if node.module else [])])
        names = [f"{base}.{alias.name}" for alias in node.names]
        return [name if name in known else base for name in names]
    if isinstance(node, ast.Call) and _called(node.func) in {"import_module", "__import__"}:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return [first.value]
    return []


def _called(function: ast.expr) -> str:
    return getattr(function, "id", None) or getattr(function, "attr", "")


def _is_main_guard(node: ast.If) -> bool:
    return ast.unparse(node.test) == "__name__ == '__main__'"


def complaint(module: str, imported: Import) -> str | None:
    """What is wrong with this import, or None."""
    target, row = imported.target, row_of(module)
    if imported.in_script and SCRIPT_MAY_IMPORT.get(module) == target:
        return None
    if target == "kernelc":  # the version alone
        return None
    if within(target, COMMANDS) and not within(module, MAY_IMPORT_COMMANDS):
        return f"{module}:{imported.line} imports {target}; only the commands themselves may"
    if row_of(target) == row or within(target, MAY_IMPORT[row]):
        return None
    allowed = ", ".join(MAY_IMPORT[row]) or "nothing"
    return f"{module}:{imported.line} imports {target}; {row} may import {allowed}"


def test_every_module_has_a_row():
    missing = [module for module in modules() if not row_of(module)]
    assert not missing, "say in MAY_IMPORT what these may import"


def test_imports_point_one_way():
    known = modules()
    complaints = [
        problem
        for module, path in known.items()
        for imported in imports_of(module, path.read_text(), set(known), path.name == "__init__.py")
        if (problem := complaint(module, imported))
    ]
    assert not complaints, "\n".join(complaints)


def circles(imports: dict[str, set[str]]) -> list[frozenset[str]]:
    """Groups of modules that all import each other, at however many removes; the largest first."""
    reached: dict[str, set[str]] = {}
    for module in imports:
        reached[module], pending = set(), [module]
        while pending:
            new = imports.get(pending.pop(), set()) - reached[module]
            reached[module] |= new
            pending += new
    groups = {
        frozenset(other for other in reached[module] if module in reached.get(other, ()))
        for module in imports
        if module in reached[module]
    }
    return sorted(groups, key=lambda group: (-len(group), sorted(group)))


# Circles that are still there, and who takes them apart. No new one may be added.
KNOWN_CIRCLES: dict[frozenset[str], str] = {}


def test_no_circle_among_files():
    known = modules()
    imports = {
        module: {
            imported.target
            for imported in imports_of(module, path.read_text(), set(known), path.name == "__init__.py")
            if imported.target in known and imported.target != "kernelc"  # it is loaded before all of them
        }
        for module, path in known.items()
    }
    found = circles(imports)
    new = [" <-> ".join(sorted(group)) for group in found if group not in KNOWN_CIRCLES]
    assert not new, "these import each other, imports for type checkers included:\n" + "\n".join(new)
    gone = [sorted(group) for group in KNOWN_CIRCLES if group not in found]
    assert not gone, f"take these out of KNOWN_CIRCLES, they are no circles any more: {gone}"


def test_what_is_a_circle():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "z"}}) == [frozenset("bc")]
    assert circles({"a": {"a"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}) == [frozenset("bcd"), frozenset("a")]
    source = "if TYPE_CHECKING:\n  from kernelc.kir.trace import Tracer"
    (found,) = imports_of("kernelc.kir.values", source, {"kernelc.kir.trace"})
    assert found.target == "kernelc.kir.trace"


KNOWN = {*modules(), "kernelc.ir.graph", "kernelc.ir.types", "kernelc.passes.fuse", "kernelc.commands.chat"}


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("runtime.engine.engine", "from kernelc.ir.dim import Dim", []),
        ("runtime.engine.engine", "import kernelc.artifact\nfrom kernelc import __version__", []),
        ("runtime.engine.engine", "from kernelc.ir import graph", ["kernelc.ir.graph"]),
        ("runtime.engine.engine", "import kernelc.ir", ["kernelc.ir"]),
        ("runtime.engine.engine", "def f():\n  from kernelc import passes", ["kernelc.passes"]),
        ("runtime.engine.engine", "if TYPE_CHECKING:\n  import kernelc.passes.fuse", ["kernelc.passes.fuse"]),
        ("runtime.engine.engine", "importlib.import_module('model')", ["model"]),
        ("runtime.chat.__main__", 'if __name__ == "__main__":\n  from kernelc.cli import main', []),
        ("runtime.chat.__main__", "from kernelc.cli import main", ["kernelc.cli"]),
        (
            "runtime.chat.__main__",
            'if __name__ == "__main__":\n  import kernelc.commands',
            ["kernelc.commands"],
        ),
        ("runtime.engine.engine", 'if __name__ == "__main__":\n  import kernelc.cli', ["kernelc.cli"]),
        ("kernelc.pipeline", "import model.families.llama, kernelc.passes", []),
        ("kernelc.compiler", "import kernelc.passes.fuse, kernelc.source", []),
        ("kernelc.compiler", "from model.families import llama", ["model.families.llama"]),
        ("kernelc.compiler", "def f():\n  import model", ["model"]),
        ("kernelc.source", "import kernelc.passes.fuse", ["kernelc.passes.fuse"]),
        ("model.families.llama", "from kernelc.source import Role", []),
        ("kernelc.pipeline", "from kernelc.commands import chat", ["kernelc.commands.chat"]),
        ("kernelc.commands.chat", "from kernelc.commands import build\nimport runtime.engine.engine", []),
        ("kernelc.passes.fuse", "from kernelc.ir.graph import Graph\nfrom kernelc.kernels import spec", []),
        ("kernelc.passes.fuse", "from ..backends import base\nfrom . import select", ["kernelc.backends"]),
        ("kernelc.kernels.spec", "from kernelc.ir import graph, types", ["kernelc.ir.graph"]),
        ("kernelc.backends.wgsl", "from kernelc.kernels.spec import KernelSpec", ["kernelc.kernels.spec"]),
        ("kernelc.ir.dim_json", "import kernelc.artifact", ["kernelc.artifact"]),
        ("kernelc.ir.graph", "from kernelc.ir.dim import Dim", []),
        ("kernelc.ir.dim", "from kernelc.ir.dim_json import to_json", []),
        ("kernelc.errors", "import kernelc.debug", ["kernelc.debug"]),
        ("model.families.llama", "from kernelc.kernels import spec", ["kernelc.kernels"]),
    ],
)
def test_the_rules_themselves(module: str, source: str, wrong: list[str]):
    known = KNOWN - {"kernelc.kernels.spec", "kernelc.backends.base"}
    found = imports_of(module, source, known)
    assert [imported.target for imported in found if complaint(module, imported)] == wrong


def test_runtime_needs_few_libraries():
    allowed = {*sys.stdlib_module_names, *PACKAGES, *RUNTIME_LIBRARIES}
    for module, path in modules().items():
        if module.startswith("runtime"):
            for node in ast.walk(ast.parse(path.read_text())):
                for target in _targets(node, module, set(), path.name == "__init__.py"):
                    assert target.split(".")[0] in allowed, f"{module} imports {target}"


PRINT_LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def test_importing_the_runtime_loads_no_compiler():
    wanted = [module for module in modules() if within(module, ("runtime",))]
    command = [sys.executable, "-c", PRINT_LOADED, *wanted]
    run = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = {row_of(name) for name in json.loads(run.stdout) if within(name, PACKAGES)}
    assert loaded <= {
        "kernelc",
        *EVERYONE,
        "kernelc.ir",
        "kernelc.ir.dim",
        "kernelc.ir.formats",
        "kernelc.ir.packed_matrix",
        "runtime",
        "runtime.grammar",
    }
    ir = {name for name in json.loads(run.stdout) if row_of(name) == "kernelc.ir"}
    assert ir <= {"kernelc.ir"}, "only dim and the formats are the runtime's"


FOLDERS = [row for row in MAY_IMPORT if (REPO / row.replace(".", "/")).is_dir()]


@pytest.mark.parametrize("row", [row for row in FOLDERS if row not in ("kernelc", "kernelc.commands")])
def test_ruff_bans_the_same_imports(row: str):
    config = tomllib.loads((REPO / row.replace(".", "/") / "ruff.toml").read_text())
    banned = set(config["lint"]["flake8-tidy-imports"]["banned-api"])
    if MAY_IMPORT[row] is EVERYTHING:
        assert banned == set(COMMANDS)
        return
    allowed = {top_of(name) for name in (row, *EVERYONE, *MAY_IMPORT[row])}
    assert banned == {top_of(other) for other in MAY_IMPORT} - allowed - {"kernelc"}
