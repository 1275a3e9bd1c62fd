"""Several engines behind one address, with Ray Serve: replicas of `kernelc serve`, each on its own device.

    pip install 'kernelc[ray]'
    python docs/examples/ray_replicas.py artifact --replicas 2

Ray starts the replicas, on one machine or on many, restarts what dies, and decides who answers: its
consistent hashing sends requests that begin alike to the same replica, whose cache has that beginning. The
server of each is the one that `kernelc serve` runs, with its queue and its refusals.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import time
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.config import RequestRouterConfig
from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from kernelc.commands.serve_options import KEYS_VARIABLE
from kernelc.serve.app import create_app
from kernelc.serve.metrics import Metrics
from kernelc.serve.scheduler import Served, Worker
from kernelc.serve.security import Access
from kernelc.session import Session, text_of

ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
MOST_BODY_BYTES = 4_000_000
PREFIX_CHARACTERS = 512  # of a prompt; those that share as much are sent to the same replica


def prefix_key(body: bytes) -> str:
    """Return the same text for requests that begin alike: with the same system prompt, or the same text.

    A conversation keeps its replica for as long as its beginning stays. What is no JSON goes anywhere, to be
    refused there.
    """
    try:
        asked = json.loads(body)
        messages = asked.get("messages")
        first = messages[0] if messages else {"content": asked.get("prompt")}
        beginning = json.dumps([asked.get("model"), first.get("role"), first.get("content")])
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        beginning = ""
    return hashlib.sha256(beginning[:PREFIX_CHARACTERS].encode()).hexdigest()


class Replica:
    """One engine, and the application that answers with it."""

    def __init__(self, artifact: str, device: str, name: str) -> None:
        metrics = Metrics()
        self._worker = Worker(partial(_served, artifact, device, name), most_waiting=32, metrics=metrics)
        keys = [key.strip() for key in os.environ.get(KEYS_VARIABLE, "").split(",")]
        access = Access(keys=list(filter(None, keys)))
        self._app = create_app([self._worker], metrics=metrics, access=access)
        self._tag = serve.get_replica_context().replica_tag

    async def answer(self, scope: dict[str, Any], body: bytes) -> AsyncGenerator[Any]:
        """Yield the status and headers of the answer, then its body, piece by piece."""
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        left = asyncio.Event()
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            for message in asked:
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        async def run() -> None:
            try:
                await self._app(scope, receive, pieces.put)
            finally:
                await pieces.put(None)

        running = asyncio.create_task(run())
        try:
            while (message := await pieces.get()) is not None:
                if message["type"] == "http.response.start":
                    yield message["status"], [*message["headers"], (b"x-replica", self._tag.encode())]
                elif message.get("body"):
                    yield message["body"]
            await running
        finally:  # also where the client has gone: the answer ends after its token
            left.set()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    def __del__(self) -> None:
        self._worker.close()


class Front:
    """What clients talk to. It reads a request as far as it takes to choose a replica."""

    def __init__(self, replicas: DeploymentHandle) -> None:
        self._replicas = replicas

    async def __call__(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BODY_BYTES:
                return JSONResponse({"error": {"message": "the body is too large"}}, 413)
        scope = {key: request.scope[key] for key in ("type", "http_version", "method", "scheme")}
        scope |= {"path": request.url.path, "query_string": request.url.query.encode(), "root_path": ""}
        scope |= {"headers": request.headers.raw, "client": None, "server": None}
        handle = self._replicas.options(stream=True, session_id=prefix_key(body))
        pieces = handle.answer.remote(scope, body)
        status, headers = await anext(pieces)
        return StreamingResponse(pieces, status, dict(_texts(headers)))


@contextlib.contextmanager
def _served(artifact: str, device: str, name: str) -> Generator[Served]:
    with Session.open(Path(artifact), device=device) as session:
        engine, tokenizer = session.engine, session.tokenizer
        yield Served(
            name,
            session.completer(),
            engine.vocab_size,
            engine.context,
            int(time.time()),
            tokenizer,
            partial(text_of, tokenizer),
        )


def _texts(headers: list[tuple[bytes, bytes]]) -> Generator[tuple[str, str]]:
    for name, value in headers:
        yield name.decode("latin-1"), value.decode("latin-1")


def application(artifact: str, *, name: str, replicas: int, device: str, cores: float, gpus: float) -> Any:
    """Return the application for `serve.run`; a replica takes `cores` and `gpus` of the cluster."""
    replica = serve.deployment(
        Replica,
        num_replicas=replicas,
        max_ongoing_requests=64,
        ray_actor_options={"num_cpus": cores, "num_gpus": gpus},
        request_router_config=RequestRouterConfig(request_router_class=ROUTER),
    )
    front = serve.deployment(Front, max_ongoing_requests=1000, ray_actor_options={"num_cpus": 0})
    return front.bind(replica.bind(artifact, device, name))


def main() -> None:
    """Serve an artifact until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("artifact")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cores", type=float, default=1)
    parser.add_argument("--gpus", type=float, default=0)
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    serve.start(http_options={"host": "127.0.0.1", "port": args.port})
    made = application(
        str(Path(args.artifact).resolve()),
        name=Path(args.artifact).name,
        replicas=args.replicas,
        device=args.device,
        cores=args.cores,
        gpus=args.gpus,
    )
    serve.run(made, blocking=True)


if __name__ == "__main__":
    main()
