"""The desk across a link: the leader's side runs the handlers of an endpoint, the gateway's side looks like a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from duelcast.channels.broker import Broker
from duelcast.channels.log_reader import LogReader, NotApplied
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Channel
from duelcast.channels.records import EntryId
from duelcast.channels.shared_log import Fenced
from duelcast.clock import Clock
from duelcast.cluster.asks import (
    AskCodec,
    FindTarget,
    HeldElsewhere,
    WireAnswer,
    WireAsk,
    WireChange,
    WireError,
    WireFollowing,
    WireGreet,
    WireJoined,
    WireReadAgain,
    decode_answer,
    decode_error,
    decode_frames,
    encode_answer,
    encode_error,
)
from duelcast.cluster.calls import CallFailed, Methods, Peer
from duelcast.cluster.presence import Presence, Present
from duelcast.desk.desk import LocalDesk
from duelcast.desk.port import Desk
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import Answer, Ask, Greeting, Join, Joined, Named, Target
from duelcast.endpoints.kit import Endpoint
from duelcast.errors import AppError, Disconnect, OutcomeUnknown, Unavailable
from duelcast.gateway.hub import Hub


class WireDisconnect(msgspec.Struct, array_like=True, frozen=True, tag="disconnect"):
    """The connection must end."""

    code: int
    reason: str


RETRY_MS = 1_000
ATTEMPTS = 3
"""How often a repeatable ask is sent if the node has replaced its copy of the channels meanwhile."""

Outcome = WireAnswer | WireError | WireDisconnect
_encode = msgspec.msgpack.Encoder().encode


# ── the leader ──────────────────────────────────────────────────────────────────────────────────────────────────────


class LeaderLog:
    """The log of a desk whose connections are on other nodes. A joined channel counts as followed until its gateway
    follows it itself."""

    def __init__(self, broker: Broker, writer: LogWriter) -> None:
        self._broker = broker
        self._writer = writer

    def begin(self, target: Target) -> int:
        if isinstance(target, Channel):
            self._broker.follow(target)
        return self._writer.made.number

    def release(self, targets: Iterable[Target]) -> None:
        for target in targets:
            if isinstance(target, Channel):
                self._broker.unfollow(target)


class DeskServer:
    """Runs the asks of gateways for one endpoint. An answer leaves once the log has everything that it depends on.

    `on_identity` is called with the identities of connections. Connections of which the endpoint wants to know when
    they end are noted in `presence`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        desk: LocalDesk,
        log: LeaderLog,
        writer: LogWriter,
        find: FindTarget,
        clock: Clock,
        on_identity: Callable[[Identity], None],
        presence: Presence,
    ) -> None:
        self._name = endpoint.name
        self._desk = desk
        self._log = log
        self._writer = writer
        self._clock = clock
        self._codec = AskCodec(endpoint, find)
        self._find = find
        self._held: dict[Peer, dict[str, list[Target]]] = {}
        """The joins of answers that a gateway has not carried out yet, by the id of the ask."""
        self._on_identity = on_identity
        self._presence = presence if endpoint.disconnect_handler is not None else None

    def add_to(self, methods: Methods) -> None:
        """Offer the calls of this desk under the endpoint's name."""
        name = self._name
        methods.answering[f"{name}/ask"] = self._ask
        methods.answering[f"{name}/greet"] = self._greet
        methods.answering[f"{name}/again"] = self._read_again
        methods.noticing[f"{name}/settled"] = self._settled
        methods.noticing[f"{name}/changed"] = self._changed
        methods.noticing[f"{name}/gone"] = self._gone
        methods.noticing[f"{name}/present"] = self._named

    def lost(self, peer: Peer) -> None:
        """Give up the joins of a gateway whose link has ended."""
        for targets in self._held.pop(peer, {}).values():
            self._log.release(targets)

    def end(self, connection_id: str) -> None:
        """Notify the endpoint that a connection has ended, if it is present."""
        present = None if self._presence is None else self._presence.find(connection_id)
        if present is not None and self._presence is not None:
            self._desk.disconnected(Ask(connection_id, present.identity, _nothing_held()))
            self._presence.remove(connection_id)

    async def _ask(self, peer: Peer, body: bytes) -> bytes:
        ask = self._codec.decode(_decode_ask(body))
        if self._presence is not None:
            self._presence.note(ask.connection_id, Present(peer.name, self._name, ask.identity))

        async def run() -> Answer:
            answer = self._desk.ask(ask)
            return answer if isinstance(answer, Answer) else await answer

        return await self._answer(peer, ask, run())

    async def _greet(self, peer: Peer, body: bytes) -> bytes:
        wire = _decode_greet(body)
        ask = self._codec.decode(wire.ask)
        if ask.identity is not None:
            self._on_identity(ask.identity)
        return await self._answer(peer, ask, self._desk.greet(ask, [Named(*one) for one in wire.named]))

    async def _read_again(self, peer: Peer, body: bytes) -> bytes:
        wire = _decode_again(body)
        ask = self._codec.decode(wire.ask)
        joins = [Join(self._find(name), since) for name, since in wire.joins]
        return await self._answer(peer, ask, self._desk.read_again(ask, joins))

    async def _answer(self, peer: Peer, ask: Ask, work: Coroutine[Any, Any, Answer]) -> bytes:
        try:
            answer = await work
        except AppError as error:
            return _encode(encode_error(error))
        except Disconnect as disconnect:
            return _encode(WireDisconnect(disconnect.close_code, disconnect.reason))
        joined = [one.target for one in answer.joined]
        if joined:
            self._held.setdefault(peer, {}).setdefault(ask.connection_id, []).extend(joined)
        after = self._writer.newest
        wire = encode_answer(answer, after, self._clock.time(), ask.request_id)
        try:
            await self._writer.appended(after)
        except Fenced:
            raise CallFailed("The term of this leader is over.") from None
        except asyncio.CancelledError:
            self._release(peer, ask.connection_id)
            raise
        return _encode(wire)

    def _settled(self, peer: Peer, body: bytes) -> None:
        """The gateway follows the joins of an answer itself, or has given them up."""
        self._release(peer, body.decode())

    def _release(self, peer: Peer, connection_id: str) -> None:
        targets = self._held.get(peer, {}).pop(connection_id, None)
        if targets is not None:
            self._log.release(targets)

    def _changed(self, peer: Peer, body: bytes) -> None:
        wire = _decode_change(body)
        self._change(peer.name, self._codec.decode(wire.ask), wire.before, greeted=wire.greeted)

    def _change(self, node: str, ask: Ask, before: Identity | None, *, greeted: bool) -> None:
        if self._presence is not None and self._presence.find(ask.connection_id) is not None:
            self._presence.note(ask.connection_id, Present(node, self._name, ask.identity))
        if ask.identity is not None:
            self._on_identity(ask.identity)
        self._desk.identity_changed(ask, before, greeted=greeted)

    def _named(self, peer: Peer, body: bytes) -> None:
        """The node has these connections; their identities may have changed while there was no link."""
        if self._presence is None:
            return
        for connection_id, identity in _decode_present(body):
            self._presence.name(peer.name, connection_id)
            present = self._presence.find(connection_id)
            if present is not None and present.identity != identity:
                ask = Ask(connection_id, identity, _nothing_held())
                self._change(peer.name, ask, present.identity, greeted=True)

    def _gone(self, _peer: Peer, body: bytes) -> None:
        self.end(body.decode())


# ── the gateway ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Leader(Protocol):
    """The way to the leader."""

    async def call(self, method: str, body: bytes, *, repeatable: bool) -> bytes:
        """The leader's answer. Waits for a leader if there is none.

        Raises `Unavailable` if none was found in time, and `OutcomeUnknown` if the leader was lost after the call had
        been sent, unless it is `repeatable`, which sends it again.
        """

    def notify(self, method: str, body: bytes) -> None:
        """Tell the leader something, if there is one."""


class RemoteDesk:
    """The desk of an endpoint, as its gateway sees it. An answer is handed over once the entry that it depends on is
    applied, together with the messages that came since it was read: so no answer overtakes a push."""

    def __init__(self, endpoint: Endpoint, leader: Leader, reader: LogReader, hub: Hub, find: FindTarget) -> None:
        self._name = endpoint.name
        self._leader = leader
        self._reader = reader
        self._hub = hub
        self._find = find
        self._codec = AskCodec(endpoint, find)
        self._notes_ends = endpoint.disconnect_handler is not None
        """Whether the endpoint wants to know when connections end."""
        self._writes = {spec.command for spec in endpoint.commands.values() if "OUTCOME_UNKNOWN" in spec.errors}

    async def ask(self, ask: Ask) -> Answer:
        """See `Desk.ask`."""
        body = _encode(self._codec.encode(ask))
        try:
            return await self._ask("ask", ask, body, repeatable=type(ask.command) not in self._writes)
        except AppError as error:
            return Answer((error,))

    async def greet(self, ask: Ask, named: Sequence[Named]) -> Greeting:
        """See `Desk.greet`."""
        wire = WireGreet(self._codec.encode(ask), [(one.path, one.name, one.since) for one in named])
        return await self._ask("greet", ask, _encode(wire), repeatable=True)

    async def read_again(self, ask: Ask, joins: Sequence[Join]) -> Answer:
        """See `Desk.read_again`."""
        wire = WireReadAgain(self._codec.encode(ask), [(join.target.name, join.since) for join in joins])
        return await self._ask("again", ask, _encode(wire), repeatable=True)

    def identity_changed(self, ask: Ask, before: Identity | None, *, greeted: bool) -> None:
        """See `Desk.identity_changed`."""
        self._notify("changed", _encode(WireChange(self._codec.encode(ask), before, greeted)))

    def disconnected(self, ask: Ask) -> None:
        """See `Desk.disconnected`."""
        if self._notes_ends:
            self._notify("gone", ask.connection_id.encode())

    def name_present(self, connections: Sequence[tuple[str, Identity | None]]) -> None:
        """Name greeted connections of this node to a leader that may not know them, or not with these identities."""
        if self._notes_ends:
            self._notify("present", _encode(connections))

    async def _ask(self, method: str, ask: Ask, body: bytes, *, repeatable: bool) -> Greeting:
        try:
            return await self._answered(method, ask, body, repeatable=repeatable)
        except asyncio.CancelledError:
            # The answer may be on its way.
            self._notify("settled", ask.connection_id.encode())
            raise

    async def _answered(self, method: str, ask: Ask, body: bytes, *, repeatable: bool) -> Greeting:
        for _ in range(ATTEMPTS if repeatable else 1):
            outcome = _decode_outcome(await self._leader.call(f"{self._name}/{method}", body, repeatable=repeatable))
            if isinstance(outcome, WireDisconnect):
                raise _disconnect(outcome)
            if isinstance(outcome, WireError):
                raise decode_error(outcome)
            try:
                await self._reader.applied(outcome.after)
            except NotApplied:
                self._settle(outcome, ask)
                break
            # Nothing is awaited from here on.
            if self._continues(outcome):
                return self._carried_over(outcome, ask)
            self._settle(outcome, ask)
        raise _cut_off(repeatable=repeatable)

    def _continues(self, outcome: WireAnswer) -> bool:
        """Whether this node has everything that was published after the joins of an answer were read."""
        term = outcome.after.term
        return all(self._reader.remembers(EntryId(term, one.base)) for one in outcome.joined)

    def _carried_over(self, outcome: WireAnswer, ask: Ask) -> Greeting:
        answer = decode_answer(outcome, self._find, lambda one, join: self._place(outcome.after.term, one, join))
        self._settle(outcome, ask)
        return answer

    def _settle(self, answer: WireAnswer, ask: Ask) -> None:
        """Let the leader give up its hold on the joins of an answer."""
        if answer.joined:
            self._notify("settled", ask.connection_id.encode())

    def _place(self, term: int, one: WireJoined, join: Join) -> Joined:
        target = join.target
        base = self._hub.begin(target)
        floors = {self._find_channel(name): floor for name, floor in one.floors.items()}
        since = self._reader.since(EntryId(term, one.base), target)
        if isinstance(target, Channel) and one.seq is not None:
            self._reader.place_read(target, one.seq)
        news = [message for message in since if message.seq > floors.get(message.channel, 0)]
        frames = decode_frames(one.frames, self._find)
        return Joined(join, one.epoch, one.seq, one.recovered, frames, base, floors, one.rows, news)

    def _find_channel(self, name: str) -> Channel:
        channel = self._find(name)
        assert isinstance(channel, Channel)
        return channel

    def _notify(self, method: str, body: bytes) -> None:
        self._leader.notify(f"{self._name}/{method}", body)


def _cut_off(*, repeatable: bool) -> AppError:
    if repeatable:
        return Unavailable("This node does not receive messages at the moment: try again.", retry_after_ms=RETRY_MS)
    return OutcomeUnknown(
        "This node does not receive messages at the moment, and the command has probably taken effect: look, or repeat "
        "it with the same id.",
        retry_after_ms=RETRY_MS,
    )


def _nothing_held() -> HeldElsewhere:
    return HeldElsewhere(WireFollowing(0), _never_found)


def _never_found(name: str) -> Target:
    raise LookupError(name)


def _disconnect(wire: WireDisconnect) -> Disconnect:
    kind = next((kind for kind in Disconnect.__subclasses__() if kind.close_code == wire.code), Disconnect)
    return kind(wire.reason)


_decode_ask = msgspec.msgpack.Decoder(WireAsk).decode
_decode_greet = msgspec.msgpack.Decoder(WireGreet).decode
_decode_again = msgspec.msgpack.Decoder(WireReadAgain).decode
_decode_present = msgspec.msgpack.Decoder(list[tuple[str, Identity | None]]).decode
_decode_change = msgspec.msgpack.Decoder(WireChange).decode
_decode_outcome = msgspec.msgpack.Decoder(Outcome).decode


if TYPE_CHECKING:
    _conforms: type[Desk] = RemoteDesk
