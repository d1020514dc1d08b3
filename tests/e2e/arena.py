"""An endpoint that exists in the tests alone: channels of every kind, rights, groups and snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from msgspec import UNSET, UnsetType

from duelcast.channels.broker import Origin
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel, Family, Kind, Role
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.common import add_common_commands
from duelcast.endpoints.context import Context, Snapshot
from duelcast.endpoints.kit import KIB, Auth, Endpoint, admins
from duelcast.errors import InvalidRequest
from duelcast.wire.frames import encode_body
from duelcast.wire.messages import Command, Event, Record
from tests.contract.buses import StoredInMemory


class Note(Event, tag="note"):
    """A message of an *every* channel."""

    room: str
    text: str
    id: int


class Score(Event, tag="score"):
    """A message of a *latest* channel, per player."""

    board: str
    player: str
    points: int


class PlayerLeft(Event, tag="player_left"):
    """Ends the key of a player."""

    board: str
    player: str


class Secret(Event, tag="secret"):
    """For admins, or for one wallet."""

    text: str


def _player(event: Event) -> str:
    return event.player if isinstance(event, Score | PlayerLeft) else ""


def _ends(event: Event) -> bool:
    return isinstance(event, PlayerLeft)


NOTES = Family("note", Kind.EVERY, (Note,), "Notes of a room.", parameter=r"(?P<room>[a-z0-9]{1,8})")
STORED = Family("stored", Kind.EVERY, (Note,), "Notes with history in a store.", parameter=r"[a-z0-9]{1,8}")
BOARD = Family(
    "board",
    Kind.LATEST,
    (Score, PlayerLeft),
    "Scores of a board.",
    parameter=r"(?P<board>[a-z0-9]{1,8})",
    key=_player,
    key_paths=("player",),
    is_tombstone=_ends,
    group=lambda board: "board.*",
    group_names=r"board\.\*",
    least_role=lambda board: Role.ADMIN if board.startswith("x") else Role.ANONYMOUS,
)
PRIVATE = Family("private", Kind.EVERY, (Secret,), "For one wallet.", parameter=r"[A-Za-z0-9]{1,16}")
ADMIN = Family("backstage", Kind.LATEST, (Secret,), "For admins.")


class Committed(NamedTuple):
    """A message of an *every* channel that is stored, and not broadcast yet."""

    channel: Channel
    seq: int
    event: Event
    origin: Origin | None


class Notebook:
    """The store behind the *every* channels of the arena, in memory: messages, and of `stored.<room>` rows.

    A reader has its rows when `was_read` is set, and waits with them until `may_answer` is.
    """

    def __init__(self, broker: MemoryBroker, clock: Clock) -> None:
        self.was_read = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._broker = broker
        self._clock = clock
        self._rows: list[Note] = []
        self._log = broker.stored = StoredInMemory(clock)

    def add(self, room: str, text: str) -> Committed:
        """Store a row."""
        note = Note(room=room, text=text, id=len(self._rows) + 1)
        self._rows.append(note)
        return self.commit(STORED.channel(room), note)

    def commit(self, channel: Channel, event: Event, origin: Origin | None = None) -> Committed:
        """Store a message."""
        return Committed(channel, self._log.add(channel, self._encode(event)), event, origin)

    def broadcast(self, committed: Committed) -> None:
        body = self._encode(committed.event)
        self._broker.broadcast(committed.channel, committed.seq, body, committed.origin)

    def say(self, channel: Channel, event: Event, origin: Origin | None = None) -> None:
        """Store a message and broadcast it."""
        self.broadcast(self.commit(channel, event, origin))

    async def last(self, channel: Channel) -> Snapshot:
        """The last three rows of a channel as they are now."""
        rows = [note for note in self._rows if STORED.channel(note.room) is channel][-3:]
        snapshot = Snapshot(rows, await self._log.position(channel))
        self.was_read.set()
        await self.may_answer.wait()
        return snapshot

    def _encode(self, event: Event) -> bytes:
        return encode_body(event, self._clock.time())


class Write(Command, tag="write"):
    """Publishes a note; who follows the room gets it with the `requestId`."""

    room: str
    text: str


class Announce(Command, tag="announce"):
    """Needs an admin."""

    text: str


class Announced(Event, tag="announced"):
    text: str
    extra: str | UnsetType = UNSET


class Fail(Command, tag="fail"):
    """A defect."""


class Free(Command, tag="free"):
    """A field of any form."""

    value: Any = None


class Freed(Event, tag="freed"):
    value: Any


class Enter(Command, tag="enter"):
    """Follows the notes and the board of a room."""

    room: str


class Entered(Event, tag="entered"):
    names_positions: ClassVar[bool] = True

    room: str
    positions: dict[str, int]


class GetBoard(Command, tag="get_board"):
    """Brings the board of a room to who does not follow it yet, and follows it."""

    board: str


class BoardFound(Event, tag="board_found"):
    board: str


class Welcome(Event, tag="welcome"):
    role: str


class Occupant(Record):
    wallet: str


def owner(identity: Identity | None, parameter: str) -> bool:
    return identity is not None and identity.wallet == parameter


async def last_notes(context: Context, channel: Channel) -> Snapshot:
    """The last three notes, from the store."""
    return await context.service(Notebook).last(channel)


def make_arena(
    name: str = "arena",
    *,
    auth: Auth = Auth.PUBLIC,
    public_name: str | None = None,
    messages_per_minute: int = 6000,
    max_message_bytes: int = 64 * KIB,
) -> Endpoint:
    """The endpoint; its handlers find `Notebook` among the services."""
    endpoint = Endpoint(
        name,
        "For tests.",
        auth=auth,
        max_message_bytes=max_message_bytes,
        messages_per_minute=messages_per_minute,
        public_name=public_name,
        successors={"OLD_WRITE": "write"},
    )
    endpoint.opens(NOTES)
    endpoint.opens(STORED, snapshot=last_notes)
    endpoint.opens(BOARD, exists=lambda _context, board: board != "none")
    endpoint.opens(PRIVATE, owner)
    endpoint.opens(ADMIN, admins)

    @endpoint.on_connect(Welcome)
    async def greet(context: Context) -> Sequence[Event]:
        return [Welcome(role=context.role.name.lower())]

    @endpoint.command(Write)
    def write(context: Context, command: Write) -> None:
        note = Note(room=command.room, text=command.text, id=0)
        context.service(Notebook).say(NOTES.channel(command.room), note, context.origin)

    @endpoint.command(Enter)
    async def enter(context: Context, command: Enter) -> Entered:
        await context.join([NOTES.channel(command.room), BOARD.channel(command.room)])
        return Entered(room=command.room, positions={})

    @endpoint.command(GetBoard)
    async def get_board(context: Context, command: GetBoard) -> BoardFound:
        await context.join([BOARD.channel(command.board)], snapshot_only_if_new=True)
        return BoardFound(board=command.board)

    @endpoint.command(Announce, least_role=Role.ADMIN, old_names=("proclaim",))
    async def announce(context: Context, command: Announce) -> Announced:
        if not command.text:
            raise InvalidRequest("Say something.", field="text")
        return Announced(text=command.text)

    @endpoint.command(Fail)
    def fail(_context: Context, _command: Fail) -> Announced:
        raise ValueError("the text of a defect, which nobody may see")

    @endpoint.command(Free)
    def free(_context: Context, command: Free) -> Freed:
        return Freed(value=command.value)

    add_common_commands(endpoint)
    return endpoint
