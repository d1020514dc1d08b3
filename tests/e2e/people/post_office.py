"""A server whose users are notified, over HTTP and sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.channels.publisher import Published
from duelcast.clock import ManualClock
from duelcast.domain.notifications.inboxes import Added, NewNotification
from duelcast.store.database import Transaction
from tests.serving import Client, Frame, client, http_client, running, token_for

BOSS = "boss"
"""The wallet whose tokens have the role of an admin; all others are users."""
MACHINE = "mailer"
"""A machine that may notify."""


class PostOffice:
    """`clock` stands still until a test moves it."""

    def __init__(self, app: App, http: httpx.AsyncClient) -> None:
        self.app = app
        assert isinstance(app.clock, ManualClock)
        self.clock = app.clock
        self._http = http

    def token(self, wallet: str) -> str:
        if wallet == MACHINE:
            return token_for(self.app, wallet, scopes=["notifications"])
        return token_for(self.app, wallet, Role.ADMIN if wallet == BOSS else Role.USER)

    def socket(
        self, wallet: str | None, query: str = "", *, greeted: bool = True
    ) -> AbstractAsyncContextManager[Client]:
        """A connection of `wallet`; None: of somebody without a token, to the announcements."""
        if wallet is None:
            return client(self.app, "notifications", query or "?endpoint=system.announcements", greeted=greeted)
        return client(self.app, "notifications", query, token=self.token(wallet), greeted=greeted)

    async def call(self, method: str, path: str, body: Any = None, *, by: str | None = BOSS) -> httpx.Response:
        headers = {} if by is None else {"Authorization": f"Bearer {self.token(by)}"}
        return await self._http.request(method, path, json=body, headers=headers)

    async def post(self, *wallets: str, by: str = BOSS, **more: Any) -> Any:
        """Notify `wallets`, or everybody where there are none: the counts."""
        whom = {"wallets": list(wallets)} if wallets else {"broadcast": True}
        body = {"type": "CONTEST_INVITE", "title": "Come", "content": "We play.", **whom, **more}
        answer = await self.call("POST", "/notifications", body, by=by)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def add(self, wallet: str, *titles: str) -> None:
        """Notify a wallet as the server itself does, in one write."""
        inboxes = self.app.leader.notifications.inboxes
        new = [NewNotification(wallet=wallet, type="NEWS", title=title, content="") for title in titles]

        async def work(transaction: Transaction) -> Published[Added]:
            added = await inboxes.add(transaction, new)
            return Published(added, added.outgoing)

        await self.app.leader.database.publish(work)

    async def delete(self, notification_id: int, *, by: str = BOSS) -> None:
        answer = await self.call("DELETE", f"/notifications/{notification_id}", by=by)
        assert answer.status_code == 204, answer.text


@asynccontextmanager
async def post_office(**settings: Any) -> AsyncIterator[PostOffice]:
    """A server without rate limits unless `settings` say otherwise."""
    async with (
        running(ManualClock(), **{"rate_limit_factor": 0} | settings) as app,
        http_client(app) as http,
    ):
        yield PostOffice(app, http)


def titles(batch: Frame) -> list[str]:
    """The titles of a batch."""
    return [each["title"] for each in batch["data"]]


def of_type(frames: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == kind]
