"""A stand-in of the Hugging Face hub: as much of its HTTP API as downloading a model takes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Serves repositories ("org/name" to a folder); counts the bytes of files that were sent.

    `fail` is the status with which everything is answered, where it is not 0; a `silent` hub takes questions
    and answers none; `cut` ends the first transfer of each file after so many bytes. Repositories in `gated`
    are refused as the hub refuses those.
    """

    daemon_threads = True

    def __init__(self, repositories: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories
        self.gated: set[str] = set()
        self.fail = 0
        self.silent = False
        self.ended = threading.Event()
        self.cut = 0
        self.sent = 0
        self.asked: list[str] = []
        self.cut_already: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_hub(repositories: dict[str, Path]) -> Generator[Hub]:
    hub = Hub(repositories)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.ended.set()
        hub.shutdown()
        hub.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub  # pyright: ignore[reportIncompatibleVariableOverride]  (the base class knows any server)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        if self.server.silent:
            self.server.ended.wait()
        if self.server.fail:
            return self._refuse(self.server.fail, "")
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._model(*parts[2:])
        if len(parts) > 4 and parts[2] == "resolve":
            return self._file("/".join(parts[:2]), parts[3], "/".join(parts[4:]), body)
        self._refuse(404, "EntryNotFound")

    def _model(self, owner: str, name: str, *rest: str) -> None:
        repository = f"{owner}/{name}"
        revision = rest[1] if rest[:1] == ("revision",) and len(rest) == 2 else "main"
        if not self._known(repository, revision):
            return
        folder = self.server.repositories[repository]
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        if rest[:1] == ("tree",):
            entries = [
                {"type": "file", "path": str(f.relative_to(folder)), "size": f.stat().st_size, "oid": _tag(f)}
                for f in files
            ]
            return self._json(entries)
        siblings = [{"rfilename": str(f.relative_to(folder)), "size": f.stat().st_size} for f in files]
        self._json({"id": repository, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []})

    def _file(self, repository: str, revision: str, name: str, body: bool) -> None:
        if not self._known(repository, revision):
            return
        file = self.server.repositories[repository] / name
        if not file.is_file():
            return self._refuse(404, "EntryNotFound")
        data = file.read_bytes()
        asked = self.headers.get("Range", "")
        begin = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{_tag(file)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - begin))
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if body:
            self._send(name, data[begin:])

    def _send(self, name: str, data: bytes) -> None:
        cut = self.server.cut and name not in self.server.cut_already and len(data) > self.server.cut
        if cut:
            self.server.cut_already.add(name)
            data = data[: self.server.cut]
            self.close_connection = True
        self.wfile.write(data)
        self.server.sent += len(data)

    def _known(self, repository: str, revision: str) -> bool:
        if repository in self.server.gated:
            self._refuse(403, "GatedRepo")
        elif repository not in self.server.repositories:
            self._refuse(401, "RepoNotFound")
        elif revision not in ("main", "v1", COMMIT):
            self._refuse(404, "RevisionNotFound")
        else:
            return True
        return False

    def _json(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _tag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()
