"""`python -m tools.sbom dist/*.whl dist/*.tar.gz > sbom.json`: what a release is made of, and its hashes.

CycloneDX 1.5: the files of the release with their SHA-256; the Python packages that this environment has of
what kernelc asks for, and of what those ask for; and the packages of `web/package-lock.json`, with its
hashes: those that the page is bundled from, and those that build and test it. It is made where the release
is built, from what was really there.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "web" / "package-lock.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r";.*\bextra\s*==")
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
Component = dict[str, Any]


def bill(files: Iterable[Path], lock: Path = LOCK, package: str = "kernelc") -> dict[str, Any]:
    """Return the bill of materials. Raises: OSError; PackageNotFoundError where kernelc is not installed."""
    about: Component = {"type": "application", "name": package, "version": metadata.version(package)}
    parts = [*map(file_component, files), *python_components(package), *npm_components(lock)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": about},
        "components": parts,
    }


def file_component(file: Path) -> Component:
    """A file of the release."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"type": "file", "name": file.name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def python_components(package: str) -> list[Component]:
    """The installed packages that a package asks for, and those that they ask for, without extras."""
    waiting, found = [package], dict[str, Component]()
    while waiting:
        for asked in metadata.requires(waiting.pop()) or []:
            named = _NAME.match(asked)
            name = re.sub(r"[-_.]+", "-", named[0]).lower() if named and not _EXTRA.search(asked) else ""
            try:
                version = metadata.version(name) if name and name not in found else None
            except metadata.PackageNotFoundError:  # of another system
                continue
            if version is not None:
                found[name] = _library("pypi", name, version)
                waiting.append(name)
    return [found[name] for name in sorted(found)]


def npm_components(lock: Path) -> list[Component]:
    """The packages of a lock file (version 3), with the hashes of their archives."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    found: list[Component] = []
    for place, about in sorted(packages.items()):
        if place and "version" in about:
            component = _library("npm", place.rpartition("node_modules/")[2], about["version"])
            hashes = [part.partition("-") for part in about.get("integrity", "").split()]
            if hashes:
                component["hashes"] = [
                    {"alg": _ALGORITHMS[name], "content": base64.b64decode(digest).hex()}
                    for name, _, digest in hashes
                ]
            found.append(component)
    return found


def _library(kind: str, name: str, version: str) -> Component:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    return {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}


def main() -> int:
    """Print the bill of the given files."""
    parser = argparse.ArgumentParser(prog="python -m tools.sbom", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="what is released")
    json.dump(bill(parser.parse_args().files), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
