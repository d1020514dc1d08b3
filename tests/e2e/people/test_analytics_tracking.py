"""`track_event`: durable before it is acknowledged, and each id of a wallet once (protocol §11)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from duelcast.wire.timestamps import format_time
from tests.e2e.metrics import metric
from tests.e2e.people.observatory import Observatory, observatory
from tests.serving import Frame
from tests.store.facts import held, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
DAY_S = 24 * 3600


@pytest_asyncio.fixture(name="place", scope="module", loop_scope="module")
async def one_observatory() -> AsyncIterator[Observatory]:
    """One server for all tests, each with wallets of its own."""
    async with observatory() as made:
        yield made


def counted(place: Observatory, what: str) -> float:
    return metric(place.app, f"duelcast_events_{what}_total")


def without_times(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name not in {"requestId", "timestamp"}}


async def test_an_event_is_on_the_disk_when_it_is_acknowledged(place: Observatory) -> None:
    now_ms = int(place.clock.time() * 1000)
    async with place.socket("ann") as ann:
        answer = await ann.ask(type="track_event", event="page.view", data={"page": "/", "Ä": [1, None]}, eventId=ID)
        query = "select event_id, event, data, occurred_ms, received_ms from analytics_events where wallet = 'ann'"
        rows = place.rows(query)
    assert without_times(answer) == {"type": "event_tracked", "event": "page.view", "eventId": ID, "duplicate": False}
    ((event_id, event, data, occurred_ms, received_ms),) = rows
    assert UUID(bytes=event_id) == UUID(ID)
    assert (event, json.loads(data), occurred_ms, received_ms) == (
        "page.view",
        {"page": "/", "Ä": [1, None]},
        None,
        now_ms,
    )


async def test_nothing_is_acknowledged_before_the_commit(place: Observatory) -> None:
    async with place.socket("bea") as bea:
        async with held(place.app.leader.database):
            await bea.send(type="track_event", event="early", requestId="r1")
            # Another connection is served meanwhile, and its answer comes behind what this one would have been told.
            async with place.socket("other") as other:
                await other.ask(type="heartbeat")
            assert place.rows("select 1 from analytics_events where wallet = 'bea'") == []
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bea.ws.recv(), 0.05)
        assert (await bea.receive())["type"] == "event_tracked"
        assert place.rows("select event from analytics_events where wallet = 'bea'") == [("early",)]


async def test_the_server_makes_an_id_where_none_is_sent(place: Observatory) -> None:
    async with place.socket("cat") as cat:
        first = await cat.ask(type="track_event", event="click")
        second = await cat.ask(type="track_event", event="click")
    assert first["eventId"] != second["eventId"]
    assert str(UUID(first["eventId"])) == first["eventId"]
    assert (first["duplicate"], second["duplicate"]) == (False, False)
    stored = place.rows("select event_id from analytics_events where wallet = 'cat' order by id")
    assert [str(UUID(bytes=event_id)) for (event_id,) in stored] == [first["eventId"], second["eventId"]]


async def test_the_same_id_is_stored_once_whatever_its_case_and_per_wallet(place: Observatory) -> None:
    before = counted(place, "duplicate")
    async with place.socket("dan") as dan, place.socket("eve") as eve:
        first = await dan.ask(type="track_event", event="buy", eventId=ID.upper())
        again = await dan.ask(type="track_event", event="sell", eventId=ID)
        others = await eve.ask(type="track_event", event="buy", eventId=ID)
    assert [(one["eventId"], one["duplicate"]) for one in (first, again, others)] == [
        (ID, False),
        (ID, True),
        (ID, False),
    ]
    stored = place.rows("select wallet, event from analytics_events where wallet in ('dan', 'eve') order by wallet")
    assert stored == [("dan", "buy"), ("eve", "buy")]
    assert counted(place, "duplicate") == before + 1


async def test_a_batch_is_answered_in_its_order_and_its_own_repeats_are_duplicates(place: Observatory) -> None:
    events: list[dict[str, Any]] = [
        {"event": "a", "eventId": ID},
        {"event": "b", "data": {}},
        {"event": "c", "eventId": ID},
        {"event": "d", "occurredAt": format_time(place.clock.time() - 60)},
    ]
    async with place.socket("fay") as fay:
        answer = await fay.ask(type="track_event", events=events)
        again = await fay.ask(type="track_event", events=events[:1])
    assert [(one["event"], one["duplicate"]) for one in answer["events"]] == [
        ("a", False),
        ("b", False),
        ("c", True),
        ("d", False),
    ]
    assert set(answer) == {"type", "events", "requestId", "timestamp"}
    assert again["events"] == [{"event": "a", "eventId": ID, "duplicate": True}]
    stored = place.rows("select event, data, occurred_ms from analytics_events where wallet = 'fay' order by id")
    assert stored == [("a", None, None), ("b", "{}", None), ("d", None, int(place.clock.time() * 1000) - 60_000)]


async def test_repeats_within_one_commit_are_stored_once(place: Observatory) -> None:
    async with place.socket("gus") as gus, place.socket("gus") as gus_too, place.socket("gus") as gus_again:
        async with held(place.app.leader.database):
            await gus.send(type="track_event", event="first")
            await until(lambda: metric(place.app, "duelcast_events_waiting") == 1)
            await gus_too.send(type="track_event", event="x", eventId=ID)
            await gus_again.send(type="track_event", event="x", eventId=ID)
            await until(lambda: metric(place.app, "duelcast_events_waiting") == 3)
        answers = [await one.receive() for one in (gus, gus_too, gus_again)]
    assert [one["duplicate"] for one in answers].count(True) == 1
    assert answers[0]["duplicate"] is False
    assert place.rows("select event from analytics_events where wallet = 'gus' order by id") == [("first",), ("x",)]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "event"),
        ({"event": "a", "events": [{"event": "a"}]}, "event"),
        ({"events": []}, "events"),
        ({"events": [{"event": "a"}] * 101}, "events"),
        ({"events": [{"event": "a"}], "data": {}}, "data"),
        ({"events": [{"event": "a"}], "eventId": ID}, "eventId"),
        ({"events": [{"event": "a"}], "occurredAt": "2027-01-15T08:00:00Z"}, "occurredAt"),
        ({"event": ""}, "event"),
        ({"event": "a" * 65}, "event"),
        ({"event": "a b"}, "event"),
        ({"event": "a\n"}, "event"),
        ({"event": "ä"}, "event"),
        ({"event": 1}, "event"),
        ({"event": "a", "data": []}, "data"),
        ({"event": "a", "data": "text"}, "data"),
        ({"event": "a", "data": {"text": "x" * 16_374}}, "data"),
        ({"event": "a", "data": {"text": "€" * 5_460}}, "data"),
        ({"event": "a", "data": {"n": 2**53}}, "data.n"),
        ({"event": "a", "eventId": "nonsense"}, "eventId"),
        ({"event": "a", "eventId": ID.replace("-", "")}, "eventId"),
        ({"event": "a", "eventId": f"{{{ID}}}"}, "eventId"),
        ({"event": "a", "eventId": ID + "\n"}, "eventId"),
        ({"event": "a", "occurredAt": "yesterday"}, "occurredAt"),
        ({"event": "a", "occurredAt": "2027-01-15T08:00:00"}, "occurredAt"),
        ({"event": "a", "occurredAt": "2027-01-14T07:59:59Z"}, "occurredAt"),
        ({"event": "a", "occurredAt": "2027-01-15T08:05:01Z"}, "occurredAt"),
        ({"event": "a", "eventid": ID}, "eventid"),
        (
            {"events": [{"event": "a"}] * 3 + [{"event": "a", "occurredAt": "2027-01-14T07:59:59Z"}]},
            "events[3].occurredAt",
        ),
        ({"events": [{"event": "a"}, {"event": "a", "data": {"text": "x" * 16_374}}]}, "events[1].data"),
        ({"events": [{"event": "a"}, {"data": {}}]}, "events[1].event"),
        ({"events": [{"event": "a", "eventid": ID}]}, "events[0].eventid"),
        ({"events": [{"event": "a", "eventId": 5}]}, "events[0].eventId"),
    ],
)
async def test_what_is_no_event_is_refused_and_nothing_of_it_is_stored(
    place: Observatory, message: dict[str, Any], field: str
) -> None:
    # The clock stands at 2027-01-15T08:00:00Z.
    assert place.clock.time() == 1_800_000_000
    async with place.socket("hal") as hal:
        answer = await hal.ask(type="track_event", **message)
    assert (answer["type"], answer["code"], answer.get("field")) == ("error", "INVALID_REQUEST", field)
    assert place.rows("select 1 from analytics_events where wallet = 'hal'") == []


async def test_the_longest_name_the_largest_data_and_the_outermost_times_are_taken(place: Observatory) -> None:
    limits: list[dict[str, Any]] = [
        {"event": "A-z_0.9:" * 8},
        {"event": "a", "data": {"text": "x" * 16_373}},
        {"event": "a", "occurredAt": "2027-01-14T08:00:00Z"},
        {"event": "a", "occurredAt": "2027-01-15T10:05:00+02:00"},
        {"event": "a", "eventId": ID.upper()},
    ]
    async with place.socket("ida") as ida:
        for message in limits:
            assert (await ida.ask(type="track_event", **message))["type"] == "event_tracked"
        batch = [{"event": "a"}] * 100
        assert len((await ida.ask(type="track_event", events=batch))["events"]) == 100
    assert place.rows("select count(*) from analytics_events where wallet = 'ida'") == [(len(limits) + 100,)]


async def test_many_at_once_are_each_stored_once_and_counted(place: Observatory) -> None:
    async def track(wallet: str) -> int:
        async with place.socket(wallet) as one:
            for _ in range(20):
                await one.send(type="track_event", events=[{"event": "busy"}] * 10)
            answers = [await one.receive() for _ in range(20)]
        return sum(len(answer["events"]) for answer in answers)

    before = counted(place, "stored")
    acknowledged = await asyncio.gather(*(track(f"busy{number}") for number in range(10)))
    assert sum(acknowledged) == 2_000 == counted(place, "stored") - before
    assert place.rows("select count(*) from analytics_events where event = 'busy'") == [(2_000,)]
    assert place.rows("select sum(count) from analytics_minutes where event = 'busy'") == [(2_000,)]
    assert metric(place.app, "duelcast_events_kept", event="busy") == 2_000


async def test_maintenance_does_not_pause_it(place: Observatory) -> None:
    async with place.socket("ann") as ann, place.socket("boss", "system-settings") as admin:
        await admin.ask(type="update_setting", key="maintenance_mode", value={"enabled": True})
        assert (await ann.ask(type="track_event", event="a"))["type"] == "event_tracked"
        await admin.ask(type="update_setting", key="maintenance_mode", value={"enabled": False})


async def test_a_stopped_writer_stores_nothing_and_says_when_to_try_again() -> None:
    async with observatory() as place, place.socket("ann") as ann, place.socket("boss", "skyduel") as operator:
        answer = await operator.ask(type="service_command", serviceName="analytics_writer", command="stop")
        assert answer["result"]["success"] is True
        refusal = await ann.ask(type="track_event", events=[{"event": "a", "eventId": ID}, {"event": "b"}])
        assert (refusal["code"], refusal["retryAfterMs"]) == ("UNAVAILABLE", 1_000)
        assert place.rows("select 1 from analytics_events") == []
        assert [counted(place, what) for what in ("received", "refused", "stored")] == [2, 2, 0]
        await operator.ask(type="service_command", serviceName="analytics_writer", command="start")
        answer = await ann.ask(type="track_event", event="a", eventId=ID)
        assert (answer["type"], answer["duplicate"]) == ("event_tracked", False)
