"""Members of a chat room whose connections break: each comes back with the position of the last message it has."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.crash.caller import headers_for
from tests.crash.script import CONTEST
from tests.e2e.process import Server

CHANNEL = f"chat.{CONTEST}"


class Member:
    """`heard` are the pushes of the chat over all connections, as they came: `seq`, and the id of the message.
    `others` are messages that came in another way: in a snapshot."""

    def __init__(self, server: Server, wallet: str, away_s: Callable[[], float]) -> None:
        self.heard: list[tuple[int, int]] = []
        self.others: list[int] = []
        self.connections = 0
        self._server = server
        self._headers = headers_for(wallet)
        self._away_s = away_s
        self._unacknowledged: dict[str, str] = {}
        self._chat: ClientConnection | None = None
        self._epoch = ""

    async def attend(self) -> None:
        """Be in the room, again and again, until cancelled."""
        while True:
            async with connect(
                self._server.ws_url("contest"), additional_headers=self._headers, compression=None, proxy=None
            ) as chat:
                with suppress(ConnectionClosed):
                    await self._join(chat)
                    await self._listen(chat)
            self._chat = None
            await asyncio.sleep(self._away_s())

    async def say(self, text: str) -> None:
        """Write into the room, now or as soon as the connection is there again; until it is acknowledged."""
        message_id = str(uuid.uuid4())
        self._unacknowledged[message_id] = text
        if self._chat is not None:
            with suppress(ConnectionClosed):
                await self._send(self._chat, message_id)

    def lose_connection(self) -> bool:
        """Break it, with whatever is under way in it; False where there is none."""
        chat, self._chat = self._chat, None
        if chat is None:
            return False
        chat.transport.abort()
        return True

    @property
    def is_present(self) -> bool:
        """Whether it is in the room, and waits for no acknowledgement."""
        return self._chat is not None and not self._unacknowledged

    async def _join(self, chat: ClientConnection) -> None:
        message: dict[str, Any] = {"type": "join_contest_room", "contestId": CONTEST}
        if self.connections:
            message["since"] = {"epoch": self._epoch, "seq": self.heard[-1][0] if self.heard else 0}
        await chat.send(json.dumps(message))

    async def _joined(self, chat: ClientConnection) -> None:
        self.connections += 1
        self._chat = chat
        for message_id in list(self._unacknowledged):
            await self._send(chat, message_id)

    async def _send(self, chat: ClientConnection, message_id: str) -> None:
        text = self._unacknowledged[message_id]
        message = {"type": "send_chat_message", "contestId": CONTEST, "text": text, "messageId": message_id}
        await chat.send(json.dumps({**message, "requestId": message_id}))

    async def _listen(self, chat: ClientConnection) -> None:
        async for text in chat:
            frame = json.loads(text)
            assert frame["type"] != "error", frame
            if frame["type"] == "connection_established":
                self._epoch = frame["epoch"]
            elif frame["type"] == "contest_room_joined":
                await self._joined(chat)
            elif frame["type"] == "chat_message":
                self._take(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        message_id = frame["data"]["id"]
        if "seq" in frame:
            self.heard.append((frame["seq"], message_id))
        elif not frame.get("duplicate"):
            self.others.append(message_id)
        if "requestId" in frame:
            self._unacknowledged.pop(frame["requestId"], None)
