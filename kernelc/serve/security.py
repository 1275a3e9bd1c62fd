"""Who may ask: known Hosts, known origins, holders of a key.

A server on loopback is within reach of every web page that its user opens. A page whose name was made to
resolve to 127.0.0.1 (DNS rebinding) sends its own name as Host, so Hosts that nobody named are refused. A
page of another origin may send requests without being able to read the answers; browsers give such requests
an Origin, and origins that nobody allowed are refused before any work is done.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kernelc.errors import UsageError
from kernelc.hosts import LOOPBACK_NAMES, name_of
from kernelc.serve.failures import Refusal

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_KEY = re.compile(r"[!-~]+")  # what an Authorization header carries as it is
_OPEN_PATHS = frozenset({"/health"})  # for load balancers, which have no key


@dataclass(frozen=True)
class Access:
    """Who may ask.

    `hosts` are names besides loopback's that the server is known by, `origins` those of web pages that may
    use it ("*": all), `keys` the accepted API keys (none: everybody).
    Raises: UsageError for a name, an origin or a key that could never match.
    """

    hosts: Sequence[str] = ()
    origins: Sequence[str] = ()
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        for host in self.hosts:
            if name_of(host) is None or host != name_of(host):
                raise UsageError(
                    f"got {host!r:.200}, wanted a name such as models.example.org, in small letters and"
                    " without a port",
                    where="`allow_host`",
                )
        for origin in self.origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise UsageError(
                    f"got {origin!r:.200}, wanted a scheme and a host, such as https://example.org or"
                    " http://localhost:3000, in small letters and without a path; or *",
                    where="`cors_origin`",
                )
        for key in self.keys:
            if not _KEY.fullmatch(key):  # the key itself is not shown: errors end up in logs
                raise UsageError(
                    f"got a key of {len(key)} characters, wanted at least one, and visible ASCII alone",
                    where="`api_key`",
                )

    @property
    def digests(self) -> tuple[bytes, ...]:
        """The keys' hashes, which are compared: of one length, whatever the keys' are."""
        return tuple(_digest(key) for key in self.keys)


class Guard:
    """Refuses requests for unknown Hosts and from unknown origins."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | set(access.hosts)
        self._origins = frozenset(access.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        name = name_of(host)
        if name is None or not (name in self._hosts or name == _own_address(scope)):
            return Refusal(
                403,
                f"the Host {host!r:.200} is not known here: who runs the server can allow it (allow_host)",
                code="unknown_host",
            )
        if origin is None or "*" in self._origins or origin in self._origins:
            return None
        if origin == f"{scope['scheme']}://{host}":  # a page that this server itself sent
            return None
        return Refusal(
            403,
            f"the origin {origin!r:.200} may not use this server: who runs it can allow it (cors_origin)",
            code="unknown_origin",
        )


class KeyCheck:
    """Asks for an API key, but for /health."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._digests = access.digests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._digests and scope["path"] not in _OPEN_PATHS:
            scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._known(key.strip()):
                told = "wrong" if key else "missing: send it as Authorization: Bearer KEY"
                refusal = Refusal(
                    401,
                    f"the API key is {told}",
                    code="invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _known(self, key: str) -> bool:
        """Compare with every key, in a time that tells nothing of how much of one was right."""
        digest = _digest(key)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(matches)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _own_address(scope: Scope) -> str | None:
    """Return the address at which this connection arrived.

    A rebound name never is an address, so the address is a Host to trust.
    """
    server = scope.get("server")
    return None if server is None else str(server[0]).removeprefix("::ffff:")  # IPv4 on a socket for both
