"""What commits bring is published in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from duelcast.domain.notifications.events import ANNOUNCEMENTS, NotificationRemoved
from duelcast.domain.notifications.outlet import Outlet, Push
from duelcast.domain.notifications.reading import InboxReader
from duelcast.wire.messages import Event
from tests.domain.notifications.mailroom import Mailroom


class Unwritable(Event, tag="unwritable"):
    """A defect."""

    value: object


def push(number: int) -> Push:
    return Push(ANNOUNCEMENTS.channel(), NotificationRemoved(ids=[number]))


@pytest.fixture
def outlet(room: Mailroom) -> Outlet:
    return room.inboxes.outlet


async def told(room: Mailroom) -> list[int]:
    return [ids[0] for _, _, ids in await room.take()]


async def test_one_commit_is_told_behind_the_other(room: Mailroom, outlet: Outlet) -> None:
    ends: list[str] = []
    outlet.put([push(number) for number in range(150)], lambda: ends.append("first"))
    outlet.put([], lambda: ends.append("nothing"))
    outlet.put([push(150)], lambda: ends.append("last"))
    assert (outlet.waiting, room.ear.messages) == (3, [])
    assert await told(room) == list(range(151))
    assert (ends, outlet.waiting) == (["first", "nothing", "last"], 0)


async def test_who_settles_waits_for_what_was_put_before(room: Mailroom, outlet: Outlet) -> None:
    await outlet.settle()
    outlet.put(push(number) for number in range(1_000))
    await outlet.settle()
    assert len(room.ear.messages) == 1_000


@pytest.mark.parametrize(
    "show",
    [
        lambda reader: reader.snapshot("ann"),
        lambda reader: reader.announcements(),
        lambda reader: reader.unread("ann", 20),
        lambda reader: reader.page("ann", limit=20),
    ],
    ids=["snapshot", "announcements", "unread", "page"],
)
async def test_what_is_shown_was_told_before(
    room: Mailroom, outlet: Outlet, monkeypatch: pytest.MonkeyPatch, show: Callable[[InboxReader], Awaitable[object]]
) -> None:
    """Else pushes that a snapshot makes needless would be missing behind it."""
    monkeypatch.setattr("duelcast.domain.notifications.outlet.PUSHES_PER_TURN", 1)
    outlet.put(push(number) for number in range(5_000))
    await show(room.notifications.reader)
    assert len(room.ear.messages) == 5_000


async def test_what_cannot_be_told_does_not_keep_the_rest(room: Mailroom, outlet: Outlet) -> None:
    def breaks_off() -> Iterator[Push]:
        yield push(3)
        raise ValueError

    outlet.put([push(1), Push(ANNOUNCEMENTS.channel(), Unwritable(value=object())), push(2)])
    outlet.put(breaks_off())
    outlet.put([push(4)])
    assert await told(room) == [1, 2, 3, 4]
