"""The invariants of the hub if each batch is written in a loop turn of its own and everything moves meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.channels.broker import Origin
from duelcast.gateway import compression, hub, streams
from duelcast.gateway.streams import Cohort
from duelcast.wire.frames import encode_body
from tests.contract.buses import publish
from tests.e2e.arena import NOTES, Note
from tests.examples import examples
from tests.gateway.test_hub_invariants import ACTIONS, CHANGES, View, World, finish

CLIENTS = 6
STEPS = (*ACTIONS, *CHANGES, *["loop turn"] * 8, *["timer"] * 3)

Action = tuple[str, int, int]


@pytest.fixture(autouse=True)
def yields(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush gives way after each batch, and a batch has at most two members."""
    monkeypatch.setattr(hub, "TURN_S", -1.0)
    monkeypatch.setattr(streams, "BATCH_SIZE", 2)
    monkeypatch.setattr(compression, "FULL_FLUSH_INTERVAL_S", 0.0)


class Scheduled:
    """A callback that the loop will call, and that may be called early instead."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._called_early = 0

    def early(self) -> None:
        self._called_early += 1
        self._callback()

    def on_time(self) -> None:
        if self._called_early:
            self._called_early -= 1
        else:
            self._callback()


class CrowdedWorld(World):
    def __init__(self, flush_interval_ms: float) -> None:
        super().__init__(flush_interval_ms)
        self.clients += [self.connect(f"d{number}") for number in range(CLIENTS - len(self.clients))]
        self.views += [View() for _ in range(CLIENTS - len(self.views))]
        self._flush, self._write_pending = Scheduled(self.hub._flush), Scheduled(self.hub._write_pending)
        self.hub._flush = self._flush.on_time  # type: ignore[method-assign]  # some calls come early
        self.hub._write_pending = self._write_pending.on_time  # type: ignore[method-assign]  # as above

    async def step(self, action: Action) -> None:
        if action[0] == "loop turn":
            await asyncio.sleep(0)
        elif action[0] == "timer":
            self.go_on_with_the_flush()
        else:
            await super().step(action)
        self.check_places()

    def go_on_with_the_flush(self) -> None:
        """A timer comes before what waits for the end of the loop turn."""
        if self.hub._pending:
            self._write_pending.early()
        elif self.hub._flush_scheduled:
            self._flush.early()

    def go_on_with_the_flush_of_others(self) -> None:
        """The timer of the next flush comes before the rest of the present one."""
        if self.hub._flush_scheduled:
            self._flush.early()

    async def rest(self) -> None:
        """Wait until everything that was published is written."""
        for _ in range(50):
            await asyncio.sleep(0)
        assert not self.hub._pending
        self.hub.tidy()

    def check_places(self) -> None:
        """An outbox is in one cohort, the one of its set and role, or has a cursor of its own."""
        cohorts = list(self.hub._cohorts)
        waiting = [item for item in self.hub._pending if isinstance(item, Cohort)]
        assert len(waiting) == len(set(waiting))
        assert {cohort for cohort in cohorts if cohort.due} <= set(waiting)
        for client in self.clients:
            outbox = client.outbox
            homes = [batch for cohort in cohorts for batch in cohort.batches if outbox in batch.members]
            assert homes == ([] if outbox.batch is None else [outbox.batch])
            assert (outbox in self.hub._solo) == (outbox.batch is None and bool(outbox.followed))
            if outbox.batch is not None:
                cohort = outbox.batch.cohort
                assert outbox.batch in cohort.batches
                assert (cohort.followed, cohort.role) == (outbox.followed, outbox.role)
                assert cohort.compressor is None or outbox.compressible
                assert not outbox.blocked
                assert not outbox.lost
                assert not outbox.has_unwritten, "the cohort's next messages could overtake it"


async def play(actions: list[Action], flush_interval_ms: float) -> None:
    world = CrowdedWorld(flush_interval_ms)
    for action in actions:
        await world.step(action)
        world.read()
    await asyncio.sleep(0)
    for _ in range(4 * CLIENTS):
        await asyncio.sleep(0)
    await finish(world)


@settings(max_examples=examples(300))
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=80),
    st.sampled_from([0.0, 1.0]),
)
def test_a_view_made_of_frames_is_the_truth(actions: list[Action], flush_interval_ms: float) -> None:
    uvloop.run(play(actions, flush_interval_ms))


@pytest.mark.parametrize("seed", range(3))
def test_a_long_random_evening_ends_with_the_truth(seed: int) -> None:
    chance = random.Random(seed)
    actions = [(chance.choice(STEPS), chance.randrange(6), chance.randrange(6)) for _ in range(4000)]
    uvloop.run(play(actions, 0.0))


async def say_during_a_flush(index: int) -> list[str | None]:
    """The request ids of two notes at a client that follows their room; the second note answers its command, and comes
    while the flush of the first is under way."""
    world = CrowdedWorld(0.0)
    body = encode_body(Note(room="a", text="x", id=0), world.clock.time())

    async def publish_note(origin: Origin | None = None) -> None:
        publish(world.broker, world.stored, NOTES.channel("a"), body, origin=origin)
        await asyncio.sleep(0)

    for client in world.clients:
        await client.send(type="subscribe", channel="note.a")
    await publish_note()
    await world.settle()
    assert all(client.outbox.batch is not None for client in world.clients)
    speaker = world.clients[index]
    speaker.frames()
    world.hub.find_outbox = lambda _origin: speaker.outbox
    await publish_note()
    assert world.hub._pending, "the flush is not under way"
    await publish_note(Origin(speaker.outbox.connection_id, "said"))
    await world.settle()
    await world.settle()
    return [frame.get("requestId") for frame in speaker.frames()]


@pytest.mark.parametrize("index", range(CLIENTS))
def test_a_speaker_during_a_flush_gets_its_answer(index: int) -> None:
    assert uvloop.run(say_during_a_flush(index)) == [None, "said"]


async def interrupt_a_flush(*, same_room: bool) -> tuple[list[int], list[int]]:
    """The numbers of notes that each client has after a second flush comes in the middle of the first, and at the end.
    Four clients follow a room, two another; the first note goes to the four, the second to `same_room` or the other."""
    world = CrowdedWorld(0.0)
    body = encode_body(Note(room="a", text="x", id=0), world.clock.time())
    for number, client in enumerate(world.clients):
        await client.send(type="subscribe", channel="note.a" if number < 4 else "note.b")
    for room in ("a", "b"):
        publish(world.broker, world.stored, NOTES.channel(room), body)
    await world.rest()
    assert all(client.outbox.batch is not None for client in world.clients)

    def notes() -> list[int]:
        return [sum(frame["type"] == "note" for frame in client.frames()) for client in world.clients]

    notes()
    publish(world.broker, world.stored, NOTES.channel("a"), body)
    world.go_on_with_the_flush()  # writes to the first batch
    publish(world.broker, world.stored, NOTES.channel("a" if same_room else "b"), body)
    world.go_on_with_the_flush_of_others()
    middle = notes()
    await world.rest()
    return middle, [one + other for one, other in zip(middle, notes(), strict=True)]


def test_a_flush_need_not_wait_for_one_to_others() -> None:
    middle, end = uvloop.run(interrupt_a_flush(same_room=False))
    assert middle[4:] == [1, 1]
    assert 0 < sum(middle[:4]) < 4, "the earlier flush is in the middle"
    assert end == [1] * 6


def test_a_flush_waits_for_one_to_the_same_followers() -> None:
    middle, end = uvloop.run(interrupt_a_flush(same_room=True))
    assert 0 < sum(middle) < 4
    assert end == [2, 2, 2, 2, 0, 0]
