"""What setup installs is pinned, with hashes: the lock file has all that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tools.setup_env import EXTRAS, pip_arguments

REPO = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\]+)? \\$")
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def wanted(extras: str) -> Iterator[Requirement]:
    """The requirements of some extras, those of this package's own extras that they name among them."""
    for text in [line for extra in extras.split(",") for line in PROJECT["optional-dependencies"][extra]]:
        requirement = Requirement(text)
        if requirement.name == "kernelc":
            yield from wanted(",".join(requirement.extras))
        else:
            yield requirement


def pins() -> dict[str, list[Version]]:
    """The versions of each package of the lock file; several where they depend on the Python."""
    found: dict[str, list[Version]] = {}
    lines = (REPO / "requirements.lock").read_text(encoding="utf-8").splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith((" ", "#")):
            continue
        pin = PIN.match(line)
        assert pin and following.startswith("    --hash=sha256:"), line
        found.setdefault(pin[1], []).append(Version(pin[2]))
    return found


def test_every_requirement_is_pinned_to_a_version_that_it_allows() -> None:
    locked = pins()
    asked = [*map(Requirement, PROJECT["dependencies"]), *wanted(EXTRAS)]
    assert len(asked) > 20
    for requirement in asked:
        versions = locked.get(requirement.name.lower().replace("_", "-"), [])
        assert versions, f"{requirement} is not in requirements.lock: its head says how it is made"
        assert all(requirement.specifier.contains(each, prereleases=True) for each in versions), requirement


def test_setup_takes_nothing_but_by_its_hash() -> None:
    packages, itself = pip_arguments(locked=True)
    assert packages[:1] == ["--require-hashes"]
    assert {"--no-deps", "--no-build-isolation"} <= set(itself)
