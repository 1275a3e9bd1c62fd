"""`kernelc web`: artifacts in, a folder out that any file server can serve and that chats in the browser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.shared.locating import MODEL_HELP, located
from kernelc.commands.shared.options import is_artifact, port
from kernelc.commands.shared.progress import progress_bar
from kernelc.errors import UsageError

if TYPE_CHECKING:
    from kernelc.commands.static_site.model_card import ModelCard
    from kernelc.commands.static_site.site import Entry

DEFAULT_PORT = 8000
DEMO, NO_CARD = "demo", "-"
GRAPHICS, BOTH = "wgsl", "wgsl+wasm"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "artifacts",
        nargs="*",
        metavar="MODEL_OR_ARTIFACT",
        help=f"what `kernelc build` wrote for wgsl; demo (the default); or {MODEL_HELP}, built on the way",
    )
    parser.add_argument("--out", default="site", metavar="DIR", help="the site's folder (default: site)")
    parser.add_argument(
        "--title",
        action="append",
        default=[],
        metavar="T",
        help="what the page calls a model; once for each artifact, in their order (default: its name)",
    )
    parser.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="PATH",
        help="the model folder, README.md or .gguf file that says what the page tells of an artifact, such as"
        " its licence; once for each, in their order, - for none (default: that of a model built on the way)",
    )
    parser.add_argument(
        "--warm",
        metavar="TEXT",
        help="a system prompt, which chats have unless somebody writes another; its part of the KV cache is"
        " computed now and shipped with the site, so that the first token of a long one comes at once. A"
        " browser downloads that, too (default: none)",
    )
    parser.add_argument(
        "--explore",
        action="store_true",
        help="add a page for each model that shows its kernels line by line, as `kernelc explore` does; the"
        " chat page links to it",
    )
    parser.add_argument(
        "--serve",
        nargs="?",
        type=port,
        const=DEFAULT_PORT,
        metavar="PORT",
        help=f"then serve the folder on this machine until Ctrl-C (default port: {DEFAULT_PORT})",
    )


def run(args: argparse.Namespace) -> int:
    """Write the site and print its folder, or serve it."""
    named: list[str] = args.artifacts or [DEMO]
    for option, given in (("--title", args.title), ("--card", args.card)):
        if len(given) > len(named):
            raise UsageError(f"got {len(given)} of these for {len(named)} artifacts", where=option)
    if args.warm is not None:
        from kernelc.commands.static_site.warm import check_text

        check_text(args.warm)
    cards = [*args.card, *[None] * (len(named) - len(args.card))]
    models = [_artifact(text, card) for text, card in zip(named, cards, strict=True)]

    from kernelc.commands.static_site.page import built_page
    from kernelc.commands.static_site.site import write_site

    entries = _warmed(_entries([model[:2] for model in models], args.title), args.warm)
    if args.explore:
        entries = _explored(entries, [model[2] for model in models])
    out = Path(args.out)
    write_site(built_page(), entries, out)
    print(out, flush=True)
    if args.serve is None:
        _advise(out)
        return 0
    from kernelc.commands.static_site.file_server import serve

    return serve(out, args.serve)


def _artifact(text: str, card: str | None) -> tuple[Path, ModelCard, Path | None]:
    """Return the artifact that `text` names, what is told of its model, and where that is, if it is known.

    A model is built into the cache if it is not there yet. Of an artifact alone nothing is known.
    Raises: UsageError for a `card` that is not there.
    """
    from kernelc.commands.build import add_compile_options
    from kernelc.commands.kept import built
    from kernelc.commands.static_site.model_card import NOTHING, card_at, card_of

    told = None if card is None else NOTHING if card == NO_CARD else card_at(Path(card))
    if is_artifact(Path(text)):
        return Path(text), told or NOTHING, None
    model = located(None if text == DEMO and not Path(text).exists() else text)
    if is_artifact(model.path):
        return model.path, told or NOTHING, None
    parser = argparse.ArgumentParser()
    add_compile_options(parser, _target())
    return built(model, parser.parse_args([])), told or card_of(model), model.path


def _target() -> str:
    """Return what to build for: graphics devices, and the processor where that can be compiled for."""
    from kernelc.link import require_linkers

    try:
        require_linkers(BOTH)
    except UsageError as error:
        print(f"note: the page will need WebGPU: {error.message} (help: {error.help})", file=sys.stderr)
        return GRAPHICS
    return BOTH


def _entries(models: Sequence[tuple[Path, ModelCard]], titles: Sequence[str]) -> list[Entry]:
    from kernelc.commands.static_site.site import entry_of

    entries: list[Entry] = []
    with progress_bar("checking") as report:
        for at, (folder, card) in enumerate(models):
            taken = {entry.name for entry in entries}
            title = titles[at] if at < len(titles) else None
            entries.append(entry_of(folder, title, taken, report, card))
    return entries


def _warmed(entries: Sequence[Entry], system: str | None) -> list[Entry]:
    """Compute the system prompt's rows for each model, and say on stderr what browsers download for them."""
    if system is None:
        return list(entries)
    from kernelc.commands.static_site.warm import warmed

    found: list[Entry] = []
    for entry in entries:
        warm = warmed(entry.artifact, system)
        print(f"{entry.name}: {warm.bytes / 1e6:.1f} MB for the system prompt", file=sys.stderr)
        found.append(replace(entry, warm=warm))
    return found


def _explored(entries: Sequence[Entry], sources: Sequence[Path | None]) -> list[Entry]:
    """Give each model what its explorer shows; of those built on the way, the graph before fusing, too."""
    from kernelc.commands.shared.tracing import traced_of
    from kernelc.explore.site import Subject

    found: list[Entry] = []
    for entry, source in zip(entries, sources, strict=True):
        traced = traced_of(None if source is None else str(source), entry.artifact)
        found.append(replace(entry, explore=Subject.of(entry.artifact, traced)))
    return found


def _advise(out: Path) -> None:
    """Print on stderr, if it is a terminal, how to view the site."""
    if sys.stderr.isatty():
        print(
            f"put {out} on any file server (https, or localhost), or try it here: "
            f"kernelc web ... --out {out} --serve",
            file=sys.stderr,
        )
