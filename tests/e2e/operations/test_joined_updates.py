"""What happens at once reaches followers as one update, which says all of it."""

from __future__ import annotations

from duelcast.channels.names import Role
from tests.serving import client, http_client, running, token_for

PROBE = {"kind": "probe", "layer": "wallet", "check": {"type": "tcp", "url": "tcp://127.0.0.1:1", "intervalMs": 60_000}}


async def test_a_check_that_fails_is_told_with_its_alert_and_what_was_before() -> None:
    async with running() as app:
        token = token_for(app, "boss", Role.ADMIN)
        async with client(app, "circuit-breaker", "?channel=services", token=token) as watcher:
            async with http_client(app) as http:
                answer = await http.put("/services/dead", json=PROBE, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200
            told = (await watcher.receive_until(service="dead", status="unhealthy"))[-1]
    assert (told["previousStatus"], told["alert"]["type"]) == ("unknown", "health_failed")
    assert told["circuit_breaker"]["status"] == "degraded"
