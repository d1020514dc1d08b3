"""A server that is killed (SIGKILL) while clients follow every channel of kind *every*: they come back with their
positions, and get each message once and in order, and none is missing."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from duelcast.wire.timestamps import format_time
from tests.crash.evidence import Evidence, evidence
from tests.crash.followers import CHANNELS, WALLET, Followed, Follower
from tests.crash.lives import alive
from tests.crash.newsroom import Newsroom
from tests.e2e.process import free_port
from tests.rehearsal.desk import Desk, desk

pytestmark = pytest.mark.crash

KILLS = 10
HOUSES = 2
"""Servers at the same time."""
BUSY_S = (0.2, 1.0)
PATIENCE_S = 60.0
PAUSE_S = 0.05


class House:
    """A server that lives several times, and those who follow what it publishes."""

    def __init__(self, folder: Path, number: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._chance = random.Random(number)
        self._port = free_port()
        self._over = asyncio.Event()
        self._followers = [Follower(self._port, endpoint, self._over) for endpoint in CHANNELS]

    async def live(self, kills: int) -> None:
        async with desk(self._port) as work, asyncio.TaskGroup() as tasks, AsyncExitStack() as life:
            await life.enter_async_context(alive(self._folder, self._port))
            await open_room(work)
            room = Newsroom(f"ws://127.0.0.1:{self._port}/api/v69/ws", work, WALLET, self._chance)
            attending = [tasks.create_task(one.attend()) for one in self._followers]
            attending += [tasks.create_task(one.attend()) for one in room.visitors]
            await self._until(all_present, self._followers)
            acts = [tasks.create_task(act) for act in room.acts()]
            for _ in range(kills):
                await self._until(all_present, self._followers)
                await asyncio.gather(*(visitor.present() for visitor in room.visitors))
                await asyncio.sleep(self._chance.uniform(*BUSY_S))
                await life.aclose()
                await life.enter_async_context(alive(self._folder, self._port))
            room.over.set()
            await asyncio.wait(acts)
            await self._until(self._is_up_to_date)
            with evidence(self._folder) as file:
                self._assert_all_was_received(file, room)
                await self._until(badge_is_right, file, room)
            await self._assert_a_replay_has_no_deleted_text(room)
            for task in attending:
                task.cancel()

    @property
    def channels(self) -> dict[str, Followed]:
        return {name: followed for one in self._followers for name, followed in one.channels.items()}

    async def _until(self, condition: Any, *arguments: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition(*arguments):  # noqa: ASYNC110 - another process
                await asyncio.sleep(PAUSE_S)

    def _is_up_to_date(self) -> bool:
        with evidence(self._folder) as file:
            positions: dict[str, int] = dict(file.rows("select channel, seq from channel_positions"))
        return all(followed.seq == positions[name] for name, followed in self.channels.items())

    def _assert_all_was_received(self, file: Evidence, room: Newsroom) -> None:
        for name, followed in self.channels.items():
            stored = f"select seq from channel_messages where channel = '{name}' and seq > {followed.begins_at}"
            assert followed.recoveries > 0, name
            assert sorted(followed.messages) == sorted(seq for (seq,) in file.rows(stored)), name
        chat = list(self._of("chat.1", "chat_message"))
        assert [frame["data"]["id"] for frame in chat] == [number for (number,) in file.rows(CHAT)]
        assert room.said.items() <= {frame["data"]["id"]: frame["data"]["text"] for frame in chat}.items()
        deleted = [frame["id"] for frame in self._of("chat.1", "chat_message_deleted")]
        assert sorted(deleted) == [number for (number,) in file.rows(DELETED)]
        assert room.deleted.keys() <= set(deleted)
        own = [frame["data"] for frame in self._of(f"user.notifications.{WALLET}", "notification")]
        assert [one["id"] for one in own] == [number for (number,) in file.rows(NOTIFICATIONS)]
        assert room.notified <= {one["title"] for one in own}
        announcements = [frame["data"] for frame in self._of("system.announcements", "notification")]
        assert [one["id"] for one in announcements] == [number for (number,) in file.rows(ANNOUNCEMENTS)]
        assert room.announced <= {one["title"] for one in announcements}
        assert room.failed <= {frame["data"]["error"] for frame in self._of("system.errors", "error_alert")}
        assert list(self._of("alerts", "service:alert"))

    def _of(self, channel: str, kind: str) -> Iterator[dict[str, Any]]:
        return (frame for _, frame in sorted(self.channels[channel].messages.items()) if frame["type"] == kind)

    async def _assert_a_replay_has_no_deleted_text(self, room: Newsroom) -> None:
        epoch, begins_at = self._followers[0].epoch, self.channels["chat.1"].begins_at
        url = (
            f"ws://127.0.0.1:{self._port}/api/v69/ws/contest?endpoint=public.contests&since=chat.1,{epoch},{begins_at}"
        )
        replay: list[str] = []
        async with connect(url, compression=None, proxy=None) as ws:
            while '"connection_established"' not in (text := str(await ws.recv())):
                replay.append(text)
        assert len([text for text in replay if '"seq"' in text]) > len(room.said)
        assert not [text for text in replay for deleted in room.deleted.values() if deleted in text]


CHAT = "select id from chat_messages order by id"
DELETED = "select id from chat_messages where deleted_ms is not null order by id"
NOTIFICATIONS = f"select id from notifications where wallet = '{WALLET}' order by id"
ANNOUNCEMENTS = "select id from notifications where wallet = '' order by id"
UNREAD = f"select count(*) from notifications where wallet = '{WALLET}' and read_ms is null"


async def open_room(work: Desk) -> None:
    """A contest, whose chat is open."""
    now_s = time.time()
    body = {"name": "Cup", "start_time": format_time(now_s + 3_600), "end_time": format_time(now_s + 7_200)}
    assert (await work.do("POST", "/contests", body))["id"] == 1


def all_present(followers: list[Follower]) -> bool:
    return all(follower.is_present for follower in followers)


def badge_is_right(file: Evidence, room: Newsroom) -> bool:
    return file.rows(UNREAD) == [(room.device.unread,)]


async def test_clients_come_back_to_exactly_what_they_missed(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills: int = request.config.getoption("--kills", default=None) or KILLS
    async with asyncio.TaskGroup() as tasks:
        for number in range(HOUSES):
            tasks.create_task(House(tmp_path / str(number), number).live(kills // HOUSES))
