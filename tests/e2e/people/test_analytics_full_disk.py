"""A disk that is full: what was acknowledged is there, what was not is refused, and it goes on by itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import connect

from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.process import serving
from tests.serving import SECRET, Client

PATIENCE_S = 60.0


class Sender:
    """Sends one event after the other, and remembers which were acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged: list[str] = []
        self.refused: list[str] = []

    async def send(self, *event_ids: str) -> dict[str, Any]:
        """The answer to events of these ids."""
        events = [{"event": "step", "eventId": event_id, "data": {"padding": "x" * 500}} for event_id in event_ids]
        answer = await self._client.ask(type="track_event", events=events)
        (self.acknowledged if answer["type"] == "event_tracked" else self.refused).extend(event_ids)
        return answer

    async def send_until(self, code: str | None) -> dict[str, Any]:
        """Send until an answer has this code, None for success."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self.send(str(uuid4()), str(uuid4()))
                if answer.get("code") == code:
                    return answer


async def test_a_full_disk_is_unavailable_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "data" / "duelcast.db"
    async with serving(tmp_path, feed="none", jwt_secret=SECRET, rate_limit_factor=0) as server:
        headers = {"Authorization": f"Bearer {TokenIssuer(SystemClock(), SECRET).issue('ann')}"}
        async with connect(server.ws_url("analytics"), additional_headers=headers, compression=None, proxy=None) as ws:
            client = Client(ws)
            await client.receive_until(type="connection_established")
            sender = Sender(client)
            for _ in range(20):
                await sender.send_until(None)
            full_bytes = database.with_name(f"{database.name}-wal").stat().st_size
            assert (tmp_path / "server.log").stat().st_size < full_bytes / 2, "it can still log"
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (full_bytes, resource.RLIM_INFINITY))
            answer = await sender.send_until("UNAVAILABLE")
            assert answer["retryAfterMs"] > 0
            for _ in range(3):
                assert (await sender.send(str(uuid4())))["code"] == "UNAVAILABLE"
            refused = list(sender.refused)
            no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, no_limit)
            await sender.send_until(None)
            # Sent again, what was refused is new.
            again = await sender.send(*refused)
            assert [event["duplicate"] for event in again["events"]] == [False] * len(refused)
        assert server.process.returncode is None
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file:
        query = "select lower(hex(event_id)) from analytics_events order by id"
        stored = [event_id for (event_id,) in file.execute(query)]
        counted = file.execute("select sum(count) from analytics_minutes").fetchone()
    assert stored == [event_id.replace("-", "") for event_id in sender.acknowledged]
    assert counted == (len(stored),)
