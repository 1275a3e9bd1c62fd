"""A static site out of the built page and artifacts: it appears whole, or not at all.

index.html, assets/, ...       the page
models.json                    which models there are
models/NAME/                   an artifact each, as it is
models/NAME/warm.json, warm/   the rows of a system prompt, where one was given
explore/NAME/                  the explorer of a model, where it was asked for
.kernelc-site                  the names of all of these, so that the folder can be replaced later
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.artifact import MANIFEST, Artifact
from kernelc.commands.static_site.explorer import add_explorer
from kernelc.commands.static_site.model_card import NOTHING, ModelCard, parameters_of, readable_name
from kernelc.commands.static_site.page import EXPLORER, MODELS, built_page, copy_page, files_in, link_or_copy
from kernelc.commands.static_site.warm import Warm
from kernelc.errors import UsageError, WorkFailed

if TYPE_CHECKING:
    from kernelc.explore.site import Subject

MARK = ".kernelc-site"
VERSION = 1  # of models.json
BROWSER_TARGETS = ("wgsl", "wasm")
MAX_TITLE = 200  # the page's limit, counted as JavaScript does in UTF-16 units
MAX_NAME = 180  # leaves room for a suffix that makes names unique

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Entry:
    """A model of the site. `bytes` is what a browser downloads to run it, not counting kernel texts."""

    artifact: Artifact
    name: str
    title: str
    bytes: int
    card: ModelCard = NOTHING
    warm: Warm | None = None
    explore: Subject | None = None

    def to_json(self) -> dict[str, object]:
        manifest = self.artifact.manifest
        return {
            "name": self.name,
            "title": self.title,
            "path": f"models/{self.name}/",
            "quant": manifest.quant,
            "bytes": self.bytes,
            "context": manifest.model.max_context,
            "parameters": parameters_of(manifest.weights),
            **self.card.to_json(),
            **(self.warm.to_json() if self.warm else {}),
            **({"explore": f"explore/{self.name}/"} if self.explore else {}),
        }


def entry_of(
    folder: Path,
    title: str | None,
    taken: Collection[str],
    report: Report | None,
    card: ModelCard = NOTHING,
) -> Entry:
    """Open an artifact for a site, checking the sha256 of every file. Its name differs from all `taken`.

    Raises: ArtifactError for one that is broken; UsageError for one that no browser could chat with.
    """
    artifact = Artifact.open(folder)
    _require_web(artifact, folder)
    _check_files(artifact, report)
    manifest = artifact.manifest
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", manifest.name)[:MAX_NAME]
    wanted = [plain, f"{plain}-{manifest.quant}", *(f"{plain}-{manifest.quant}-{n}" for n in range(2, 1000))]
    used = {each.casefold() for each in taken}  # some file systems do not distinguish Demo from demo
    name = next(each for each in wanted if each.casefold() not in used)
    readable = card.title or readable_name(manifest.name)
    shown = title or (readable if name == plain else f"{readable} ({name[len(plain) + 1 :]})")
    if len(shown.encode("utf-16-le", "replace")) // 2 > MAX_TITLE or not shown.isprintable():
        raise UsageError(f"wanted at most {MAX_TITLE} printable characters", where="--title")
    return Entry(artifact, name, shown, _fetched_bytes(artifact), card)


def _require_web(artifact: Artifact, folder: Path) -> None:
    manifest = artifact.manifest
    without = [
        name
        for name, kernel in manifest.kernels.items()
        if not any(variant.target in BROWSER_TARGETS for variant in kernel.variants)
    ]
    if without:
        help_ = "a browser runs WGSL, and WebAssembly: build with `--target wgsl+wasm` or `--target wgsl`"
        raise UsageError(f"built for {manifest.target}, wanted wgsl or wasm", where=str(folder), help=help_)
    if manifest.sequences is not None:
        count, rows = manifest.sequences.count, manifest.sequences.most_rows
        message, setting = f"built for {count} sequences, and a page has one", "sequences"
        if count == 1:
            message, setting = f"built for steps of {rows} rows, and those of a page have one", "rows"
        raise UsageError(
            message, where=str(folder), help=f"build it with `{setting}` 1, which is the default"
        )
    if manifest.tokenizer is None:
        message = "the artifact has no tokenizer, so it cannot chat"
        raise UsageError(message, where=str(folder), help="build it from a model folder that has one")


def _check_files(artifact: Artifact, report: Report | None) -> None:
    shards = artifact.manifest.weights.shards
    for index in range(len(shards)):
        artifact.verify_shard(index)
        if report:
            report(artifact.manifest.name, index + 1, len(shards))
    weights = {shard.file for shard in shards}
    for file, _, _ in artifact.manifest.files():
        if file not in weights:
            artifact.read(file)


def _fetched_bytes(artifact: Artifact) -> int:
    """Return the bytes of weights, tokenizer and golden tiles, which every browser fetches.

    Kernels are left out: which of them a browser fetches depends on its device, and the page counts those
    when it knows that (`fetchedFiles` in web/src/engine/models/plan.ts).
    """
    manifest = artifact.manifest
    kernels = {variant.file for kernel in manifest.kernels.values() for variant in kernel.variants}
    sized = {
        named.sha256: named.bytes
        for named in manifest.files()
        if named.bytes is not None and named.file not in kernels
    }
    return sum(sized.values())


def write_site(page: Path, entries: Sequence[Entry], out: Path) -> None:
    """Write the built page and the artifacts to `out`, replacing a site of ours that is there.

    Files are hard-linked where possible, else copied. Raises: UsageError where `out` holds anything else;
    WorkFailed where it cannot be written.
    """
    write_whole(out, [entry.artifact.folder for entry in entries], lambda draft: _fill(draft, page, entries))


def write_whole(out: Path, artifacts: Sequence[Path], fill: Callable[[Path], None]) -> None:
    """Have `fill` write a site to an empty folder, and put that to `out`, in place of a site of ours there.

    Raises: UsageError where `out` holds anything else, is inside one of the `artifacts`, or is no place for a
    folder; WorkFailed where writing fails.
    """
    out = Path(os.path.realpath(out))
    _refuse_foreign(out)
    _refuse_inside(out, artifacts)
    mark = secrets.token_hex(4)
    draft, replaced = (out.parent / f".{out.name}.{mark}.{word}" for word in ("building", "replaced"))
    _make(draft, out)
    try:
        fill(draft)
        listed = json.dumps(sorted(files_in(draft)), indent=1)
        (draft / MARK).write_text(listed + "\n", encoding="utf-8")
        _put_in_place(draft, out, replaced)
    except OSError as error:
        help_ = "free some space or choose another folder with --out"
        message = f"cannot write the site: {error.strerror}"
        raise WorkFailed(message, where=str(error.filename or out), help=help_) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


def _make(draft: Path, out: Path) -> None:
    """Make the folder of a site that is written. Raises: UsageError where there can be none beside `out`."""
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        message = f"cannot write the site: {error.strerror}"
        raise UsageError(message, where=str(out), help="choose another folder with --out") from error


def _fill(draft: Path, page: Path, entries: Sequence[Entry]) -> None:
    copy_page(page, draft)
    for entry in entries:
        names = {MANIFEST, *(named.file for named in entry.artifact.manifest.files())}
        folder = draft / "models" / entry.name
        link_or_copy(entry.artifact.folder, folder, sorted(names))
        for name, data in (entry.warm.files if entry.warm else {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        if entry.explore:
            add_explorer(draft / "explore" / entry.name, built_page(EXPLORER), entry.explore, chat="../../")
    models = {"version": VERSION, "models": [entry.to_json() for entry in entries]}
    (draft / MODELS).write_text(json.dumps(models, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _put_in_place(draft: Path, out: Path, replaced: Path) -> None:
    _refuse_foreign(out)
    try:
        if out.exists():
            out.rename(replaced)
        draft.rename(out)
    except BaseException:
        with contextlib.suppress(OSError):
            replaced.rename(out)
        raise


def _refuse_inside(out: Path, artifacts: Sequence[Path]) -> None:
    """Raises: UsageError for a site inside an artifact, which could then not be built again."""
    for artifact in artifacts:
        folder = Path(os.path.realpath(artifact))
        if out.is_relative_to(folder):
            help_ = "choose a folder beside it with --out"
            raise UsageError(f"this is inside the artifact {folder.name}", where=str(out), help=help_)


def _refuse_foreign(folder: Path) -> None:
    """Raises: UsageError unless `folder` is missing, empty, or a site of ours with nothing else in it."""
    help_ = "choose another folder with --out, or empty this one"
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise UsageError("there is a file of this name", where=str(folder), help=help_)
    found = files_in(folder)
    if not found:
        return
    try:
        listed: object = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        listed = None
    if not isinstance(listed, list):
        message = "the folder is not empty, and holds no site that kernelc wrote"
        raise UsageError(message, where=str(folder), help=help_)
    more = found - {MARK, *(str(name) for name in listed)}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]  (JSON)
    if more:
        raise UsageError(f"the folder holds more than a site: {min(more)}", where=str(folder), help=help_)
