"""Bugs planted on purpose: the simulator must find each of them. It finds two by a defect that the leader itself
notices, a gap in the numbers of its broker, and all others by their effect on clients.

A log that takes entries of a deposed leader is not among them: nodes notice that such an entry does not follow their
own, and ask for a copy, so that no client noticed the bug in 60 seeds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from duelcast.channels.log_reader import LogReader
from duelcast.channels.records import EntryId, decode_entry
from duelcast.cluster import takeover
from duelcast.cluster.news import ReadModels
from duelcast.store.channel_log import ChannelLog
from duelcast.store.doubt import CommitCount, Doubt
from tests.simulation import faults
from tests.simulation.checker import Violation
from tests.simulation.world import World, simulate

pytestmark = pytest.mark.simulation


def _only_suspend_leaders(patched: pytest.MonkeyPatch) -> None:
    """The bug is in a server, and shows if a leader goes on that was deposed meanwhile."""
    patched.setattr(faults, "FAULTS", ((faults._suspend_leader, 1.0),))


def _without_fence_in_the_database(world: World) -> None:
    world.database.fences = False


def _unchanged(_world: World) -> None:
    """The bug is in the code."""


def _without_catching_up(patched: pytest.MonkeyPatch) -> None:
    async def nothing(*_given: object) -> list[object]:
        return []

    patched.setattr(takeover, "find_unpublished", nothing)


def _without_ring(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(LogReader, "since", lambda _reader, _id, _target: [])


def _without_looking_for_gaps(patched: pytest.MonkeyPatch) -> None:
    async def read_some(reader: LogReader) -> None:
        entries = await reader._shared.read(reader._read_up_to, 1.0)
        reader._read_s = reader._clock.monotonic()
        for id_, data in entries:
            reader._read_up_to = id_
            if id_.number:
                await reader._apply(id_, decode_entry(data))

    patched.setattr(LogReader, "_read_some", read_some)


def _without_awaiting_the_push(patched: pytest.MonkeyPatch) -> None:
    async def applied(_reader: LogReader, _id: EntryId) -> None:
        await asyncio.sleep(0)

    patched.setattr(LogReader, "applied", applied)


def _without_settling(patched: pytest.MonkeyPatch) -> None:
    settle = CommitCount.settle

    async def forgetful(count: CommitCount, doubt: Doubt) -> None:
        await settle(count, doubt)
        doubt.happened = False

    patched.setattr(CommitCount, "settle", forgetful)


def _without_taking_numbers_back(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(ChannelLog, "failed", ChannelLog.committed)


def _without_news(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(ReadModels, "take", lambda _models, _news: None)


class Bug(NamedTuple):
    """A change of the code, that of the servers, the sentence of the violation (a pattern), and how many seeds bring it
    about at the latest."""

    plant: Callable[[pytest.MonkeyPatch], None]
    prepare: Callable[[World], None]
    sentence: str
    most_seeds: int


GAP = "a gap or a repeat"
OVERTAKEN = "a reply overtook the push that it depends on"
GAP_IN_THE_LEADER = r"a defect: .* in MemoryBroker\.broadcast"
BUGS = {
    "the database takes commits of a deposed leader": Bug(
        _only_suspend_leaders, _without_fence_in_the_database, "a client differs from the rows", 30
    ),
    "a new leader does not catch up with the database": Bug(_without_catching_up, _unchanged, GAP_IN_THE_LEADER, 30),
    "messages since an answer are left out": Bug(_without_ring, _unchanged, GAP, 20),
    "nobody looks whether entries are missing": Bug(_without_looking_for_gaps, _unchanged, GAP, 10),
    "an answer does not await what it depends on": Bug(_without_awaiting_the_push, _unchanged, OVERTAKEN, 10),
    "an unknown commit is taken for a failed one": Bug(
        _without_settling, _unchanged, "an acknowledged command is not in the rows exactly once", 60
    ),
    "the numbers of a failed commit are not given again": Bug(
        _without_taking_numbers_back, _unchanged, GAP_IN_THE_LEADER, 20
    ),
    "a gateway does not hear of bans": Bug(_without_news, _unchanged, "a banned client hears something", 20),
}
"""By what is wrong."""


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert any(re.search(bug.sentence, violation) for violation in _violations(bug))


def _violations(bug: Bug) -> Iterator[str]:
    for seed in range(bug.most_seeds):
        try:
            simulate(seed, bug.prepare)
        except Violation as violation:
            yield str(violation)
