"""People who have something published on every channel of kind *every*, while their server is killed."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Coroutine
from typing import Any

from tests.rehearsal.desk import Desk
from tests.rehearsal.inboxes import Device
from tests.rehearsal.visitor import Visitor
from tests.serving import Frame

PAUSE_S = 0.02
FAILURES = 20
"""Operations in a row that open a breaker."""
DELETED_FRACTION = 0.2


class Speaker(Visitor):
    """Chats in the contest 1."""

    endpoint = "contest"

    def wishes(self) -> list[dict[str, Any]]:
        return [{"type": "join_contest_room", "contestId": 1}]

    def take(self, frame: Frame) -> None:
        """Others listen."""

    async def say(self, text: str) -> int:
        """Returns the id of the message."""
        message_id = str(uuid.uuid4())
        answer = await self.insist(type="send_chat_message", contestId=1, text=text, messageId=message_id)
        number: int = answer["data"]["id"]
        return number


class Newsroom:
    """Busy until `over` is set. What was acknowledged: `said` has the texts of chat by id, and `deleted` those of them
    that an admin deleted; `notified` and `announced` have titles, `failed` the texts of errors."""

    def __init__(self, url: str, desk: Desk, wallet: str, chance: random.Random) -> None:
        self.said: dict[int, str] = {}
        self.deleted: dict[int, str] = {}
        self.notified: set[str] = set()
        self.announced: set[str] = set()
        self.failed: set[str] = set()
        self.device = Device(url, wallet)
        self.over = asyncio.Event()
        self._speakers = [Speaker(url, name) for name in ("bob", "cat")]
        self._desk = desk
        self._wallet = wallet
        self._chance = chance

    @property
    def visitors(self) -> list[Visitor]:
        return [*self._speakers, self.device]

    def acts(self) -> list[Coroutine[Any, Any, None]]:
        """To be run at the same time."""
        chat = [self._chat(speaker) for speaker in self._speakers]
        return [*chat, self._notify(), self._announce(), self._mark(), self._break(), self._fail()]

    def _name(self) -> str:
        return f"{self._chance.getrandbits(64):x}"

    async def _chat(self, speaker: Speaker) -> None:
        while not self.over.is_set():
            text = self._name()
            number = await speaker.say(text)
            self.said[number] = text
            if self._chance.random() < DELETED_FRACTION:
                await self._desk.do("DELETE", f"/contests/1/chat/{number}")
                self.deleted[number] = text
            await asyncio.sleep(PAUSE_S)

    async def _notify(self) -> None:
        while not self.over.is_set():
            title = self._name()
            await self._post(title, {"wallets": [self._wallet, "bob"]})
            self.notified.add(title)

    async def _announce(self) -> None:
        while not self.over.is_set():
            title = self._name()
            await self._post(title, {"broadcast": True})
            self.announced.add(title)
            await asyncio.sleep(10 * PAUSE_S)

    async def _post(self, title: str, to: dict[str, Any]) -> None:
        body = {**to, "type": "NEWS", "title": title, "content": "It rains.", "dedupeKey": title}
        await self._desk.do("POST", "/notifications", body)
        await asyncio.sleep(PAUSE_S)

    async def _mark(self) -> None:
        while not self.over.is_set():
            unread = [number for number, read in self.device.read.items() if not read]
            if unread:
                await self.device.mark(self._chance.sample(unread, min(3, len(unread))))
            await asyncio.sleep(PAUSE_S)

    async def _break(self) -> None:
        """Open the breaker of a service again and again: each time there is an alert."""
        while not self.over.is_set():
            await self._desk.do("PUT", "/services/wire", {"kind": "reported", "layer": "outside"})
            operations = [{"ok": False, "durationMs": 1}] * FAILURES
            await self._desk.do("POST", "/services/wire/operations", operations)
            await asyncio.sleep(PAUSE_S)

    async def _fail(self) -> None:
        while not self.over.is_set():
            text = self._name()
            await self._desk.do("POST", "/errors", {"service": "wire", "level": "error", "error": text})
            self.failed.add(text)
            await asyncio.sleep(PAUSE_S)
