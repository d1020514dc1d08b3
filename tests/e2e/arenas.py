"""Servers with arenas of every kind of entry, and tokens that no issuer of ours would make."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.kit import Auth
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.arena import make_arena
from tests.serving import SECRET, running

DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
"""RFC 7518, 3.2."""


@asynccontextmanager
async def arenas(clock: ManualClock | None = None, **settings: Any) -> AsyncIterator[App]:
    """A server with the public endpoints and `open`, `members` (public name `lobby`) and `admins`."""
    made = [
        make_arena("open"),
        make_arena("members", auth=Auth.TOKEN, public_name="lobby"),
        make_arena("admins", auth=Auth.ADMIN),
    ]
    endpoints = find_endpoints() | {arena.path: arena for arena in made}
    async with running(clock or ManualClock(), endpoints=endpoints, **settings) as app:
        yield app


def signed(app: App, *, algorithm: str = "HS256", secret: str = SECRET, **claims: Any) -> str:
    """A token of these claims alone, but for an `exp` in an hour; a claim of None is left out.

    `algorithm` is one of `DIGESTS`, else there is no signature (RFC 7515, 7.1; RFC 7519, 6.1).
    """
    payload = {"exp": app.clock.time() + 3600} | claims
    parts = ({"typ": "JWT", "alg": algorithm}, {name: value for name, value in payload.items() if value is not None})
    signed_text = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
    digest = DIGESTS.get(algorithm)
    signature = b"" if digest is None else hmac.digest(secret.encode(), signed_text.encode(), digest)
    return f"{signed_text}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
