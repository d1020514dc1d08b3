"""Admins read the alerts of the recent past over HTTP (protocol §13, `GET /alerts`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.operations.control_room import RESET_TIMEOUT_S, ControlRoom, of_service

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def recent(room: ControlRoom, service: str) -> list[dict[str, Any]]:
    answer = await room.do("GET", f"/alerts?service={service}")
    data: list[dict[str, Any]] = answer["data"]
    assert answer["count"] == len(data)
    return data


async def test_the_history_of_a_breaker_is_what_was_pushed_newest_first(room: ControlRoom) -> None:
    async with room.socket("circuit-breaker", query="?channels=alerts") as follower:
        await room.open_breaker("ledger")
        await room.clock.advance(RESET_TIMEOUT_S)
        await room.report("ledger", False)
        pushed = of_service(await room.drain(follower), "service:alert", "ledger")
    data = await recent(room, "ledger")
    assert [(one["alert"], one["timestamp"]) for one in data] == [
        (push["alert"], push["timestamp"]) for push in reversed(pushed)
    ]
    assert [one["transition"] for one in data] == [
        {"before": "half_open", "after": "open", "reason": "failed again"},
        {"before": "open", "after": "half_open", "reason": "timer"},
        {"before": "closed", "after": "open", "reason": "failures in a row"},
    ]
    assert {one["service"] for one in data} == {"ledger"}


async def test_the_alerts_of_all_services_are_one_list(room: ControlRoom) -> None:
    await room.open_breaker("first")
    await room.open_breaker("second")
    data = (await room.do("GET", "/alerts"))["data"]
    assert [one["service"] for one in data[:2]] == ["second", "first"]
    times = [one["timestamp"] for one in data]
    assert times == sorted(times, reverse=True)


async def test_a_service_without_alerts_has_an_empty_history(room: ControlRoom) -> None:
    await room.put_reported("quiet")
    assert await recent(room, "quiet") == []


async def test_a_service_that_does_not_exist_has_no_history(room: ControlRoom) -> None:
    assert await room.refusal("GET", "/alerts?service=nobody") == (404, "SERVICE_NOT_FOUND")
