"""`kernelc chat`: talk to an artifact, or to a model folder that is built first."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

from kernelc.commands import build
from kernelc.commands.finding import with_draft
from kernelc.commands.shared.draft_options import add_draft
from kernelc.commands.shared.locating import MODEL_HELP
from kernelc.commands.shared.options import FLAGS, add_device, add_sampling, sampling_of
from kernelc.commands.shared.prefix_options import add_prefixes, prefixes_of
from kernelc.errors import UsageError

POLICIES = ("stop", "slide")
PREFIX_MB = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "named",
        nargs="?",
        metavar="MODEL_OR_ARTIFACT",
        help=f"an artifact, or {MODEL_HELP} (default: the demo)",
    )
    parser.add_argument("--model", metavar="MODEL", help="the same, named by an option")
    add_device(parser)
    add_draft(parser)
    parser.add_argument("--system", metavar="S", help="a system prompt")
    parser.add_argument(
        "--context-policy",
        choices=POLICIES,
        default="stop",
        help="when the context is full: stop, or slide and forget the oldest turns (default: stop)",
    )
    add_sampling(parser, own="the model's own, else ")
    add_prefixes(parser, PREFIX_MB, "answer")
    build.add_compile_options(parser, target=None)


def run(args: argparse.Namespace) -> int:
    """Open the model and run the conversation. Turns come from the terminal or a pipe."""
    sampling_of(args)  # refuse what is out of range before the long part
    folder, draft = _artifacts_of(args)

    from kernelc.artifact import Artifact
    from kernelc.commands.shared import opening
    from kernelc.commands.shared.progress import progress_bar
    from runtime.chat.screen import Screen
    from runtime.chat.terminal import Chat, ChatSettings, read_lines

    artifact = Artifact.open(folder)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    where, prefixes = (artifact, args.device, args.context), prefixes_of(args)
    of_draft = None if draft is None else Artifact.open(draft)
    if of_draft is None:
        opened = opening.open_session(*where, prefixes=prefixes)
    else:
        opened = opening.open_shared_session(*where, prefixes=prefixes, draft=of_draft)
    with closing(opened) as session:
        conversation = session.conversation(system=args.system, policy=args.context_policy, stop=args.stop)
        sampling = sampling_of(args, session.sampling)
        facts = opening.facts_of(session.engine, artifact, folder)
        # one seed for the whole chat, drawn here if none was given, so that /stats can show it
        settings = ChatSettings(args.max_gen_len, sampling.with_seed(), facts)
        screen = Screen(sys.stdout, sys.stderr)
        chat = Chat(
            conversation,
            settings,
            screen,
            interactive=interactive,
            watch=lambda: progress_bar("reading the prompt"),
            spelling=FLAGS,
        )
        if interactive:
            device = session.engine.executor.info
            guessing = "" if of_draft is None else f" with {of_draft.manifest.name} as its draft"
            screen.note(
                f"{artifact.manifest.name} ({artifact.manifest.quant}){guessing} on {device.name},"
                f" {sampling.describe()}; /help, Ctrl-D leaves"
            )
        return chat.run(read_lines(sys.stdin, interactive=interactive))


def _artifacts_of(args: argparse.Namespace) -> tuple[Path, Path | None]:
    """Return the artifact to talk to, and its draft's. A model is built into the cache, unless it is there
    already."""
    if args.named is not None and args.model is not None:
        raise UsageError(f"got two models, {args.named} and {args.model}", help="name one of them")
    return with_draft(args.named if args.model is None else args.model, args)
