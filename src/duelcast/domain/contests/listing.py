"""Pages of contests (protocol 5, `get_all_contests`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.events import ContestStatus
from duelcast.errors import InvalidRequest

_CURSOR = re.compile(r"([01])\.(-?[0-9]{1,16})\.([1-9][0-9]{0,15})")

Place = tuple[int, int, int]


def page(
    book: ContestBook, *, status: ContestStatus | None, limit: int, cursor: str | None
) -> tuple[list[Contest], str | None]:
    """At most `limit` contests behind `cursor`, and the cursor of the rest, None where there is none.

    Without `status` the default list: pending and active, then those that ended within a day; with it all of that
    status; newest start first. New contests never shift a page. Raises `InvalidRequest` for a cursor that is none.
    """
    chosen: Iterable[Contest] = book.listed
    if status is not None:
        chosen = (contest for contest in book if contest.row.status == status)
    begin = None if cursor is None else _place_of(cursor)
    ordered = sorted((_place(contest), contest) for contest in chosen if begin is None or _place(contest) > begin)
    found = [contest for _, contest in ordered[:limit]]
    if len(ordered) <= limit:
        return found, None
    group, start, number = _place(found[-1])
    return found, f"{group}.{-start}.{-number}"


def _place(contest: Contest) -> Place:
    return (0 if contest.is_live else 1, -contest.row.start_ms, -contest.id)


def _place_of(cursor: str) -> Place:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidRequest("`cursor` must be the `nextCursor` of the page before.", field="cursor")
    return (int(found[1]), -int(found[2]), -int(found[3]))
