"""Clients of all channels of kind *every*, which come back with their positions each time their server is killed."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from duelcast.channels.names import Role
from tests.rehearsal.visitor import token_of

WALLET = "ann"
CHANNELS = {
    "contest": ("chat.1",),
    "notifications": (f"user.notifications.{WALLET}", "system.announcements"),
    "circuit-breaker": ("alerts",),
    "monitor": ("system.errors",),
}
PAUSE_S = 0.05

Frame = dict[str, Any]


class Followed:
    """A channel as one client knows it: what it was sent by number, from where it began."""

    def __init__(self) -> None:
        self.begins_at: int | None = None
        self.seq = 0
        self.messages: dict[int, Frame] = {}
        self.recoveries = 0

    def confirm(self, frame: Frame) -> None:
        if self.begins_at is None:
            self.begins_at = self.seq = frame["seq"]
        else:
            assert frame["recovered"] is True, frame
            self.recoveries += 1

    def take(self, frame: Frame) -> None:
        assert frame["seq"] == self.seq + 1, f"{frame} comes behind {self.seq}"
        self.seq = frame["seq"]
        self.messages[self.seq] = frame


class Follower:
    """Connects to one endpoint, again whenever the connection ends, until `over` is set."""

    def __init__(self, port: int, endpoint: str, over: asyncio.Event) -> None:
        self.channels = {name: Followed() for name in CHANNELS[endpoint]}
        self.is_present = False
        self._url = f"ws://127.0.0.1:{port}/api/v69/ws/{endpoint}"
        self._role = Role.ADMIN if endpoint == "monitor" else Role.USER
        self._over = over
        self.epoch: str | None = None

    async def attend(self) -> None:
        while not self._over.is_set():
            headers = {"Authorization": f"Bearer {token_of(WALLET, self._role)}"}
            with suppress(OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                async with connect(self._address(), additional_headers=headers, compression=None, proxy=None) as ws:
                    await self._listen(ws)
            self.is_present = False
            await asyncio.sleep(PAUSE_S)

    def _address(self) -> str:
        if self.epoch is None:
            return f"{self._url}?{'&'.join(f'channel={name}' for name in self.channels)}"
        since = (f"since={name},{self.epoch},{followed.seq}" for name, followed in self.channels.items())
        return f"{self._url}?{'&'.join(since)}"

    async def _listen(self, ws: ClientConnection) -> None:
        async for text in ws:
            frame: Frame = json.loads(text)
            assert frame["type"] not in ("error", "ERROR"), frame
            followed = self.channels.get(frame.get("channel", ""))
            if frame["type"] == "connection_established":
                assert self.epoch in (None, frame["epoch"]), "a restart keeps the epoch"
                self.epoch = frame["epoch"]
                self.is_present = True
            elif followed is not None and frame["type"] == "subscription_confirmed":
                followed.confirm(frame)
            elif followed is not None and "seq" in frame:
                followed.take(frame)
