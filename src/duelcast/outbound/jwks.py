"""The public keys of a token issuer, from its JWKS URL (RFC 7517)."""

from __future__ import annotations

import asyncio

import httpx
import jwt
import msgspec
import structlog

from duelcast.clock import Clock
from duelcast.errors import Unauthorized, Unavailable

FETCH_TIMEOUT_S = 5.0
FETCH_INTERVAL_S = 30.0
"""The shortest interval between requests once one has succeeded. An unknown key id causes a request, and anybody may
send a token with an invented one."""
RETRY_INTERVAL_S = 5.0
"""The shortest interval between requests while none has succeeded yet."""
MAX_AGE_S = 600.0
"""Keys are fetched again after this time, so that withdrawn keys expire; if that fails, the old keys stay in use."""
MAX_JWKS_BYTES = 256 * 1024
MAX_KEYS = 100

_log = structlog.get_logger(__name__)


class _KeySet(msgspec.Struct):
    keys: list[dict[str, object]]


class JwksKeys:
    """The keys at `url`, kept in memory. At most one request runs at a time, however many tokens wait for it."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=FETCH_TIMEOUT_S)
        self._fetching = asyncio.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._next_fetch_at = 0.0

    async def key(self, key_id: str | None) -> jwt.PyJWK:
        found = self._find(key_id)
        if found is None or self._is_old():
            async with self._fetching:
                if (self._find(key_id) is None or self._is_old()) and self._clock.monotonic() >= self._next_fetch_at:
                    await self._fetch()
            found = self._find(key_id)
        if found is not None:
            return found
        if self._fetched_at is None:
            wait_s = max(0.0, self._next_fetch_at - self._clock.monotonic())
            raise Unavailable(
                "The keys that verify tokens cannot be fetched now: try again.",
                retry_after_ms=max(1000, round(wait_s * 1000)),
            )
        raise Unauthorized("The token is signed with a key that its issuer does not list.")

    async def aclose(self) -> None:
        """Close the connections to the issuer."""
        await self._client.aclose()

    def _find(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_old(self) -> bool:
        return self._fetched_at is not None and self._clock.monotonic() - self._fetched_at >= MAX_AGE_S

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                keys = _usable_keys(await self._read())
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, msgspec.MsgspecError, RecursionError) as error:
            _log.warning("jwks_unreadable", error=type(error).__name__)
            interval_s = RETRY_INTERVAL_S if self._fetched_at is None else FETCH_INTERVAL_S
        else:
            self._keys = keys
            self._fetched_at = self._clock.monotonic()
            interval_s = FETCH_INTERVAL_S
        self._next_fetch_at = self._clock.monotonic() + interval_s

    async def _read(self) -> bytes:
        async with self._client.stream("GET", self._url, headers={"Accept": "application/json"}) as response:
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_JWKS_BYTES:
                    raise httpx.DecodingError("the key set is too big", request=response.request)
            return body


def _usable_keys(body: bytes) -> dict[str | None, jwt.PyJWK]:
    """The public signing keys of a set; keys for other uses, and symmetric ones, are left out (RFC 7517, 5)."""
    keys: dict[str | None, jwt.PyJWK] = {}
    for entry in msgspec.json.decode(body, type=_KeySet).keys[:MAX_KEYS]:
        if entry.get("use", "sig") != "sig" or entry.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK(entry)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        keys[key.key_id] = key
    return keys
