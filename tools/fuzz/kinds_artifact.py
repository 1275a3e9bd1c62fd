"""Artifacts and tables of schedules. A manifest that is read is planned, too, and its ranges counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernelc.artifact import Artifact, parse_manifest
from kernelc.artifact.check import check_manifest
from kernelc.artifact.schema import ELEMENT_BYTES
from kernelc.tuned.table import parse_table
from runtime.device.checks import check_limits, choose_variants, proved_plan
from runtime.device.executor import DeviceInfo, Limits
from runtime.device.kernel_checks import check_families
from runtime.engine.engine import ALL_ROLES
from runtime.prefixes.file_format import decoded, encoded
from runtime.prefixes.store import Block
from tests.artifact_sample import write_sample
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_native import LIBRARY
from tools.fuzz.kinds import Kind, WrongResult

NAME, FULL, RING = "ab" * 32, bytes(range(256)), bytes(64)
TABLES = Path(__file__).parents[2] / "kernelc" / "tuned" / "classes"
LIMITS = Limits(1 << 31, 1 << 31, 32768, 256, (256, 256, 64), 65535, 8, 4)
INFO = DeviceInfo("toy", "a toy", "none", "wgsl", frozenset({"f16"}), 32, LIMITS)


def size_of(value: Any, env: Mapping[str, int]) -> int:
    """The value of a size as the manifest writes it: our own reading, a few lines long."""
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return env[value]
    name, *parts = value
    numbers = [size_of(part, env) for part in parts]
    total = numbers[0]
    for each in numbers[1:]:
        total = {
            "add": total + each,
            "sub": total - each,
            "mul": total * each,
            "min": min(total, each),
            "max": max(total, each),
            "floordiv": total // each if each else 0,
            "ceildiv": -(-total // each) if each else 0,
            "mod": total % each if each else 0,
        }[name]
    return total


def manifest(data: bytes, folder: Path) -> None:
    """Read, plan for several contexts, and count every range again from the text itself."""
    text = data.decode("utf-8", errors="replace")
    found = parse_manifest(text, "manifest.json")
    check_manifest(found, "manifest.json")
    again = parse_manifest(json.dumps(found.to_json()), "manifest.json")
    if again != found:
        raise WrongResult("a manifest that is not what it writes")
    low, high = found.symbols["context"]
    raw = json.loads(text)
    for context in sorted({low, min(high, max(low, 37)), high}):
        plan = proved_plan(found, context, ALL_ROLES)
        variants = choose_variants(found, plan.kernels, INFO)
        check_limits(found, plan, variants, INFO, context)
        check_families(Artifact(folder, found), context, ALL_ROLES, LIBRARY)
        recount(raw, context)
        if plan.buffers.get("logits", 4 * found.model.vocab_size) < 4 * found.model.vocab_size:
            raise WrongResult("more scores than the plan has")


def recount(raw: Any, context: int) -> None:
    """Check every range of a manifest that was accepted, from its JSON alone."""
    env = {"context": context}
    for program in raw["programs"].values():
        for dispatch in program["dispatches"]:
            wants = raw["kernels"][dispatch["kernel"]]["bindings"]
            for binding, bound in zip(wants, dispatch["bindings"], strict=True):
                size = size_of(raw["buffers"][bound["buffer"]]["bytes"], env)
                begin, length = bound["offset"], size_of(bound["bytes"], env)
                if (
                    begin < 0
                    or length < 1
                    or begin + length > size
                    or length % ELEMENT_BYTES[binding["element"]]
                ):
                    raise WrongResult(f"{length} bytes at {begin} of {size} at context {context}")


def manifests(folder: Path) -> Sequence[bytes]:
    """The sample of the artifact's tests, and the toy model of the runtimes'."""
    write_sample(folder / "sample")
    write_tiny(folder / "toy", targets=("wgsl", "cuda", "spirv", "opencl"))
    return [(folder / name / "manifest.json").read_bytes() for name in ("sample", "toy")]


def table(data: bytes, folder: Path) -> None:
    """Read a table, and what it writes."""
    found = parse_table(data.decode("utf-8", errors="replace"), "a table")
    if parse_table(found.text(), "a table") != found:
        raise WrongResult("a table that is not what it writes")


def tables(folder: Path) -> Sequence[bytes]:
    """The package's tables, cut to a few entries."""
    found: list[bytes] = []
    for file in sorted(TABLES.glob("*.json"))[:2]:
        value = json.loads(file.read_text())
        value["entries"] = value["entries"][:3]
        found.append(json.dumps(value).encode())
    return found


def kept_prompt(data: bytes, folder: Path) -> None:
    """Read a block of rows as the cache of prompts does: it is what was written, or none."""
    for ring_bytes in (0, len(RING)):
        block = decoded(NAME, data, len(FULL), ring_bytes)
        if block is not None and (block.full != FULL or block.ring not in (None, b"", RING)):
            raise WrongResult("a block that nobody wrote")


def kept_prompts(folder: Path) -> Sequence[bytes]:
    """A block with the rows of rings, and one without."""
    return [b"".join(encoded(NAME, Block(FULL, ring))) for ring in (RING, None)]


KINDS = (
    Kind("manifest", manifests, manifest),
    Kind("table", tables, table),
    Kind("kept_prompt", kept_prompts, kept_prompt),
)
