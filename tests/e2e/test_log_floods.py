"""What strangers cause in the log is bounded, and never what they wrote."""

from __future__ import annotations

import io
import json
from typing import Any

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.metrics import metric
from tests.e2e.raw import answer_to, upgrade_request
from tests.e2e.raw_http import raw_http
from tests.serving import running

REFUSALS = 50


def lines(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in log.getvalue().splitlines()]
    return [record for record in records if record["event"] == event]


async def refused_upgrades(app: App, count: int) -> None:
    for _ in range(count):
        assert (await answer_to(app, upgrade_request(app, "hunter2"))).status == 404


async def test_refused_upgrades_are_sampled_and_counted(log: io.StringIO) -> None:
    clock = ManualClock()
    async with running(clock, refusals_logged_per_minute=3) as app:
        await refused_upgrades(app, REFUSALS)
        assert len(lines(log, "request_refused")) == 3
        assert metric(app, "duelcast_log_lines_left_out_total") == REFUSALS - 3
        await clock.advance(60)
        await refused_upgrades(app, 1)
        assert lines(log, "request_refused")[-1]["left_out"] == REFUSALS - 3
    assert "hunter" not in log.getvalue()


async def test_requests_that_cannot_be_read_are_sampled(log: io.StringIO) -> None:
    async with running(ManualClock(), refusals_logged_per_minute=3) as app:
        for _ in range(REFUSALS):
            async with raw_http(app) as http:
                await http.send(b"nonsense\r\n\r\n")
                assert (await http.receive()).status == 400
        assert len(lines(log, "request_refused")) == 3


async def test_refused_http_requests_are_sampled_and_tell_no_path_of_the_client(log: io.StringIO) -> None:
    async with running(ManualClock(), refusals_logged_per_minute=3) as app, raw_http(app) as http:
        for _ in range(REFUSALS):
            assert (await http.ask("GET /hunter2/hunter3")).status == 404
        assert len(lines(log, "http_refused")) == 3
    assert "hunter" not in log.getvalue()


async def test_without_a_limit_each_refusal_is_logged(log: io.StringIO) -> None:
    async with running(ManualClock(), refusals_logged_per_minute=0, refusals_logged_in_all_per_minute=0) as app:
        await refused_upgrades(app, 20)
        assert len(lines(log, "request_refused")) == 20
