"""Who hears all that a server tells anybody, and looks for secrets in it."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from websockets import ConnectionClosed
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.process import Server
from tests.serving import Client, Frame


class Witness:
    """Invents secrets, and keeps what was heard, by place."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._heard: list[tuple[str, str]] = []

    def invent(self, name: str) -> str:
        """A secret that stands nowhere by accident."""
        return self.guard(name, f"Zx{secrets.token_hex(8)}")

    def guard(self, name: str, text: str) -> str:
        """Look for `text`, too."""
        assert len(text) >= 8, "it might stand anywhere"
        self._secrets[name] = text
        return text

    def hear(self, where: str, text: str) -> None:
        self._heard.append((where, text))

    def heard(self, text: str) -> set[str]:
        """Where `text` was heard."""
        return {where for where, said in self._heard if text in said}

    def leaks(self) -> dict[str, set[str]]:
        """The names of the secrets that were heard, with where."""
        found = {name: self.heard(text) for name, text in self._secrets.items()}
        return {name: places for name, places in found.items() if places}


class WatchedClient(Client):
    """A client whose frames the witness hears."""

    def __init__(self, ws: ClientConnection, witness: Witness, where: str) -> None:
        super().__init__(ws)
        self._witness = witness
        self._where = where

    async def receive(self) -> Frame:
        try:
            frame = await super().receive()
        except ConnectionClosed as closed:
            self._witness.hear(self._where, str(closed))
            raise
        self._witness.hear(self._where, json.dumps(frame, ensure_ascii=False))
        return frame

    async def until_greeted(self) -> None:
        """Hear all up to `connection_established`, or up to the end of a connection that is refused."""
        with suppress(ConnectionClosed):
            await self.receive_until(type="connection_established")


class Watch:
    """Connections and requests to one server, in the hearing of `witness`."""

    def __init__(self, server: Server, witness: Witness, http: httpx.AsyncClient) -> None:
        self.server = server
        self._witness = witness
        self._http = http

    @asynccontextmanager
    async def socket(
        self, endpoint: str, query: str = "", *, token: str | None = None, who: str = "anonymous", **options: object
    ) -> AsyncIterator[WatchedClient]:
        """A connection, before its first frame."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = self.server.ws_url(endpoint) + query
        options = {"additional_headers": headers, "compression": None, "proxy": None} | options
        async with connect(url, **options) as ws:  # type: ignore[arg-type]  # some of its options, whichever they are
            yield WatchedClient(ws, self._witness, f"{endpoint} of {who}")

    async def call(self, method: str, path: str, body: object = None, *, token: str | None = None) -> httpx.Response:
        """A request with a JSON body, or with the bytes of it."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return await self.send(method, path, content, headers | {"Content-Type": "application/json"})

    async def send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> httpx.Response:
        answer = await self._http.request(method, f"{self.server.url}{path}", content=content, headers=headers)
        said = f"{answer.status_code} {answer.headers} {answer.text}"
        self._witness.hear(f"{method} {path.partition('?')[0]}", said)
        return answer


@asynccontextmanager
async def watching(server: Server, witness: Witness) -> AsyncIterator[Watch]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        yield Watch(server, witness, http)
