"""Requests that are no requests: too large, too slow, not JSON, to nowhere."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import openai
import pytest

from kernelc.serve.bodies import Limits
from tests.serve.serving import PATIENCE, Running, fake, serving

PATH = "/v1/chat/completions"
ASK = {"model": "fake", "messages": [{"role": "user", "content": "hi"}]}
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serving(fake(lambda ids: "hello"), limits=Limits(body_bytes=10_000, grace_seconds=1)) as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Running]:
    """A server that waits for nobody."""
    limits = Limits(body_bytes=10_000, body_seconds=0.2, head_seconds=0.2, grace_seconds=1)
    with serving(fake(lambda ids: "hello"), limits=limits) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"a": 1} x', "Extra data"),
        (b"\xff\xfe\xfd", "codec can't decode"),
        ("{}".encode("utf-16"), "codec can't decode"),
        (b'{"temperature": NaN}', "NaN is no number"),
        (b'{"temperature": -Infinity}', "-Infinity is no number"),
        (b'{"n": ' + b"1" * 5000 + b"}", "digits"),
        (b"[" * 9000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(running: Running, body: bytes, words: str) -> None:
    with running.http() as http:
        answer = http.post(PATH, content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_json")
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]


@pytest.mark.parametrize(
    "body", [b"[]", b"3", b"null", b'"text"', b"{}", b'{"model": 3}', b'{"messages": {}}']
)
def test_json_that_is_no_request_is_refused(running: Running, body: bytes) -> None:
    with running.http() as http:
        answer = http.post(PATH, content=body)
        assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_half_a_character_is_refused(running: Running) -> None:
    with running.http() as http:
        body = b'{"messages": [{"role": "user", "content": "\\ud83d"}]}'
        answer = http.post(PATH, content=body)
    assert answer.status_code == 400 and "surrogate" in answer.json()["error"]["message"]


def test_a_body_too_large_is_refused_to_the_official_client(running: Running) -> None:
    messages = [{"role": "user", "content": "x" * 3_000_000}]
    with pytest.raises(openai.APIStatusError, match="more than 10000 bytes") as caught:
        running.client().chat.completions.create(model="fake", messages=messages)  # type: ignore[arg-type]
    assert (caught.value.status_code, caught.value.code) == (413, "body_too_large")


def test_a_body_too_large_is_refused_when_its_size_was_not_announced(running: Running) -> None:
    with running.http() as http:
        answer = http.post(PATH, content=(b"x" * 1000 for _ in range(20)))
        assert answer.status_code == 413
        assert http.get("/health").status_code == 200


def test_the_largest_body_is_taken(running: Running) -> None:
    body = b'{"messages": [{"role": "user", "content": "hi"}]}'
    with running.http() as http:
        assert http.post(PATH, content=body.ljust(10_000)).status_code == 200
        assert http.post(PATH, content=body.ljust(10_001)).status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(f'{HEAD}Content-Length: 100\r\n\r\n{{"messages"'.encode())
        reply = connection.makefile("rb").read()  # to the end: the connection is closed
    assert reply.startswith(b"HTTP/1.1 408 ") and b"did not arrive within" in reply


@pytest.mark.parametrize("sent", [b"", b"GET /hea"])
def test_a_head_that_does_not_come_is_not_waited_for(hasty: Running, sent: bytes) -> None:
    with hasty.connect() as connection:
        connection.sendall(sent)
        assert is_cut_off(connection)  # there is nobody to tell


def test_the_rest_of_a_refused_body_is_not_waited_for(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(f"{HEAD}Content-Length: 20000\r\n\r\n".encode())
        reader = connection.makefile("rb")
        assert reader.readline().split()[1] == b"413"
        while reader.readline().strip():
            pass
        assert is_cut_off(connection)


def test_nor_is_the_rest_of_one_that_trickles(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(f"{HEAD}Content-Length: 20000000\r\n\r\n".encode())
        with pytest.raises(ConnectionError):
            for _ in range(round(PATIENCE / 0.05)):
                connection.sendall(b"x")
                time.sleep(0.05)


def is_cut_off(connection: socket.socket) -> bool:
    """Whether the server ends a connection, whatever it sent before."""
    try:
        while connection.recv(1000):
            pass
    except ConnectionError:
        pass
    return True  # else it is a TimeoutError


def test_a_head_too_large_is_refused(running: Running) -> None:
    with running.connect() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 1_000_000)
        assert is_cut_off(connection)


def test_what_is_no_http_is_refused(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"400"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/chat/completions", 404),
        ("GET", PATH, 405),
        ("DELETE", "/v1/models", 405),
        ("POST", "/health", 405),
        ("GET", "/v1/models/other", 404),
    ],
)
def test_what_is_not_there_is_said_in_openais_form(
    running: Running, method: str, path: str, status: int
) -> None:
    with running.http() as http:
        answer = http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_paths_of_strangers_are_counted_as_one(running: Running) -> None:
    with running.http() as http:
        for at in range(20):
            http.request(f"M{at}", f"/path/{at}")
    text = running.metrics.text()
    assert "/path/" not in text and 'method="M1"' not in text
    assert 'kernelc_http_requests_total{method="other",path="other",status="404"}' in text


def test_a_keep_alive_connection_serves_many_requests(hasty: Running) -> None:
    with hasty.connect() as connection:
        reader = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert reader.readline().split()[1] == b"200"
            length = 0
            while line := reader.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            reader.read(length)
