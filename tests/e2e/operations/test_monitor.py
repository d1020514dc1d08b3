"""The server as a whole, as everybody, users and admins see it (protocol §7)."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.wire.timestamps import format_time
from tests.e2e.ending import ending_of
from tests.e2e.following import held
from tests.e2e.operations.control_room import PUBLIC, ControlRoom, of_service, of_type
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

MONITOR = "monitor"
EVERYBODY = ["welcome", "SERVER_STATUS_UPDATE", "maintenance_status", "system_settings"]
FOR_ADMINS = ["system_settings", "all_services", "recent_errors"]
PUBLIC_CHANNELS = ["system.maintenance", "public.background_scene"]
ADMIN_CHANNELS = ["system.settings", "system.services", "system.errors"]
SETTLED_S = 2


def stranger_or(wallet: str | None) -> str:
    return PUBLIC if wallet is None else ""


async def settle(room: ControlRoom, watcher: Client) -> list[Frame]:
    """The status frames that are sent when a state has held."""
    await room.drain(watcher)
    await room.clock.advance(SETTLED_S)
    return of_type(await room.drain(watcher), "SERVER_STATUS_UPDATE")


# ── coming ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wallet", "capabilities", "frames", "channels"),
    [
        (None, {"status", "maintenance"}, EVERYBODY, ["public.status", *PUBLIC_CHANNELS]),
        ("ann", {"status", "maintenance", "settings"}, EVERYBODY, ["system.status", *PUBLIC_CHANNELS]),
        (
            "boss",
            {"status", "maintenance", "settings", "services", "errors"},
            EVERYBODY + FOR_ADMINS,
            ["system.status", *PUBLIC_CHANNELS, *ADMIN_CHANNELS],
        ),
        (
            "root",
            {"status", "maintenance", "settings", "services", "errors"},
            EVERYBODY + FOR_ADMINS,
            ["system.status", *PUBLIC_CHANNELS, *ADMIN_CHANNELS],
        ),
    ],
)
async def test_everybody_is_greeted_with_what_they_may_see(
    room: ControlRoom, wallet: str | None, capabilities: set[str], frames: list[str], channels: list[str]
) -> None:
    async with room.socket(MONITOR, wallet, stranger_or(wallet), greeted=False) as watcher:
        greeting = await watcher.receive_until(type="connection_established")
        assert [frame["type"] for frame in greeting] == [*frames, "connection_established"]
        assert greeting[0]["capabilities"].keys() == {"status", "maintenance", "settings", "services", "errors"}
        assert {name for name, may in greeting[0]["capabilities"].items() if may} == capabilities
        assert greeting[3]["subtype"] == "background_scene"
        assert await held(watcher) == channels
        if wallet in ("boss", "root"):
            assert (greeting[4]["subtype"], greeting[4]["channel"]) == ("all", "system.settings")
            assert greeting[5]["channel"] == "system.services"
            assert greeting[-1]["positions"].keys() == {"system.errors"}
        assert await room.drain(watcher) == []


async def test_a_public_name_of_another_endpoint_lets_nobody_in(room: ControlRoom) -> None:
    for query in ("", "?endpoint=public.contests", "?endpoint=public.status"):
        async with room.socket(MONITOR, None, query, greeted=False) as stranger:
            ending = await ending_of(stranger)
        assert ([frame["code"] for frame in ending.frames], ending.code) == (["UNAUTHORIZED"], 4001)


async def test_a_position_takes_the_place_of_a_connect_frame(room: ControlRoom) -> None:
    async with room.socket(MONITOR, "ann", greeted=False) as ann:
        greeting = await ann.receive_until(type="connection_established")
    (maintenance,) = of_type(greeting, "maintenance_status")
    await room.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": False, "message": "Over."}})
    query = f"?since=system.maintenance,{greeting[-1]['epoch']},{maintenance['seq']}"
    async with room.socket(MONITOR, "ann", query, greeted=False) as ann:
        greeting = await ann.receive_until(type="connection_established")
        assert [frame["type"] for frame in greeting] == [
            "welcome",
            "SERVER_STATUS_UPDATE",
            "system_settings",
            "subscription_confirmed",
            "maintenance_status",
            "connection_established",
        ]
        assert greeting[3]["recovered"] is True
        assert greeting[4]["data"]["message"] == "Over."


# ── status ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_that_fails_degrades_the_server_and_back(room: ControlRoom) -> None:
    async with room.socket(MONITOR, None, PUBLIC) as stranger, room.socket(MONITOR, "ann") as ann:
        await settle(room, ann)
        before = await ann.ask(type="get_system_status")
        assert (before["type"], before["data"]["status"], before["data"]["affected"]) == (
            "SERVER_STATUS_UPDATE",
            "online",
            [],
        )
        assert before["data"].keys() == {
            *("status", "message", "timestamp", "version", "uptime_seconds", "connections", "affected"),
        }
        assert before["data"]["connections"] >= 2
        await room.drain(stranger)
        await room.open_breaker("failing")
        (degraded,) = await settle(room, ann)
        assert (degraded["channel"], degraded["data"]["status"], degraded["data"]["affected"]) == (
            "system.status",
            "degraded",
            ["failing"],
        )
        (seen,) = await room.drain(stranger)
        assert seen["channel"] == "public.status"
        assert seen["data"].keys() == {"status", "message", "timestamp"}
        assert (seen["data"]["status"], seen["data"]["message"]) == ("degraded", degraded["data"]["message"])
        asked = await stranger.ask(type="get_system_status")
        assert asked["data"].keys() == {"status", "message", "timestamp"}
        await room.do("DELETE", "/services/failing")
        (online,) = await settle(room, ann)
        assert (online["data"]["status"], online["data"]["affected"]) == ("online", [])
        (seen,) = await room.drain(stranger)
        assert seen["data"]["status"] == "online"


async def test_what_does_not_last_is_not_told(room: ControlRoom) -> None:
    async with room.socket(MONITOR, "ann") as ann:
        await settle(room, ann)
        await room.open_breaker("flapping")
        await room.clock.advance(SETTLED_S / 2)
        await room.do("DELETE", "/services/flapping")
        assert await settle(room, ann) == []


async def test_the_status_is_repeated_every_30_seconds(room: ControlRoom) -> None:
    async with room.socket(MONITOR, "ann") as ann, room.socket(MONITOR, None, PUBLIC) as stranger:
        await settle(room, ann)
        await room.drain(stranger)
        await room.clock.advance(60)
        for watcher, channel in ((ann, "system.status"), (stranger, "public.status")):
            told = of_type(await room.drain(watcher), "SERVER_STATUS_UPDATE")
            assert {frame["data"]["status"] for frame in told} == {"online"}
            assert [frame["channel"] for frame in told] == [channel] * len(told)
            assert len(told) >= 1
            assert told[-1]["data"]["timestamp"] >= format_time(room.clock.time() - 30)


# ── maintenance ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_maintenance_is_told_to_everybody_and_by_whom_to_admins_alone(room: ControlRoom) -> None:
    until = format_time(room.clock.time() + 3600)
    watchers: dict[str | None, Client] = {}
    async with (
        room.socket(MONITOR, None, PUBLIC) as watchers[None],
        room.socket(MONITOR, "ann") as watchers["ann"],
        room.socket(MONITOR) as watchers["boss"],
    ):
        value = {"enabled": True, "message": "Back at nine.", "until": until}
        await room.do("PUT", "/settings/maintenance_mode", {"value": value})
        await room.clock.advance(SETTLED_S)
        for wallet, watcher in watchers.items():
            frames = await room.drain(watcher)
            (pushed,) = of_type(frames, "maintenance_status")
            assert pushed["channel"] == "system.maintenance"
            assert pushed["data"].keys() == {"mode", "message", "updated_at", "until"}
            assert (pushed["data"]["mode"], pushed["data"]["message"]) == (True, "Back at nine.")
            assert pushed["data"]["until"] == until
            status = of_type(frames, "SERVER_STATUS_UPDATE")[-1]["data"]
            assert (status["status"], status["message"]) == ("maintenance", "Back at nine.")
            answer = await watcher.ask(type="get_maintenance_status")
            assert answer["type"] == "maintenance_status"
            assert answer["data"].get("updated_by") == ("boss" if wallet == "boss" else None)
            assert ("updated_by" in answer["data"]) is (wallet == "boss")
        await room.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": False}})
        for watcher in watchers.values():
            (pushed,) = of_type(await room.drain(watcher), "maintenance_status")
            assert (pushed["data"]["mode"], "until" in pushed["data"]) == (False, False)


# ── settings ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_settings_are_seen_by_their_visibility(room: ControlRoom) -> None:
    await room.do("PUT", "/settings/scenery.open", {"value": 1, "visibility": "public"})
    await room.do("PUT", "/settings/scenery.known", {"value": 2, "visibility": "user"})
    await room.do("PUT", "/settings/scenery.hidden", {"value": 3})
    await room.do("PUT", "/settings/scenery.secret", {"value": "hunter2", "secret": True})
    seen: dict[str | None, dict[str, Any]] = {}
    for wallet in (None, "ann", "boss"):
        async with room.socket(MONITOR, wallet, stranger_or(wallet)) as watcher:
            answer = await watcher.ask(type="get_system_settings")
            assert (answer["type"], answer["subtype"]) == ("system_settings", "all")
            seen[wallet] = answer["data"]
            for key in ("scenery.open", "scenery.known", "scenery.hidden", "no.such"):
                one = await watcher.ask(type="get_system_settings", key=key)
                if key in answer["data"]:
                    assert (one["subtype"], one["data"]) == (key, answer["data"][key])
                else:
                    assert (one["code"], one["field"]) == ("SETTING_NOT_FOUND", "key")
            scene = await watcher.ask(type="get_system_settings", key="background_scene")
            assert (scene["subtype"], scene["data"]) == ("background_scene", answer["data"]["background_scene"])
    assert seen[None].keys() == {"background_scene"}
    assert {key for key in seen["ann"] if key.startswith("scenery.")} == {"scenery.open", "scenery.known"}
    assert seen["boss"]["scenery.hidden"] == 3
    assert seen["boss"]["scenery.secret"] is None


async def test_admins_are_told_of_every_setting_and_everybody_of_the_scene(room: ControlRoom) -> None:
    async with (
        room.socket(MONITOR, None, PUBLIC) as stranger,
        room.socket(MONITOR, "ann") as ann,
        room.socket(MONITOR) as admin,
    ):
        await room.do("PUT", "/settings/told.open", {"value": 1, "visibility": "public"})
        await room.do("PUT", "/settings/told.secret", {"value": "hunter2", "secret": True})
        await room.do("PUT", "/settings/background_scene", {"value": {"scene": "sea"}})
        frames = of_type(await room.drain(admin), "system_settings")
        updates = [frame for frame in frames if frame["subtype"] == "update"]
        assert [frame["data"] for frame in updates] == [
            {"told.open": 1},
            {"told.secret": None},
            {"background_scene": {"scene": "sea"}},
        ]
        assert {frame["channel"] for frame in updates} == {"system.settings"}
        for watcher in (stranger, ann):
            (scene,) = of_type(await room.drain(watcher), "system_settings")
            assert (scene["channel"], scene["subtype"], scene["data"]) == (
                "public.background_scene",
                "background_scene",
                {"scene": "sea"},
            )


# ── services ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_admins_see_services_and_are_told_of_their_changes(room: ControlRoom) -> None:
    await room.put_reported("shown")
    async with room.socket(MONITOR) as admin:
        everything = await admin.ask(type="get_all_services")
        assert everything["type"] == "all_services"
        for service in everything["data"]:
            assert service.keys() == {"name", "status", "metrics", "updated_at"}
        names = [service["name"] for service in everything["data"]]
        assert "shown" in names
        assert "store" in names
        await room.report("shown", False)
        (pushed,) = of_service(await room.drain(admin), "service_status", "shown")
        assert pushed["channel"] == "system.services"
        assert pushed["data"].keys() == {"status", "metrics", "updated_at"}
        assert (pushed["data"]["status"], pushed["data"]["metrics"]["failed"]) == ("degraded", 1)
        one = await admin.ask(type="get_service_status", service="shown")
        assert (one["type"], one["service"], one["data"]) == ("service_status", "shown", pushed["data"])
        assert (await admin.ask(type="get_service_status", service="nobody"))["code"] == "SERVICE_NOT_FOUND"
        await room.do("DELETE", "/services/shown")
        (gone,) = of_service(await room.drain(admin), "service_status", "shown")
        assert gone["removed"] is True


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_equal_errors_are_told_at_once_and_then_with_their_count(room: ControlRoom) -> None:
    error = {"service": "payments", "level": "error", "error": "The queue is full."}
    async with room.socket(MONITOR) as admin, room.socket(MONITOR, "ann") as ann:
        for _ in range(3):
            await room.do("POST", "/errors", error)
        (first,) = of_type(await room.drain(admin), "error_alert")
        assert first["channel"] == "system.errors"
        assert first["data"].keys() == {"id", "service", "source", "level", "error", "timestamp", "details", "count"}
        assert (first["data"]["error"], first["data"]["count"]) == ("The queue is full.", 1)
        await room.clock.advance(11)
        (second,) = of_type(await room.drain(admin), "error_alert")
        assert (second["data"]["id"], second["data"]["count"]) == (first["data"]["id"], 3)
        assert second["seq"] == first["seq"] + 1
        assert of_type(await room.drain(ann), "error_alert") == []


async def test_recent_errors_are_filtered_and_counted(room: ControlRoom) -> None:
    for number, level in enumerate(("warning", "error", "critical")):
        error = {"service": "ledger", "level": level, "error": f"Number {number}."}
        await room.do("POST", "/errors", error)
        await room.clock.advance(1)
    async with room.socket(MONITOR, greeted=False) as admin:
        greeting = await admin.receive_until(type="connection_established")
        (recent,) = of_type(greeting, "recent_errors")
        assert [record["error"] for record in recent["data"][:3]] == ["Number 2.", "Number 1.", "Number 0."]
        assert recent["count"] == len(recent["data"])
        assert recent["totalErrors"] >= recent["count"]
        assert recent["service"] is None
        mine = await admin.ask(type="get_recent_errors", service="ledger", limit=2)
        assert ([record["error"] for record in mine["data"]], mine["count"], mine["service"]) == (
            ["Number 2.", "Number 1."],
            2,
            "ledger",
        )
        one = await admin.ask(type="get_recent_errors", service="ledger", level="error")
        assert [record["error"] for record in one["data"]] == ["Number 1."]
        none = await admin.ask(type="get_recent_errors", service="nobody")
        assert (none["data"], none["count"]) == ([], 0)


# ── what is not for everybody ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "message",
    [
        {"type": "get_all_services"},
        {"type": "get_service_status", "service": "store"},
        {"type": "get_service_status", "service": "nobody"},
        {"type": "get_recent_errors"},
    ],
)
async def test_who_is_no_admin_may_not_ask(room: ControlRoom, message: dict[str, Any]) -> None:
    for wallet, code in ((None, "UNAUTHORIZED"), ("ann", "PERMISSION_DENIED")):
        async with room.socket(MONITOR, wallet, stranger_or(wallet)) as watcher:
            assert (await watcher.ask(**message))["code"] == code


async def test_the_channels_of_others_are_denied(room: ControlRoom) -> None:
    for wallet, denied in ((None, ["system.status", *ADMIN_CHANNELS]), ("ann", ADMIN_CHANNELS)):
        async with room.socket(MONITOR, wallet, stranger_or(wallet)) as watcher:
            before = await held(watcher)
            for channel in denied:
                assert (await watcher.ask(type="subscribe", channel=channel))["code"] == "SUBSCRIPTION_DENIED"
            assert (await watcher.ask(type="subscribe", channel="system.secrets"))["code"] == "UNKNOWN_CHANNEL"
            assert await held(watcher) == before


async def test_a_stranger_sees_what_is_public_alone(room: ControlRoom) -> None:
    """Whatever happens, and whatever is asked."""
    async with room.socket(MONITOR, None, PUBLIC, greeted=False) as stranger:
        frames = (await stranger.receive_until(type="connection_established"))[:-1]
        await room.open_breaker("private-service")
        await room.do("PUT", "/settings/private.setting", {"value": "private-value", "visibility": "public"})
        await room.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": True}}, by="root")
        await room.do("POST", "/errors", {"service": "private-service", "level": "error", "error": "private-error"})
        await room.clock.advance(60)
        for kind in ("get_system_status", "get_maintenance_status", "get_system_settings", "get_recent_errors"):
            await stranger.send(type=kind)
        frames += await room.drain(stranger)
    await room.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": False}})
    await room.do("DELETE", "/services/private-service")
    assert {frame["type"] for frame in frames} == {*EVERYBODY, "error"}
    for frame in of_type(frames, "SERVER_STATUS_UPDATE"):
        assert frame["data"].keys() == {"status", "message", "timestamp"}
    for frame in of_type(frames, "maintenance_status"):
        assert frame["data"].keys() == {"mode", "message", "updated_at"}
    for frame in of_type(frames, "system_settings"):
        if frame["subtype"] == "all":
            assert frame["data"].keys() == {"background_scene"}
        else:
            assert frame["subtype"] == "background_scene"
    text = repr(frames)
    for hidden in ("private", "root", "boss", "store", "0.1.0"):
        assert hidden not in text
