"""Clients whose commands must take effect exactly once."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Sequence
from typing import Any

from tests.cluster_kills.acts import Ledger, Outcome
from tests.cluster_kills.broadcasts import Broadcasts
from tests.cluster_kills.client import PASSING, Away, Client, Frame
from tests.cluster_kills.followers import Follower

PAUSES_S = (0.0, 0.1)
WITHOUT_ID = 0.1
"""The fraction of messages that are sent without an id, so that they cannot be repeated."""


class Speaker(Follower):
    """Writes into the chat of a contest, which it follows."""

    def __init__(
        self,
        contest: int,
        ledger: Ledger,
        broadcasts: Broadcasts,
        gateways: Sequence[str],
        chance: random.Random,
        wallet: str,
        pauses_s: tuple[float, float] = PAUSES_S,
    ) -> None:
        super().__init__("contest", [f"chat.{contest}"], [], broadcasts, gateways, chance, wallet)
        (self._known,) = self.every.values()
        self._epoch = ""
        self._pauses_s = pauses_s
        self.acknowledged = 0
        self.ids: dict[int, str] = {}
        """The texts of acknowledged messages by their ids."""
        self._contest = contest
        self._ledger = ledger
        self._chance = chance

    def query(self) -> list[tuple[str, str]]:
        """Nothing: it joins the chat with the room."""
        return []

    def wishes(self) -> Sequence[Frame]:
        known = self._known
        since = {} if known.seq is None else {"since": {"epoch": known.epoch, "seq": known.seq}}
        return [{"type": "join_contest_room", "contestId": self._contest, **since}]

    def take(self, frame: Frame) -> None:
        super().take(frame)
        if frame["type"] == "connection_established":
            self._epoch = frame["epoch"]
        elif frame["type"] == "contest_room_joined":
            position = {"epoch": self._epoch, "seq": frame["positions"][self._known.name]}
            self._known.confirm({**position, "recovered": frame.get("recovered", False)})

    async def speak(self, over: asyncio.Event) -> None:
        """Write messages until it is over."""
        while not over.is_set():
            text = f"{self._chance.getrandbits(64):016x}"
            has_id = self._chance.random() >= WITHOUT_ID
            own_id = {"messageId": str(uuid.UUID(int=self._chance.getrandbits(128)))} if has_id else {}

            async def attempt(text: str = text, own_id: dict[str, str] = own_id) -> Outcome:
                outcome, answer = await attempted(
                    self, type="send_chat_message", contestId=self._contest, text=text, **own_id
                )
                if outcome is Outcome.ACKNOWLEDGED:
                    assert answer["data"]["text"] == text, f"{text} was answered with {answer}"
                    self.ids[answer["data"]["id"]] = text
                return outcome

            if await self._ledger.send(text, attempt, self._chance, is_repeatable=has_id):
                self.acknowledged += 1
            await asyncio.sleep(self._chance.uniform(*self._pauses_s))


class Tracked(Client):
    """A user whose events are tracked."""

    endpoint = "analytics"

    def __init__(self, ledger: Ledger, gateways: Sequence[str], chance: random.Random, wallet: str) -> None:
        super().__init__(gateways, chance, wallet)
        self.acknowledged = 0
        self._ledger = ledger
        self._chance = chance

    async def report(self, over: asyncio.Event) -> None:
        """Send events until it is over."""
        while not over.is_set():
            event_id = str(uuid.UUID(int=self._chance.getrandbits(128)))

            async def attempt(event_id: str = event_id) -> Outcome:
                outcome, answer = await attempted(self, type="track_event", event="click", eventId=event_id)
                if outcome is Outcome.ACKNOWLEDGED:
                    assert answer["eventId"] == event_id, answer
                return outcome

            if await self._ledger.send(event_id, attempt, self._chance):
                self.acknowledged += 1
            await asyncio.sleep(self._chance.uniform(*PAUSES_S))


class Reader(Follower):
    """Marks its own notifications as read. `marked` are those for which that was acknowledged, and `unread` is the
    count that it shows."""

    def __init__(self, broadcasts: Broadcasts, gateways: Sequence[str], chance: random.Random, wallet: str) -> None:
        own = f"user.notifications.{wallet}"
        super().__init__("notifications", [own, "system.announcements"], [], broadcasts, gateways, chance, wallet)
        self.acknowledged = 0
        self.marked: set[int] = set()
        self.unread = 0
        self._version = 0
        self._unmarked: list[int] = []
        self._own = own
        self._chance = chance

    def take(self, frame: Frame) -> None:
        super().take(frame)
        if frame["type"] == "unread_count" and frame["version"] >= self._version:
            self._version, self.unread = frame["version"], frame["count"]
        elif frame["type"] == "notification" and frame.get("channel") == self._own:
            self._unmarked.append(frame["data"]["id"])

    async def mark(self, over: asyncio.Event) -> None:
        """Mark one notification after another, until it is over."""
        while not over.is_set():
            await asyncio.sleep(self._chance.uniform(*PAUSES_S))
            if self._unmarked:
                number = self._unmarked[0]
                outcome, _ = await attempted(self, type="mark_read", id=number)
                if outcome is Outcome.ACKNOWLEDGED:
                    self.marked.add(number)
                    self._unmarked.remove(number)
                    self.acknowledged += 1


async def attempted(client: Client, **message: Any) -> tuple[Outcome, Frame]:
    """Send a command once; returns the outcome, and the answer if there is one. Raises `AssertionError` if the command
    is refused for good."""
    try:
        answer = await client.ask(**message)
    except Away:
        return Outcome.UNKNOWN, {}
    if answer["type"] != "error":
        return Outcome.ACKNOWLEDGED, answer
    assert answer["code"] in PASSING, f"{client} was refused: {answer}"
    if answer["code"] == "NOT_IN_ROOM":
        client.evictions += 1
        client.lose_connection()
    await asyncio.sleep(min(answer.get("retryAfterMs", 0) / 1_000, 0.5))
    return Outcome.UNKNOWN if answer["code"] == "OUTCOME_UNKNOWN" else Outcome.REFUSED, answer
