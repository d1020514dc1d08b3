"""What leaves the inboxes, and what is told of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from duelcast.domain.accounts.identity import Identity
from duelcast.domain.notifications.errors import NotificationNotFound
from duelcast.domain.notifications.removing import ROWS_PER_WRITE, Removals
from duelcast.errors import Unavailable
from duelcast.store.notifications import EVERYBODY
from duelcast.store.tables import notifications
from tests.domain.notifications.mailroom import BOSS, Mailroom, identity, new
from tests.storing import moved_away

ANN, BOB = "user.notifications.ann", "user.notifications.bob"
ALL = "system.announcements"
DAY_S = 86_400


@pytest.fixture
def removals(room: Mailroom) -> Removals:
    return room.notifications.removals


def in_s(room: Mailroom, seconds: float) -> int:
    """Epoch milliseconds of that time from now."""
    return int((room.clock.time() + seconds) * 1000)


async def rows(room: Mailroom) -> int:
    async with room.database.read() as transaction:
        return await transaction.scalar(select(func.count()).select_from(notifications)) or 0


# ── one ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_removed_is_gone_and_told(room: Mailroom, removals: Removals) -> None:
    await room.add(new(), new())
    room.take()
    await removals.remove(1, identity("ann"))
    assert room.take() == [(ANN, "notification_removed", [1]), (ANN, "unread_count", (1, 2))]
    assert (await room.ids(), await room.unread()) == ([2], (1, 2))


async def test_the_count_is_told_where_it_changed_alone(room: Mailroom, removals: Removals) -> None:
    await room.add(new())
    await room.inboxes.mark_read("ann", [1])
    room.take()
    await removals.remove(1, identity("ann"))
    assert room.take() == [(ANN, "notification_removed", [1])]
    assert await room.unread() == (0, 3)


@pytest.mark.parametrize("by", [identity("bob"), identity("eve"), identity("ann")])
async def test_others_cannot_remove_it(room: Mailroom, removals: Removals, by: Identity) -> None:
    await room.add(new(), new(EVERYBODY))
    with pytest.raises(NotificationNotFound):
        await removals.remove(2 if by.wallet == "ann" else 1, by)
    assert (await room.unread(), await room.acts()) == ((1, 1), [])


async def test_admins_can_and_it_is_recorded(room: Mailroom, removals: Removals) -> None:
    await room.add(new(), new(EVERYBODY), new("boss"))
    room.take()
    for notification_id in (1, 2, 3):
        await removals.remove(notification_id, BOSS)
    recorded = [(act.action, act.target, act.details) for act in await room.acts()]
    assert recorded == [
        ("notifications.delete", "notifications/1", {"wallet": "ann"}),
        ("notifications.delete", "notifications/2", {"broadcast": True}),
    ]
    assert (room.take())[2] == (ALL, "notification_removed", [2])
    assert room.ear.replaced == [("user.notifications.ann", 1), (ALL, 1), ("user.notifications.boss", 1)]


async def test_removing_again_finds_nothing(room: Mailroom, removals: Removals) -> None:
    await room.add(new())
    await removals.remove(1, identity("ann"))
    with pytest.raises(NotificationNotFound):
        await removals.remove(1, identity("ann"))
    assert await room.unread() == (0, 2)


async def test_a_removed_key_still_counts(room: Mailroom, removals: Removals) -> None:
    await room.add(new(dedupe_key="k"))
    await removals.remove(1, identity("ann"))
    assert (await room.add(new(dedupe_key="k"))).duplicates == 1


# ── what is over ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_over_is_removed_on_start_and_once_a_minute_whatever_happens(
    room: Mailroom, removals: Removals, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at_s: list[float] = []

    async def expire() -> None:
        looked_at_s.append(room.clock.monotonic())
        if len(looked_at_s) == 2:
            raise Unavailable("The database is out of reach.")
        if len(looked_at_s) == 3:
            raise ValueError

    monkeypatch.setattr(removals, "expire", expire)
    running = asyncio.create_task(removals.run())
    await room.clock.advance(200)
    running.cancel()
    assert looked_at_s == [0, 60, 120, 180]


async def test_what_is_over_is_removed_from_its_moment_on(room: Mailroom, removals: Removals) -> None:
    await room.add(new(expires_ms=in_s(room, 10)), new(expires_ms=in_s(room, 11)), new())
    room.take()
    await room.clock.advance(9.999)
    await removals.expire()
    assert room.take() == []
    await room.clock.advance(0.001)
    await removals.expire()
    assert room.take() == [(ANN, "notification_removed", [1]), (ANN, "unread_count", (2, 2))]
    assert await room.ids() == [3, 2]


async def test_all_that_is_over_is_removed_however_much(room: Mailroom, removals: Removals) -> None:
    many = ROWS_PER_WRITE + 1
    soon = in_s(room, 1)
    await room.add(*[new(f"w{number}", expires_ms=soon) for number in range(many)], new(EVERYBODY, expires_ms=soon))
    room.take()
    await room.clock.advance(1)
    await removals.expire()
    told = room.take()
    assert len([kind for _, kind, _ in told if kind == "notification_removed"]) == many + 1
    assert await room.unread("w0") == (0, 2)
    await removals.expire()
    assert room.take() == []


async def test_of_a_wallet_all_that_is_over_is_told_at_once(room: Mailroom, removals: Removals) -> None:
    soon = in_s(room, 1)
    await room.add(new(expires_ms=soon), new(), new(expires_ms=soon))
    room.take()
    await room.clock.advance(1)
    await removals.expire()
    assert room.take() == [(ANN, "notification_removed", [1, 3]), (ANN, "unread_count", (1, 2))]


async def test_without_a_database_nothing_is_removed(room: Mailroom, removals: Removals, tmp_path: Path) -> None:
    await room.add(new(expires_ms=in_s(room, 0)))
    room.take()
    with moved_away(tmp_path / "duelcast.db"):
        for attempt in (removals.expire(), removals.remove(1, BOSS), removals.delete_old(1, 1)):
            with pytest.raises(Unavailable):
                await attempt
    assert room.take() == []


# ── what is old ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_old_rows_are_deleted_by_what_became_of_them(room: Mailroom, removals: Removals) -> None:
    await room.add(new(), new(), new("bob"), new(EVERYBODY), new(dedupe_key="k"))
    await room.inboxes.mark_read("ann", [1])
    await removals.remove(5, identity("ann"))
    room.take()
    await room.clock.jump(30 * DAY_S)
    assert await removals.delete_old(30, 180) == 0
    await room.clock.advance(1)
    assert await removals.delete_old(30, 180) == 2
    assert room.take() == [(ANN, "notification_removed", [1])]
    assert await room.unread() == (1, 4)
    assert (await room.add(new("eve", dedupe_key="k"), new(dedupe_key="k"))).duplicates == 0
    room.take()
    await room.clock.jump(150 * DAY_S)
    assert await removals.delete_old(30, 180) == 3
    assert room.take() == [
        (ALL, "notification_removed", [4]),
        (ANN, "notification_removed", [2]),
        (ANN, "unread_count", (1, 6)),
        (BOB, "notification_removed", [3]),
        (BOB, "unread_count", (0, 2)),
    ]
    assert await rows(room) == 2


async def test_old_rows_are_deleted_however_many(room: Mailroom, removals: Removals) -> None:
    await room.add(*[new(f"w{number}") for number in range(2 * ROWS_PER_WRITE)])
    await room.clock.jump(2 * DAY_S)
    assert await removals.delete_old(1, 1) == 2 * ROWS_PER_WRITE
    assert await rows(room) == 0
