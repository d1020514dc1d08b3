"""Who has entered a contest, as a list (protocol §13, `GET /contests/{id}/entries`)."""

from __future__ import annotations

import pytest

from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import ADMIN, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def entered(hall: Stage, contest: int, query: str = "", *, by: str | None = ADMIN) -> list[tuple[str, str]]:
    """(wallet, status) of the entries that are listed."""
    page = await hall.do("GET", f"/contests/{contest}/entries{query}", by=by)
    assert page["count"] == len(page["data"])
    return [(row["wallet"], row["status"]) for row in page["data"]]


async def test_everybody_sees_who_has_entered(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "cat", "ann")
    page = await hall.do("GET", f"/contests/{contest}/entries", by=None)
    entry_time = format_time(hall.clock.time())
    assert page == {
        "data": [
            {"wallet": "ann", "nickname": "N-ann", "entryTime": entry_time, "status": "registered"},
            {"wallet": "cat", "nickname": "N-cat", "entryTime": entry_time, "status": "registered"},
        ],
        "count": 2,
    }


async def test_the_status_of_an_entry_is_that_of_its_contest(hall: Stage) -> None:
    contest, cancelled = await hall.contest(), await hall.contest()
    await hall.enter(contest, "ann")
    await hall.enter(cancelled, "ann")
    await hall.act(contest, "start")
    assert await entered(hall, contest) == [("ann", "active")]
    await hall.act(contest, "end")
    assert await entered(hall, contest) == [("ann", "finished")]
    await hall.act(cancelled, "cancel")
    assert await entered(hall, cancelled, by=None) == [("ann", "finished")]


async def test_only_admins_see_who_is_disqualified(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann", "bob", "cat")
    await hall.set_status(contest, "bob", "disqualified")
    rest = [("ann", "registered"), ("cat", "registered")]
    assert await entered(hall, contest) == [rest[0], ("bob", "disqualified"), rest[1]]
    assert await entered(hall, contest, "?disqualified=true") == [("bob", "disqualified")]
    assert await entered(hall, contest, "?disqualified=false") == rest
    for who in (None, "uma", "bob"):
        assert await entered(hall, contest, by=who) == rest
        assert await entered(hall, contest, "?disqualified=false", by=who) == rest
        path = f"/contests/{contest}/entries?disqualified=true"
        assert await hall.refusal("GET", path, by=who) == (403, "PERMISSION_DENIED")
    await hall.set_status(contest, "bob", "registered")
    assert await entered(hall, contest, "?disqualified=true") == []


async def test_pages_of_entries_follow_one_another(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann", "bob", "cat")
    first = await hall.do("GET", f"/contests/{contest}/entries?limit=2", by=None)
    assert [row["wallet"] for row in first["data"]] == ["ann", "bob"]
    last = await hall.do("GET", f"/contests/{contest}/entries?limit=2&cursor={first['nextCursor']}", by=None)
    assert [row["wallet"] for row in last["data"]] == ["cat"]
    assert "nextCursor" not in last


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=a%20b", "cursor=", "disqualified=perhaps"])
async def test_entries_are_asked_for_within_bounds(hall: Stage, query: str) -> None:
    contest = await hall.contest()
    assert await hall.refusal("GET", f"/contests/{contest}/entries?{query}", by=None) == (400, "INVALID_REQUEST")


async def test_only_a_contest_that_exists_has_entries(hall: Stage) -> None:
    assert await hall.refusal("GET", "/contests/999999999/entries", by=None) == (404, "CONTEST_NOT_FOUND")
