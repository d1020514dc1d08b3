"""Errors are scrubbed, grouped, told and stored; and nothing is lost without being counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import duelcast.domain.operations.error_groups as groups_module
import duelcast.domain.operations.error_storing as storing_module
from duelcast.channels.names import Role
from duelcast.domain import retention
from duelcast.domain.operations.error_events import SYSTEM_ERRORS
from duelcast.errors import Unavailable
from tests.databases import rows_in
from tests.domain.operations.error_room import ErrorRoom, error_room
from tests.examples import examples
from tests.store.facts import LIMIT_S, figure, held, until
from tests.storing import moved_away

# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_of_equal_errors_is_told_at_once(room: ErrorRoom) -> None:
    room.take(contest=7)
    await room.told()
    (record,) = room.pushed
    assert record == {
        "id": int(room.clock.time() * 1e6),
        "service": "scorer",
        "source": "duelcast.contests",
        "level": "error",
        "error": "It failed.",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "details": {"contest": 7},
        "count": 1,
    }


def test_alerts_are_for_admins() -> None:
    assert SYSTEM_ERRORS.channel().least_role is Role.ADMIN


async def test_those_that_follow_within_ten_seconds_are_told_once_at_the_end(room: ErrorRoom) -> None:
    room.take()
    await room.settled()
    await room.clock.advance(9.75)
    room.take()
    room.take()
    assert await room.told() == [("It failed.", 1)]
    await room.clock.advance(0.25)
    assert await room.told() == [("It failed.", 1), ("It failed.", 3)]
    assert room.pushed[0]["id"] == room.pushed[1]["id"]
    await room.settled()
    assert [row.count for row in await room.stored()] == [3]


async def test_an_error_that_stays_alone_is_told_once(room: ErrorRoom) -> None:
    room.take()
    await room.clock.advance(30)
    assert await room.told() == [("It failed.", 1)]


async def test_what_comes_after_ten_seconds_is_a_record_of_its_own(room: ErrorRoom) -> None:
    room.take()
    await room.clock.advance(10)
    room.take()
    assert await room.told() == [("It failed.", 1)] * 2
    assert room.pushed[0]["id"] < room.pushed[1]["id"]
    await room.settled()
    assert [row.count for row in await room.stored()] == [1, 1]


async def test_errors_are_equal_where_service_source_level_and_scrubbed_text_are(room: ErrorRoom) -> None:
    for service in ("a", "b"):
        for source in ("c", "d"):
            room.records.take(service, source, "error", "x")
            room.records.take(service, source, "warning", "x")
    room.records.take("a", "c", "error", "y")
    assert len(await room.told()) == 9
    room.records.take("a", "c", "error", "password=1")
    room.records.take("a", "c", "error", "password=2")
    assert len(await room.told()) == 10


async def test_ids_grow_also_where_the_clock_stands_still(room: ErrorRoom) -> None:
    for number in range(5):
        room.take(f"Number {number} failed.")
    await room.told()
    ids = [record["id"] for record in room.pushed]
    assert ids == list(range(ids[0], ids[0] + 5))


async def test_where_too_many_are_open_the_oldest_ends_early(room: ErrorRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_module, "MAX_OPEN_GROUPS", 2)
    for error in ("a", "a", "b", "c", "a"):
        room.take(error)
    assert await room.told() == [("a", 1), ("b", 1), ("a", 2), ("c", 1), ("a", 1)]
    await room.settled()
    assert [(row.error, row.count) for row in await room.stored()] == [("a", 2), ("b", 1), ("c", 1), ("a", 1)]


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["a", "b", "c"]) | st.integers(1, 11), max_size=30))
def test_every_error_is_counted_in_exactly_one_stored_record(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | int]
) -> None:
    async def run() -> None:
        async with error_room(tmp_path_factory.mktemp("errors") / "errors.db") as room:
            for step in steps:
                if isinstance(step, int):
                    await room.clock.advance(step)
                else:
                    room.take(step)
            await room.clock.advance(10)
            await room.settled()
            await room.told()
            rows = await room.stored()
            final = {record["id"]: (record["error"], record["count"]) for record in room.pushed}
        assert {row.id: (row.error, row.count) for row in rows} == final
        for error in ("a", "b", "c"):
            assert sum(row.count for row in rows if row.error == error) == steps.count(error)

    uvloop.run(run())


# ── what is taken ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_that_is_told_or_stored_holds_a_secret(room: ErrorRoom) -> None:
    room.records.take(
        "a", "bob@example.com", "error", "postgres://bob:hunter2@10.0.0.1/db", {"password": "hunter2", "to": "a@b.cd"}
    )
    await room.settled()
    (row,) = await room.stored()
    for text in (str(row), str(room.pushed)):
        assert not any(secret in text for secret in ("hunter2", "bob", "10.0.0.1", "a@b.cd"))


async def test_details_that_are_too_big_are_left_out_of_the_record(room: ErrorRoom) -> None:
    room.take(rows=["x"] * 20_000)
    await room.told()
    assert room.pushed[0]["details"] == {"details": "[too much]"}


async def test_taking_never_raises(room: ErrorRoom) -> None:
    room.records.take("a", "b", "error", None)  # type: ignore[arg-type]  # what nobody should do
    assert room.figure("_dropped_total") == 1
    room.take()
    assert await room.told() == [("It failed.", 1)]


# ── store out of reach ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_errors_wait_for_a_store_that_is_gone_and_are_told_meanwhile(room: ErrorRoom) -> None:
    with moved_away(room.path):
        room.take("a")
        room.take("b")
        room.take("a")
        await room.clock.advance(30)
        assert await room.told() == [("a", 1), ("b", 1), ("a", 2)]
        assert room.figure("_waiting") == 2
    await room.clock.advance(2)
    await room.settled()
    assert [(row.error, row.count) for row in await room.stored()] == [("a", 2), ("b", 1)]


async def refusals(room: ErrorRoom) -> float:
    """How many writes have been refused, once all tasks have requested theirs; the last one is of this function."""
    for _ in range(100):
        await asyncio.sleep(0)
    await room.told()
    for _ in range(100):
        await asyncio.sleep(0)
    return figure(room.database, "refused_writes_total")


async def test_while_the_store_is_gone_an_error_is_no_reason_to_try_again(room: ErrorRoom) -> None:
    with moved_away(room.path):
        room.take("a")
        await until(lambda: room.database.failure is not None)
        refused = await refusals(room)
        room.take("b")
        assert await refusals(room) == refused + 1
        await room.clock.advance(1)
        await until(lambda: figure(room.database, "refused_writes_total") > refused + 1)


async def test_beyond_the_bound_new_errors_are_counted_and_a_record_says_how_many(
    room: ErrorRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing_module, "MAX_WAITING_GROUPS", 3)
    with moved_away(room.path):
        for number in range(8):
            room.take(f"Number {number} failed.")
        room.take("Number 0 failed.")
        await room.clock.advance(11)
        assert room.figure("_dropped_total") == 5
        with pytest.raises(Unavailable):
            await room.records.post("a", "b", "error", "One too many.")
    await room.clock.advance(2)
    await until(lambda: len(room.pushed) == 5)
    await room.settled()
    rows = await room.stored()
    assert [(row.error, row.count) for row in rows] == [
        ("Number 0 failed.", 2),
        ("Number 1 failed.", 1),
        ("Number 2 failed.", 1),
        ("Errors occurred faster than they could be stored.", 1),
    ]
    assert (rows[-1].level, rows[-1].details) == ("warning", {"dropped": 5})


async def test_what_waits_is_stored_at_the_end_with_its_count(tmp_path: Path) -> None:
    async with error_room(tmp_path / "errors.db") as room:
        room.take()
        room.take()
    assert rows_in(room.path, "select count from error_records") == [(2,)]
    assert await room.told() == [("It failed.", 1), ("It failed.", 2)]


async def test_ids_go_on_behind_those_that_are_stored(tmp_path: Path) -> None:
    async with error_room(tmp_path / "errors.db") as room:
        room.take()
        room.take("It failed again.")
    # The clock of this one begins at the same moment.
    async with error_room(tmp_path / "errors.db") as later:
        later.take()
        await later.settled()
        assert [row.count for row in await later.stored()] == [1, 1, 1]
    assert later.pushed[0]["id"] == room.pushed[-1]["id"] + 1


async def test_a_row_that_the_store_refuses_is_given_up_alone(room: ErrorRoom) -> None:
    room.records.take("a", "b", None, "x")  # type: ignore[arg-type]  # a level that the table does not take
    room.take()
    await room.settled()
    assert [row.error for row in await room.stored()] == ["It failed."]
    assert room.figure("_not_stored_total") == 1


# ── posts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_is_acknowledged_when_it_is_stored_and_told_then(room: ErrorRoom) -> None:
    posts = await asyncio.gather(*(room.records.post("a", "b", "error", "x") for _ in range(3)))
    assert [post.count for post in posts] == [1, 2, 3]
    assert [row.count for row in await room.stored()] == [3]
    assert await room.told() == [("x", 1)]
    assert {post.id for post in posts} == {room.pushed[0]["id"]}
    assert (await room.records.post("a", "b", "error", "x")).count == 4
    assert [row.count for row in await room.stored()] == [4]
    await room.clock.advance(10)
    assert await room.told() == [("x", 1), ("x", 4)]


async def test_a_post_that_comes_while_another_is_being_stored_is_stored_behind_it(room: ErrorRoom) -> None:
    async with held(room.database):
        first = asyncio.create_task(room.records.post("a", "b", "error", "x"))
        await until(lambda: figure(room.database, "waiting_writes") == 1)
        second = asyncio.create_task(room.records.post("a", "b", "error", "x"))
        await asyncio.sleep(0)
    async with asyncio.timeout(LIMIT_S):
        assert [(await first).count, (await second).count] == [1, 2]
    assert [row.count for row in await room.stored()] == [2]


async def test_a_post_that_cannot_be_stored_changes_nothing(room: ErrorRoom) -> None:
    with moved_away(room.path):
        outcomes = await asyncio.gather(
            *(room.records.post("a", "b", "error", "x") for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert room.figure("_waiting") == 0
    await room.clock.advance(20)
    assert await room.told() == []
    assert await room.stored() == []
    assert (await room.records.post("a", "b", "error", "x")).count == 1


async def test_a_post_that_fails_leaves_the_errors_that_were_taken(room: ErrorRoom) -> None:
    with moved_away(room.path):
        room.records.take("a", "b", "error", "x")
        with pytest.raises(Unavailable):
            await room.records.post("a", "b", "error", "x")
    await room.clock.advance(10)
    await room.settled()
    assert [row.count for row in await room.stored()] == [1]
    assert await room.told() == [("x", 1)]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_recent_errors_are_newest_first_with_a_total_of_all_that_fit(room: ErrorRoom) -> None:
    for service in ("a", "b", "a"):
        for level in ("error", "warning"):
            room.records.take(service, "s", level, "x")
        await room.clock.advance(10)
    await room.settled()
    records, total = await room.records.recent(2)
    assert ([(record.service, record.level) for record in records], total) == ([("a", "warning"), ("a", "error")], 6)
    records, total = await room.records.recent(10, service="b")
    assert ([(record.service, record.level) for record in records], total) == ([("b", "warning"), ("b", "error")], 2)
    records, total = await room.records.recent(10, level="error")
    assert ([record.service for record in records], total) == (["a", "b", "a"], 3)
    assert await room.records.recent(10, "a", "critical") == ([], 0)


async def test_a_record_that_still_counts_is_shown_with_its_present_count(room: ErrorRoom) -> None:
    room.take()
    await room.settled()
    room.take()
    (record,), total = await room.records.recent(10)
    assert (record.count, total) == (2, 1)


async def test_those_that_wait_for_the_store_are_shown_and_counted(room: ErrorRoom) -> None:
    room.take("a")
    await room.settled()
    await room.clock.advance(20)
    async with held(room.database):
        room.take("b")
        room.take("b")
        records, total = await room.records.recent(1)
        assert ([(record.error, record.count) for record in records], total) == ([("b", 2)], 2)
    await room.clock.advance(10)
    await room.settled()
    records, total = await room.records.recent(10)
    assert ([(record.error, record.count) for record in records], total) == ([("b", 2), ("a", 1)], 2)


async def test_a_record_whose_count_waits_for_the_store_is_shown_once(room: ErrorRoom) -> None:
    room.take()
    await room.settled()
    room.take()
    async with held(room.database):
        await room.clock.advance(10)
        (record,), total = await room.records.recent(10)
        assert (record.count, total) == (2, 1)


async def test_reading_needs_the_store(room: ErrorRoom) -> None:
    async with room.database.read():  # takes the connection that is open already
        with moved_away(room.path), pytest.raises(Unavailable):
            await room.records.recent(10)


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_records_are_deleted_once_they_are_older_than_the_days(room: ErrorRoom) -> None:
    for error in ("old", "new"):
        room.take(error)
        await room.clock.jump(12 * 3_600)
    await room.settled()
    assert await room.records.retention.delete_old(1.0) == 0
    await room.clock.advance(1)
    assert await room.records.retention.delete_old(1.0) == 1
    assert [row.error for row in await room.stored()] == ["new"]


async def test_the_oldest_of_too_many_are_deleted_however_new(room: ErrorRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing_module, "MAX_ROWS", 3)
    monkeypatch.setattr(retention, "ROWS_PER_WRITE", 1)
    for error in "abcde":
        room.take(error)
    await room.settled()
    assert await room.records.retention.delete_old(30) == 2
    assert [row.error for row in await room.stored()] == ["c", "d", "e"]


async def test_many_new_records_ask_for_it_once_each_time(room: ErrorRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing_module, "ROWS_BETWEEN", 3)
    asked: list[None] = []
    room.records.retention.on_crowded = lambda: asked.append(None)
    for errors, expected in (("ab", 0), ("cd", 1), ("ef", 1)):
        for error in errors:
            room.take(error)
        await room.settled()
        assert len(asked) == expected
    await room.records.retention.delete_old(30)
    for error in "ghi":
        room.take(error)
    await room.settled()
    assert len(asked) == 2
