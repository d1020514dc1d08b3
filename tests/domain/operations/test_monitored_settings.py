"""What monitor tells of settings, maintenance and the scene in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from duelcast.channels.names import Role
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.operations.monitored_settings import SYSTEM_SETTINGS, SettingsMonitor
from duelcast.domain.operations.server_status import StatusBoard, Surroundings
from duelcast.domain.settings.changing import SettingChange
from duelcast.domain.settings.declared import declared_settings
from duelcast.domain.settings.service import SystemSettings
from duelcast.store.database import Database
from tests.domain.operations.floor import Floor
from tests.storing import opened

BOSS = Actor("boss", Role.ADMIN)
MAINTENANCE, SETTINGS, SCENE = "system.maintenance", "system.settings", "public.background_scene"


class Cockpit(Floor):
    """Settings with their monitor, which has announced the start."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        audit = AuditTrail(database, self.clock)
        declared = declared_settings({"contest": 120})
        self.settings = SystemSettings(self.publisher, database, audit, self.clock, declared, {})
        surroundings = Surroundings(connections=lambda: 0, is_ready=lambda: True, maintenance=self.settings.maintenance)
        self.status = StatusBoard(self.registry, self.publisher, self.clock, surroundings, "1")
        self.monitor = SettingsMonitor(self.settings, self.status, self.publisher)

    async def put(self, key: str, value: Any, **more: Any) -> None:
        await self.settings.update(BOSS, key, SettingChange(value=value, **more))

    def take(self) -> dict[str, list[Any]]:
        """What was published since the last time on the three channels, without type and time."""
        told: dict[str, list[Any]] = {}
        for push in self.pushes:
            if push.channel in (MAINTENANCE, SETTINGS, SCENE):
                body = {key: value for key, value in push.body.items() if key not in ("type", "timestamp")}
                told.setdefault(push.channel, []).append(body)
        self.pushes.clear()
        return told


@asynccontextmanager
async def cockpit() -> AsyncIterator[Cockpit]:
    with TemporaryDirectory(prefix="duelcast-") as folder:
        async with opened(Path(folder) / "db") as database:
            made = Cockpit(database)
            await made.settings.load()
            made.monitor.announce()
            yield made


async def test_whoever_comes_finds_maintenance_and_the_scene() -> None:
    async with cockpit() as made:
        told = made.take()
        assert told[MAINTENANCE] == [{"data": {"mode": False, "message": None, "updated_at": None}}]
        assert told[SCENE] == [{"subtype": "background_scene", "data": made.settings.value("background_scene")}]
        assert told.keys() == {MAINTENANCE, SCENE}


async def test_each_change_is_told_to_admins_by_key() -> None:
    async with cockpit() as made:
        made.take()
        await made.put("chat.max_characters", 200)
        await made.put("promo.banner", {"text": "hello"})
        await made.settings.delete(BOSS, "promo.banner")
        assert made.take() == {
            SETTINGS: [
                {"subtype": "update", "data": {"chat.max_characters": 200}},
                {"subtype": "update", "data": {"promo.banner": {"text": "hello"}}},
                {"subtype": "update", "data": {"promo.banner": None}},
            ]
        }
        assert SYSTEM_SETTINGS.channel().least_role is Role.ADMIN


async def test_of_each_key_the_newest_stays() -> None:
    async with cockpit() as made:
        for value in (200, 300):
            await made.put("chat.max_characters", value)
        await made.put("promo.banner", 1)
        kept = (await made.broker.recover(SYSTEM_SETTINGS.channel())).messages
        assert [msgspec.json.decode(message.body)["data"] for message in kept] == [
            {"chat.max_characters": 300},
            {"promo.banner": 1},
        ]


async def test_a_secret_shows_null_also_to_admins() -> None:
    async with cockpit() as made:
        made.take()
        await made.put("promo.key", "hunter2", secret=True)
        assert made.monitor.all_values(Role.ADMIN)["promo.key"] is None
        assert made.take() == {SETTINGS: [{"subtype": "update", "data": {"promo.key": None}}]}


async def test_values_are_those_that_a_role_sees() -> None:
    async with cockpit() as made:
        await made.put("promo.open", 1, visibility="user")
        await made.put("promo.closed", 2)
        assert made.monitor.all_values(Role.USER).get("promo.open") == 1
        assert "promo.closed" not in made.monitor.all_values(Role.USER)
        assert made.monitor.all_values(Role.ADMIN)["promo.closed"] == 2


async def test_the_scene_is_told_on_its_own_channel_too() -> None:
    async with cockpit() as made:
        made.take()
        scene = made.settings.value("background_scene")
        await made.put("background_scene", scene)
        assert made.take() == {
            SETTINGS: [{"subtype": "update", "data": {"background_scene": scene}}],
            SCENE: [{"subtype": "background_scene", "data": scene}],
        }


async def test_maintenance_is_told_without_who_set_it_and_the_status_follows() -> None:
    async with cockpit() as made:
        made.take()
        value = {"enabled": True, "message": "Back at noon.", "until": "2027-01-15T12:00:00Z"}
        await made.put("maintenance_mode", value)
        record = {
            "mode": True,
            "message": "Back at noon.",
            "updated_at": "2027-01-15T08:00:00.000Z",
            "until": "2027-01-15T12:00:00.000Z",
        }
        assert made.take()[MAINTENANCE] == [{"data": record}]
        assert msgspec.to_builtins(made.monitor.maintenance(for_admin=True).data) == record | {"updated_by": "boss"}


@pytest.mark.parametrize("value", [{"enabled": False, "until": "2027-01-15T12:00:00Z"}, {"enabled": False}])
async def test_without_maintenance_there_is_no_time_at_which_it_ends(value: dict[str, Any]) -> None:
    async with cockpit() as made:
        await made.put("maintenance_mode", value)
        (told,) = made.take()[MAINTENANCE][1:]
        assert told["data"] == {"mode": False, "message": None, "updated_at": "2027-01-15T08:00:00.000Z"}


async def test_the_board_wakes_when_maintenance_begins() -> None:
    async with cockpit() as made:
        rung = []
        made.status.changed = lambda: rung.append(True)  # type: ignore[method-assign]  # watched
        await made.put("chat.max_characters", 200)
        assert rung == []
        await made.put("maintenance_mode", {"enabled": True})
        assert rung == [True]
