"""What users do with contests over HTTP: enter, change the portfolio, withdraw, look back (protocol §5, §13)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from duelcast.domain.market.ticks import Ticker
from tests.e2e.contest.contest_room import ADMIN, SOL_AND_BTC, Stage, choices, rows_of, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOL = {"portfolio": [{"symbol": "SOL", "weight": 100}]}


async def active(hall: Stage, *wallets: str) -> int:
    contest = await hall.contest()
    await hall.enter(contest, *wallets)
    await hall.act(contest, "start")
    return contest


# ── entering ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_enters_takes_part_with_its_portfolio(hall: Stage) -> None:
    contest = await hall.contest()
    answer = await hall.call("POST", f"/contests/{contest}/entries", {"portfolio": choices(SOL_AND_BTC)}, by="ann")
    row = answer.json()
    assert answer.status_code == 201
    assert (row["isParticipant"], row["walletAddress"], row["status"], row["rank"]) == (True, "ann", "registered", 1)
    assert [(one["symbol"], one["weight"], one["quantity"]) for one in row["portfolio"]] == [
        ("BTC", 40, None),
        ("SOL", 60, None),
    ]
    assert await hall.do("GET", f"/contests/{contest}/entries/me", by="ann") == row
    assert (await hall.do("GET", f"/contests/{contest}"))["participantCount"] == 1


async def test_nobody_enters_twice(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    assert await hall.refusal("POST", f"/contests/{contest}/entries", SOL, by="ann") == (409, "ALREADY_ENTERED")
    await hall.set_status(contest, "ann", "disqualified")
    assert await hall.refusal("POST", f"/contests/{contest}/entries", SOL, by="ann") == (409, "ALREADY_ENTERED")


@pytest.mark.parametrize(
    ("portfolio", "status", "code", "field"),
    [
        ([], 422, "INVALID_PORTFOLIO", "portfolio"),
        ([("SOL", 99)], 422, "INVALID_PORTFOLIO", "portfolio"),
        ([("SOL", 60), ("BTC", 41)], 422, "INVALID_PORTFOLIO", "portfolio"),
        ([("SOL", 50), ("SOL", 50)], 422, "INVALID_PORTFOLIO", "portfolio[1].symbol"),
        ([("SOL", 50), ("sol", 50)], 422, "INVALID_PORTFOLIO", "portfolio[1].symbol"),
        ([("SOL", 0), ("BTC", 100)], 422, "INVALID_PORTFOLIO", "portfolio[0].weight"),
        ([("SOL", 101), ("BTC", -1)], 422, "INVALID_PORTFOLIO", "portfolio[0].weight"),
        ([(f"T{number}", 1) for number in range(51)], 422, "INVALID_PORTFOLIO", "portfolio"),
        ([("NOPRICE", 100)], 409, "NO_PRICE", "portfolio[0].symbol"),
        ([("SOL", 50.5), ("BTC", 49.5)], 400, "INVALID_REQUEST", "portfolio[0].weight"),
        ([("SOL", "100")], 400, "INVALID_REQUEST", "portfolio[0].weight"),
        ([("SO L", 100)], 400, "INVALID_REQUEST", "portfolio[0].symbol"),
        ([("", 100)], 400, "INVALID_REQUEST", "portfolio[0].symbol"),
        ([(1, 100)], 400, "INVALID_REQUEST", "portfolio[0].symbol"),
    ],
    ids=range(14),
)
async def test_a_portfolio_that_breaks_a_rule_is_refused_by_its_field(
    hall: Stage, portfolio: list[Any], status: int, code: str, field: str
) -> None:
    contest = await hall.contest()
    body = {"portfolio": [{"symbol": symbol, "weight": weight} for symbol, weight in portfolio]}
    answer = await hall.call("POST", f"/contests/{contest}/entries", body, by="ann")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert (await hall.do("GET", f"/contests/{contest}"))["participantCount"] == 0


async def test_only_allowed_tokens_may_be_chosen_in_any_case(hall: Stage) -> None:
    contest = await hall.contest(allowed_symbols=["sol"])
    refused = await hall.call("POST", f"/contests/{contest}/entries", {"portfolio": choices({"BTC": 100})}, by="ann")
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_PORTFOLIO")
    await hall.enter(contest, "ann", portfolio={"sol": 100})


@pytest.mark.parametrize("body", [{}, {"portfolio": "SOL"}, {"portfolio": [1]}, {"portfolio": None}, [], 7])
async def test_a_body_that_is_no_portfolio_is_refused(hall: Stage, body: Any) -> None:
    contest = await hall.contest()
    for method, path in (("POST", "entries"), ("PUT", "entries/me/portfolio")):
        assert await hall.refusal(method, f"/contests/{contest}/{path}", body, by="ann") == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("steps", "code"),
    [(["start"], "CONTEST_STARTED"), (["start", "end"], "CONTEST_STARTED"), (["cancel"], "INVALID_STATE")],
)
async def test_entering_and_withdrawing_end_with_the_start(hall: Stage, steps: list[str], code: str) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    for step in steps:
        await hall.act(contest, step)
    assert await hall.refusal("POST", f"/contests/{contest}/entries", SOL, by="uma") == (409, code)
    assert await hall.refusal("DELETE", f"/contests/{contest}/entries/me", by="ann") == (409, code)


async def test_who_withdraws_takes_no_part_and_may_come_back(hall: Stage) -> None:
    contest = await hall.contest(max_participants=1)
    await hall.enter(contest, "ann")
    assert await hall.refusal("POST", f"/contests/{contest}/entries", SOL, by="bea") == (409, "CONTEST_FULL")
    answer = await hall.call("DELETE", f"/contests/{contest}/entries/me", by="ann")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await hall.refusal("GET", f"/contests/{contest}/entries/me", by="ann") == (404, "NOT_ENTERED")
    assert await hall.refusal("DELETE", f"/contests/{contest}/entries/me", by="ann") == (404, "NOT_ENTERED")
    await hall.enter(contest, "bea")
    await hall.do("DELETE", f"/contests/{contest}/entries/me", by="bea")
    await hall.enter(contest, "ann")


# ── disqualifying ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_active", [False, True], ids=["pending", "active"])
async def test_a_participant_is_disqualified_and_admitted_again(hall: Stage, is_active: bool) -> None:
    contest = await (active(hall, "ann", "bea") if is_active else hall.contest())
    if not is_active:
        await hall.enter(contest, "ann", "bea")
    status = "active" if is_active else "registered"
    for _ in range(2):
        row = await hall.set_status(contest, "ann", "disqualified")
        assert (row["status"], row["rank"], row["totalParticipants"]) == ("disqualified", None, 1)
    board = await hall.do("GET", f"/contests/{contest}/leaderboard", by=None)
    assert [row[1] for row in rows_of(board)] == ["bea"]
    assert (await hall.do("GET", f"/contests/{contest}"))["participantCount"] == 1
    body = {"portfolio": choices({"BTC": 100})}
    for method, path in (("PUT", "entries/me/portfolio"), ("DELETE", "entries/me")):
        code = "CONTEST_STARTED" if is_active and method == "DELETE" else "INVALID_STATE"
        sent = body if method == "PUT" else None
        assert await hall.refusal(method, f"/contests/{contest}/{path}", sent, by="ann") == (409, code)
    for _ in range(2):
        row = await hall.set_status(contest, "ann", status)
        assert (row["status"], row["rank"], row["totalParticipants"]) == (status, 1, 2)
    acts = await hall.do("GET", f"/audit?target=contests/{contest}/entries/ann")
    assert [act["action"] for act in acts["data"]] == ["contests.admit", "contests.disqualify"]


async def test_nobody_is_admitted_again_into_a_full_contest(hall: Stage) -> None:
    contest = await hall.contest(max_participants=1)
    await hall.enter(contest, "ann")
    await hall.set_status(contest, "ann", "disqualified")
    await hall.enter(contest, "bea")
    body = {"status": "registered"}
    assert await hall.refusal("PATCH", f"/contests/{contest}/entries/ann", body) == (409, "CONTEST_FULL")
    await hall.do("DELETE", f"/contests/{contest}/entries/me", by="bea")
    assert (await hall.set_status(contest, "ann", "registered"))["status"] == "registered"


async def test_who_did_not_enter_and_what_is_over_cannot_be_changed(hall: Stage) -> None:
    contest = await active(hall, "ann")
    body = {"status": "disqualified"}
    assert await hall.refusal("PATCH", f"/contests/{contest}/entries/uma", body) == (404, "NOT_ENTERED")
    wrong = await hall.refusal("PATCH", f"/contests/{contest}/entries/ann", {"status": "finished"})
    assert wrong == (400, "INVALID_REQUEST")
    await hall.act(contest, "end")
    assert await hall.refusal("PATCH", f"/contests/{contest}/entries/ann", body) == (409, "INVALID_STATE")


# ── portfolios ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_change_before_the_start_is_no_trade(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    row = await hall.do("PUT", f"/contests/{contest}/entries/me/portfolio", SOL, by="ann")
    assert [(one["symbol"], one["weight"], one["quantity"]) for one in row["portfolio"]] == [("SOL", 100, None)]
    trades = await hall.do("GET", f"/contests/{contest}/entries/me/trades", by="ann")
    assert trades == {"data": [], "count": 0}


async def test_a_change_while_it_runs_trades_at_the_prices_of_the_moment_and_keeps_the_value() -> None:
    async with stage() as hall:
        contest = await active(hall, "ann")
        await hall.pass_time(1)
        await hall.prices({"SOL": 125.0, "BTC": 40_000.0})
        await hall.pass_time(1)
        # 600 / 100 SOL and 400 / 50,000 BTC.
        value = 0.008 * 40_000 + 6 * 125
        row = await hall.do("PUT", f"/contests/{contest}/entries/me/portfolio", SOL, by="ann")
        assert (row["portfolioValue"], row["portfolio"]) == (
            value,
            [{"symbol": "SOL", "weight": 100, "quantity": value / 125, "price": 125, "value": value}],
        )
        trades = await hall.do("GET", f"/contests/{contest}/entries/me/trades", by="ann")
        assert [(one["symbol"], one["side"], one["quantity"], one["price"]) for one in trades["data"]] == [
            ("BTC", "sell", 0.008, 40_000),
            ("SOL", "buy", value / 125 - 6, 125),
        ]
        # The same again trades nothing.
        await hall.do("PUT", f"/contests/{contest}/entries/me/portfolio", SOL, by="ann")
        again = await hall.do("GET", f"/contests/{contest}/entries/me/trades", by="ann")
        assert again == trades


async def test_a_stale_price_trades_nothing_but_lets_one_enter() -> None:
    async with stage() as hall:
        contest, later = await active(hall, "ann"), await hall.contest(starts_in_s=4_000)
        await hall.pass_time(310)
        await hall.prices({"BTC": 50_000.0})
        path = f"/contests/{contest}/entries/me/portfolio"
        assert await hall.refusal("PUT", path, {"portfolio": choices({"BTC": 100})}, by="ann") == (409, "NO_PRICE")
        assert await hall.refusal("PUT", path, SOL, by="ann") == (409, "NO_PRICE")
        await hall.enter(later, "ann", portfolio={"SOL": 100})
        await hall.prices({"SOL": 100.0})
        await hall.do("PUT", path, SOL, by="ann")


async def test_the_frozen_price_of_a_halted_pair_trades_nothing_though_its_feed_goes_on() -> None:
    async with stage() as hall:
        feed = hall.app.leader.market.sink("venue", frozenset({"HALTED", "LIVELY"}))
        for symbol in ("HALTED", "LIVELY"):
            feed.accept(Ticker(symbol=symbol, price=10.0))
        contest = await hall.contest()
        await hall.enter(contest, "ann", portfolio={"HALTED": 100})
        await hall.enter(contest, "bob", portfolio={"LIVELY": 100})
        await hall.act(contest, "start")
        for _ in range(16):
            await hall.pass_time(20)
            feed.accept(Ticker(symbol="LIVELY", price=20.0))
        path = f"/contests/{contest}/entries/me/portfolio"
        halted, lively = ({"portfolio": choices({symbol: 100})} for symbol in ("HALTED", "LIVELY"))
        assert await hall.refusal("PUT", path, halted, by="bob") == (409, "NO_PRICE")
        assert await hall.refusal("PUT", path, lively, by="ann") == (409, "NO_PRICE")
        assert (await hall.do("GET", f"/contests/{contest}/entries/me", by="ann"))["portfolioValue"] == 1_000
        feed.accept(Ticker(symbol="HALTED", price=5.0))
        row = await hall.do("PUT", path, lively, by="ann")
        assert row["portfolioValue"] == 500


@pytest.mark.parametrize(
    ("steps", "who", "expected"),
    [
        ([], "uma", (404, "NOT_ENTERED")),
        (["start"], "uma", (404, "NOT_ENTERED")),
        (["start", "end"], "ann", (409, "INVALID_STATE")),
        (["cancel"], "ann", (409, "INVALID_STATE")),
        ([], None, (401, "UNAUTHORIZED")),
    ],
)
async def test_a_portfolio_cannot_be_changed_by_who_is_not_in_or_too_late(
    hall: Stage, steps: list[str], who: str | None, expected: tuple[int, str]
) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    for step in steps:
        await hall.act(contest, step)
    assert await hall.refusal("PUT", f"/contests/{contest}/entries/me/portfolio", SOL, by=who) == expected


# ── who may look ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["", "/trades"])
async def test_the_row_and_the_trades_of_others_are_hidden_until_the_contest_is_completed(
    hall: Stage, what: str
) -> None:
    contest = await active(hall, "ann", "bea")
    path = f"/contests/{contest}/entries/ann{what}"
    assert await hall.refusal("GET", path, by=None) == (401, "UNAUTHORIZED")
    assert await hall.refusal("GET", path, by="bea") == (403, "PERMISSION_DENIED")
    assert await hall.refusal("GET", f"/contests/{contest}/entries/nobody{what}", by="bea") == (
        403,
        "PERMISSION_DENIED",
    )
    own = await hall.do("GET", path, by="ann")
    assert await hall.do("GET", f"/contests/{contest}/entries/me{what}", by="ann") == own
    assert await hall.do("GET", path, by=ADMIN) == own
    assert await hall.refusal("GET", f"/contests/{contest}/entries/uma{what}", by=ADMIN) == (404, "NOT_ENTERED")
    assert await hall.refusal("GET", f"/contests/{contest}/entries/me{what}", by=None) == (401, "UNAUTHORIZED")
    await hall.act(contest, "end")
    public = await hall.do("GET", path, by=None)
    assert await hall.do("GET", path, by="bea") == public


async def test_trades_come_in_pages_oldest_first() -> None:
    async with stage() as hall:
        contest = await active(hall, "ann")
        for portfolio in ({"SOL": 100}, {"BTC": 100}, {"SOL": 50, "BTC": 50}):
            await hall.pass_time(1)
            body = {"portfolio": choices(portfolio)}
            await hall.do("PUT", f"/contests/{contest}/entries/me/portfolio", body, by="ann")
        path = f"/contests/{contest}/entries/me/trades"
        everything = await hall.do("GET", path, by="ann")
        assert [(one["symbol"], one["side"]) for one in everything["data"]] == [
            ("BTC", "sell"),
            ("SOL", "buy"),
            ("BTC", "buy"),
            ("SOL", "sell"),
            ("BTC", "sell"),
            ("SOL", "buy"),
        ]
        first = await hall.do("GET", f"{path}?limit=4", by="ann")
        second = await hall.do("GET", f"{path}?limit=4&cursor={first['nextCursor']}", by="ann")
        assert first["data"] + second["data"] == everything["data"]
        assert (first["count"], second["count"], "nextCursor" in second) == (4, 2, False)
        for wrong in ("limit=0", "limit=501", "cursor=x"):
            assert await hall.refusal("GET", f"{path}?{wrong}", by="ann") == (400, "INVALID_REQUEST")


async def test_my_contests_are_those_i_entered_newest_entry_first(hall: Stage) -> None:
    contests = [await hall.contest(starts_in_s=60 + 10 * number) for number in range(3)]
    entered = [contests[1], contests[2], contests[0]]
    for contest in entered:
        await hall.enter(contest, "mia")
    await hall.act(contests[2], "start")
    await hall.set_status(contests[0], "mia", "disqualified")
    mine = await hall.do("GET", "/users/me/contests", by="mia")
    assert [(one["contest"]["id"], one["contest"]["status"], one["participant"]["status"]) for one in mine["data"]] == [
        (contests[0], "pending", "disqualified"),
        (contests[2], "active", "active"),
        (contests[1], "pending", "registered"),
    ]
    assert "created_by" not in mine["data"][0]["contest"]
    first = await hall.do("GET", "/users/me/contests?limit=2", by="mia")
    rest = await hall.do("GET", f"/users/me/contests?limit=2&cursor={first['nextCursor']}", by="mia")
    assert first["data"] + rest["data"] == mine["data"]
    assert await hall.do("GET", "/users/me/contests", by="never") == {"data": [], "count": 0}
    assert await hall.refusal("GET", "/users/me/contests", by=None) == (401, "UNAUTHORIZED")


# ── at once ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_200_entries_at_once_into_100_places_exactly_100_succeed(hall: Stage) -> None:
    contest = await hall.contest(max_participants=100)
    answers = await asyncio.gather(
        *(hall.call("POST", f"/contests/{contest}/entries", SOL, by=f"rush-{number}") for number in range(200))
    )
    outcomes = [(answer.status_code, answer.json().get("code")) for answer in answers]
    assert outcomes.count((201, None)) == 100
    assert outcomes.count((409, "CONTEST_FULL")) == 100
    board = await hall.do("GET", f"/contests/{contest}/leaderboard?limit=500", by=None)
    entered = {f"rush-{number}" for number, answer in enumerate(answers) if answer.status_code == 201}
    assert {row["wallet"] for row in board["entries"]} == entered
    assert (board["total"], (await hall.do("GET", f"/contests/{contest}"))["participantCount"]) == (100, 100)


async def test_of_ten_entries_of_one_wallet_at_once_one_counts(hall: Stage) -> None:
    contest = await hall.contest()
    answers = await asyncio.gather(
        *(hall.call("POST", f"/contests/{contest}/entries", SOL, by="ann") for _ in range(10))
    )
    outcomes = sorted(
        (answer.status_code, answer.json().get("code")) for answer in answers if answer.status_code != 201
    )
    assert outcomes == [(409, "ALREADY_ENTERED")] * 9
    assert (await hall.do("GET", f"/contests/{contest}"))["participantCount"] == 1


async def test_two_portfolio_changes_of_one_user_at_once_come_one_after_the_other() -> None:
    async with stage() as hall:
        contest = await active(hall, "ann")
        path = f"/contests/{contest}/entries/me/portfolio"
        for _ in range(10):
            await hall.do("PUT", path, {"portfolio": choices({"SOL": 60, "BTC": 40})}, by="ann")
            before = (await hall.do("GET", f"/contests/{contest}/entries/me/trades?limit=500", by="ann"))["count"]
            wanted = ({"SOL": 100}, {"BTC": 100})
            rows = await asyncio.gather(
                *(hall.do("PUT", path, {"portfolio": choices(portfolio)}, by="ann") for portfolio in wanted)
            )
            trades = (await hall.do("GET", f"/contests/{contest}/entries/me/trades?limit=500", by="ann"))["data"][
                before:
            ]
            row = await hall.do("GET", f"/contests/{contest}/entries/me", by="ann")
            (last,) = [one["symbol"] for one in row["portfolio"]]
            first = "BTC" if last == "SOL" else "SOL"
            # 6 SOL and 0.008 BTC, all into the first, all of that into the last: the value stays at 1000.
            assert [(one["symbol"], one["side"]) for one in trades] == [
                *sorted([(first, "buy"), (last, "sell")]),
                *sorted([(first, "sell"), (last, "buy")]),
            ]
            assert {one["portfolioValue"] for one in (*rows, row)} == {1000}
            bought = {"SOL": 10, "BTC": 0.02}
            assert row["portfolio"][0]["quantity"] == pytest.approx(bought[last], rel=1e-12)
