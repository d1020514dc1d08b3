"""Those on analytics: whose steps are counted, and admins who look at the counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from duelcast.channels.names import Role
from tests.rehearsal.visitor import Visitor
from tests.serving import Frame

CLICK = "trade.click"


class Tracked(Visitor):
    """A user whose client reports events. `stored` are the ids of those that were acknowledged."""

    endpoint = "analytics"

    def __init__(self, base_url: str, wallet: str) -> None:
        super().__init__(base_url, wallet)
        self.stored: list[str] = []

    async def report(self, count: int) -> None:
        """Track so many events in one message."""
        events = [{"event": CLICK, "eventId": str(uuid.uuid4()), "data": {"number": number}} for number in range(count)]
        answer = await self.insist(type="track_event", events=events)
        ids = [event["eventId"] for event in answer["events"]]
        assert ids == [event["eventId"] for event in events]
        self.stored += ids

    async def repeat(self) -> None:
        """Send the last event once more, as a client does that saw no answer."""
        event = {"event": CLICK, "eventId": self.stored[-1], "data": {}}
        answer = await self.insist(type="track_event", **event)
        assert (answer["eventId"], answer["duplicate"]) == (self.stored[-1], True)

    def take(self, frame: Frame) -> None:
        """It hears nothing unasked."""


class Analyst(Visitor):
    """An admin with the dashboard. `active` are the wallets that it shows, `clicks` the count of the event."""

    endpoint = "analytics"

    def __init__(self, base_url: str, wallet: str) -> None:
        super().__init__(base_url, wallet, Role.ADMIN)
        self.active: list[str] = []
        self.active_count = 0
        self.clicks = 0
        self.stats: Frame = {}

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [{"type": "subscribe_dashboard"}, {"type": "subscribe_metric", "metric": f"event:{CLICK}"}]

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "active_users":
                self.active = [user["wallet_address"] for user in frame["users"]]
                self.active_count = frame["count"]
            case "dashboard_update":
                self.stats = frame["stats"]
            case "metric_update":
                self.clicks = frame["data"]["value"]
