"""What a user is shown and told of notifications, and what they may do (protocol §10)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.people.post_office import BOSS, PostOffice, of_type, post_office, titles
from tests.e2e.users import put_user
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMANDS: list[dict[str, Any]] = [
    {"type": "mark_read", "id": 1},
    {"type": "mark_all_read"},
    {"type": "get_unread"},
    {"type": "get_notifications"},
]


def kinds(frames: list[Frame]) -> list[str]:
    """The types of frames, with the subtype where there is one."""
    return [f"{frame['type']}:{frame['subtype']}" if "subtype" in frame else frame["type"] for frame in frames]


async def pages(member: Client, **asked: Any) -> list[str]:
    """The titles of all pages."""
    found: list[str] = []
    while True:
        page = await member.ask(type="get_notifications", **asked)
        found += titles(page)
        assert page["count"] == len(page["data"])
        if not page["hasMore"]:
            assert "nextCursor" not in page
            return found
        asked["cursor"] = page["nextCursor"]


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_is_greeted_with_the_count_the_announcements_and_what_is_unread(office: PostOffice) -> None:
    async with office.socket("ida", greeted=False) as ida:
        frames = await ida.receive_until(type="connection_established")
    assert kinds(frames) == ["welcome", "unread_count", "notification_batch:announcements", "connection_established"]
    await office.post("ida")
    async with office.socket("ida", greeted=False) as ida:
        frames = await ida.receive_until(type="connection_established")
        assert kinds(frames) == [
            "welcome",
            "unread_count",
            "notification_batch:announcements",
            "notification_batch:unread",
            "connection_established",
        ]
        assert [frame.get("channel") for frame in frames[1:4]] == [
            "user.notifications.ida",
            "system.announcements",
            "user.notifications.ida",
        ]
        assert not any("seq" in frame for frame in frames)
        assert frames[0]["capabilities"] == {"inbox": True, "announcements": True}
        held = (await ida.ask(type="get_subscriptions"))["data"]
        assert {entry["channel"] for entry in held} == {"user.notifications.ida", "system.announcements"}
        assert set(frames[-1]["positions"]) == {"user.notifications.ida", "system.announcements"}


async def test_somebody_without_a_token_gets_announcements_alone(office: PostOffice) -> None:
    async with office.socket(None, greeted=False) as visitor:
        frames = await visitor.receive_until(type="connection_established")
        assert kinds(frames) == ["welcome", "notification_batch:announcements", "connection_established"]
        assert frames[0]["capabilities"] == {"inbox": False, "announcements": True}
        for command in COMMANDS:
            assert (await visitor.ask(**command))["code"] == "UNAUTHORIZED"
        denied = await visitor.ask(type="subscribe", channel="user.notifications.ida")
        assert denied["code"] == "SUBSCRIPTION_DENIED"
        await office.post(type="SYSTEM_ANNOUNCEMENT", title="To all")
        await office.post("ida")
        assert [frame["data"]["title"] for frame in await visitor.drain()] == ["To all"]


async def test_without_a_token_and_the_public_name_nobody_is_let_in(office: PostOffice) -> None:
    async with office.socket(None, "?x=1", greeted=False) as visitor:
        assert (await visitor.receive())["code"] == "UNAUTHORIZED"


async def test_a_user_who_connects_by_the_public_name_is_a_user(office: PostOffice) -> None:
    async with office.socket("kim", "?endpoint=system.announcements", greeted=False) as kim:
        assert "unread_count" in kinds(await kim.receive_until(type="connection_established"))


async def test_who_signs_in_later_may_follow_the_inbox(office: PostOffice) -> None:
    await office.post("lea")
    async with office.socket(None) as visitor:
        signed_in = await visitor.ask(type="auth", token=office.token("lea"))
        assert (signed_in["type"], await visitor.drain()) == ("auth_success", [])
        assert (await visitor.ask(type="get_unread"))["count"] == 1
        marked = await visitor.ask(type="mark_read", id=(await visitor.ask(type="get_unread"))["data"][0]["id"])
        assert "channel" not in marked
        assert kinds(await visitor.drain()) == ["unread_count"]
        confirmed = await visitor.ask(type="subscribe", channel="user.notifications.lea")
        assert confirmed["type"] == "subscription_confirmed"
        assert kinds(await visitor.drain()) == ["unread_count"]


async def test_not_even_admins_follow_the_inbox_of_another(office: PostOffice) -> None:
    async with office.socket(BOSS) as boss:
        denied = await boss.ask(type="subscribe", channel="user.notifications.ida")
        assert denied["code"] == "SUBSCRIPTION_DENIED"
        assert (await boss.ask(type="subscribe", channel="user.notifications"))["code"] == "UNKNOWN_CHANNEL"


async def test_what_happened_while_a_user_was_away_is_found_in_pages_that_new_rows_do_not_shift() -> None:
    async with post_office() as office:
        await office.add("ann", *[f"n{number}" for number in range(50)])
        async with office.socket("ann", greeted=False) as ann:
            frames = await ann.receive_until(type="connection_established")
            unread, batch = frames[1], frames[3]
            assert (unread["count"], unread["version"]) == (50, 1)
            assert (titles(batch), batch["hasMore"]) == ([f"n{number}" for number in range(49, 29, -1)], True)
            found, cursor = titles(batch), batch["nextCursor"]
            while cursor is not None:
                await office.post("ann", title="new")
                page = await ann.ask(type="get_notifications", cursor=cursor, onlyUnread=True, limit=7)
                found, cursor = found + titles(page), page.get("nextCursor")
            assert found == [f"n{number}" for number in range(49, -1, -1)]


async def test_at_most_five_announcements_are_shown() -> None:
    async with post_office() as office:
        for number in range(6):
            await office.post(title=f"a{number}")
        async with office.socket(None, greeted=False) as visitor:
            batch = (await visitor.receive_until(type="connection_established"))[1]
            assert (titles(batch), batch["hasMore"]) == (["a5", "a4", "a3", "a2", "a1"], True)
        await office.delete(6)
        async with office.socket(None, greeted=False) as visitor:
            batch = (await visitor.receive_until(type="connection_established"))[1]
            assert (titles(batch), batch["hasMore"]) == (["a4", "a3", "a2", "a1", "a0"], False)


async def test_a_position_in_the_middle_of_a_burst_brings_the_rest_once() -> None:
    async with post_office() as office:
        burst = [[str(number) for number in range(start, start + 5)] for start in range(0, 500, 5)]

        async def send() -> None:
            for titles in burst:
                await office.add("ann", *titles)

        async with office.socket("ann") as ann:
            epoch = (await ann.ask(type="subscribe", channel="user.notifications.ann"))["epoch"]
            await ann.drain()
            sending = asyncio.create_task(send())
            frames = await ann.receive_many(101)
        while frames[-1].get("version") != len(burst):
            since = f"?since=user.notifications.ann,{epoch},{frames[-1]['seq']}"
            async with office.socket("ann", since, greeted=False) as ann:
                greeting = await ann.receive_until(type="subscription_confirmed")
                assert kinds(greeting) == ["welcome", "notification_batch:announcements", "subscription_confirmed"]
                assert greeting[-1]["recovered"] is True
                heard = [frame for frame in await ann.drain() if "seq" in frame]
                frames += heard[:151]
        told = [frame["data"]["title"] for frame in of_type(frames, "notification")]
        assert told == [title for titles in burst for title in titles]
        assert [frame["version"] for frame in of_type(frames, "unread_count")] == list(range(1, len(burst) + 1))
        assert [frame["seq"] for frame in frames] == list(range(frames[0]["seq"], frames[0]["seq"] + 600))
        await sending


# ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mark_reaches_every_device(office: PostOffice) -> None:
    await office.post("mia", title="a")
    await office.post("mia", title="b")
    async with office.socket("mia") as phone, office.socket("mia") as tablet, office.socket("mia") as laptop:
        newest = (await phone.ask(type="get_unread", limit=1))["data"][0]["id"]
        confirmed = await phone.ask(type="mark_read", id=newest)
        assert (confirmed["type"], confirmed["ids"], confirmed["count"]) == ("read_confirmed", [newest], 1)
        assert confirmed["channel"] == "user.notifications.mia"
        assert [(frame["type"], "requestId" in frame) for frame in await phone.drain()] == [("unread_count", False)]
        for other in (tablet, laptop):
            frames = await other.drain()
            assert kinds(frames) == ["read_confirmed", "unread_count"]
            assert (frames[0]["ids"], frames[0]["seq"]) == ([newest], confirmed["seq"])
            assert (frames[1]["count"], frames[1]["version"]) == (1, 3)
            assert not any("requestId" in frame for frame in frames)


async def test_a_mark_without_a_request_id_is_a_plain_push(office: PostOffice) -> None:
    await office.post("nia")
    async with office.socket("nia") as nia:
        await nia.send(type="mark_all_read")
        frames = await nia.drain()
        assert kinds(frames) == ["read_confirmed", "unread_count"]
        assert all("seq" in frame for frame in frames)


async def test_a_mark_that_changes_nothing_is_answered_to_its_caller_alone(office: PostOffice) -> None:
    await office.post("oda")
    async with office.socket("oda") as oda, office.socket("oda") as other:
        await oda.ask(type="mark_all_read")
        await oda.drain()
        await other.drain()
        for command in ({"type": "mark_all_read"}, {"type": "mark_all_read", "types": ["X"]}):
            await oda.send(**command, requestId="r")
            frames = await oda.drain()
            assert [(frame["type"], frame["requestId"], "channel" in frame) for frame in frames] == [
                ("read_confirmed", "r", False),
                ("unread_count", "r", False),
            ]
            assert (frames[0]["count"], frames[0].get("types")) == (0, command.get("types"))
        assert await other.drain() == []


async def test_who_does_not_follow_the_own_channel_is_answered(office: PostOffice) -> None:
    await office.post("pia")
    async with office.socket("pia") as pia, office.socket("pia") as other:
        await pia.ask(type="unsubscribe", channel="user.notifications.pia")
        await pia.send(type="mark_all_read", requestId="r")
        assert [(frame["type"], frame["requestId"]) for frame in await pia.drain()] == [
            ("read_confirmed", "r"),
            ("unread_count", "r"),
        ]
        assert kinds(await other.drain()) == ["read_confirmed", "unread_count"]


async def test_all_of_some_types_are_marked(office: PostOffice) -> None:
    for kind in ("LEVEL_UP", "CONTEST_RESULT", "LEVEL_UP"):
        await office.post("ria", type=kind, title=kind)
    async with office.socket("ria") as ria:
        confirmed = await ria.ask(type="mark_all_read", types=["LEVEL_UP", "X"])
        assert (confirmed["all"], confirmed["types"], confirmed["count"]) == (True, ["LEVEL_UP", "X"], 2)
        assert "ids" not in confirmed
        assert await pages(ria, onlyUnread=True) == ["CONTEST_RESULT"]
        assert await pages(ria, types=["LEVEL_UP"], limit=1) == ["LEVEL_UP", "LEVEL_UP"]


@pytest.mark.parametrize("kind", ["another user's", "an announcement", "unknown", "deleted"])
async def test_what_is_not_ones_own_is_not_found(office: PostOffice, kind: str) -> None:
    await office.post("eva")
    async with office.socket("eva") as eva, office.socket("zoe") as zoe:
        own = (await eva.ask(type="get_unread"))["data"][0]["id"]
        if kind == "an announcement":
            await office.post(title="all")
            own = (await eva.receive_until(type="notification"))[-1]["data"]["id"]
        elif kind == "unknown":
            own = 2**53 - 1
        elif kind == "deleted":
            await office.delete(own, by="eva")
            await eva.drain()
        asking = zoe if kind == "another user's" else eva
        for named in ({"id": own}, {"ids": [own, str(own)]}):
            assert (await asking.ask(type="mark_read", **named))["code"] == "NOTIFICATION_NOT_FOUND"
        told = [*await eva.drain(), *await zoe.drain()]
        assert [*of_type(told, "read_confirmed"), *of_type(told, "unread_count")] == []


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "mark_read"}, "id"),
        ({"type": "mark_read", "id": 1, "ids": [1]}, "ids"),
        ({"type": "mark_read", "ids": []}, "ids"),
        ({"type": "mark_read", "ids": [1] * 501}, "ids"),
        ({"type": "mark_read", "id": 0}, "id"),
        ({"type": "mark_read", "id": "01"}, "id"),
        ({"type": "mark_read", "id": "1\n"}, "id"),
        ({"type": "mark_read", "id": 1.5}, "id"),
        ({"type": "mark_read", "id": True}, "id"),
        ({"type": "mark_read", "id": 2**53}, "id"),
        ({"type": "mark_read", "ids": [1, "x"]}, "ids[1]"),
        ({"type": "mark_read", "id": "1; drop table notifications"}, "id"),
        ({"type": "mark_all_read", "types": []}, "types"),
        ({"type": "mark_all_read", "types": ["low"]}, "types[0]"),
        ({"type": "mark_all_read", "type_": ["LOW"]}, "type_"),
        ({"type": "get_unread", "limit": 0}, "limit"),
        ({"type": "get_unread", "limit": 101}, "limit"),
        ({"type": "get_notifications", "limit": 1.5}, "limit"),
        ({"type": "get_notifications", "cursor": ""}, "cursor"),
        ({"type": "get_notifications", "cursor": "MTgwMA=="}, "cursor"),
        ({"type": "get_notifications", "cursor": "é"}, "cursor"),
        ({"type": "get_notifications", "cursor": "x" * 65}, "cursor"),
        ({"type": "get_notifications", "cursor": "OTk5OTk5OTk5OTk5OTk5OTkuMQ"}, "cursor"),
        ({"type": "get_notifications", "onlyUnread": "yes"}, "onlyUnread"),
        ({"type": "get_notifications", "types": "NEWS"}, "types"),
    ],
)
async def test_what_is_wrong_is_named(office: PostOffice, message: dict[str, Any], field: str) -> None:
    async with office.socket("sam") as sam:
        refused = await sam.ask(**message)
        assert (refused["code"], refused["field"]) == ("INVALID_REQUEST", field)
        assert (await sam.ask(type="get_unread"))["type"] == "notification_batch"


async def test_rows_cost_messages() -> None:
    """60 messages a minute; a page of 100 rows takes two."""
    async with post_office(rate_limit_factor=1) as office:
        await office.add("ann", *["news"] * 100)
        async with office.socket("ann") as ann:
            answers = [await ann.ask(type="get_notifications", limit=100) for _ in range(31)]
        assert [answer["type"] for answer in answers] == ["notification_batch"] * 30 + ["error"]
        assert (answers[-1]["code"], answers[-1]["retryAfterMs"] > 0) == ("RATE_LIMIT_EXCEEDED", True)


async def test_during_maintenance_users_read_and_mark_nothing() -> None:
    async with post_office() as office:
        await office.post("ann", BOSS)
        async with office.socket("ann") as ann, office.socket(BOSS) as boss:
            on = await office.call("PUT", "/settings/maintenance_mode", {"value": {"enabled": True}})
            assert on.status_code == 200
            for command in ({"type": "mark_read", "id": 1}, {"type": "mark_all_read"}):
                refused = await ann.ask(**command)
                assert (refused["code"], refused["retryAfterMs"]) == ("MAINTENANCE", 60_000)
            assert (await ann.ask(type="get_unread"))["count"] == 1
            assert (await ann.ask(type="get_notifications"))["count"] == 1
            assert (await boss.ask(type="mark_all_read"))["count"] == 1
            assert (await office.call("DELETE", "/notifications/1", by="ann")).status_code == 503
            assert (await office.post("ann"))["created"] == 1
            assert kinds(await ann.drain()) == ["notification", "unread_count"]


# ── removing, and profiles ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_deletes_on_all_devices(office: PostOffice) -> None:
    await office.post("tia")
    async with office.socket("tia") as tia, office.socket("tia") as other:
        own = (await tia.ask(type="get_unread"))["data"][0]["id"]
        for by in ("eva", None):
            answer = await office.call("DELETE", f"/notifications/{own}", by=by)
            assert answer.status_code == (404 if by else 401)
        await office.delete(own, by="tia")
        for device in (tia, other):
            frames = await device.drain()
            assert kinds(frames) == ["notification_removed", "unread_count"]
            assert (frames[0]["ids"], frames[1]["count"]) == ([own], 0)


async def test_who_replays_a_deleted_announcement_does_not_get_its_text() -> None:
    async with post_office() as office:
        async with office.socket(None) as visitor:
            confirmed = await visitor.ask(type="subscribe", channel="system.announcements")
        await office.post(title="a mistake")
        await office.delete(1)
        since = f"?endpoint=system.announcements&since=system.announcements,{confirmed['epoch']},{confirmed['seq']}"
        async with office.socket(None, since, greeted=False) as visitor:
            frames = await visitor.receive_until(type="connection_established")
        assert kinds(frames[2:-1]) == ["notification_removed"] * 2
        assert "a mistake" not in str(frames)


async def test_who_is_promoted_is_told(office: PostOffice) -> None:
    async with office.socket("uli") as uli:
        await put_user(office.app, "uli", role="admin", nickname="Uli")
        frames = await uli.drain()
        assert kinds(frames) == ["session_updated", "notification", "unread_count"]
        told = frames[1]["data"]
        assert (told["type"], told["data"]) == ("PROFILE_UPDATE", {"nickname": "Uli", "role": "admin"})
        assert told["content"] == "Your nickname is now Uli. Your role is now admin."
        await put_user(office.app, "uli", role="admin", banned=False)
        assert (await office.call("PATCH", "/users/me", {"nickname": "Ully"}, by="uli")).status_code == 200
        assert kinds(await uli.drain()) == ["session_updated"]
