"""What is written into inboxes, and what is told of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from duelcast.domain.notifications.events import ANNOUNCEMENTS, NotificationRemoved
from duelcast.domain.notifications.inboxes import Added
from duelcast.domain.notifications.outlet import Push
from duelcast.errors import NotificationNotFound, Unavailable
from duelcast.store.database import Transaction
from duelcast.store.notifications import EVERYBODY
from tests.domain.notifications.mailroom import Mailroom, identity, new
from tests.storing import moved_away

ANN, BOB = "user.notifications.ann", "user.notifications.bob"
ALL = "system.announcements"

# ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_wallet_is_told_of_its_own_and_then_of_its_count(room: Mailroom) -> None:
    await room.add(new("ann"), new("bob"), new("ann"))
    assert await room.take() == [
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


async def test_all_that_is_told_of_a_write_has_its_version_as_stored_id(room: Mailroom) -> None:
    await room.add(new(), new())
    await room.inboxes.mark_read("ann", [1])
    await room.notifications.removals.remove(2, identity("ann"))
    await room.inboxes.outlet.settle()
    assert [message.stored_id for message in room.ear.messages] == [1, 1, 1, 2, 2, 3, 3]


async def test_an_announcement_is_one_row_with_its_id_as_stored_id(room: Mailroom) -> None:
    await room.add(new(EVERYBODY), new(EVERYBODY))
    assert [(message.channel.name, message.stored_id) for message in room.ear.messages] == [(ALL, 1), (ALL, 2)]
    assert await room.unread(EVERYBODY) == (2, 0)


async def test_a_key_counts_once_per_wallet_within_a_call_and_later(room: Mailroom) -> None:
    added = await room.add(new(dedupe_key="k"), new(dedupe_key="k", title="other"), new("bob", dedupe_key="k"))
    assert ([row.title for row in added.rows], added.duplicates) == (["title", "title"], 1)
    await room.take()
    added = await room.add(new(dedupe_key="k"), new(EVERYBODY, dedupe_key="k"))
    assert ([row.wallet for row in added.rows], added.duplicates) == ([EVERYBODY], 1)
    assert await room.take() == [(ALL, "notification", 3)]
    assert await room.unread() == (1, 1)


async def test_without_keys_everything_is_new(room: Mailroom) -> None:
    assert len((await room.add(new(), new())).rows) == 2


async def test_nothing_new_is_nothing_told(room: Mailroom) -> None:
    added = await room.add()
    assert (added, await room.take()) == (Added([], 0, {}), [])


async def test_a_write_that_fails_adds_nothing(room: Mailroom) -> None:
    async def work(transaction: Transaction) -> None:
        await room.inboxes.add(transaction, [new()])
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # it has no text
        await room.database.write(work)
    assert (await room.unread(), await room.take()) == ((0, 0), [])


async def test_thousands_are_told_in_turns(room: Mailroom) -> None:
    told: list[int] = []

    async def count_turns() -> None:
        while True:
            told.append(len(room.ear.messages))
            await asyncio.sleep(0)

    added = await room.add(*[new(f"w{number}") for number in range(500)])
    counting = asyncio.create_task(count_turns())
    await room.inboxes.outlet.settle()
    counting.cancel()
    assert len(added.rows) == 500
    assert len(room.ear.messages) == 1_000
    assert max(later - before for before, later in itertools.pairwise(told)) <= 100


# ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mark_names_what_was_found_in_the_order_asked_for(room: Mailroom) -> None:
    await room.add(new(), new(), new("bob"))
    marked = await room.inboxes.mark_read("ann", [2, 1, 2, 999])
    assert (marked.confirmed.ids, marked.confirmed.count) == ([2, 1], 2)
    assert (marked.unread.count, marked.unread.version, marked.changed) == (0, 2, True)
    assert (await room.take())[-2:] == [(ANN, "read_confirmed", [2, 1]), (ANN, "unread_count", (0, 2))]


async def test_marking_again_changes_nothing_and_tells_nobody(room: Mailroom) -> None:
    await room.add(new(), new())
    await room.inboxes.mark_read("ann", [1])
    await room.take()
    marked = await room.inboxes.mark_read("ann", [1])
    assert (marked.confirmed.ids, marked.confirmed.count, marked.changed) == ([1], 0, False)
    assert (marked.unread.count, marked.unread.version) == (1, 2)
    marked = await room.inboxes.mark_read("ann", [1, 2])
    assert (marked.confirmed.ids, marked.confirmed.count) == ([1, 2], 1)
    assert await room.take() == [(ANN, "read_confirmed", [1, 2]), (ANN, "unread_count", (0, 3))]


@pytest.mark.parametrize("ids", [[2], [3], [4], [99], [2, 3, 4, 99]])
async def test_what_is_anothers_everybodys_removed_or_unknown_is_not_found(room: Mailroom, ids: list[int]) -> None:
    await room.add(new(), new("bob"), new(EVERYBODY), new())
    await room.notifications.removals.remove(4, identity("ann"))
    await room.take()
    with pytest.raises(NotificationNotFound):
        await room.inboxes.mark_read("ann", ids)
    assert (await room.take(), await room.unread("bob")) == ([], (1, 1))


async def test_marks_of_one_commit_are_told_in_their_order_each_with_its_own_version(room: Mailroom) -> None:
    await room.add(new(), new(), new(), new("bob"))
    await room.take()
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
    assert await room.take() == [
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
    await room.take()
    marked = await room.inboxes.mark_all_read("ann", ["A", "X"])
    assert (marked.confirmed.all, marked.confirmed.types, marked.confirmed.count) == (True, ["A", "X"], 1)
    assert (await room.inboxes.mark_all_read("ann", ["A"])).changed is False
    assert await room.take() == [(ANN, "read_confirmed", "all"), (ANN, "unread_count", (2, 2))]
    assert (await room.inboxes.mark_all_read("ann")).unread.count == 0
    assert (await room.inboxes.mark_all_read("nobody")).unread.version == 0
    assert (await room.unread("ann"), await room.unread("bob")) == ((0, 3), (1, 1))


async def test_without_a_database_nothing_is_marked(room: Mailroom, tmp_path: Any) -> None:
    await room.add(new())
    await room.take()
    with moved_away(tmp_path / "duelcast.db"):
        with pytest.raises(Unavailable):
            await room.inboxes.mark_read("ann", [1])
        with pytest.raises(Unavailable):
            await room.inboxes.mark_all_read("ann")
    assert (await room.take(), await room.unread()) == ([], (1, 1))


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["mark", "mark again", "mark all", "unread", "page"])
async def test_nothing_is_answered_before_what_was_committed_is_told(
    room: Mailroom, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duelcast.domain.notifications.outlet.PUSHES_PER_TURN", 1)
    await room.add(new(), new())
    await room.inboxes.mark_read("ann", [1])
    await room.take()
    released = asyncio.Event()

    def hold_up() -> Iterator[Push]:
        # Not for ever, should nobody release it.
        for _ in range(100_000):
            if released.is_set():
                return
            yield Push(ANNOUNCEMENTS.channel(), NotificationRemoved(ids=[1]))

    room.inboxes.outlet.put(hold_up())
    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "mark": lambda: room.inboxes.mark_read("ann", [2]),
        "mark again": lambda: room.inboxes.mark_read("ann", [1]),
        "mark all": lambda: room.inboxes.mark_all_read("ann"),
        "unread": lambda: room.notifications.reader.unread("ann", 10),
        "page": lambda: room.notifications.reader.page("ann", limit=10),
    }
    answering = asyncio.ensure_future(asked[what]())
    for _ in range(5):
        # Time enough for what does not wait for its turn.
        await room.database.probe()
    assert not answering.done()
    released.set()
    await answering
    assert room.inboxes.outlet.waiting == 0
