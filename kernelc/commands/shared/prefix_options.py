"""The options of commands that keep the beginnings of prompts, and the settings that follow from them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kernelc.commands.shared.options import natural

if TYPE_CHECKING:
    from runtime.prefixes.settings import PrefixSettings

DISK_MB = 4096
"""What is kept on disk where a folder is named and no size."""


def add_prefixes(parser: argparse.ArgumentParser, memory_mb: int, without: str) -> None:
    """Add --prefix-cache, with `memory_mb` as its default, --prefix-disk and --prefix-dir.

    `without` says what is left where nothing is kept in memory.
    """
    kept = parser.add_argument_group("beginnings of prompts that are not computed again")
    kept.add_argument(
        "--prefix-cache",
        type=natural,
        default=memory_mb,
        metavar="MB",
        help="memory for them, for each model, taken as they come; 0 keeps only what the last"
        f" {without} left (default: {memory_mb})",
    )
    kept.add_argument(
        "--prefix-disk",
        type=natural,
        metavar="MB",
        help="keep them on disk, too, for the next start, in at most so many MB; whoever can read the folder"
        f" can find out what was asked (default: 0, or {DISK_MB} with --prefix-dir)",
    )
    kept.add_argument(
        "--prefix-dir",
        metavar="DIR",
        help="where on disk; a folder that nobody else may write to (default: one in the user's cache)",
    )


def prefixes_of(args: argparse.Namespace) -> PrefixSettings:
    """Return how much of prompts is kept, and where."""
    from kernelc.commands.shared.paths import cache_folder
    from runtime.prefixes.settings import PrefixSettings

    disk: int = args.prefix_disk if args.prefix_disk is not None else DISK_MB if args.prefix_dir else 0
    folder = Path(args.prefix_dir) if args.prefix_dir else cache_folder("prefixes")
    return PrefixSettings(args.prefix_cache * 1_000_000, disk * 1_000_000, folder)
