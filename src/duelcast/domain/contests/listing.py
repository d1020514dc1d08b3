"""The order of contests in lists, and pages of such lists (protocol §5, `get_all_contests`)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from typing import NamedTuple

from duelcast.errors import InvalidRequest

_CURSOR = re.compile(r"([01])\.(-?[0-9]{1,16})\.([1-9][0-9]{0,15})")


class Place(NamedTuple):
    """The sort key of a contest in a list: live contests come before others, later starts before earlier ones, and
    higher ids before lower ones."""

    is_over: bool
    before_start_ms: int
    before_id: int

    @property
    def contest_id(self) -> int:
        return -self.before_id


def place_of(*, is_over: bool, start_ms: int, contest_id: int) -> Place:
    return Place(is_over, -start_ms, -contest_id)


class Listing:
    """Contests in the order of their places. The cost of a page depends on its length, but hardly on the length of the
    list."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def add(self, place: Place) -> None:
        insort(self._places, place)

    def remove(self, place: Place) -> None:
        """Remove a place that was added."""
        del self._places[bisect_left(self._places, place)]

    def page(self, limit: int, cursor: str | None) -> tuple[list[int], str | None]:
        """The ids of at most `limit` contests after `cursor`, and the cursor of the next page, which is None on the
        last page.

        A page begins after the place in `cursor`, so that contests added meanwhile never shift it. Raises
        `InvalidRequest` for an invalid cursor.
        """
        begin = 0 if cursor is None else bisect_right(self._places, _place_at(cursor))
        found = self._places[begin : begin + limit]
        has_more = begin + limit < len(self._places)
        return [place.contest_id for place in found], _cursor_of(found[-1]) if has_more else None


def _cursor_of(place: Place) -> str:
    return f"{place.is_over:d}.{-place.before_start_ms}.{place.contest_id}"


def _place_at(cursor: str) -> Place:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidRequest("`cursor` must be the `nextCursor` of the previous page.", field="cursor")
    return place_of(is_over=found[1] == "1", start_ms=int(found[2]), contest_id=int(found[3]))
