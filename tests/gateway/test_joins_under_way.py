"""What happens to a channel or a right while a command that joins it waits for a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.broker import Position, Recovery
from duelcast.channels.names import Channel, Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account
from duelcast.endpoints.context import Context, Snapshot
from duelcast.endpoints.kit import Auth
from duelcast.errors import InvalidRequest, ServiceRestart, Unavailable
from duelcast.wire.messages import Command, Event
from tests.e2e.arena import ADMIN, BOARD, Announced, Note, Notebook, Score, Secret, make_arena
from tests.e2e.following import follow, held, points, publish_note, publish_score, store, texts
from tests.e2e.raw import CLOSE, PING, frame, raw_socket
from tests.serving import Client, client, running, token_for

IDLE_S = 1300
"""After which the bus has forgotten a channel that nobody follows."""


class FailLater(Command, tag="fail_later"):
    """Answers after later commands, with an error, once the scores may answer."""


class Scores:
    """The store behind `board.<board>` of the endpoint `scores`; what it has read waits until `may_answer` is set."""

    def __init__(self) -> None:
        self.points = 1
        self.was_read = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def read(self, board: str) -> Score:
        row = Score(board=board, player="P", points=self.points)
        self.was_read.set()
        await self.may_answer.wait()
        return row


async def scores(context: Context, channel: Channel) -> Snapshot:
    return Snapshot([await context.service(Scores).read(channel.parameter)])


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    """Servers of three kinds of entry, a notebook that can be held up, and a store of scores."""
    made = [make_arena(), make_arena("admins", auth=Auth.ADMIN), make_arena("scores")]
    made[2].opens(BOARD, snapshot=scores)

    @made[0].command(FailLater, detached=True)
    async def fail_later(context: Context, _command: FailLater) -> Announced:
        await context.service(Scores).may_answer.wait()
        raise InvalidRequest("Not so.")

    async with running(ManualClock(), endpoints={arena.path: arena for arena in made}) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        app.leader.services[Scores] = Scores()
        yield app


@pytest.fixture
def notebook(app: App) -> Notebook:
    notebook = app.leader.services[Notebook]
    assert isinstance(notebook, Notebook)
    notebook.may_answer.clear()
    return notebook


@pytest.fixture
def clock(app: App) -> ManualClock:
    assert isinstance(app.clock, ManualClock)
    return app.clock


async def channels_in_memory(app: App, clock: ManualClock) -> float:
    """Channels that the bus keeps once nobody was seen at them for long."""
    await clock.advance(IDLE_S)
    counts = [
        app.node.registry.get_sample_value("duelcast_bus_channels", {"kind": kind}) for kind in ("every", "latest")
    ]
    return sum(count for count in counts if count is not None)


async def test_a_join_under_way_survives_that_the_last_follower_leaves(app: App, notebook: Notebook) -> None:
    notebook.may_answer.set()
    async with client(app, "arena") as leaver, client(app, "arena") as joiner:
        await follow(leaver, "stored.room")
        notebook.may_answer.clear()
        notebook.was_read.clear()
        await joiner.send(type="subscribe", channel="stored.room")
        await notebook.was_read.wait()
        await leaver.ask(type="unsubscribe", channel="stored.room")
        notebook.may_answer.set()
        await joiner.receive_until(type="subscription_confirmed")
        store(app, "room", "news")
        assert texts(await joiner.drain()) == ["news"]


async def test_a_join_under_way_survives_that_another_join_fails(
    app: App, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`note.x` was read for both, and is followed by neither yet."""

    async def out_of_reach(_channel: str) -> list[Note]:
        raise Unavailable("The store is out of reach.", retry_after_ms=1000)

    subscribe = {"type": "subscribe", "channels": [{"channel": "note.x"}, {"channel": "stored.room"}]}
    async with client(app, "arena") as joiner, client(app, "arena") as quitter:
        await joiner.send(**subscribe)
        await notebook.was_read.wait()
        with monkeypatch.context() as patch:
            patch.setattr(notebook, "last", out_of_reach)
            assert (await quitter.ask(**subscribe))["code"] == "UNAVAILABLE"
        notebook.may_answer.set()
        await joiner.receive_until(type="subscription_confirmed", channel="stored.room")
        publish_note(app, "x", "news")
        assert texts(await joiner.drain()) == ["news"]


async def test_a_channel_that_was_read_for_a_client_that_went_away_is_not_followed(
    app: App, notebook: Notebook, clock: ManualClock
) -> None:
    kept = await channels_in_memory(app, clock)
    async with client(app, "arena") as reader:
        await reader.send(type="subscribe", channels=[{"channel": "note.x"}, {"channel": "stored.room"}])
        await notebook.was_read.wait()
        await reader.ws.close()
    notebook.may_answer.set()
    assert await channels_in_memory(app, clock) == kept


async def test_a_channel_that_was_read_for_a_client_that_was_refused_is_not_followed(
    app: App, notebook: Notebook, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def out_of_reach(_channel: str) -> list[Note]:
        raise Unavailable("The store is out of reach.", retry_after_ms=1000)

    kept = await channels_in_memory(app, clock)
    monkeypatch.setattr(notebook, "last", out_of_reach)
    async with client(app, "arena", "?channel=note.x&channel=stored.room", greeted=False) as reader:
        await reader.receive_until(type="error", code="UNAVAILABLE")
        await reader.ws.wait_closed()
    assert await channels_in_memory(app, clock) == kept


async def test_the_error_of_a_command_that_answers_later_undoes_no_join_of_another(
    app: App, notebook: Notebook
) -> None:
    async with client(app, "arena") as reader:
        await reader.send(type="fail_later", requestId="later")
        await reader.send(type="subscribe", channels=[{"channel": "note.x"}, {"channel": "stored.room"}])
        await notebook.was_read.wait()
        app.leader.services[Scores].may_answer.set()
        await reader.receive_until(type="error", requestId="later")
        notebook.may_answer.set()
        await reader.drain()
        assert await held(reader) == ["note.x", "stored.room"]


async def demote(app: App, admin: Client) -> None:
    """Take the role of an admin away; returns when the connection was told."""
    app.leader.accounts.put(Account("Boss", role=Role.USER))
    frames = await admin.receive_until(type="session_updated")
    assert frames[-1]["user"]["role"] == "user"


async def assert_no_secret(app: App, reader: Client) -> None:
    app.leader.publisher.publish(ADMIN.channel(), Secret(text="for admins"))
    frames = await reader.drain()
    assert "backstage" not in await held(reader)
    assert not [frame for frame in frames if frame["type"] == "secret"]


@pytest.mark.parametrize("channels", [("backstage", "stored.room"), ("stored.room", "backstage")])
async def test_a_role_lost_while_a_command_joins_ends_the_join(
    app: App, notebook: Notebook, channels: tuple[str, str]
) -> None:
    async with client(app, "arena", token=token_for(app, "Boss", Role.ADMIN)) as admin:
        await admin.send(type="subscribe", channels=[{"channel": name} for name in channels])
        await notebook.was_read.wait()
        await demote(app, admin)
        notebook.may_answer.set()
        await assert_no_secret(app, admin)


async def test_a_role_lost_while_a_command_joins_is_told_by_no_confirmation(app: App, notebook: Notebook) -> None:
    app.leader.publisher.publish(ADMIN.channel(), Secret(text="for admins"))
    async with client(app, "arena", token=token_for(app, "Boss", Role.ADMIN)) as admin:
        await admin.send(type="subscribe", channels=[{"channel": "backstage"}, {"channel": "stored.room"}])
        await notebook.was_read.wait()
        await demote(app, admin)
        notebook.may_answer.set()
        frames = await admin.drain()
    assert not [frame for frame in frames if frame["type"] == "secret"]
    assert ("subscription_confirmed", "backstage") not in [(each["type"], each.get("channel")) for each in frames]


async def test_a_role_lost_while_a_client_is_greeted_ends_what_its_address_named(app: App, notebook: Notebook) -> None:
    token = token_for(app, "Boss", Role.ADMIN)
    async with client(app, "arena", "?channel=backstage&channel=stored.room", token=token, greeted=False) as admin:
        await notebook.was_read.wait()
        app.leader.accounts.put(Account("Boss", role=Role.USER))
        notebook.may_answer.set()
        established = (await admin.receive_until(type="connection_established"))[-1]
        assert established["user"]["role"] == "user"
        await assert_no_secret(app, admin)


async def test_a_role_lost_while_a_client_is_greeted_ends_a_connection_for_admins(app: App, notebook: Notebook) -> None:
    token = token_for(app, "Boss", Role.ADMIN)
    async with client(app, "admins", "?channel=stored.room", token=token, greeted=False) as admin:
        await notebook.was_read.wait()
        app.leader.accounts.put(Account("Boss", role=Role.USER))
        notebook.may_answer.set()
        async with asyncio.timeout(60):
            await admin.ws.wait_closed()
        assert admin.ws.close_code == 4003


async def test_positions_that_are_recovered_while_a_role_is_lost_bring_no_channel_back(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer, recover = asyncio.Event(), asyncio.Event(), app.leader.broker.recover

    async def slow_recover(channel: Channel, since: Position | None = None) -> Recovery:
        asked.set()
        await may_answer.wait()
        return await recover(channel, since)

    async with client(app, "arena", token=token_for(app, "Boss", Role.ADMIN)) as admin:
        await follow(admin, "stored.room")
        await follow(admin, "backstage")
        monkeypatch.setattr(app.leader.broker, "recover", slow_recover)
        app.leader.broker.reset()
        await asked.wait()
        await demote(app, admin)
        may_answer.set()
        await admin.receive_until(type="subscription_confirmed")
        await assert_no_secret(app, admin)


@pytest.mark.parametrize("change", [Account("Late", banned=True), Account("Late", role=Role.USER)])
async def test_a_change_between_the_look_at_the_account_and_the_sign_in_counts(
    app: App, change: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is read, then the owner of the claimed nickname: what is stored in between must not be missed."""
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow_answer(_wallet: str, _nickname: str) -> bool:
        asked.set()
        await may_answer.wait()
        return True

    monkeypatch.setattr(app.leader.accounts, "may_claim", slow_answer)
    token = token_for(app, "Late", Role.ADMIN, nickname="Late")
    async with client(app, "admins", token=token, greeted=False) as late:
        await asked.wait()
        app.leader.accounts.put(change)
        may_answer.set()
        async with asyncio.timeout(60):
            await late.ws.wait_closed()
        assert late.ws.close_code == 4003


async def test_a_snapshot_that_took_a_while_hides_nothing_that_came_meanwhile(app: App) -> None:
    store_of_scores = app.leader.services[Scores]
    async with client(app, "scores") as reader:
        await reader.send(type="subscribe", channel="board.a")
        await store_of_scores.was_read.wait()
        publish_score(app, "a", "P", 2)
        store_of_scores.may_answer.set()
        frames = await reader.drain()
    assert points(frames)[-1] == ("P", 2)


@pytest.mark.parametrize("more", [1, 2])
async def test_what_follows_a_stored_snapshot_goes_on_from_the_confirmed_position(
    app: App, notebook: Notebook, more: int
) -> None:
    """Rows that came between the read and the answer are pushed, numbered from the confirmed position on."""
    store(app, "room", "old")
    async with client(app, "arena") as reader:
        await reader.send(type="subscribe", channel="stored.room")
        await notebook.was_read.wait()
        for number in range(more):
            store(app, "room", f"new {number}")
        notebook.may_answer.set()
        confirmed = (await reader.receive_until(type="subscription_confirmed"))[-1]
        frames = await reader.drain()
    pushed = [frame["seq"] for frame in frames if frame["type"] == "note" and "seq" in frame]
    assert pushed == [confirmed["seq"] + 1 + number for number in range(more)]


async def test_what_came_while_a_client_was_greeted_follows_the_greeting(app: App, notebook: Notebook) -> None:
    store(app, "room", "old")
    async with client(app, "arena", "?channel=stored.room", greeted=False) as reader:
        await notebook.was_read.wait()
        store(app, "room", "new")
        notebook.may_answer.set()
        greeting = await reader.receive_until(type="connection_established")
        frames = await reader.drain()
    assert texts(greeting) == ["old"]
    assert [(frame["text"], frame["seq"]) for frame in frames if frame["type"] == "note"] == [
        ("new", greeting[-1]["positions"]["stored.room"] + 1)
    ]


async def test_a_row_that_the_snapshot_holds_is_counted_in_the_confirmed_position(app: App, notebook: Notebook) -> None:
    """The row is committed before it is read, and published after."""
    row = notebook.add("room", "both")
    async with client(app, "arena") as reader:
        await reader.send(type="subscribe", channel="stored.room")
        await notebook.was_read.wait()
        notebook.broadcast(row)
        notebook.may_answer.set()
        confirmed = (await reader.receive_until(type="subscription_confirmed"))[-1]
        store(app, "room", "next")
        frames = await reader.drain()
    assert texts(frames) == ["both", "next"]
    assert frames[-1]["seq"] == confirmed["seq"] + 1


async def test_nothing_is_sent_behind_a_close_though_the_greeting_fails_afterwards() -> None:
    asked, may_fail = asyncio.Event(), asyncio.Event()
    arena = make_arena()

    @arena.on_connect()
    async def greet(_context: Context) -> list[Event]:
        asked.set()
        await may_fail.wait()
        raise ValueError("a defect")

    async with (
        running(ManualClock(), endpoints={arena.path: arena}) as app,
        raw_socket(app, "arena", greeted=False) as stopped,
    ):
        await asked.wait()
        for connection in app.node.gateway.sockets:
            connection.close(ServiceRestart())
        may_fail.set()
        assert (await stopped.ending())[0] == 1012
        await stopped.send(frame(PING))
        await stopped.send(frame(CLOSE, b"\x03\xf4"))
        with pytest.raises(EOFError):
            await stopped.receive()


async def test_a_group_that_is_being_joined_brings_nothing_of_a_channel_that_is_hidden(app: App) -> None:
    """The group was read, and the channel behind it waits for its store."""
    kept = app.leader.services[Scores]
    async with client(app, "scores") as anonymous, client(app, "scores", token=token_for(app, "W", Role.ADMIN)) as boss:
        for reader in (anonymous, boss):
            await reader.send(type="subscribe", channels=[{"channel": "board.*"}, {"channel": "board.slow"}])
            await kept.was_read.wait()
            kept.was_read.clear()
        publish_score(app, "xhidden", "P", 7)
        publish_score(app, "open", "P", 8)
        kept.may_answer.set()
        for reader, seen in ((anonymous, [("P", 8)]), (boss, [("P", 7), ("P", 8)])):
            frames = [frame for frame in await reader.drain() if frame.get("board") in ("xhidden", "open")]
            assert sorted(points(frames)) == seen
