"""A contest from its creation to its prizes, on recorded prices; each number is reckoned by hand (protocol §5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.e2e.contest.contest_room import Stage, choices, join, pushes, rows_of, stage
from tests.feeds.recorded_sessions import ExpectedTicker, coinbase_session
from tests.serving import Client

PORTFOLIOS = {
    "ann": {"SKL": 60, "NMR-EUR": 40},
    "bea": {"DASH-BTC": 100},
    "cal": {"NMR-EUR": 40, "SKL": 60},
    "dan": {"BAND-GBP": 50, "BAND-BTC": 50},
    "eve": {"YFI-BTC": 100},
    "fox": {"DASH-BTC": 100},
}
# What everybody holds from the start on, at the first price of each token: balance × weight / 100 / price.
SKL = 1000 * 60 / 100 / 0.7904
NMR = 1000 * 40 / 100 / 67.021
DASH = 1000 * 100 / 100 / 0.00619345
BAND_BTC = 1000 * 50 / 100 / 0.00033458
BAND_GBP = 1000 * 50 / 100 / 14.7775
YFI = 1000 * 100 / 100 / 0.82601
# What bea has in the middle, and buys with it.
BEA = DASH * 0.00617590
BEA_SKL = BEA * 50 / 100 / 0.7901
BEA_YFI = BEA * 50 / 100 / 0.82601


@pytest.fixture
def recorded() -> list[ExpectedTicker]:
    """107 tickers of ten products, in the order of their arrival; the first ten are one of each."""
    return coinbase_session().tickers


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


async def replay(scene: Stage, tickers: Sequence[ExpectedTicker]) -> None:
    for ticker in tickers:
        await scene.prices({ticker.symbol: ticker.price})


async def last_board(follower: Client) -> list[tuple[int, str, float, float, int]]:
    """The last leaderboard that was pushed."""
    return rows_of((await pushes(follower, "leaderboard_update"))[-1]["data"])


async def test_a_contest_on_recorded_prices(scene: Stage, recorded: list[ExpectedTicker]) -> None:
    await replay(scene, recorded[:10])
    contest = await scene.contest(starts_in_s=30, lasts_s=80, prize_pool="10.00000001")
    for wallet, portfolio in PORTFOLIOS.items():
        await scene.enter(contest, wallet, portfolio=portfolio)
        await scene.pass_time(0.001)

    async with scene.socket() as spectator, scene.socket("bea") as bea, scene.socket("fox") as fox:
        for member in (spectator, bea, fox):
            await join(member, contest)
        page = await spectator.ask(type="get_leaderboard", contestId=contest)
        assert rows_of(page["data"]) == [(1, wallet, 1000.0, 0.0, 0) for wallet in PORTFOLIOS]

        # The start takes the prices that are known at 08:00:30.
        await scene.pass_time(30)
        await replay(scene, recorded[10:41])
        await scene.pass_time(1)
        ann = round(NMR * 66.9254 + SKL * 0.7914, 8)
        dash = round(DASH * 0.00620564, 8)
        first = [
            (1, "bea", dash, 0.2, 0),
            (1, "fox", dash, 0.2, 0),
            (3, "ann", ann, 0.02, 0),
            (3, "cal", ann, 0.02, 0),
            (5, "dan", round(BAND_BTC * 0.00033458 + BAND_GBP * 14.7775, 8), 0.0, 0),
            (5, "eve", round(YFI * 0.82601, 8), 0.0, 0),
        ]
        assert await last_board(spectator) == first
        await check_holdings(scene, contest)

        # From 08:01 on `rankChange` counts from these ranks.
        await scene.pass_time(30)
        await replay(scene, recorded[41:61])
        await check_the_trade(scene, contest)
        await scene.set_status(contest, "fox", "disqualified")
        await scene.pass_time(1)
        changed = [
            (1, "dan", 1000.0, 0.0, 4),
            (1, "eve", 1000.0, 0.0, 4),
            (3, "ann", round(NMR * 66.9254 + SKL * 0.7901, 8), -0.08, 0),
            (3, "cal", round(NMR * 66.9254 + SKL * 0.7901, 8), -0.08, 0),
            (5, "bea", round(BEA_SKL * 0.7901 + BEA_YFI * 0.82601, 8), -0.28, -4),
        ]
        assert await last_board(spectator) == changed
        out = (await pushes(fox, "participant_update"))[-1]["data"]
        assert (out["status"], out["rank"], out["totalParticipants"]) == ("disqualified", None, 5)

        # The end takes those of 08:01:50, however late a price comes behind it.
        await replay(scene, recorded[61:])
        await scene.pass_time(60)
        await scene.prices({"YFI-BTC": 0.5})
        await scene.pass_time(1)
        final = [
            (1, "eve", 1000.0, 0.0, 4),
            (2, "ann", round(NMR * 66.9254 + SKL * 0.7902, 8), -0.07, 1),
            (2, "cal", round(NMR * 66.9254 + SKL * 0.7902, 8), -0.07, 1),
            (4, "dan", round(BAND_BTC * 0.00033396 + BAND_GBP * 14.7646, 8), -0.14, 1),
            (5, "bea", round(BEA_SKL * 0.7902 + BEA_YFI * 0.82601, 8), -0.28, -4),
        ]
        assert await last_board(spectator) == final
        result = (await pushes(bea, "participant_update"))[-1]["data"]
        assert (result["status"], result["finalRank"], "prize" in result) == ("finished", 5, False)

    assert rows_of(await scene.do("GET", f"/contests/{contest}/leaderboard", by=None)) == final
    await check_prizes(scene, contest)
    await check_settlement(scene, contest)


async def check_holdings(scene: Stage, contest: int) -> None:
    row = await scene.do("GET", f"/contests/{contest}/entries/me", by="ann")
    assert [
        (one["symbol"], one["weight"], one["quantity"], one["price"], one["value"]) for one in row["portfolio"]
    ] == [
        ("NMR-EUR", 40, NMR, 66.9254, round(NMR * 66.9254, 8)),
        ("SKL", 60, SKL, 0.7914, round(SKL * 0.7914, 8)),
    ]
    assert (row["rank"], row["totalParticipants"], row["portfolioValue"]) == (
        3,
        6,
        round(NMR * 66.9254 + SKL * 0.7914, 8),
    )


async def check_the_trade(scene: Stage, contest: int) -> None:
    body = {"portfolio": choices({"SKL": 50, "YFI-BTC": 50})}
    row = await scene.do("PUT", f"/contests/{contest}/entries/me/portfolio", body, by="bea")
    assert [(one["symbol"], one["quantity"]) for one in row["portfolio"]] == [("SKL", BEA_SKL), ("YFI-BTC", BEA_YFI)]
    trades = await scene.do("GET", f"/contests/{contest}/entries/me/trades", by="bea")
    assert [(one["symbol"], one["side"], one["quantity"], one["price"]) for one in trades["data"]] == [
        ("DASH-BTC", "sell", DASH, 0.0061759),
        ("SKL", "buy", BEA_SKL, 0.7901),
        ("YFI-BTC", "buy", BEA_YFI, 0.82601),
    ]


async def check_prizes(scene: Stage, contest: int) -> None:
    """Of 10.00000001: 69 % is 6.9000000069; 31 %, for the places 2 and 3, is 3.1000000031 and leaves 1e-9 to divide."""
    won = {}
    for wallet in PORTFOLIOS:
        row = await scene.do("GET", f"/contests/{contest}/entries/{wallet}", by=None)
        won[wallet] = (row["status"], row["rank"], row.get("finalRank"), row.get("prize"))
    assert won == {
        "eve": ("finished", 1, 1, "6.900000006"),
        "ann": ("finished", 2, 2, "1.550000002"),
        "cal": ("finished", 2, 2, "1.550000001"),
        "dan": ("finished", 4, 4, None),
        "bea": ("finished", 5, 5, None),
        "fox": ("disqualified", None, None, None),
    }


async def check_settlement(scene: Stage, contest: int) -> None:
    settlement = await scene.do("GET", f"/contests/{contest}/settlement", by=None)
    taken = {
        moment: (settlement[moment]["at"], {one["symbol"]: one["price"] for one in settlement[moment]["prices"]})
        for moment in ("start", "end")
    }
    start = {"DASH-BTC": 0.00619345, "NMR-EUR": 67.021, "SKL": 0.7904, "YFI-BTC": 0.82601}
    end = {"DASH-BTC": 0.00619947, "NMR-EUR": 66.9254, "SKL": 0.7902, "YFI-BTC": 0.82601}
    assert taken == {
        "start": ("2027-01-15T08:00:30.000Z", {**start, "BAND-BTC": 0.00033458, "BAND-GBP": 14.7775}),
        "end": ("2027-01-15T08:01:50.000Z", {**end, "BAND-BTC": 0.00033396, "BAND-GBP": 14.7646}),
    }
