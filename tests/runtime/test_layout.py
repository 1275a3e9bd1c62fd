"""The runtime's folders: drivers do not know each other, and no two files import each other in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.test_imports import imports_of, modules

DRIVERS = ("cpu", "cuda", "opencl", "references", "vulkan", "wgpu")
RUNTIME = {name: path for name, path in modules().items() if name.split(".")[0] == "runtime"}


def imports(module: str, path: Path) -> set[str]:
    """The modules of the runtime that `module` imports, at whatever depth."""
    found = imports_of(module, path.read_text(), set(RUNTIME), path.name == "__init__.py")
    return {each.target for each in found if each.target in RUNTIME}


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_driver_imports_another(driver: str):
    own = {name: path for name, path in RUNTIME.items() if name.startswith(f"runtime.{driver}.")}
    assert own
    for name, path in own.items():
        rooms = {target.split(".")[1] for target in imports(name, path)}
        assert rooms <= {driver, "device"}, f"{name} imports from {rooms}"


def test_files_import_each_other_in_no_circle():
    arrows = {name: imports(name, path) for name, path in RUNTIME.items()}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
