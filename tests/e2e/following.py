"""What the tests of channels do over and over: publish, follow, and sort what came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.clock import ManualClock
from tests.e2e.arena import BOARD, NOTES, Note, Notebook, PlayerLeft, Score, make_arena
from tests.serving import Client, Frame, client, running

RETENTION_S = 600
"""How long messages are kept at least."""
PUSHED = ("note", "score", "player_left", "secret")


@asynccontextmanager
async def own_arena(**settings: Any) -> AsyncIterator[tuple[App, ManualClock]]:
    """A server for one test, whose clock it may move."""
    clock, arena = ManualClock(), make_arena()
    async with running(clock, endpoints={arena.path: arena}, **settings) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app, clock


def publish_note(app: App, room: str, text: str) -> None:
    notebook_of(app).say(NOTES.channel(room), Note(room=room, text=text, id=0))


def publish_notes(app: App, room: str, *texts: str) -> None:
    for text in texts:
        publish_note(app, room, text)


def store(app: App, room: str, text: str) -> None:
    """Store a row and broadcast it."""
    notebook = notebook_of(app)
    notebook.broadcast(notebook.add(room, text))


def notebook_of(app: App) -> Notebook:
    if Notebook not in app.leader.services:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
    notebook = app.leader.services[Notebook]
    assert isinstance(notebook, Notebook)
    return notebook


def latest_seq(app: App, number: int) -> int:
    """The `seq` of the message `number` of a *latest* channel that was not forgotten since the start, 0 before it."""
    return app.leader.database.epoch.latest_floor + number


def publish_score(app: App, board: str, player: str, points: int) -> None:
    app.leader.publisher.publish(BOARD.channel(board), Score(board=board, player=player, points=points))


def publish_end(app: App, board: str, player: str) -> None:
    """End the key of a player."""
    app.leader.publisher.publish(BOARD.channel(board), PlayerLeft(board=board, player=player))


async def follow(follower: Client, channel: str, since: Position | None = None) -> tuple[Frame, list[Frame]]:
    """Subscribe: the confirmation, and what came with it."""
    more: dict[str, Any] = {} if since is None else {"since": since._asdict()}
    confirmed = await follower.ask(type="subscribe", channel=channel, **more)
    assert confirmed["type"] == "subscription_confirmed", confirmed
    return confirmed, await follower.drain()


async def held(follower: Client) -> list[str]:
    """The names of what a connection follows."""
    answer = await follower.ask(type="get_subscriptions")
    return [entry["channel"] for entry in answer["data"]]


async def epoch_of(app: App) -> str:
    """The epoch that the arena of a server names."""
    async with client(app, "arena") as anybody:
        return anybody.epoch


def position_of(frame: Frame, epoch: str) -> Position:
    """The position of a client that handled `frame` last."""
    return Position(epoch, frame["seq"])


def texts(frames: list[Frame]) -> list[str]:
    """The texts of the notes among `frames`."""
    return [frame["text"] for frame in frames if frame["type"] == "note"]


def points(frames: list[Frame]) -> list[tuple[str, int]]:
    """Player and points of the scores among `frames`."""
    return [(frame["player"], frame["points"]) for frame in frames if frame["type"] == "score"]


def numbers(frames: list[Frame], channel: str) -> list[int]:
    """The `seq` of the pushes of `channel`."""
    return [frame["seq"] for frame in frames if frame.get("channel") == channel and frame["type"] in PUSHED]
