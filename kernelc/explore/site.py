"""The files of a model's page, beside the built page itself, one after the other.

explore.json              the overview
graphs/ROLE.json          a role's graph, as traced and fused
kernels/NAME.json         a kernel, loaded when it is opened
kernels/NAME.tile         the numbers of its golden tile, loaded when it is run
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kernelc.artifact import Artifact, KernelCheck, Manifest
from kernelc.errors import ArtifactError, KernelcError
from kernelc.explore.golden import computed_tile, tile_of
from kernelc.explore.graphs import graph_page, graphs_by_role
from kernelc.explore.kernel_page import kernel_page
from kernelc.explore.overview import overview
from kernelc.explore.printed import Search
from kernelc.kernels.registry import SPECS

_T = TypeVar("_T")
MOST_NAMED = 24
"""Kernels that a note names."""

Report = Callable[[str, int, int], None]
Measured = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Subject:
    """What is shown: a manifest, and the files that its kernels, tiles and graph are in.

    `traced`: by role the text of the graph before it was fused, where it is known. `checks` gives the file of
    the manifest's golden tiles; those of a manifest without them are computed.
    """

    manifest: Manifest
    graph: str = ""
    traced: Mapping[str, str] = field(default_factory=dict[str, str])
    checks: Callable[[], bytes] | None = None

    @staticmethod
    def of(artifact: Artifact, traced: Mapping[str, str] | None = None) -> Subject:
        """An artifact as it is. Raises: ArtifactError where a file of it is broken."""
        manifest = artifact.manifest
        checks = manifest.checks
        return Subject(
            manifest,
            artifact.text(manifest.graph.file) if manifest.graph else "",
            traced or {},
            (lambda: artifact.read(checks.file)) if checks else None,
        )


def explore_files(
    subject: Subject,
    measured: Measured | None = None,
    report: Report | None = None,
    chat: str | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of the page's files.

    `measured`: by kernel, what was measured of it; `chat`: the relative address of a chat page beside it.
    Raises: ArtifactError for a manifest that names a kernel which nobody could generate.
    """
    manifest, notes = subject.manifest, list[str]()
    data = subject.checks() if subject.checks else b""
    fused = graphs_by_role(subject.graph)
    if not fused:
        notes.append("The artifact has no graph.")
    elif not subject.traced:
        notes.append("The graph before fusing is no part of an artifact, and no model was named beside it.")
    differing, unknown, search = list[str](), list[str](), Search()
    for at, (name, entry) in enumerate(manifest.kernels.items()):
        if report:
            report(name, at, len(manifest.kernels))
        if entry.spec not in SPECS:
            unknown.append(name)
            continue
        page = _made(name, lambda name=name, entry=entry: kernel_page(name, entry, search))
        if any(text["same"] is False for text in page["texts"]):
            differing.append(name)
        page["measured"] = (measured or {}).get(name, [])
        page["check"] = None
        check, numbers = _made(name, lambda name=name: _tile(manifest, name, data))
        if check:
            page["check"], tile = tile_of(check, numbers)
            yield f"kernels/{name}.tile", tile
        yield f"kernels/{name}.json", _kernel_json(name, page)
    if unknown:
        notes.append(f"This kernelc has no family for some kernels, which are left out: {_listed(unknown)}")
    if differing:
        notes.append(
            "This kernelc prints other text than the artifact has, which an earlier one built, or a search: "
            + _listed(differing)
        )
    found: dict[str, list[str]] = {}
    for role, text in fused.items():
        graphs = {"fused": graph_page(text)}
        if role in subject.traced:
            graphs = {"traced": graph_page(subject.traced[role]), **graphs}
        found[role] = list(graphs)
        yield f"graphs/{role}.json", _json(graphs)
    yield "explore.json", _json(overview(manifest, found, notes, chat))


def _listed(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _tile(manifest: Manifest, name: str, data: bytes) -> tuple[KernelCheck | None, bytes]:
    """A kernel's golden tile, and the bytes that it names: `data` where the artifact has tiles."""
    if manifest.checks is None:
        return computed_tile(manifest, name)
    return manifest.checks.kernels.get(name), data


def _made(name: str, make: Callable[[], _T]) -> _T:
    """What is made of a kernel. Whatever goes wrong is the fault of the artifact's problems."""
    try:
        return make()
    except Exception as error:
        said = error.message if isinstance(error, KernelcError) else repr(error)
        where = f"manifest.json: kernels.{name}"
        raise ArtifactError(f"no such kernel can be generated: {said}", where=where) from error


def _kernel_json(name: str, page: Mapping[str, Any]) -> bytes:
    try:
        return _json(page)
    except ValueError as error:  # a number of the problem is infinite
        raise ArtifactError(f"it is no JSON: {error}", where=f"manifest.json: kernels.{name}") from error


def _json(value: object) -> bytes:
    """JSON in UTF-8, with a question mark for half a character. Raises: ValueError for what is no number."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "replace")
