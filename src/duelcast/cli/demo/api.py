"""An HTTP client for the people of the demo."""

from __future__ import annotations

import ssl
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from duelcast.cli.demo.people import Person
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.settings import Settings

TIMEOUT_S = 10.0

T = TypeVar("T")


class Refused(Exception):
    """The server refused a request with `code`, or did not answer (None)."""

    def __init__(self, code: str | None = None) -> None:
        super().__init__(code)
        self.code = code


class _Problem(Struct):
    code: str | None = None


class Passes:
    """Signs people's tokens."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer

    def header(self, person: Person) -> dict[str, str]:
        """The header that authorises a request of `person`; it is valid for an hour."""
        return {"Authorization": f"Bearer {self.token(person, 3_600)}"}

    def token(self, person: Person, ttl_s: float) -> str:
        """A token that expires after `ttl_s` seconds."""
        return self._issuer.issue(person.wallet, person.role, person.nickname, ttl_s=ttl_s)


class Api:
    """Calls the server at `url`; use it as an async context manager. Methods raise `Refused`."""

    def __init__(self, url: str, trust: ssl.SSLContext | None, passes: Passes) -> None:
        self._passes = passes
        self._http = httpx.AsyncClient(
            base_url=f"{url}/api/v69", verify=trust or True, trust_env=False, timeout=TIMEOUT_S
        )

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http.aclose()

    async def get(self, person: Person, path: str, kind: type[T], **query: Any) -> T:
        """The resource at `path`, as a `kind`."""
        return msgspec.json.decode(await self._call(person, "GET", path, params=query), type=kind)

    async def send(self, person: Person, method: str, path: str, body: object = None, *, kind: type[T]) -> T:
        """Send a command, and return the answer as a `kind`."""
        return msgspec.json.decode(await self._call(person, method, path, json=body), type=kind)

    async def _call(self, person: Person, method: str, path: str, **content: Any) -> bytes:
        try:
            answer = await self._http.request(method, path, headers=self._passes.header(person), **content)
        except httpx.HTTPError:
            raise Refused from None
        if not answer.is_success:
            raise Refused(_code_of(answer))
        return answer.content


def _code_of(refusal: httpx.Response) -> str | None:
    try:
        return msgspec.json.decode(refusal.content, type=_Problem).code
    except msgspec.DecodeError:
        return None


def trust_of(settings: Settings) -> ssl.SSLContext | None:
    """A context that trusts our own server's certificate, whatever name it contains. None if the server does not use
    TLS."""
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(settings.tls_cert)
    return context
