"""What is written into inboxes, and what is told of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from duelcast.domain.notifications.errors import NotificationNotFound
from duelcast.domain.notifications.events import NotificationBatch
from duelcast.domain.notifications.inboxes import Added
from duelcast.errors import Unavailable
from duelcast.store.database import Transaction
from duelcast.store.notifications import EVERYBODY
from tests.domain.notifications.mailroom import Mailroom, identity, new
from tests.storing import moved_away

ANN, BOB = "user.notifications.ann", "user.notifications.bob"
ALL = "system.announcements"

# ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_wallet_is_told_of_its_own_and_then_of_its_count(room: Mailroom) -> None:
    await room.add(new("ann"), new("bob"), new("ann"))
    assert room.take() == [
        (ANN, "notification", 1),
        (ANN, "notification", 3),
        (ANN, "unread_count", (2, 1)),
        (BOB, "notification", 2),
        (BOB, "unread_count", (1, 1)),
    ]


async def test_a_version_grows_by_one_with_each_write(room: Mailroom) -> None:
    await room.add(new("ann"), new("ann"))
    await room.add(new("bob"))
    await room.add(new("ann"))
    assert (await room.unread("ann"), await room.unread("bob")) == ((3, 2), (1, 1))
    assert await room.unread("nobody") == (0, 0)


async def test_all_that_is_published_is_numbered_in_the_order_of_the_writes(room: Mailroom) -> None:
    await room.add(new(), new())
    await room.inboxes.mark_read("ann", [1])
    await room.notifications.removals.remove(2, identity("ann"))
    assert [message.seq for message in room.ear.messages] == list(range(1, 8))
    snapshot = await room.notifications.reader.snapshot("ann")
    assert snapshot.seq == 7


async def test_an_announcement_is_one_row_and_one_message(room: Mailroom) -> None:
    await room.add(new(EVERYBODY), new(EVERYBODY))
    assert [(message.channel.name, message.seq) for message in room.ear.messages] == [(ALL, 1), (ALL, 2)]
    assert (await room.notifications.reader.announcements()).seq == 2
    assert await room.unread(EVERYBODY) == (2, 0)


async def test_a_key_counts_once_per_wallet_within_a_call_and_later(room: Mailroom) -> None:
    added = await room.add(new(dedupe_key="k"), new(dedupe_key="k", title="other"), new("bob", dedupe_key="k"))
    assert (added.stored, added.duplicates) == (2, 1)
    room.take()
    added = await room.add(new(dedupe_key="k"), new(EVERYBODY, dedupe_key="k"))
    assert (added.stored, added.duplicates) == (1, 1)
    assert room.take() == [(ALL, "notification", 3)]
    assert await room.unread() == (1, 1)


async def test_without_keys_everything_is_new(room: Mailroom) -> None:
    assert (await room.add(new(), new())).stored == 2


async def test_nothing_new_is_nothing_told(room: Mailroom) -> None:
    added = await room.add()
    assert (added, room.take()) == (Added(0, 0, []), [])


async def test_a_write_that_fails_adds_nothing(room: Mailroom) -> None:
    async def work(transaction: Transaction) -> None:
        await room.inboxes.add(transaction, [new()])
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # it has no text
        await room.database.write(work)
    assert (await room.unread(), room.take()) == ((0, 0), [])


async def test_thousands_are_told_in_turns(room: Mailroom) -> None:
    told: list[int] = []

    async def count_turns() -> None:
        while True:
            told.append(len(room.ear.messages))
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    added = await room.add(*[new(f"w{number}") for number in range(500)])
    counting.cancel()
    assert added.stored == 500
    assert len(room.ear.messages) == 1_000
    assert max(later - before for before, later in itertools.pairwise(told)) <= 100


# ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mark_names_what_was_found_in_the_order_asked_for(room: Mailroom) -> None:
    await room.add(new(), new(), new("bob"))
    marked = await room.inboxes.mark_read("ann", [2, 1, 2, 999])
    assert (marked.confirmed.ids, marked.confirmed.count) == ([2, 1], 2)
    assert (marked.unread.count, marked.unread.version, marked.changed) == (0, 2, True)
    assert (room.take())[-2:] == [(ANN, "read_confirmed", [2, 1]), (ANN, "unread_count", (0, 2))]


async def test_marking_again_changes_nothing_and_tells_nobody(room: Mailroom) -> None:
    await room.add(new(), new())
    await room.inboxes.mark_read("ann", [1])
    room.take()
    marked = await room.inboxes.mark_read("ann", [1])
    assert (marked.confirmed.ids, marked.confirmed.count, marked.changed) == ([1], 0, False)
    assert (marked.unread.count, marked.unread.version) == (1, 2)
    marked = await room.inboxes.mark_read("ann", [1, 2])
    assert (marked.confirmed.ids, marked.confirmed.count) == ([1, 2], 1)
    assert room.take() == [(ANN, "read_confirmed", [1, 2]), (ANN, "unread_count", (0, 3))]


@pytest.mark.parametrize("ids", [[2], [3], [4], [99], [2, 3, 4, 99]])
async def test_what_is_anothers_everybodys_removed_or_unknown_is_not_found(room: Mailroom, ids: list[int]) -> None:
    await room.add(new(), new("bob"), new(EVERYBODY), new())
    await room.notifications.removals.remove(4, identity("ann"))
    room.take()
    with pytest.raises(NotificationNotFound):
        await room.inboxes.mark_read("ann", ids)
    assert (room.take(), await room.unread("bob")) == ([], (1, 1))


async def test_marks_of_one_commit_are_told_in_their_order_each_with_its_own_version(room: Mailroom) -> None:
    await room.add(new(), new(), new(), new("bob"))
    room.take()
    marks = [
        room.inboxes.mark_read("ann", [1]),
        room.inboxes.mark_read("ann", [1]),
        room.inboxes.mark_read("bob", [4]),
        room.inboxes.mark_read("ann", [1, 3]),
        room.inboxes.mark_read("bob", [1]),
    ]
    outcomes: list[Any] = await asyncio.gather(*marks, return_exceptions=True)
    assert [each.confirmed.count for each in outcomes[:4]] == [1, 0, 1, 1]
    assert [(each.unread.count, each.unread.version) for each in outcomes[:4]] == [(2, 2), (2, 2), (0, 2), (1, 3)]
    assert isinstance(outcomes[4], NotificationNotFound)
    assert room.take() == [
        (ANN, "read_confirmed", [1]),
        (ANN, "unread_count", (2, 2)),
        (BOB, "read_confirmed", [4]),
        (BOB, "unread_count", (0, 2)),
        (ANN, "read_confirmed", [1, 3]),
        (ANN, "unread_count", (1, 3)),
    ]
    assert await room.unread() == (1, 3)


async def test_all_are_marked_or_those_of_some_types(room: Mailroom) -> None:
    await room.add(new(type="A"), new(type="B"), new(type="C"), new("bob", type="A"))
    room.take()
    marked = await room.inboxes.mark_all_read("ann", ["A", "X"])
    assert (marked.confirmed.all, marked.confirmed.types, marked.confirmed.count) == (True, ["A", "X"], 1)
    assert (await room.inboxes.mark_all_read("ann", ["A"])).changed is False
    assert room.take() == [(ANN, "read_confirmed", "all"), (ANN, "unread_count", (2, 2))]
    assert (await room.inboxes.mark_all_read("ann")).unread.count == 0
    assert (await room.inboxes.mark_all_read("nobody")).unread.version == 0
    assert (await room.unread("ann"), await room.unread("bob")) == ((0, 3), (1, 1))


async def test_without_a_database_nothing_is_marked(room: Mailroom, tmp_path: Any) -> None:
    await room.add(new())
    room.take()
    with moved_away(tmp_path / "duelcast.db"):
        with pytest.raises(Unavailable):
            await room.inboxes.mark_read("ann", [1])
        with pytest.raises(Unavailable):
            await room.inboxes.mark_all_read("ann")
    assert (room.take(), await room.unread()) == ([], (1, 1))


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["unread", "page"])
async def test_what_is_shown_was_broadcast_before(room: Mailroom, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("duelcast.store.delivery.DELIVERIES_PER_TURN", 1)
    reader = room.notifications.reader
    show: dict[str, Callable[[], Awaitable[NotificationBatch]]] = {
        "unread": lambda: reader.unread("ann", 100),
        "page": lambda: reader.page("ann", limit=100),
    }
    adding = [asyncio.create_task(room.add(new())) for _ in range(100)]
    shown: list[int] = []
    while not all(task.done() for task in adding):
        batch = await show[what]()
        shown.append(batch.count)
        assert batch.count <= len([1 for _, kind, _ in room.take_all() if kind == "notification"])
    assert shown
