"""Who is let in: keys, Hosts, origins."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from kernelc.errors import UsageError
from kernelc.hosts import is_loopback
from kernelc.serve.security import Access
from tests.serve.serving import Running, fake, serving

KEYS = ("first-key", "second-key")
ACCESS = Access(hosts=["models.example.org"], origins=["https://page.example"], keys=KEYS)
PREFLIGHT = {
    "Origin": "https://page.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Running]:
    with serving(fake(lambda ids: "hello"), access=ACCESS) as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Running]:
    with serving(fake(lambda ids: "hello")) as running:
        yield running


# ---- keys ----


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_accepted(guarded: Running, key: str) -> None:
    assert [model.id for model in guarded.client(key).models.list()] == ["fake"]


@pytest.mark.parametrize("key", ["third-key", "first-ke", "first-keyy", "FIRST-KEY"])
def test_no_other_key_is(guarded: Running, key: str) -> None:
    with pytest.raises(openai.AuthenticationError, match="the API key is") as caught:
        guarded.client(key).models.list()
    assert caught.value.code == "invalid_api_key"
    assert caught.value.response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [None, "first-key", "Basic first-key", "Bearer", "Bearer sch\u00fcssel"])
def test_what_is_no_bearer_token_is_refused(guarded: Running, header: str | None) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    with guarded.http() as http:
        for path in ("/v1/models", "/metrics", "/nowhere"):
            assert http.get(path, headers=headers).status_code == 401, path


def test_health_needs_no_key(guarded: Running) -> None:
    with guarded.http() as http:
        assert http.get("/health").json() == {"status": "ok", "models": {"fake": True}}


# ---- Hosts ----


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LocalHost.", "[::1]:80", "models.example.org"]
)
def test_a_known_host_is_answered(guarded: Running, host: str) -> None:
    with guarded.http() as http:
        assert http.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.2",
     "10.0.0.1", "xmodels.example.org", "localhost:80:80", "localhost@evil.example", ""],
)  # fmt: skip
def test_an_unknown_host_is_refused_before_all_else(guarded: Running, host: str) -> None:
    headers = {"Host": host, "Authorization": f"Bearer {KEYS[0]}"}
    with guarded.http() as http:
        for path in ("/health", "/v1/models"):
            answer = http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "unknown_host")


def test_without_a_host_nothing_is_answered(plain: Running) -> None:
    with plain.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"403"


# ---- origins ----


def test_an_allowed_page_may_ask(guarded: Running) -> None:
    with guarded.http() as http:
        asked = http.options("/v1/chat/completions", headers=PREFLIGHT)
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == "https://page.example"
        assert "x-stainless-os" in asked.headers["access-control-allow-headers"]
        refused = http.get("/v1/models", headers={"Origin": "https://page.example"})
        assert refused.status_code == 401  # and the page can read why
        assert refused.headers["access-control-allow-origin"] == "https://page.example"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://page.example", "null", "https://page.example:444"]
)
def test_no_other_page_may(guarded: Running, origin: str) -> None:
    with guarded.http() as http:
        for answer in (
            http.options("/v1/chat/completions", headers={**PREFLIGHT, "Origin": origin}),
            http.get("/health", headers={"Origin": origin}),
        ):
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers


def test_without_origins_only_its_own_page_may(plain: Running) -> None:
    with plain.http() as http:
        assert http.get("/health", headers={"Origin": plain.url}).status_code == 200
        assert http.get("/health", headers={"Origin": "http://127.0.0.1:1"}).status_code == 403
        body = {"messages": [{"role": "user", "content": "x"}]}
        sent = http.post("/v1/chat/completions", json=body, headers={"Origin": "https://evil.example"})
        assert sent.status_code == 403
    assert plain.metric('kernelc_generated_tokens_total{model="fake"}') == 0


def test_a_star_allows_all_pages() -> None:
    with serving(fake(lambda ids: "x"), access=Access(origins=["*"])) as running, running.http() as http:
        answer = http.get("/health", headers={"Origin": "https://anywhere.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


# ---- options ----


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hosts": ["http://a.example"]}, "wanted a name such as"),
        ({"hosts": ["a.example:80"]}, "without a port"),
        ({"hosts": ["A.example"]}, "in small letters"),
        ({"origins": ["page.example"]}, "wanted a scheme and a host"),
        ({"origins": ["https://page.example/"]}, "without a path"),
        ({"origins": ["https://Page.example"]}, "in small letters"),
        ({"keys": [""]}, "got a key of 0 characters"),
        ({"keys": ["a b"]}, "got a key of 3 characters, wanted at least one, and visible ASCII"),
    ],
)
def test_what_could_never_match_is_refused(options: dict[str, list[str]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Access(**options)


def test_a_refused_key_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        Access(keys=["my secret"])
    assert "secret" not in caught.value.render()


def test_loopback_is_known() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.3.2.1", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "example.org")))
