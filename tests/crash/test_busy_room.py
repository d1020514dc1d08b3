"""A room of 200 members whose connections break at random: everybody hears everything once, in the same order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
import pytest

from tests.crash.evidence import evidence
from tests.crash.members import Member
from tests.crash.opening import open_contest
from tests.e2e.process import serving
from tests.serving import SECRET

pytestmark = pytest.mark.crash

MEMBERS = 200
MESSAGES = 240
MESSAGES_PER_S = 20
MAX_AWAY_S = 1.5
PATIENCE_S = 60.0


async def all_of(members: Iterable[Member], condition: Callable[[Member], bool]) -> None:
    """Wait until the condition holds for each."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(map(condition, members)):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


async def test_nothing_is_lost_or_reordered_for_anyone_across_reconnects(tmp_path: Path) -> None:
    chance = random.Random(1)
    async with (
        serving(tmp_path, feed="none", jwt_secret=SECRET, rate_limit_factor=0) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
        asyncio.TaskGroup() as tasks,
    ):
        await open_contest(http)
        members = [Member(server, f"m{number}", lambda: chance.uniform(0, MAX_AWAY_S)) for number in range(MEMBERS)]
        attending = [tasks.create_task(member.attend()) for member in members]
        await all_of(members, lambda member: member.is_present)
        losses = 0
        for number in range(MESSAGES):
            await chance.choice(members).say(f"message {number}")
            losses += chance.random() < 0.5 and chance.choice(members).lose_connection()
            await asyncio.sleep(1 / MESSAGES_PER_S)
        await all_of(members, lambda member: member.is_present and len(member.heard) >= MESSAGES)
        for task in attending:
            task.cancel()
    with evidence(tmp_path) as file:
        stored = [message_id for (message_id,) in file.rows("select id from chat_messages order by id")]
        texts = {text for (text,) in file.rows("select text from chat_messages")}
    assert len(stored) == MESSAGES
    assert texts == {f"message {number}" for number in range(MESSAGES)}
    everything = list(enumerate(stored, 1))
    for member in members:
        assert (member.heard, member.others) == (everything, [])
    assert losses > MESSAGES / 4
    assert sum(member.connections for member in members) == MEMBERS + losses
