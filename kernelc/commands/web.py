"""`kernelc web`: artifacts in, a folder out that any file server can serve and that chats in the browser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.shared.locating import MODEL_HELP, located
from kernelc.commands.shared.options import is_artifact
from kernelc.commands.shared.progress import progress_bar
from kernelc.errors import UsageError

if TYPE_CHECKING:
    from kernelc.commands.static_site.site import Entry

DEFAULT_PORT = 8000
GRAPHICS, BOTH = "wgsl", "wgsl+wasm"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "artifacts",
        nargs="*",
        metavar="MODEL_OR_ARTIFACT",
        help=f"what `kernelc build` wrote for wgsl, or {MODEL_HELP}, built on the way (default: the demo)",
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
        "--serve",
        nargs="?",
        type=_port,
        const=DEFAULT_PORT,
        metavar="PORT",
        help=f"then serve the folder on this machine until Ctrl-C (default port: {DEFAULT_PORT})",
    )


def run(args: argparse.Namespace) -> int:
    """Write the site and print its folder, or serve it."""
    if len(args.title) > max(1, len(args.artifacts)):
        count = max(1, len(args.artifacts))
        raise UsageError(f"got {len(args.title)} titles for {count} artifacts", where="--title")
    folders = [_artifact(text) for text in args.artifacts or [None]]

    from kernelc.commands.static_site.page import built_page
    from kernelc.commands.static_site.site import write_site

    entries = _entries(folders, args.title)
    out = Path(args.out)
    write_site(built_page(), entries, out)
    print(out, flush=True)
    if args.serve is None:
        _advise(out)
        return 0
    from kernelc.commands.static_site.file_server import serve

    return serve(out, args.serve)


def _artifact(text: str | None) -> Path:
    """Return the artifact that `text` names; a model is built into the cache if it is not there yet."""
    from kernelc.commands.build import add_compile_options
    from kernelc.commands.cache import built

    if text is not None and is_artifact(Path(text)):
        return Path(text)
    model = located(text)
    if is_artifact(model.path):
        return model.path
    parser = argparse.ArgumentParser()
    add_compile_options(parser, _target())
    return built(model, parser.parse_args([]))


def _target() -> str:
    """Return what to build for: graphics devices, and the processor where that can be compiled for."""
    from kernelc.link import require_linkers

    try:
        require_linkers(BOTH)
    except UsageError as error:
        print(f"note: the page will need WebGPU: {error.message} (help: {error.help})", file=sys.stderr)
        return GRAPHICS
    return BOTH


def _entries(folders: Sequence[Path], titles: Sequence[str]) -> list[Entry]:
    from kernelc.commands.static_site.site import entry_of

    entries: list[Entry] = []
    with progress_bar("checking") as report:
        for at, folder in enumerate(folders):
            taken = {entry.name for entry in entries}
            entries.append(entry_of(folder, titles[at] if at < len(titles) else None, taken, report))
    return entries


def _advise(out: Path) -> None:
    """Print on stderr, if it is a terminal, how to view the site."""
    if sys.stderr.isatty():
        print(
            f"put {out} on any file server (https, or localhost), or try it here: "
            f"kernelc web ... --out {out} --serve",
            file=sys.stderr,
        )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"got {text!r}, wanted a port of 0..65535 (0: any free one)")
