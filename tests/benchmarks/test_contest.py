"""The benchmark of contests: what it detects, and that each part runs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from random import Random

import msgspec
import pytest
from benchmarks.contest import chat, log, pushes, scoring, stall
from benchmarks.contest.boards import Bare, Ticks, bought, portfolio
from benchmarks.contest.followers import following, seq_of
from benchmarks.contest.hall import Hall
from benchmarks.contest.memory import Memory, per_participant
from benchmarks.contest.pushes import beyond_interval_ms
from benchmarks.measuring import Failed, wallet_of
from benchmarks.parts import judged
from benchmarks.rows import Row, Target, exit_code, row, table, worst
from websockets.asyncio.server import ServerConnection, serve

from duelcast.store.log_retention import LogBounds
from tests.storing import opened

# ── verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ratio(*values: float) -> Row:
    return row("ratio", "×", values, Target("most", 3.0, decides=True))


def test_a_ratio_is_judged_by_the_median_of_its_rounds() -> None:
    assert exit_code([ratio(2.9, 1.0, 9.0)]) == 0
    assert exit_code([ratio(3.1, 1.0, 9.0)]) == 1


def test_a_time_that_is_missed_is_shown_and_fails_no_run() -> None:
    rows = [row("time", "ms", [200.0], Target("most", 150.0)), ratio(1.0)]
    assert exit_code(rows) == 0
    assert table(rows).count("MISSED") == 1


def test_what_must_never_be_more_is_judged_by_the_most() -> None:
    assert worst("gap", "ms", [1.0, 1.0, 16.0], Target("most", 15.0)).verdict == "MISSED"


def test_a_rate_is_missed_where_it_is_lower() -> None:
    target = Target("least", 2_000)
    assert (row("", "1/s", [2_001.0], target).verdict, row("", "1/s", [1_999.0], target).verdict) == ("ok", "MISSED")


def test_a_part_is_measured_again_only_where_it_missed() -> None:
    outcomes = iter([[ratio(9.0)], [ratio(1.0)], [ratio(2.0)]])
    assert judged(lambda: next(outcomes), tries=2) == [ratio(1.0)]
    assert judged(lambda: next(outcomes), tries=2) == [ratio(2.0)]


# ── scoring ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_growth_is_1_where_the_time_grows_as_n_log_n_does() -> None:
    # The ratio of 1,000 · log 1,000 to 10,000 · log 10,000 is 3 to 40.
    assert scoring.growth(1_000, [3.0, 3.0], 10_000, [40.0, 80.0]) == pytest.approx([1.0, 2.0])


async def test_a_board_that_differs_from_bare_numpy_is_found() -> None:
    hall, bare, ticks = Hall(50), Bare(50), Ticks()
    await scoring.check(hall, bare, ticks)
    hall.board.set_portfolio(wallet_of(7), bought(portfolio(Random(7))))
    with pytest.raises(scoring.Wrong):
        await scoring.check(hall, bare, ticks)


def test_a_scoring_is_measured_beside_bare_numpy_at_each_size() -> None:
    rows = scoring.measure([20, 40], rounds=2)
    assert [one.title for one in rows if one.target is not None] == [
        "scoring of 20, × bare numpy",
        "scoring of 40, × bare numpy",
        "growth from 20 to 40, × n·log n",
    ]
    assert all(one.value > 0 for one in rows)


# ── stalls ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_blocked_event_loop_is_seen() -> None:
    async def block() -> None:
        await asyncio.sleep(0.02)
        time.sleep(0.05)  # noqa: ASYNC251  # this is what must be detected

    blocking = asyncio.create_task(block())
    assert await stall.longest_gap_ms(0.1) > 45
    await blocking


def test_a_board_is_scored_while_the_loop_is_watched() -> None:
    per_s, _idle, busy = stall.measure(100, rounds=1, seconds=0.3)
    assert per_s.value > 0
    assert busy.target is not None


# ── pushes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SENT_S = {0: 10.0, 1: 10.5, 2: 11.0, 3: 11.5}


def test_a_push_is_as_late_as_the_tick_in_it_that_waited_longest() -> None:
    arrivals_s = [{1: 10.01, 2: 11.53}, {1: 10.02, 2: 11.55}]
    assert beyond_interval_ms(SENT_S, {1: 0, 2: 2}, arrivals_s, 1_000) == pytest.approx([30, 50])


def test_a_push_without_a_new_tick_has_none_that_waited() -> None:
    arrivals_s = [{1: 10.01, 2: 10.02, 3: 11.53}]
    assert beyond_interval_ms(SENT_S, {1: 0, 2: 0, 3: 2}, arrivals_s, 1_000) == pytest.approx([30])


def test_a_push_that_somebody_did_not_get_fails_the_run() -> None:
    with pytest.raises(Failed, match="did not get the push 2"):
        beyond_interval_ms(SENT_S, {1: 0, 2: 2}, [{1: 10.01, 2: 11.53}, {1: 10.01}], 1_000)


def test_a_run_without_pushes_fails() -> None:
    with pytest.raises(Failed):
        beyond_interval_ms(SENT_S, {1: 0}, [{1: 10.01}], 1_000)


def test_the_number_of_a_push_is_at_its_end() -> None:
    assert seq_of(b'{"type":"leaderboard_update","channel":"leaderboard.1","seq":123}') == 123
    assert seq_of(b'{"type":"leaderboard_update","contestId":1}') is None


async def test_followers_note_each_push_that_comes_and_the_end() -> None:
    numbers: Iterator[int] = count()

    async def handle(client: ServerConnection) -> None:
        number = next(numbers)
        command = msgspec.json.decode(await client.recv())
        assert command == {"type": "get_leaderboard", "contestId": 5}
        await client.send('{"type":"leaderboard_update","contestId":5}')
        for seq in (1, 2, 3):
            if (number, seq) != (1, 2):
                await client.send(f'{{"type":"leaderboard_update","contestId":5,"seq":{seq}}}')
        await client.close()

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        async with following(f"ws://127.0.0.1:{port}/", 5, ["token"] * 2) as followers, asyncio.timeout(60):
            await asyncio.gather(*(one.closed.wait() for one in followers))
    assert sorted(sorted(one.arrivals_s) for one in followers) == [[1, 2, 3], [1, 3]]
    assert list(followers[0].pushes) == list(followers[0].arrivals_s), "the first follower keeps its pushes"
    assert followers[1].pushes == {}


@pytest.mark.process
def test_pushes_of_a_real_server_are_timed() -> None:
    p50, p99, most = pushes.measure(followers=3, rounds=1, seconds=2.5)
    assert -pushes.INTERVAL_MS < p50.value <= p99.value <= most.value


# ── memory and chat ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_memory_is_that_of_each_further_participant_less_its_portfolio() -> None:
    small, large = Memory(1_000, resident=5_000_000, portfolios=10_000), Memory(3_000, 5_230_000, 40_000)
    assert per_participant(small, large) == 100


def test_each_chat_message_is_stored() -> None:
    assert chat.measure(rounds=1, messages_per_sender=2)[0].value > 0


# ── the stored log ──────────────────────────────────────────────────────────────────────────────────────────────────

SMALL = LogBounds(messages=20, seconds=0.5, max_bytes=10_000)


def sizes_of(*sizes: log.Sizes, sent: int = 10_000, bounds: LogBounds = SMALL) -> dict[str, str]:
    """The verdict on each bound that `sent` messages reach, by the title of its row."""
    return {one.title: one.verdict for one in log.sizes_judged("log", sizes, sent=sent, per_s=2_000, bounds=bounds)}


def test_a_log_is_judged_by_its_greatest_size() -> None:
    within, beyond = log.Sizes(30, 9_900, 250), log.Sizes(30, 10_200, 255)
    assert set(sizes_of(within, within).values()) == {"ok"}
    assert list(sizes_of(within, beyond, within).values()) == ["MISSED", "MISSED"]


def test_a_bound_that_the_messages_cannot_reach_is_not_judged() -> None:
    assert list(sizes_of(log.Sizes(1, 1, 1), bounds=LogBounds(max_bytes=1_000))) == ["log: its bytes / bound"]
    with pytest.raises(Failed, match="no bound"):
        sizes_of(log.Sizes(1, 1, 1), bounds=LogBounds())


async def test_a_missing_message_of_the_log_and_a_wrong_number_of_messages_fail_the_run(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as database:
        await log.publish(database, list(islice(log.broadcasts(), 100)))
    log.expect_no_gap(path, sent=100)
    with pytest.raises(Failed, match="100 were numbered"):
        log.expect_no_gap(path, sent=101)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("delete from channel_messages where channel = 'room.0' and seq = 2")
    with pytest.raises(Failed, match=r"room\.0"):
        log.expect_no_gap(path, sent=100)
