"""`kernelc web --serve` against those who mean harm: other Hosts, half-sent heads, links that lead out."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from kernelc.commands.static_site.connections import Patience, Server, is_known_host
from kernelc.commands.static_site.file_server import Handler

QUICK = Patience(head_seconds=0.5, write_seconds=0.5, connections=4)


@contextmanager
def serving(folder: Path, patience: Patience) -> Iterator[int]:
    running = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)), patience=patience)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield running.server_port
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "data.bin").write_bytes(bytes(range(100)))
    (tmp_path / "secret").write_text("no")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "out").symlink_to(tmp_path)
    (folder / "inside").symlink_to(folder / "data.bin")
    os.mkfifo(folder / "pipe")
    for name, target in (("leads", tmp_path / "secret"), ("stays", folder / "data.bin")):
        (folder / name).mkdir()
        (folder / name / "index.html").symlink_to(target)
    return folder


@pytest.fixture
def port(site: Path) -> Iterator[int]:
    with serving(site, QUICK) as found:
        yield found


def asked(port: int, head: str) -> bytes:
    """Send a head as it is; return all that comes until the other side closes."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        connection.sendall(head.encode("latin-1"))
        parts: list[bytes] = []
        while part := connection.recv(1 << 16):
            parts.append(part)
        return b"".join(parts)


def get(port: int, path: str, *, host: str = "127.0.0.1", more: str = "") -> bytes:
    return asked(port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/data.bin", 200), ("/inside", 200), ("/link", 404), ("/out/secret", 404), ("/pipe", 404),
        ("/", 404), ("/stays/", 200), ("/leads/", 404), ("/leads/index.html", 404),
    ],
)  # fmt: skip
def test_links_stay_in_the_folder_and_pipes_are_no_files(port: int, path: str, wanted: int) -> None:
    assert status(get(port, path)) == wanted


def test_other_hosts_are_refused(port: int) -> None:
    for host in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert is_known_host(host) and status(get(port, "/data.bin", host=host)) == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "a b", "127.0.0.1:x"):
        assert status(get(port, "/data.bin", host=host)) == 421
    assert status(asked(port, "GET /data.bin HTTP/1.0\r\n\r\n")) == 421


def test_every_answer_says_what_browsers_may_do_with_it(port: int) -> None:
    for path in ("/data.bin", "/none"):
        head = get(port, path).partition(b"\r\n\r\n")[0].decode().lower()
        for line in (
            "x-content-type-options: nosniff",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
            "cross-origin-resource-policy: same-origin",
            "frame-ancestors 'none'",
        ):
            assert line in head, path


def test_half_sent_heads_hold_nothing(port: int) -> None:
    """More than there may be, all half sent: they are cut off, and others are answered again."""
    held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(12)]
    for connection in held:
        connection.sendall(b"GET /data.bin HTTP/1.1\r\nHost: 127.")
    refused = sum(connection.recv(100)[:12] == b"HTTP/1.1 503" for connection in held)
    for connection in held:
        connection.close()
    assert refused  # how many depends on how fast the first are cut off
    assert _answered_at_last(port)


def _answered_at_last(port: int) -> bool:
    for _ in range(100):
        with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
            connection.sendall(b"GET /data.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if connection.recv(12) == b"HTTP/1.1 200":
                return True
        time.sleep(0.05)
    return False


def test_a_head_that_drips_has_no_more_time_than_one_that_comes_at_once(port: int) -> None:
    with (
        closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection,
        pytest.raises(OSError),
    ):
        for _ in range(200):
            connection.sendall(b"G")
            time.sleep(0.1)


def test_a_reader_who_takes_nothing_is_cut_off(site: Path) -> None:
    (site / "large").write_bytes(bytes(64 << 20))
    with serving(site, QUICK) as port:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(2 * QUICK.write_seconds)
            taken = 0
            while part := connection.recv(1 << 20):
                taken += len(part)
        assert taken < 64 << 20


def test_a_thread_that_cannot_begin_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server = Server(("127.0.0.1", 0), Handler, patience=Patience(connections=1))
    with closing(socket.socket(server.address_family)) as connection:
        monkeypatch.setattr(threading.Thread, "start", no_more)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="new thread"):
                server.process_request(connection, ("127.0.0.1", 1))
    server.socket.close()


@pytest.mark.parametrize("header", ["Content-Length: 30", "Transfer-Encoding: chunked"])
def test_a_body_is_no_second_request(port: int, header: str) -> None:
    body = "GET /data.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = asked(port, f"GET /none HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n{body}")
    assert answer.count(b"HTTP/1.1 ") == 1
