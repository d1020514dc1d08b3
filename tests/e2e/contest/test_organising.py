"""What admins do with contests over HTTP: make, edit, start, end, cancel (protocol §13)."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import ADMIN, Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


def terms(hall: Stage, **more: Any) -> dict[str, Any]:
    now_s = hall.clock.time()
    return {"name": "Cup", "start_time": format_time(now_s + 60), "end_time": format_time(now_s + 600)} | more


async def active(hall: Stage) -> int:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    await hall.act(contest, "start")
    return contest


async def audited(hall: Stage, contest: int) -> list[str]:
    """What was done to the contest, newest first."""
    page = await hall.do("GET", f"/audit?target=contests/{contest}")
    assert {entry["wallet"] for entry in page["data"]} <= {ADMIN}
    return [entry["action"] for entry in page["data"]]


# ── creating ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_contest_has_the_defaults_of_the_contract(hall: Stage) -> None:
    answer = await hall.call("POST", "/contests", terms(hall))
    made = answer.json()
    assert answer.status_code == 201
    assert {name: made[name] for name in ("status", "currency", "entry_fee", "prize_pool", "starting_balance")} == {
        "status": "pending",
        "currency": "SOL",
        "entry_fee": "0",
        "prize_pool": "0",
        "starting_balance": 1000,
    }
    assert (made["min_participants"], made["max_participants"], made["allowed_symbols"]) == (1, None, [])
    assert (made["description"], made["image_url"], made["rules"], made["cancellation_reason"]) == (None,) * 4
    assert (made["created_by"], made["muted"]) == (ADMIN, [])
    assert set(made["contest_code"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789")
    assert len(made["contest_code"]) == 8
    assert await audited(hall, made["id"]) == ["contests.create"]


async def test_a_contest_is_as_it_was_asked_for(hall: Stage) -> None:
    wanted = {
        "name": "n" * 100,
        "description": "d" * 2_000,
        "rules": "First line\nsecond line",
        "image_url": "https://example.org/cup.png",
        "entry_fee": "0.000000001",
        "prize_pool": "123456789.5",
        "currency": "USDC",
        "payout": [{"place": 1, "percent": 60.5}, {"place": 2, "percent": 39.5}],
        "min_participants": 2,
        "max_participants": 100_000,
        "starting_balance": 1_000_000,
        "allowed_symbols": ["BTC", "SOL"],
    }
    made = await hall.do("POST", "/contests", terms(hall, **wanted))
    assert {name: made[name] for name in wanted} == wanted
    assert await hall.do("GET", f"/contests/{made['id']}") == made


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"description": "a\u202eb"}, "description"),
        ({"name": None}, "name"),
        ({"description": "d" * 2_001}, "description"),
        ({"rules": "r" * 10_001}, "rules"),
        ({"image_url": "http://example.org/x.png"}, "image_url"),
        ({"image_url": "javascript:alert(1)"}, "image_url"),
        ({"start_time": "2027-01-15T07:00:00Z"}, "start_time"),
        ({"start_time": "2027-01-15T08:00:00"}, "start_time"),
        ({"start_time": "soon"}, "start_time"),
        ({"end_time": "2027-01-15T07:00:00Z"}, "end_time"),
        ({"entry_fee": -1}, "entry_fee"),
        ({"entry_fee": "1e3"}, "entry_fee"),
        ({"entry_fee": "0.0000000001"}, "entry_fee"),
        ({"prize_pool": "1,5"}, "prize_pool"),
        ({"prize_pool": True}, "prize_pool"),
        ({"currency": "sol"}, "currency"),
        ({"payout": [{"place": 1, "percent": 60}, {"place": 2, "percent": 40.1}]}, "payout"),
        ({"payout": [{"place": 1, "percent": 60}, {"place": 1, "percent": 10}]}, "payout[1].place"),
        ({"payout": [{"place": 0, "percent": 60}]}, "payout[0].place"),
        ({"payout": [{"place": 1, "percent": 0}]}, "payout[0].percent"),
        ({"min_participants": 0}, "min_participants"),
        ({"max_participants": 100_001}, "max_participants"),
        ({"min_participants": 3, "max_participants": 2}, "min_participants"),
        ({"starting_balance": 0.99}, "starting_balance"),
        ({"starting_balance": 1_000_001}, "starting_balance"),
        ({"allowed_symbols": ["SO L"]}, "allowed_symbols[0]"),
        ({"prise_pool": "1"}, "prise_pool"),
        ({"status": "active"}, "status"),
    ],
)
async def test_terms_that_cannot_be_are_refused_by_their_field(hall: Stage, wrong: dict[str, Any], field: str) -> None:
    before = len((await hall.do("GET", "/contests?status=pending&limit=100"))["data"])
    answer = await hall.call("POST", "/contests", terms(hall, **wrong))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "INVALID_REQUEST", field)
    assert len((await hall.do("GET", "/contests?status=pending&limit=100"))["data"]) == before


@pytest.mark.parametrize("missing", ["name", "start_time", "end_time"])
async def test_name_and_times_must_be_there(hall: Stage, missing: str) -> None:
    body = terms(hall)
    del body[missing]
    answer = await hall.call("POST", "/contests", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "INVALID_REQUEST", missing)


async def test_the_end_must_come_behind_the_start(hall: Stage) -> None:
    body = terms(hall)
    answer = await hall.call("POST", "/contests", body | {"end_time": body["start_time"]})
    assert (answer.status_code, answer.json()["field"]) == (400, "end_time")


ADMIN_ROUTES = [
    ("POST", "/contests", {"name": "x", "start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-02T00:00:00Z"}),
    ("PATCH", "/contests/{id}", {"name": "x"}),
    ("POST", "/contests/{id}/start", None),
    ("POST", "/contests/{id}/end", None),
    ("POST", "/contests/{id}/cancel", None),
    ("PATCH", "/contests/{id}/entries/ann", {"status": "disqualified"}),
    ("DELETE", "/contests/{id}/chat/1", None),
    ("PUT", "/contests/{id}/mutes/ann", None),
    ("DELETE", "/contests/{id}/mutes/ann", None),
]


@pytest.mark.parametrize(("who", "expected"), [(None, (401, "UNAUTHORIZED")), ("ann", (403, "PERMISSION_DENIED"))])
@pytest.mark.parametrize(("method", "path", "body"), ADMIN_ROUTES)
async def test_who_is_no_admin_changes_nothing(
    hall: Stage, method: str, path: str, body: Any, who: str | None, expected: tuple[int, str]
) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    before = await hall.do("GET", f"/contests/{contest}")
    assert await hall.refusal(method, path.format(id=contest), body, by=who) == expected
    assert await hall.do("GET", f"/contests/{contest}") == before


@pytest.mark.parametrize(("method", "path", "body"), ADMIN_ROUTES[1:])
async def test_a_contest_that_does_not_exist_is_not_found(hall: Stage, method: str, path: str, body: Any) -> None:
    assert await hall.refusal(method, path.format(id=999_999), body) == (404, "CONTEST_NOT_FOUND")


# ── editing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_pending_contest_can_be_changed_in_everything(hall: Stage) -> None:
    contest = await hall.contest()
    now_s = hall.clock.time()
    changes = {
        "name": "New",
        "description": "New",
        "image_url": "https://example.org/new.png",
        "rules": "New",
        "start_time": format_time(now_s + 300),
        "end_time": format_time(now_s + 400),
        "entry_fee": "2",
        "prize_pool": "3",
        "currency": "USDC",
        "payout": [{"place": 1, "percent": 100}],
        "min_participants": 2,
        "max_participants": 5,
        "starting_balance": 50,
        "allowed_symbols": ["SOL"],
    }
    changed = await hall.do("PATCH", f"/contests/{contest}", changes)
    assert {name: changed[name] for name in changes} == changes
    cleared = await hall.do(
        "PATCH", f"/contests/{contest}", {"description": None, "max_participants": None, "name": None}
    )
    assert (cleared["description"], cleared["max_participants"], cleared["name"]) == (None, None, "New")
    assert await audited(hall, contest) == ["contests.edit", "contests.edit", "contests.create"]
    second, first, _ = (await hall.do("GET", f"/audit?target=contests/{contest}"))["data"]
    assert second["details"] == {"description": ["New", None], "max_participants": [5, None]}
    assert first["details"].keys() == changes.keys()
    assert first["details"]["end_time"][1] == changes["end_time"]
    assert first["details"]["prize_pool"] == ["0", "3"]


async def test_an_edit_that_changes_nothing_is_no_news(hall: Stage) -> None:
    contest = await hall.contest()
    before = await hall.do("GET", f"/contests/{contest}")
    await hall.pass_time(1)
    assert await hall.do("PATCH", f"/contests/{contest}", {"name": "Cup"}) == before
    assert await audited(hall, contest) == ["contests.create"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"starting_balance": 500}, "starting_balance"), ({"allowed_symbols": ["SOL"]}, "allowed_symbols")],
)
async def test_balance_and_symbols_stay_once_somebody_entered(hall: Stage, change: Any, field: str) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    answer = await hall.call("PATCH", f"/contests/{contest}", change)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, "INVALID_STATE", field)
    # A disqualified entry is an entry.
    await hall.set_status(contest, "ann", "disqualified")
    assert (await hall.refusal("PATCH", f"/contests/{contest}", change))[1] == "INVALID_STATE"
    await hall.set_status(contest, "ann", "registered")
    await hall.do("DELETE", f"/contests/{contest}/entries/me", by="ann")
    await hall.do("PATCH", f"/contests/{contest}", change)


async def test_a_new_balance_is_what_a_later_entry_begins_with(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.do("PATCH", f"/contests/{contest}", {"starting_balance": 500})
    await hall.enter(contest, "ann")
    row = await hall.do("GET", f"/contests/{contest}/entries/me", by="ann")
    assert (row["initialBalance"], row["portfolioValue"]) == (500, 500)


async def test_places_cannot_be_fewer_than_those_taken(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann", "bea")
    answer = await hall.call("PATCH", f"/contests/{contest}", {"max_participants": 1})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        409,
        "INVALID_STATE",
        "max_participants",
    )
    await hall.do("PATCH", f"/contests/{contest}", {"max_participants": 2})


async def test_a_moved_start_is_when_it_starts(hall: Stage) -> None:
    contest = await hall.contest(starts_in_s=10)
    await hall.enter(contest, "ann")
    await hall.do("PATCH", f"/contests/{contest}", {"start_time": format_time(hall.clock.time() + 20)})
    await hall.pass_time(15)
    assert (await hall.do("GET", f"/contests/{contest}"))["status"] == "pending"
    await hall.pass_time(5.1)
    assert (await hall.do("GET", f"/contests/{contest}"))["status"] == "active"


async def test_after_the_start_names_and_a_later_end_can_be_changed_alone(hall: Stage) -> None:
    contest = await active(hall)
    view = await hall.do("GET", f"/contests/{contest}")
    later = {
        "name": "New",
        "description": "New",
        "image_url": "https://example.org/n.png",
        "end_time": format_time(hall.clock.time() + 5_000),
    }
    changed = await hall.do("PATCH", f"/contests/{contest}", later)
    assert {name: changed[name] for name in later} == later
    for field, value in {
        "start_time": format_time(hall.clock.time() + 100),
        "rules": "New",
        "entry_fee": "9",
        "prize_pool": "9",
        "currency": "USDC",
        "payout": [],
        "min_participants": 1_000,
        "max_participants": 1_000,
        "starting_balance": 9,
        "allowed_symbols": ["SOL"],
    }.items():
        answer = await hall.call("PATCH", f"/contests/{contest}", {field: value})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, "INVALID_STATE", field)
    earlier = await hall.call("PATCH", f"/contests/{contest}", {"end_time": view["end_time"]})
    assert (earlier.status_code, earlier.json()["code"], earlier.json()["field"]) == (
        400,
        "INVALID_REQUEST",
        "end_time",
    )


@pytest.mark.parametrize("what", ["end", "cancel"])
async def test_what_is_over_cannot_be_edited(hall: Stage, what: str) -> None:
    contest = await active(hall)
    await hall.act(contest, what)
    assert await hall.refusal("PATCH", f"/contests/{contest}", {"name": "New"}) == (409, "INVALID_STATE")


# ── start, end, cancel ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("steps", "what", "is_allowed"),
    [
        ([], "start", True),
        ([], "end", False),
        ([], "cancel", True),
        (["start"], "start", False),
        (["start"], "end", True),
        (["start"], "cancel", True),
        (["start", "end"], "start", False),
        (["start", "end"], "end", False),
        (["start", "end"], "cancel", False),
        (["cancel"], "start", False),
        (["cancel"], "end", False),
        (["cancel"], "cancel", False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
async def test_a_step_is_taken_where_the_status_allows_it(
    hall: Stage, steps: list[str], what: str, is_allowed: bool
) -> None:
    contest = await hall.contest(min_participants=5)
    await hall.enter(contest, "ann")
    for step in steps:
        await hall.act(contest, step)
    before = await hall.do("GET", f"/contests/{contest}")
    if is_allowed:
        status = {"start": "active", "end": "completed", "cancel": "cancelled"}[what]
        assert (await hall.act(contest, what, reason="Because."))["status"] == status
        assert (await audited(hall, contest))[0] == f"contests.{what}"
    else:
        assert await hall.refusal("POST", f"/contests/{contest}/{what}") == (409, "INVALID_STATE")
        assert await hall.do("GET", f"/contests/{contest}") == before


async def test_a_contest_without_entries_cannot_be_started(hall: Stage) -> None:
    contest = await hall.contest()
    assert await hall.refusal("POST", f"/contests/{contest}/start") == (409, "INVALID_STATE")
    await hall.enter(contest, "ann")
    await hall.set_status(contest, "ann", "disqualified")
    assert await hall.refusal("POST", f"/contests/{contest}/start") == (409, "INVALID_STATE")


async def test_start_and_end_take_the_prices_of_that_moment() -> None:
    async with stage() as hall:
        contest = await hall.contest(starts_in_s=1_000, lasts_s=1_000)
        await hall.enter(contest, "ann", portfolio={"SOL": 100})
        await hall.prices({"SOL": 80})
        await hall.act(contest, "start")
        await hall.pass_time(10)
        await hall.prices({"SOL": 120})
        await hall.act(contest, "end")
        await hall.prices({"SOL": 1})
        row = await hall.do("GET", f"/contests/{contest}/entries/ann", by=None)
        assert (row["portfolio"][0]["quantity"], row["portfolioValue"], row["returnPct"]) == (12.5, 1500, 50)
        settlement = await hall.do("GET", f"/contests/{contest}/settlement", by=None)
        assert (settlement["start"]["at"], settlement["start"]["prices"][0]["price"]) == (
            "2027-01-15T08:00:00.000Z",
            80,
        )
        assert (settlement["end"]["at"], settlement["end"]["prices"][0]["price"]) == ("2027-01-15T08:00:10.000Z", 120)


@pytest.mark.parametrize("reason", ["", "r" * 501, "a\nb", "a\n", "a\u2028b", "a\u2067b", 7])
async def test_a_reason_is_one_line_of_up_to_500_characters(hall: Stage, reason: Any) -> None:
    contest = await hall.contest()
    answer = await hall.call("POST", f"/contests/{contest}/cancel", {"reason": reason})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "INVALID_REQUEST", "reason")


async def test_a_cancelled_contest_says_why(hall: Stage) -> None:
    contest = await hall.contest()
    assert (await hall.act(contest, "cancel", reason="Rain."))["cancellation_reason"] == "Rain."
    assert (await hall.do("GET", f"/contests/{contest}", by=None))["cancellation_reason"] == "Rain."


async def test_an_unreached_boundary_has_no_prices(hall: Stage) -> None:
    contest = await hall.contest()
    settlement = await hall.do("GET", f"/contests/{contest}/settlement", by=None)
    assert settlement == {"contestId": contest, "start": None, "end": None}


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_contests_come_in_pages_that_new_ones_do_not_shift(hall: Stage) -> None:
    first = await hall.do("GET", "/contests?status=pending&limit=3", by=None)
    await hall.contest(starts_in_s=900_000)
    seen, cursor = [one["id"] for one in first["data"]], first.get("nextCursor")
    assert first["count"] == 3
    while cursor is not None:
        page = await hall.do("GET", f"/contests?status=pending&limit=3&cursor={cursor}", by=None)
        assert page["count"] == len(page["data"])
        assert "created_by" not in page["data"][0]
        seen += [one["id"] for one in page["data"]]
        cursor = page.get("nextCursor")
    everything = await hall.do("GET", "/contests?status=pending&limit=100", by=None)
    assert len(seen) == len(set(seen))
    assert [one["id"] for one in everything["data"]][1:] == seen[: len(everything["data"]) - 1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/contests?status=open", (400, "INVALID_REQUEST")),
        ("/contests?limit=0", (400, "INVALID_REQUEST")),
        ("/contests?limit=101", (400, "INVALID_REQUEST")),
        ("/contests?cursor=x", (400, "INVALID_REQUEST")),
        ("/contests/999999", (404, "CONTEST_NOT_FOUND")),
        ("/contests/0", (400, "INVALID_REQUEST")),
        ("/contests/-1", (400, "INVALID_REQUEST")),
        ("/contests/9007199254740992", (400, "INVALID_REQUEST")),
        ("/contests/x", (404, "NOT_FOUND")),
        ("/contests/1.5", (404, "NOT_FOUND")),
        ("/contests/999999/leaderboard", (404, "CONTEST_NOT_FOUND")),
        ("/contests/999999/settlement", (404, "CONTEST_NOT_FOUND")),
        ("/contests/{id}/leaderboard?limit=501", (400, "INVALID_REQUEST")),
        ("/contests/{id}/leaderboard?offset=-1", (400, "INVALID_REQUEST")),
        ("/contests/{id}/leaderboard?around=a&offset=0", (400, "INVALID_REQUEST")),
        ("/contests/{id}/leaderboard?around=nobody", (404, "NOT_ENTERED")),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(hall: Stage, path: str, expected: tuple[int, str]) -> None:
    contest = await hall.contest()
    assert await hall.refusal("GET", path.format(id=contest), by=None) == expected
