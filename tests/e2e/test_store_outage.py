"""What those who look after a server are told when its store is out of reach."""

from __future__ import annotations

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.serving import client, running, token_for
from tests.storing import GONE, moved_away


async def test_the_first_alert_says_what_is_wrong_with_the_store() -> None:
    clock = ManualClock()
    async with (
        running(clock) as app,
        client(app, "circuit-breaker", token=token_for(app, "boss", Role.ADMIN)) as admin,
    ):
        # What the parts of the server write at their start would fail too, and might open the breaker first.
        for _ in range(20):
            await app.leader.database.probe()
        # The result of the first check is the answer for a second.
        await clock.advance(1)
        with moved_away(app.settings.data_dir / "duelcast.db"):
            await admin.send(type="service:health_check", service="store")
            alert = (await admin.receive_until(type="service:alert", service="store"))[-1]
    assert (alert["service"], alert["alert"]["type"]) == ("store", "health_failed")
    assert alert["alert"]["message"] in GONE
