"""A small file server with Range requests, for trying a site on this machine: `kernelc web --serve`.

Any other file server will do as well. This one is Python's own, extended by ranges, with which an interrupted
download is resumed.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import IO, Any, BinaryIO

from kernelc.commands.static_site.connections import PatientReader, Server, is_known_host
from kernelc.errors import WorkFailed

HOST = "127.0.0.1"  # browsers treat it as a secure context, and other machines cannot reach it
_HEADERS = {
    "Accept-Ranges": "bytes",
    # The page is isolated from other origins, so that its threads may share memory.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page's own policy is in its head, and stricter; this one is for what else the folder has.
    "Content-Security-Policy": "default-src 'self' data: blob: 'wasm-unsafe-eval'; style-src 'self'"
    " 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",  # always revalidate: the site may have been rewritten
}
_FOR_FOLDERS = ("index.html", "index.htm")  # what the base class sends of a folder
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")


def serve(folder: Path, port: int) -> int:
    """Serve `folder` until Ctrl-C, which is not an error. Raises: WorkFailed where the port is taken."""
    try:
        server = Server((HOST, port), partial(Handler, directory=str(folder)))
    except OSError as error:
        message = f"cannot listen on port {port}: {error.strerror}"
        raise WorkFailed(message, where="--serve", help="try another port; 0 takes any free one") from error
    with server:
        print(f"http://{HOST}:{server.server_port}/ (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


class Handler(SimpleHTTPRequestHandler):
    """Serves the files of a folder, whole or in part. Hidden files and folder listings are not served."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  (as the base class has it)
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".webmanifest": "application/manifest+json",
        ".wgsl": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
    }
    _left_bytes: int | None = None

    def setup(self) -> None:
        """Read requests with a deadline."""
        super().setup()
        assert isinstance(self.server, Server)
        self._reader = PatientReader(self.connection, self.server.patience)
        self.rfile = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        """Give each request its own time."""
        self._reader.begin()
        super().handle_one_request()

    def send_head(self) -> Any:
        """Answer the head of a request. Return the open file to send from, or None if there is nothing to
        send.
        """
        self._left_bytes = None
        if not is_known_host(self.headers.get("Host")):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)  # DNS rebinding
            return None
        if {"content-length", "transfer-encoding"} & {name.lower() for name in self.headers}:
            self.close_connection = True  # a body that nobody reads is no next request
        path = self.translate_path(self.path)
        if not self._is_served(path):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        match = _RANGE.fullmatch(self.headers.get("Range", ""))
        if match is None or not os.path.isfile(path):
            return super().send_head()
        try:
            file = open(path, "rb")  # noqa: SIM115  (the base class closes it)
        except OSError:  # it has gone meanwhile, or may not be read
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return self._part(file, path, int(match[1]), int(match[2]) if match[2] else None)

    def _is_served(self, path: str) -> bool:
        """Whether a path is a file or folder of the site, without hidden parts and links that lead out."""
        if "\0" in path or any(part.startswith(".") for part in Path(path).relative_to(self.directory).parts):
            return False
        if not (os.path.isfile(path) or os.path.isdir(path)):  # a pipe would wait for ever
            return False
        sent = (path, *(os.path.join(path, page) for page in _FOR_FOLDERS))
        within = os.path.realpath(self.directory)
        return all(Path(os.path.realpath(each)).is_relative_to(within) for each in sent)

    def _part(self, file: BinaryIO, path: str, first: int, last: int | None) -> BinaryIO | None:
        about = os.fstat(file.fileno())
        size = about.st_size
        last = size - 1 if last is None else min(last, size - 1)
        if first > last:
            file.close()
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        file.seek(first)
        self._left_bytes = last - first + 1
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(self._left_bytes))
        self.send_header("Last-Modified", self.date_time_string(int(about.st_mtime)))
        self.end_headers()
        return file

    def copyfile(self, source: IO[bytes], outputfile: IO[bytes]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Send what the head promised: the rest of the file, or the requested part."""
        if self._left_bytes is None:
            shutil.copyfileobj(source, outputfile)
            return
        while self._left_bytes:
            data = source.read(min(self._left_bytes, 1 << 16))
            if not data:
                return
            outputfile.write(data)
            self._left_bytes -= len(data)

    def end_headers(self) -> None:
        """Add the headers that every response has."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Return nothing: folders are not listed, as a site has an index.html."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing to the terminal."""
