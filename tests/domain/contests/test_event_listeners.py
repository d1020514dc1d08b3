"""Who acts on domain events hears of them when they are committed."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

from tests.domain.contests.contest_room import ADMIN, contest_room

REASON = "It rains."


async def test_listeners_hear_of_what_stores_an_event_and_of_nothing_else(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        heard: list[None] = []
        room.contests.book.on_event(lambda: heard.append(None))

        async def calls(act: Awaitable[object]) -> int:
            """How often that was heard of."""
            before = len(heard)
            await act
            return len(heard) - before

        await room.prices(SOL=100.0)
        first, second = await room.create(), await room.create()
        keeper = room.contests.clock
        assert await calls(room.enter(first, "ann", {"SOL": 100})) == 0
        assert await calls(room.enter(first, "bob", {"SOL": 100})) == 0
        assert await calls(room.disqualify(first, "bob")) == 1
        assert await calls(room.disqualify(first, "bob")) == 0, "as it was already"
        assert await calls(room.disqualify(first, "bob", disqualified=False)) == 1
        assert await calls(keeper.start(first.id, ADMIN)) == 1
        assert await calls(room.prices(SOL=110.0)) == 0
        assert await calls(keeper.end(first.id, ADMIN)) == 1
        assert await calls(keeper.cancel(second.id, ADMIN, REASON)) == 1
        kinds = [event.kind for event in await room.events()]
        assert kinds == [
            "participant_disqualified",
            "participant_admitted",
            "contest_started",
            "contest_completed",
            "contest_cancelled",
        ]
