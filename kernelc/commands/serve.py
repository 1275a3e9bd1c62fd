"""`kernelc serve`: models behind OpenAI's HTTP API, for programs that speak it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from kernelc.commands.finding import artifact_of, with_draft
from kernelc.commands.serve_options import FITTING, KEYS_VARIABLE, add_arguments
from kernelc.commands.shared.prefix_options import prefixes_of
from kernelc.errors import UsageError

if TYPE_CHECKING:
    from kernelc.artifact import Artifact
    from kernelc.serve.scheduler import Served
    from kernelc.serve.security import Access
    from kernelc.session import Session
    from kernelc.shared_session import SharedSession
    from runtime.engine.several import SeveralEngine
    from runtime.prefixes.settings import PrefixSettings

__all__ = ["KEYS_VARIABLE", "add_arguments", "run"]

_NEEDED = ("starlette", "uvicorn")


def run(args: argparse.Namespace) -> int:
    """Open the models and serve them until Ctrl-C or SIGTERM, neither of which is an error."""
    named = _asked_models(args)
    _require_extra()
    if args.embeddings and args.sequences == FITTING:
        args.sequences = 1  # such a model answers one call after the other

    from kernelc.serve.app import create_app
    from kernelc.serve.bodies import Limits
    from kernelc.serve.metrics import Metrics
    from kernelc.serve.scheduler import Worker
    from kernelc.serve.server import Server, listening, url_of

    prefixes = prefixes_of(args)
    access, limits = _access(args), Limits(body_bytes=args.max_body * 1_000_000)
    with ExitStack() as stack:
        bound = stack.enter_context(listening(args.host, args.port))  # before the long part
        _warn_if_open(args.host, access)
        artifacts, draft = _opened(named, args)
        if args.embeddings:
            _require_embeddings(artifacts)
        names = _names(artifacts, args.name)
        metrics = Metrics()
        workers: list[Worker] = []
        for artifact, name in zip(artifacts, names, strict=True):
            opened = _opener(artifact, name, args, prefixes, draft)
            worker = Worker(opened, most_waiting=args.queue, metrics=metrics)
            stack.callback(worker.close)
            workers.append(worker)

        def refuse() -> None:
            if any(each.running for each in workers):
                print("finishing what is being answered; another Ctrl-C ends that, too", file=sys.stderr)
            for each in workers:
                each.refuse()

        def stop() -> None:
            for each in workers:
                each.stop()

        app = create_app(workers, metrics=metrics, access=access, limits=limits)
        print(f"{url_of(bound)}/v1 serves {', '.join(names)} (Ctrl-C ends)", flush=True)
        Server(app, limits, refuse=refuse, stop=stop).serve_on([bound])
    return 0


def _opened(named: list[str | None], args: argparse.Namespace) -> tuple[list[Artifact], Artifact | None]:
    """The models' artifacts, and the draft's, if there is one. Raises: as `artifact_of` and `with_draft`."""
    from kernelc.artifact import Artifact

    if args.draft is None:
        return [Artifact.open(artifact_of(text, args)) for text in named], None
    folder, of_draft = with_draft(named[0], args)
    return [Artifact.open(folder)], None if of_draft is None else Artifact.open(of_draft)


def _asked_models(args: argparse.Namespace) -> list[str | None]:
    """The models of the command line, None for the demo. Raises: UsageError for what does not go together."""
    named: list[str | None] = args.models or [None]
    if len(args.name) > len(named):
        raise UsageError(f"got {len(args.name)} of these for {len(named)} models", where="--name")
    if args.draft is not None and len(named) > 1:
        raise UsageError(f"got {len(named)} models, and a draft guesses for one", where="--draft")
    if args.draft is not None and args.embeddings:
        raise UsageError("a model with embeddings answers without a draft", where="--draft, --embeddings")
    return named


def _require_extra() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"`kernelc serve` needs {' and '.join(missing)}", help="pip install 'kernelc[serve]'"
        )


def _require_embeddings(artifacts: Sequence[Artifact]) -> None:
    for artifact in artifacts:
        if not any(program.role == "embed" for program in artifact.manifest.programs.values()):
            raise UsageError(
                "the artifact has no program for embeddings",
                where=str(artifact.folder),
                help="build it again, with --embeddings",
            )


def _access(args: argparse.Namespace) -> Access:
    """Return who may ask."""
    from kernelc.serve.security import Access

    kept = [key.strip() for key in os.environ.get(KEYS_VARIABLE, "").split(",")]
    keys = [*args.api_key, *filter(None, kept)]
    own = [] if args.host in ("0.0.0.0", "::") else [args.host.lower()]
    known = [host for host in own if ":" not in host]
    return Access(hosts=[*args.allow_host, *known], origins=args.cors_origin, keys=keys)


def _warn_if_open(host: str, access: Access) -> None:
    """Say on stderr where other machines get in without a key."""
    from kernelc.hosts import is_loopback

    if not access.keys and not is_loopback(host):
        advice = f"set {KEYS_VARIABLE} or --api-key"
        print(f"warning: --host {host} lets others in without a key: {advice}", file=sys.stderr)


def _names(artifacts: Sequence[Artifact], given: Sequence[str]) -> list[str]:
    """Return what each model is called. Raises: UsageError where two have one name."""
    own = [artifact.manifest.name for artifact in artifacts]
    names = [*given, *own[len(given) :]]
    for name in names:
        if not name or not name.isprintable():
            raise UsageError(f"got {name!r:.200}, wanted a name of printable characters", where="--name")
        if names.count(name) > 1:
            help_ = "give each a name of its own with --name, in their order"
            raise UsageError(f"two models are called {name}", help=help_)
    return names


def _opener(
    artifact: Artifact,
    name: str,
    args: argparse.Namespace,
    prefixes: PrefixSettings,
    draft: Artifact | None,
) -> Callable[[], AbstractContextManager[Served]]:
    """Return what opens a model, in the thread that will work with it."""

    @contextmanager
    def opened() -> Generator[Served]:
        from kernelc.commands.shared import opening
        from kernelc.serve.scheduler import Served
        from kernelc.session import Session, text_of
        from runtime.engine.engine import EMBED_ROLES, GENERATE_ROLES

        def served(session: Session | SharedSession, shared: SeveralEngine | None) -> Served:
            engine, tokenizer = session.engine, session.tokenizer
            return Served(
                name,
                session.completer(),
                engine.vocab_size,
                engine.context,
                int(time.time()),
                tokenizer,
                partial(text_of, tokenizer),
                session.embedder() if isinstance(session, Session) and args.embeddings else None,
                shared,
            )

        where = (artifact, args.device, args.context)
        alone = artifact.manifest.sequences is None and draft is None
        if alone or args.embeddings:  # those take an engine of their own
            roles = EMBED_ROLES if args.embeddings else GENERATE_ROLES
            with opening.open_session(*where, roles=roles, prefixes=prefixes) as session:
                yield served(session, None)
        else:
            with closing(opening.open_shared_session(*where, prefixes=prefixes, draft=draft)) as session:
                yield served(session, session.engine)

    return opened
