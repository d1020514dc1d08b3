"""The address to which `duelcast tail` connects, and the endpoints that the server has."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import msgspec

from duelcast.settings import is_loopback_host

ENDPOINTS_PATH = "/api/v69/ws/"
ASK_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Destination:
    """An endpoint. `server` is `ws://host:port`, with the path under which the server is published; `token` is None for
    an anonymous client."""

    server: str
    endpoint: str
    token: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"{self.server}{ENDPOINTS_PATH}{self.endpoint}"

    @property
    def headers(self) -> dict[str, str]:
        """The token as a header, because addresses may be logged."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine, so that no proxy is used."""
        return is_loopback_host(urlsplit(self.server).hostname or "")

    @property
    def shown(self) -> str:
        """The address of the server without user, password or query."""
        parts = urlsplit(self.server)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _Channel(msgspec.Struct):
    address: str


class _Document(msgspec.Struct):
    """The part of an AsyncAPI document that names the endpoints."""

    channels: dict[str, _Channel]


async def no_such_endpoint(destination: Destination) -> str:
    """A sentence that says which endpoints exist, if the server lists them (`/asyncapi.json`)."""
    try:
        names = await _endpoint_names(destination)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, RecursionError):
        names = []
    problem = f"The server has no endpoint `{destination.endpoint}`"
    return f"{problem}; its endpoints are: {', '.join(names)}." if names else f"{problem}."


async def _endpoint_names(destination: Destination) -> list[str]:
    address = f"http{destination.server.removeprefix('ws')}/asyncapi.json"
    # Trusts the system's certificates, as the WebSocket connection does.
    trusted = ssl.create_default_context()
    async with httpx.AsyncClient(timeout=ASK_TIMEOUT_S, verify=trusted, trust_env=not destination.is_local) as http:
        answer = await http.get(address, headers=destination.headers)
    answer.raise_for_status()
    channels = msgspec.json.decode(answer.content, type=_Document).channels.values()
    paths = (channel.address.partition(ENDPOINTS_PATH) for channel in channels)
    return sorted(name for _, prefix, name in paths if prefix)
