"""`kernelc chat`: talk to an artifact, or to a model folder that is built first."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kernelc.commands import build
from kernelc.commands.options import (
    FLAGS,
    add_device,
    add_sampling,
    demo_model,
    is_artifact,
    is_model,
    sampling_of,
)
from kernelc.errors import UsageError

TEMPERATURE, TOP_P = 0.8, 0.95
POLICIES = ("stop", "slide")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "model",
        nargs="?",
        metavar="MODEL_OR_ARTIFACT",
        help="a model folder or an artifact (default: the demo)",
    )
    add_device(parser)
    parser.add_argument("--system", metavar="S", help="a system prompt")
    parser.add_argument(
        "--context-policy",
        choices=POLICIES,
        default="stop",
        help="when the context is full: stop, or slide and forget the oldest turns (default: stop)",
    )
    add_sampling(parser, temperature=TEMPERATURE, top_p=TOP_P)
    build.add_compile_options(parser, target=None)


def run(args: argparse.Namespace) -> int:
    """Open the model and run the conversation. Turns come from the terminal or a pipe."""
    sampling = sampling_of(args)
    folder = _artifact_of(args)

    from kernelc.artifact import Artifact
    from kernelc.commands import opening
    from kernelc.commands.progress import progress_bar
    from runtime.chat.screen import Screen
    from runtime.chat.terminal import Chat, ChatSettings, read_lines

    artifact = Artifact.open(folder)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    with opening.open_session(artifact, args.device, args.context) as session:
        conversation = session.conversation(system=args.system, policy=args.context_policy)
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
            screen.note(
                f"{artifact.manifest.name} ({artifact.manifest.quant}) on {device.name}; /help, Ctrl-D leaves"
            )
        return chat.run(read_lines(sys.stdin, interactive=interactive))


def _artifact_of(args: argparse.Namespace) -> Path:
    """Return the artifact to talk to. A model folder is built into the cache, unless it is there already."""
    path = demo_model() if args.model is None else Path(args.model)
    if is_artifact(path):
        return path
    if is_model(path):
        from kernelc.commands.cache import built
        from runtime.devices import target_for

        if args.target is None:
            args.target = target_for(args.device)
        return built(path, args)
    raise UsageError(
        "neither an artifact nor a model folder" if path.exists() else "there is no such folder",
        where=str(path),
        help="name a Hugging Face model folder, or one that `kernelc build` wrote",
    )
