"""How many bytes of events a wallet may store a day, and what becomes of events where little room is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from duelcast.store.availability import PROBE_INTERVAL_S
from tests.e2e.metrics import metric
from tests.e2e.people.observatory import Observatory, observatory
from tests.serving import Client, Frame

PADDING = {"padding": "x" * 1_000}


async def track(client: Client, **fields: Any) -> Frame:
    return await client.ask(type="track_event", event="step", data=PADDING, **fields)


async def stored_until_refused(client: Client) -> tuple[int, Frame]:
    """How many events were stored, and the first refusal."""
    for count in range(50):
        answer = await track(client)
        if answer["type"] == "error":
            return count, answer
    raise AssertionError("nothing was refused")


async def test_a_wallet_that_stored_its_bytes_of_a_day_is_told_when_it_may_go_on() -> None:
    async with observatory(rate_limit_factor=1, event_bytes_per_day=10_000) as place:
        async with place.socket("ann") as ann, place.socket("ann") as second, place.socket("bob") as bob:
            count, refusal = await stored_until_refused(ann)
            assert 8 <= count <= 9
            assert refusal["code"] == "RATE_LIMIT_EXCEEDED"
            assert "10,000 bytes" in refusal["message"]
            assert (await track(second))["code"] == "RATE_LIMIT_EXCEEDED", "over all its connections"
            assert (await track(bob))["type"] == "event_tracked"
            await place.clock.jump(refusal["retryAfterMs"] / 1000)
            # Nobody sent anything for so long that the server has closed these connections.
        async with place.socket("ann") as ann:
            assert (await track(ann))["type"] == "event_tracked"
        assert place.rows("select count(*) from analytics_events where wallet = 'ann'") == [(count + 1,)]
        assert metric(place.app, "duelcast_events_over_quota_total") == 2


async def test_the_same_event_again_costs_nothing() -> None:
    async with observatory(rate_limit_factor=1, event_bytes_per_day=10_000) as place, place.socket("ann") as ann:
        same = str(uuid4())
        for _ in range(30):
            assert (await track(ann, eventId=same))["type"] == "event_tracked"


async def test_the_quota_is_a_setting_that_holds_at_once() -> None:
    async with observatory(rate_limit_factor=1) as place, place.socket("ann") as ann:
        headers = {"Authorization": f"Bearer {place.token('boss')}"}
        url = f"{place.app.url}/api/v69/settings/analytics.event_bytes_per_day"
        async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
            assert (await http.put(url, json={"value": 2_000})).status_code == 200
        assert (await stored_until_refused(ann))[0] <= 2


# ── room on the disk ────────────────────────────────────────────────────────────────────────────────────────────────

MIB = 1024 * 1024


@contextmanager
def free_on_the_disk(free_bytes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kernel says so during the block."""
    with monkeypatch.context() as patch:
        patch.setattr("os.statvfs", lambda _path: SimpleNamespace(f_bavail=free_bytes, f_frsize=1))
        yield


async def readiness(place: Observatory) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{place.app.url}/readyz")
    return answer.status_code, answer.json()


async def test_little_room_is_told_and_keeps_events_out_until_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with observatory(database_low_room_bytes=100 * MIB) as place, place.socket("ann") as ann:
        assert (await readiness(place))[1]["status"] == "ready"
        with free_on_the_disk(99 * MIB, monkeypatch):
            await place.clock.advance(PROBE_INTERVAL_S)
            status, body = await readiness(place)
            assert (status, body["status"]) == (200, "degraded")
            (reason,) = body["reasons"]
            assert reason["part"] == "store"
            assert "103 MB" in reason["reason"]
            refusal = await track(ann)
            assert (refusal["code"], refusal["retryAfterMs"]) == ("UNAVAILABLE", 60_000)
            assert (await place.metrics())["duelcast_store_free_bytes"] == 99 * MIB
        await place.clock.advance(PROBE_INTERVAL_S)
        assert (await readiness(place))[1]["status"] == "ready"
        assert (await track(ann))["type"] == "event_tracked"


async def test_metrics_tell_what_the_database_takes_and_what_is_left() -> None:
    async with observatory() as place, place.socket("ann") as ann:
        for _ in range(20):
            await track(ann)
        database = place.app.settings.data_dir / "duelcast.db"
        sizes = [database.stat().st_size, database.with_name("duelcast.db-wal").stat().st_size]
        told = await place.metrics()
    assert [told[f"duelcast_store_{what}_bytes"] for what in ("database", "wal")] == sizes
    assert min(sizes) > 0
    assert told["duelcast_store_free_bytes"] > 0
