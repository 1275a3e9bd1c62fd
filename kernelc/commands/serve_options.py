"""The options of `kernelc serve`."""

from __future__ import annotations

import argparse

from kernelc.commands import build
from kernelc.commands.shared.draft_options import add_draft
from kernelc.commands.shared.locating import MODEL_HELP
from kernelc.commands.shared.options import (
    add_device,
    add_embeddings,
    add_sequences,
    port,
    positive,
)
from kernelc.commands.shared.prefix_options import add_prefixes

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
MOST_WAITING = 32
MOST_BODY_MB = 4
PREFIX_MB = 1024
KEYS_VARIABLE = "KERNELC_API_KEY"
FITTING = 0  # `kernelc.compile_options.FITTING_SEQUENCES`


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL_OR_ARTIFACT",
        help=f"an artifact, or {MODEL_HELP}; several are served side by side (default: the demo)",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="ID",
        help="what requests call a model; once for each, in their order (default: its name)",
    )
    add_device(parser)
    add_draft(parser)
    add_embeddings(
        parser, "answer /v1/embeddings, too: the mean of the last hidden states, for models built with it"
    )
    _add_http(parser)
    add_prefixes(parser, PREFIX_MB, "request")
    _add_access(parser)
    build.add_compile_options(parser, target=None)
    add_sequences(parser, FITTING, "8, fewer where their caches would have more than 4 GB, 1 with windows")


def _add_http(parser: argparse.ArgumentParser) -> None:
    http = parser.add_argument_group("HTTP")
    http.add_argument(
        "--host",
        default=DEFAULT_HOST,
        metavar="ADDRESS",
        help=f"the address to listen on; 0.0.0.0 lets other machines in (default: {DEFAULT_HOST})",
    )
    http.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        help=f"the port to listen on; 0 takes any free one (default: {DEFAULT_PORT})",
    )
    http.add_argument(
        "--queue",
        type=positive,
        default=MOST_WAITING,
        metavar="N",
        help="most requests that wait for a model; further ones are told to come back, with status 429"
        f" (default: {MOST_WAITING})",
    )
    http.add_argument(
        "--max-body",
        type=positive,
        default=MOST_BODY_MB,
        metavar="MB",
        help=f"largest body of a request, in MB (default: {MOST_BODY_MB})",
    )


def _add_access(parser: argparse.ArgumentParser) -> None:
    access = parser.add_argument_group("who is let in")
    access.add_argument(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help="accept requests with this key alone; may be given several times. Other users of this machine"
        f" see a command line: {KEYS_VARIABLE} in the environment may hold keys instead, with commas between"
        " them",
    )
    access.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that this server is reached by, without the port; may be given several times. Requests"
        " for any other Host but this machine's loopback names and the address itself are refused",
    )
    access.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin, such as https://example.org, whose web pages may use the server; may be given"
        " several times; * stands for all (default: none)",
    )
