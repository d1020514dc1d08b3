"""Those who work over HTTP: they ask until they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from duelcast.channels.names import Role
from tests.rehearsal.visitor import PATIENCE_S, token_of

BOSS = "boss"
"""An admin who has no connection."""
PAUSE_S = 0.2


class Desk:
    """`interruptions` counts the attempts that were not answered, or refused for a while."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.interruptions = 0
        self._http = http

    async def do(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        wallet: str = BOSS,
        refusal: str | None = None,
        repeated: str | None = None,
    ) -> Any:
        """The body of the answer to a request that may be repeated, by an admin unless a `wallet` is named.

        It may be refused with the code `refusal`. `repeated` is that of the refusal which tells that an attempt without
        an answer has done it already.
        """
        headers = {"Authorization": f"Bearer {token_of(wallet, Role.ADMIN if wallet == BOSS else Role.USER)}"}
        interrupted = False
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self._attempt(method, path, body, headers)
                if answer is not None:
                    break
                interrupted = True
                self.interruptions += 1
                await asyncio.sleep(PAUSE_S)
        found: Any = answer.json() if answer.content else None
        if not answer.is_success:
            assert found["code"] in (refusal, repeated if interrupted else None), (path, answer.text)
        return found

    async def read(self, path: str) -> Any:
        """The body of an answer to GET."""
        return await self.do("GET", path)

    async def _attempt(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response | None:
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None
        return None if answer.status_code == 503 else answer


@asynccontextmanager
async def desk(port: int) -> AsyncIterator[Desk]:
    """For the server at `port`, whether it runs or not."""
    url = f"http://127.0.0.1:{port}/api/v69"
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http:
        yield Desk(http)
