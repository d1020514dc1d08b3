"""Connections that end leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator
from types import CoroutineType

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.gateway.connection import Connection
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.streams import Batch, Cohort, GroupStream, Stream
from duelcast.gateway.subscriptions import ConnectionSubscriptions
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.following import publish_note, publish_score, store
from tests.e2e.metrics import metric, slow_readers
from tests.e2e.raw import CLOSE, TEXT, frame, raw_socket
from tests.serving import client, running, token_for

OF_CONNECTIONS = (Connection, ConnectionSession, ConnectionSubscriptions, Outbox, Batch, Cohort, GroupStream)
LONGEST_DEADLINE_S = 120
"""After which no timer of a connection is left."""
LOG_S = 600
"""How long the hub remembers numbered messages."""
VISITS = 2000
AT_A_TIME = 50


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def app(clock: ManualClock) -> AsyncIterator[App]:
    arena = make_arena()
    async with running(clock, endpoints={arena.path: arena}, rate_limit_factor=0) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app


async def everybody_gone(app: App, clock: ManualClock) -> None:
    """Wait until the server has seen the ends of all connections, and let the time of their timers pass."""
    async with asyncio.timeout(60):
        while app.node.gateway.sockets:  # noqa: ASYNC110  # the ends come from the kernel
            await asyncio.sleep(0.005)
    await clock.advance(LONGEST_DEADLINE_S)


def left_behind(kinds: tuple[type, ...] = OF_CONNECTIONS) -> Counter[str]:
    """How many objects of `kinds` there are."""
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if issubclass(type(thing), kinds))


def tasks_of_connections() -> int:
    """How many tasks of the gateway there are. Others come and go: parts of the server look after themselves."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    return sum(isinstance(one, CoroutineType) and "/gateway/" in one.cr_code.co_filename for one in coroutines)


async def visit(app: App, number: int) -> None:
    """Connect, follow a channel of one's own, those of all and the group, and go in one of several ways."""
    query = f"?channel=note.r{number % 100}&channel=board.all&channel=stored.all"
    async with raw_socket(app, "arena", query) as visitor:
        await visitor.send_json(type="subscribe", channel="board.*")
        await visitor.send_json(type="write", room=f"r{number % 100}", text="hello", requestId="q")
        way = number % 4
        if way == 0:
            await visitor.send(frame(CLOSE, b"\x03\xe8"))
            await visitor.receive_kind(CLOSE)
        elif way == 1:
            await visitor.send(frame(TEXT, b"\xff"))
            await visitor.ending()
        elif way == 2:
            while (await visitor.receive_message()).get("requestId") != "q":
                pass


async def visits(app: App) -> None:
    waiting = asyncio.Semaphore(AT_A_TIME)

    async def one(number: int) -> None:
        async with waiting:
            await visit(app, number)

    async with asyncio.TaskGroup() as visitors:
        for number in range(VISITS):
            visitors.create_task(one(number))
            if number % 20 == 0:
                publish_score(app, "all", str(number % 7), number)
                store(app, "all", "row")


async def test_two_thousand_visits_leave_nothing_behind(app: App, clock: ManualClock) -> None:
    await everybody_gone(app, clock)
    before, tasks = left_behind(), tasks_of_connections()
    await visits(app)
    await everybody_gone(app, clock)
    assert left_behind() == before
    assert tasks_of_connections() <= tasks
    assert metric(app, "duelcast_fragments_bytes") == 0
    assert slow_readers(app) == 0


async def test_a_client_that_goes_in_the_middle_of_a_command_leaves_nothing_behind(
    app: App, clock: ManualClock
) -> None:
    await everybody_gone(app, clock)
    before, tasks = left_behind(), tasks_of_connections()
    notebook = app.leader.services[Notebook]
    notebook.may_answer.clear()
    async with client(app, "arena") as leaving:
        await leaving.send(type="subscribe", channel="stored.all")
        await notebook.was_read.wait()
    notebook.may_answer.set()
    await everybody_gone(app, clock)
    assert left_behind() == before
    assert tasks_of_connections() <= tasks


@pytest.mark.parametrize("in_the_middle", [False, True], ids=["idle", "in the middle of a command"])
async def test_a_connection_that_ended_is_freed_without_the_collector(app: App, in_the_middle: bool) -> None:
    notebook = app.leader.services[Notebook]
    gc.collect()
    gc.disable()
    try:
        async with client(app, "arena", token=token_for(app, "Visitor")) as leaving:
            await leaving.ask(type="subscribe", channel="board.all")
            if in_the_middle:
                notebook.may_answer.clear()
                await leaving.send(type="subscribe", channel="stored.all")
                await notebook.was_read.wait()
        async with asyncio.timeout(60):
            while app.node.gateway.sockets:  # noqa: ASYNC110  # the ends come from the kernel
                await asyncio.sleep(0.005)
        notebook.may_answer.set()
        for _ in range(20):  # turns, in which what ran and what was scheduled ends
            await asyncio.sleep(0)
        alive = Counter(type(thing).__name__ for thing in gc.get_objects() if issubclass(type(thing), OF_CONNECTIONS))
        assert alive["Connection"] == alive["ConnectionSession"] == alive["Outbox"] == 0
    finally:
        gc.enable()


async def test_a_sign_in_that_ends_after_its_client_went_counts_for_no_wallet(
    app: App, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow_answer(_wallet: str, _nickname: str) -> bool:
        asked.set()
        await may_answer.wait()
        return True

    monkeypatch.setattr(app.leader.accounts, "may_claim", slow_answer)
    before = left_behind()
    async with client(app, "arena") as leaving:
        await leaving.send(type="auth", token=token_for(app, "Late", nickname="Late"))
        await asked.wait()
    async with asyncio.timeout(60):
        while app.node.gateway.sockets:  # noqa: ASYNC110  # the ends come from the kernel
            await asyncio.sleep(0.005)
    may_answer.set()
    await everybody_gone(app, clock)
    assert left_behind() == before


async def test_channels_that_were_followed_are_forgotten_with_their_messages(app: App, clock: ManualClock) -> None:
    async with client(app, "arena") as reader:
        for number in range(200):
            channels = [f"note.n{number}", f"board.b{number}", "board.*"]
            await reader.send(type="subscribe", channels=[{"channel": name} for name in channels])
            await reader.drain()
            publish_note(app, f"n{number}", "hello")
            publish_score(app, f"b{number}", "P", 1)
            await reader.send(type="unsubscribe", channels=channels)
        await reader.drain()
    await clock.advance(LOG_S + 1)
    async with client(app, "arena", "?channel=note.stays") as reader:
        publish_note(app, "stays", "the last")
        await reader.drain()
        assert left_behind((Stream, GroupStream)) == {"Stream": 1}


async def test_a_refused_subscription_leaves_nothing_behind(app: App) -> None:
    async with client(app, "arena") as reader:
        await reader.drain()
        for part in range(4):
            await reader.ask(type="subscribe", channels=[{"channel": f"note.p{part}n{room}"} for room in range(500)])
        await reader.drain()
        before = left_behind((Stream,))
        rooms = [{"channel": f"note.q{room}"} for room in range(500)]
        assert (await reader.ask(type="subscribe", channels=rooms))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert left_behind((Stream,)) == before == {"Stream": 2000}
