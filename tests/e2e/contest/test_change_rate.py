"""How often a wallet may change its portfolio in a contest: each change is trades that are kept for ever."""

from __future__ import annotations

from typing import Any

from tests.databases import rows_in
from tests.e2e.contest.contest_room import Stage, choices, stage

CHANGES = 10
MIXES = [{"SOL": 60 + number, "BTC": 40 - number} for number in range(1, 30)]


async def change(hall: Stage, contest: int, wallet: str, mix: dict[str, int]) -> Any:
    path = f"/contests/{contest}/entries/me/portfolio"
    return await hall.call("PUT", path, {"portfolio": choices(mix)}, by=wallet)


async def running_contest(hall: Stage) -> int:
    contest = await hall.contest()
    await hall.enter(contest, "ann", "bob")
    await hall.act(contest, "start")
    return contest


def trades(hall: Stage, wallet: str) -> int:
    path = hall.app.settings.data_dir / "duelcast.db"
    ((count,),) = rows_in(path, "select count(*) from contest_trades where wallet = ?", wallet)
    return int(count)


async def test_more_changes_than_the_setting_are_refused_until_the_minute_goes_on() -> None:
    async with stage(rate_limit_factor=1) as hall:
        contest, another = await running_contest(hall), await running_contest(hall)
        answers = [await change(hall, contest, "ann", mix) for mix in MIXES]
        assert [answer.status_code for answer in answers] == [200] * CHANGES + [429] * (len(MIXES) - CHANGES)
        refusal = answers[-1].json()
        assert (refusal["code"], refusal["retryAfterMs"]) == ("RATE_LIMIT_EXCEEDED", 6_000)
        assert answers[-1].headers["Retry-After"] == "6"
        assert trades(hall, "ann") == 2 * CHANGES
        assert (await change(hall, contest, "bob", MIXES[0])).status_code == 200
        assert (await change(hall, another, "ann", MIXES[0])).status_code == 200
        await hall.clock.advance(6)
        assert (await change(hall, contest, "ann", MIXES[-1])).status_code == 200


async def test_what_stores_nothing_does_not_count() -> None:
    async with stage(rate_limit_factor=1) as hall:
        contest = await running_contest(hall)
        for _ in range(CHANGES + 1):
            assert (await change(hall, contest, "ann", {"SOL": 60, "BTC": 40})).status_code == 200
            assert (await change(hall, contest, "ann", {"SOL": 60})).json()["code"] == "INVALID_PORTFOLIO"
        assert trades(hall, "ann") == 0
        assert [(await change(hall, contest, "ann", mix)).status_code for mix in MIXES[:CHANGES]] == [200] * CHANGES


async def test_the_figure_is_a_setting_that_holds_at_once() -> None:
    async with stage(rate_limit_factor=1, portfolio_changes_per_minute=2) as hall:
        contest = await running_contest(hall)
        assert [(await change(hall, contest, "ann", mix)).status_code for mix in MIXES[:3]] == [200, 200, 429]
        await hall.do("PUT", "/settings/contest.portfolio_changes_per_minute", {"value": 0})
        assert [(await change(hall, contest, "ann", mix)).status_code for mix in MIXES] == [200] * len(MIXES)
