"""The options of commands that take a draft model, and of builds that one can guess for."""

from __future__ import annotations

import argparse

from kernelc.commands.shared.options import positive

DRAFT_ROWS = 8
"""Rows of the steps that check guesses, where a model is built for a draft."""


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Add --rows."""
    parser.add_argument(
        "--rows",
        type=positive,
        default=1,
        metavar="N",
        help="rows that a step may have, 1 to 8, for checking what a draft guesses (`kernelc chat --draft`):"
        " one more than guesses (default: 1)",
    )


def add_draft(parser: argparse.ArgumentParser, metavar: str = "MODEL_OR_ARTIFACT") -> None:
    """Add --draft, which takes what `metavar` says."""
    parser.add_argument(
        "--draft",
        metavar=metavar,
        help="a smaller model with the same tokenizer, which guesses tokens that the model checks several at"
        " a time: the same answers, and faster ones where it often guesses right (default: none)",
    )
