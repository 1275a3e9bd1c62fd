"""The bill of materials names what is released, what it asks for, and the page's packages, with hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tools.sbom import LOCK, bill


def test_the_bill_has_files_and_packages_with_their_hashes(tmp_path: Path) -> None:
    wheel = tmp_path / "kernelc-1-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    found = json.loads(json.dumps(bill([wheel])))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.5")
    file, *packages = found["components"]
    assert file["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"a wheel").hexdigest()}]
    python = {each["name"] for each in packages if each["purl"].startswith("pkg:pypi/")}
    assert {"numpy", "tokenizers", "wgpu", "markupsafe"} <= python, "also what jinja2 asks for"
    assert "pytest" not in python, "extras are not part of it"
    page = [each for each in packages if each["purl"].startswith("pkg:npm/")]
    lock = json.loads(LOCK.read_text())["packages"]
    assert len(page) == sum("version" in about for place, about in lock.items() if place)
    assert all(len(each["hashes"][0]["content"]) in (64, 96, 128) for each in page if "hashes" in each)
    assert sum("hashes" in each for each in page) > 0.9 * len(page)
