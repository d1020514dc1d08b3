"""Lists of contests against a sorted one, whatever is created, moved and ended between two pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from duelcast.domain.contests.contest import LISTED_AFTER_END_MS, Contest, ContestBook
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.scoring import Board
from duelcast.errors import InvalidRequest
from duelcast.store.contests import ACTIVE, CANCELLED, COMPLETED, PENDING, ContestRow
from tests.domain.contests.chatroom import contest_values

STATUSES = (PENDING, ACTIVE, COMPLETED, CANCELLED)
NOTHING: dict[str, Any] = dict.fromkeys(
    ("description", "image_url", "rules", "max_participants", "cancellation_reason", "started_ms", "ended_ms")
)


def row(contest_id: int, start_ms: int, status: str = PENDING, ended_ms: int | None = None) -> ContestRow:
    values = contest_values(f"CONTEST{contest_id}") | {"id": contest_id, "start_ms": start_ms, "status": status}
    return ContestRow(**(NOTHING | values | {"ended_ms": ended_ms}))


def ids_of(book: ContestBook, status: Any, limit: int) -> list[int]:
    """All pages of a list."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        page, cursor = book.page(status=status, limit=limit, cursor=cursor)
        found += [contest.id for contest in page]
        if cursor is None:
            return found


def expected(book: ContestBook, status: str | None) -> list[int]:
    chosen = [one for one in book if (book.is_listed(one.id) if status is None else one.row.status == status)]
    return [one.id for one in sorted(chosen, key=lambda one: (not one.is_live, -one.row.start_ms, -one.id))]


steps = st.tuples(st.sampled_from(("create", "move", "start", "end", "cancel", "wait")), st.integers(1, 6))


@given(st.lists(steps, max_size=30), st.integers(1, 4))
def test_the_pages_are_the_contests_in_their_order(steps: list[tuple[str, int]], limit: int) -> None:
    book, now_ms = ContestBook(), 1_000
    for what, number in steps:
        now_ms += 1
        contests = {contest.id: contest for contest in book}
        contest = contests.get(number)
        if what == "create":
            book.create(Contest(row(len(contests) + 1, 100 * number), Board(1_000.0, PriceVector())))
        elif what == "wait":
            now_ms += LISTED_AFTER_END_MS // 2
            book.delist(now_ms)
        elif contest is not None and contest.is_live:
            changes: dict[str, dict[str, Any]] = {
                "move": {"start_ms": contest.row.start_ms + 250},
                "start": {"status": ACTIVE},
                "end": {"status": COMPLETED, "ended_ms": now_ms},
                "cancel": {"status": CANCELLED, "ended_ms": now_ms},
            }
            book.update(structs.replace(contest.row, **changes[what]))
    for status in (None, *STATUSES):
        assert ids_of(book, status, limit) == expected(book, status)


def test_what_was_stored_before_is_listed_by_its_age() -> None:
    book, now_ms = ContestBook(), LISTED_AFTER_END_MS + 10
    book.add(Contest(row(1, 5, COMPLETED, ended_ms=9), None), now_ms)
    book.add(Contest(row(2, 6, COMPLETED, ended_ms=11), None), now_ms)
    assert ids_of(book, None, 10) == [2]
    assert ids_of(book, COMPLETED, 1) == [2, 1]


def test_a_new_contest_does_not_shift_the_pages_behind_it() -> None:
    book = ContestBook()
    for number in (1, 2, 3):
        book.add(Contest(row(number, 100), Board(1_000.0, PriceVector())), 0)
    first, cursor = book.page(limit=1)
    book.create(Contest(row(4, 100), Board(1_000.0, PriceVector())))
    second, cursor = book.page(limit=1, cursor=cursor)
    assert [one.id for one in (*first, *second)] == [3, 2]


@pytest.mark.parametrize("cursor", ["", "x", "2.1.1", "0.1.0", "0.1", "0.1.1\n", "0.1.1.1"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        ContestBook().page(limit=1, cursor=cursor)
