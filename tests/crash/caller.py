"""Somebody who asks for acts, and asks again until each is acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.crash.script import ADMIN, CONTEST, Act, Message, Request
from tests.serving import SECRET

ANSWER_TIMEOUT_S = 60.0
PAUSE_S = 0.1


class NotAcknowledged(Exception):
    """Nobody can tell whether it was done: ask again."""


def headers_for(wallet: str, role: Role = Role.USER) -> dict[str, str]:
    """A token of `wallet`, for a server of the tests."""
    return {"Authorization": f"Bearer {TokenIssuer(SystemClock(), SECRET).issue(wallet, role)}"}


class Caller:
    """Has one HTTP client, and a connection to the chat for each wallet that writes."""

    def __init__(self, http: httpx.AsyncClient, port: int, stack: AsyncExitStack) -> None:
        self._http = http
        self._port = port
        self._stack = stack
        self._headers: dict[str, dict[str, str]] = {}
        self._chats: dict[str, ClientConnection] = {}

    async def acknowledged(self, act: Act) -> None:
        """Ask until it is done."""
        attempts = 0
        while True:
            attempts += 1
            try:
                if isinstance(act, Request):
                    await self._request(act, is_repeated=attempts > 1)
                elif isinstance(act, Message):
                    await self._write(act)
                return
            except NotAcknowledged:
                await asyncio.sleep(PAUSE_S)

    async def ask(self, method: str, path: str, body: Any = None, *, wallet: str = ADMIN) -> httpx.Response:
        """One attempt, by an admin unless a `wallet` is named. Raises `NotAcknowledged`."""
        role = Role.ADMIN if wallet == ADMIN else Role.USER
        return await self._send(method, path, body, self._token(wallet, role))

    async def read(self, path: str, *, wallet: str = ADMIN) -> Any:
        """The body of an answer to GET, however long it takes to get one."""
        while True:
            try:
                answer = await self.ask("GET", path, wallet=wallet)
            except NotAcknowledged:
                await asyncio.sleep(PAUSE_S)
                continue
            assert answer.status_code == 200, answer.text
            return answer.json()

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _request(self, act: Request, *, is_repeated: bool) -> None:
        headers = dict(self._token(act.wallet, act.role))
        if act.key is not None:
            headers["Idempotency-Key"] = act.key
        answer = await self._send(act.method, act.path, act.body, headers)
        if not answer.is_success:
            assert is_repeated, answer.text
            assert answer.json()["code"] == act.repeated, answer.text

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            raise NotAcknowledged from None
        if answer.status_code == 503:
            raise NotAcknowledged
        return answer

    async def _write(self, act: Message) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await self._answer(act)
        except (OSError, TimeoutError, WebSocketException):
            self._chats.pop(act.wallet, None)
            raise NotAcknowledged from None
        if answer["type"] == "error":
            assert answer["code"] in ("UNAVAILABLE", "OUTCOME_UNKNOWN"), answer
            raise NotAcknowledged
        assert (answer["type"], answer["data"]["text"]) == ("chat_message", act.text)

    async def _answer(self, act: Message) -> dict[str, Any]:
        chat = self._chats.get(act.wallet)
        if chat is None:
            chat = self._chats[act.wallet] = await self._joined(act.wallet)
        message = {"contestId": CONTEST, "text": act.text, "messageId": act.message_id}
        return await _ask(chat, type="send_chat_message", **message)

    async def _joined(self, wallet: str) -> ClientConnection:
        """A new connection, in the room of the contest."""
        chat = await self._stack.enter_async_context(
            connect(
                f"ws://127.0.0.1:{self._port}/api/v69/ws/contest",
                additional_headers=self._token(wallet, Role.USER),
                compression=None,
                proxy=None,
                close_timeout=1,
            )
        )
        joined = await _ask(chat, type="join_contest_room", contestId=CONTEST)
        assert joined["type"] == "contest_room_joined", joined
        return chat

    def _token(self, wallet: str, role: Role) -> dict[str, str]:
        if wallet not in self._headers:
            self._headers[wallet] = headers_for(wallet, role)
        return self._headers[wallet]


async def _ask(chat: ClientConnection, **message: Any) -> dict[str, Any]:
    await chat.send(json.dumps({**message, "requestId": "r"}))
    while True:
        frame: dict[str, Any] = json.loads(await chat.recv())
        if frame.get("requestId") == "r":
            return frame


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Caller]:
    """A caller of the server at `port`, whether it runs or not."""
    url = f"http://127.0.0.1:{port}/api/v69"
    async with (
        httpx.AsyncClient(base_url=url, timeout=ANSWER_TIMEOUT_S, trust_env=False) as http,
        AsyncExitStack() as stack,
    ):
        yield Caller(http, port, stack)
