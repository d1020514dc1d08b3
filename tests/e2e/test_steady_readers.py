"""Clients that only read: served together, as most are, whatever those do who follow the same (protocol §2).

A client that sends something is served alone until the next flush, so these tests never ask while they read.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.gateway import hub
from tests.e2e.arena import Committed, Notebook
from tests.e2e.following import publish_end, publish_note, publish_notes, publish_score, store, texts
from tests.serving import Client, Frame, client, settled, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

END = "end"
_marks = itertools.count()


@asynccontextmanager
async def steady_readers(app: App, count: int, query: str, token: str | None = None) -> AsyncIterator[list[Client]]:
    """Clients that follow the same, and have been served together once."""
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(client(app, "arena", query, token=token)) for _ in range(count)]
        for _ in range(2):
            await what_comes(app, readers, query)
        yield readers


async def what_comes(app: App, readers: list[Client], query: str) -> list[list[Frame]]:
    """What each reader got up to now, without a word from it: a message marks the end."""
    room = query.rsplit(".", 1)[1]
    mark = f"{END}{next(_marks)}"
    if "note." in query:
        publish_note(app, room, mark)
        received = [await reader.receive_until(text=mark) for reader in readers]
    else:
        publish_score(app, "mark" if room == "*" else room, mark, 0)
        received = [await reader.receive_until(player=mark) for reader in readers]
    return [[frame for frame in frames[:-1] if not str(frame.get("player")).startswith(END)] for frames in received]


async def test_each_gets_every_message_in_order(app: App) -> None:
    async with steady_readers(app, 5, "?channel=note.steady") as readers:
        for start in range(0, 300, 3):
            publish_notes(app, "steady", *map(str, range(start, start + 3)))
            if start % 60 == 0:
                await readers[0].receive()
        received = await what_comes(app, readers, "?channel=note.steady")
    assert [texts(frames)[-1] for frames in received] == ["299"] * 5
    assert [texts(frames) for frames in received[1:]] == [[str(number) for number in range(300)]] * 4


async def test_each_gets_the_newest_of_each_key(app: App) -> None:
    query = "?channel=board.steady"
    async with steady_readers(app, 5, query) as readers:
        for number in range(100):
            publish_score(app, "steady", "P", number)
            publish_score(app, "steady", "Q", number)
        received = await what_comes(app, readers, query)
    assert [[(frame["player"], frame["points"]) for frame in frames] for frames in received] == [
        [("P", 99), ("Q", 99)]
    ] * 5


async def test_each_is_told_the_end_of_a_key(app: App) -> None:
    query = "?channel=board.steadyen"
    async with steady_readers(app, 3, query) as readers:
        publish_score(app, "steadyen", "P", 1)
        publish_end(app, "steadyen", "P")
        received = await what_comes(app, readers, query)
    assert [[frame["type"] for frame in frames] for frames in received] == [["player_left"]] * 3


async def test_holders_of_a_group_see_only_what_their_role_may_see(app: App) -> None:
    query = "?channel=board.*"
    admin = token_for(app, "Steady-A", Role.ADMIN)
    async with steady_readers(app, 2, query) as anonymous, steady_readers(app, 2, query, admin) as admins:
        publish_score(app, "xsteady", "P", 1)
        publish_score(app, "open", "P", 2)
        seen = [await what_comes(app, readers, query) for readers in (anonymous, admins)]
    boards = [[[frame["board"] for frame in frames] for frames in received] for received in seen]
    assert boards == [[["open"]] * 2, [["xsteady", "open"]] * 2]


async def test_who_loses_the_role_sees_no_more_than_the_others(app: App) -> None:
    query = "?channel=board.*"
    admin = token_for(app, "Steady-B", Role.ADMIN)
    async with steady_readers(app, 2, query, admin) as readers:
        publish_score(app, "xlost", "P", 1)
        assert [(await reader.receive())["board"] for reader in readers] == ["xlost"] * 2
        app.leader.accounts.put(Account("Steady-B", Role.USER))
        publish_score(app, "xlost", "P", 2)
        publish_score(app, "kept", "P", 3)
        received = await what_comes(app, readers, query)
    assert [[(frame["type"], frame.get("board")) for frame in frames] for frames in received] == [
        [("session_updated", None), ("score", "kept")]
    ] * 2


async def test_one_that_leaves_disturbs_nobody(app: App) -> None:
    query = "?channel=note.leaver"
    async with steady_readers(app, 3, query) as readers:
        publish_note(app, "leaver", "before")
        await readers[0].send(type="unsubscribe", channel="note.leaver")
        await readers[0].receive_until(type="unsubscription_confirmed")
        publish_note(app, "leaver", "after")
        received = await what_comes(app, readers[1:], query)
        assert [texts(frames) for frames in received] == [["before", "after"]] * 2
        assert await readers[0].drain() == []


async def test_one_that_writes_gets_its_own_message_once_and_in_its_place(app: App) -> None:
    query = "?channel=note.writer"
    async with steady_readers(app, 3, query) as readers:
        publish_note(app, "writer", "before")
        await readers[0].send(type="write", room="writer", text="mine", requestId="q")
        frames = await readers[1].receive_until(text="mine")
        publish_note(app, "writer", "after")
        own, first, second = await what_comes(app, readers, query)
    assert texts(own) == ["before", "mine", "after"]
    assert [frame.get("requestId") for frame in own] == [None, "q", None]
    assert texts(frames + first) == texts(second) == ["before", "mine", "after"]
    assert not [frame for frame in frames + first + second if "requestId" in frame]


async def test_one_that_asks_gets_its_answer_behind_what_was_published_before(app: App) -> None:
    query = "?channel=note.asker"
    async with steady_readers(app, 3, query) as readers:
        publish_notes(app, "asker", "a", "b")
        await settled(app)
        answered = await readers[0].ask(type="heartbeat", requestId="q")
        publish_note(app, "asker", "c")
        own, *others = await what_comes(app, readers, query)
    assert answered["type"] == "heartbeat_ack"
    assert texts(own) == ["c"]
    assert [texts(frames) for frames in others] == [["a", "b", "c"]] * 2


async def test_one_that_comes_later_is_served_with_the_others_from_its_snapshot_on(app: App) -> None:
    query, board = "?channel=board.newcome", "newcome"
    async with steady_readers(app, 2, query) as readers:
        publish_score(app, board, "P", 1)
        assert [(await reader.receive())["points"] for reader in readers] == [1, 1]
        async with client(app, "arena", query, greeted=False) as newcomer:
            snapshot = await newcomer.receive_until(type="connection_established")
            publish_score(app, board, "P", 2)
            received = await what_comes(app, [newcomer, *readers], query)
    assert [frame["points"] for frame in snapshot if frame.get("player") == "P"] == [1]
    assert [[frame["points"] for frame in frames] for frames in received] == [[2]] * 3


async def broadcast_once_read(notebook: Notebook, late: Committed) -> None:
    """Broadcast what is stored behind the reading of a snapshot."""
    await notebook.was_read.wait()
    notebook.broadcast(late)


async def test_one_that_had_a_row_in_its_snapshot_is_spared_it_and_the_others_get_it(app: App) -> None:
    notebook = app.leader.services[Notebook]
    async with client(app, "arena", "?channel=stored.steady") as before:
        store(app, "steady", "a")
        await before.receive_until(text="a")
        late = notebook.add("steady", "b")
        notebook.was_read.clear()
        broadcasting = asyncio.create_task(broadcast_once_read(notebook, late))
        async with client(app, "arena", "?channel=stored.steady&channel=note.wake") as later:
            await broadcasting
            publish_note(app, "wake", "up")
            await later.receive_until(text="up")
            store(app, "steady", "c")
            assert texts(await before.receive_until(text="c")) == ["b", "c"]
            assert texts(await later.receive_until(text="c")) == ["c"]


async def test_who_follows_more_than_the_others_gets_that_too(app: App) -> None:
    query = "?channel=note.common"
    async with steady_readers(app, 2, query) as readers, client(app, "arena", query + "&channel=note.more") as greedy:
        publish_note(app, "more", "warm")
        await greedy.receive_until(text="warm")
        publish_note(app, "common", "a")
        publish_note(app, "more", "b")
        received = await what_comes(app, [greedy, *readers], query)
    assert [texts(frames) for frames in received] == [["a", "b"], ["a"], ["a"]]


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round over all readers gives way after each step, as one does that takes long."""
    monkeypatch.setattr(hub, "TURN_S", 0.0)


@pytest.mark.usefixtures("short_turns")
async def test_more_than_five_hundred_are_all_served_alike(app: App) -> None:
    """What is published while the first of them have it already follows too."""
    query = "?channel=note.crowd"
    async with steady_readers(app, 520, query) as readers:
        publish_notes(app, "crowd", "a", "b", "c")
        assert (await readers[0].receive())["text"] == "a"
        publish_note(app, "crowd", "d")
        received = await what_comes(app, readers, query)
    assert [texts(frames) for frames in received] == [["b", "c", "d"]] + [["a", "b", "c", "d"]] * 519


@pytest.mark.usefixtures("short_turns")
async def test_many_with_sets_of_their_own_who_ask_all_the_time_miss_nothing(app: App) -> None:
    """Their questions come in the middle of a round."""
    count, messages = 150, 60
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(client(app, "arena", f"?channel=note.busy&channel=board.b{number}"))
            for number in range(count)
        ]

        last_but_one_came = asyncio.Event()

        async def read(reader: Client) -> list[int]:
            seqs: list[int] = []
            while not seqs or seqs[-1] < messages:
                frame = await reader.receive()
                if frame["type"] == "note":
                    seqs.append(frame["seq"])
                    if seqs[-1] == messages - 1:
                        last_but_one_came.set()
            await reader.drain()
            return seqs

        reading = [asyncio.create_task(read(reader)) for reader in readers]
        for number in range(messages - 1):
            publish_note(app, "busy", str(number))
            for reader in readers[number % 7 :: 7]:
                await reader.send(type="heartbeat")
            await asyncio.sleep(0.005)
        await last_but_one_came.wait()
        publish_note(app, "busy", "in the middle of the round")
        assert await asyncio.gather(*reading) == [list(range(1, messages + 1))] * count
