"""The gateways of a leader: what their clients follow, and which of their connections the domain knows.

A gateway introduces itself on each new link: it hands over the facts about its connections, and names all channels that
it follows, and all its connections. Those that it does not name have ended while there was no link. All those of a
gateway that stays away have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from duelcast.channels.broker import Broker
from duelcast.channels.dumping import pieces_of, size_of_fact
from duelcast.channels.names import Channel
from duelcast.channels.records import Fact
from duelcast.clock import Clock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.desks import DeskServer
from duelcast.cluster.presence import Presence
from duelcast.cluster.reports import ReportedTraffic

NAMES_PER_NOTICE = 1_000
INTRODUCING, HANDED_OVER, INTRODUCED = "introducing", "handed_over", "introduced"
FOLLOWED, UNFOLLOWED = "followed", "unfollowed"

_BEFORE = ""
"""Stands for all gateways of the leader before, until they have introduced themselves."""

_encode = msgspec.msgpack.Encoder().encode
_decode_names = msgspec.msgpack.Decoder(list[str]).decode
_decode_facts = msgspec.msgpack.Decoder(list[Fact]).decode


class _Gateway:
    """A gateway by its name, over all its links; `peer` is None before the first one. `unnamed` are the followed
    channels that it has not named since its introduction began."""

    def __init__(self) -> None:
        self.peer: Peer | None = None
        self.followed: set[Channel] = set()
        self.unnamed: set[Channel] = set()
        self.leaving: asyncio.Task[None] | None = None
        self.has_handed_over = False
        """Whether it has handed over its facts; those of later links are no news."""


class Gateways:
    """Counts what gateways follow as followed on the leader's bus. A gateway without a link is remembered for
    `absence_s`. `take_facts` is called with a gateway's name and facts that it hands over."""

    def __init__(
        self,
        broker: Broker,
        find: Callable[[str], Channel | None],
        desks: Mapping[str, DeskServer],
        presence: Presence,
        clock: Clock,
        *,
        absence_s: float,
        traffic: ReportedTraffic,
        take_facts: Callable[[str, Sequence[Fact]], None],
    ) -> None:
        self._broker = broker
        self._find = find
        self._desks = desks
        self._presence = presence
        self._clock = clock
        self._absence_s = absence_s
        self._traffic = traffic
        self._take_facts = take_facts
        self._gateways: dict[str, _Gateway] = {}

    def add_to(self, methods: Methods) -> None:
        """Offer the notices of gateways."""
        methods.noticing[INTRODUCING] = self._introducing
        methods.noticing[HANDED_OVER] = self._handed_over
        methods.noticing[FOLLOWED] = self._followed
        methods.noticing[UNFOLLOWED] = self._unfollowed
        methods.noticing[INTRODUCED] = self._introduced
        self._traffic.add_to(methods)

    def follow_again(self, names: Iterable[str]) -> None:
        """Count channels as followed that gateways of the leader before have followed, until these gateways had time to
        introduce themselves. Called before `expect`, and before anything is published."""
        before = self._gateways[_BEFORE] = _Gateway()
        for channel in map(self._find, names):
            if channel is not None:
                before.followed.add(channel)
                self._broker.follow(channel)

    def expect(self) -> None:
        """Wait for the gateways whose connections or channels the leader before has known, as for those that have lost
        their links."""
        for name in dict.fromkeys([*self._gateways, *self._presence.nodes()]):
            gateway = self._gateways.setdefault(name, _Gateway())
            gateway.leaving = asyncio.get_running_loop().create_task(self._leave(name, gateway))

    def lost(self, peer: Peer) -> None:
        """Note that a link has ended."""
        for desk in self._desks.values():
            desk.lost(peer)
        self._traffic.lost(peer)
        gateway = self._gateways.get(peer.name)
        if gateway is not None and gateway.peer is peer:
            gateway.leaving = asyncio.get_running_loop().create_task(self._leave(peer.name, gateway))

    async def close(self) -> None:
        """Stop waiting for gateways that are away."""
        leaving = [gateway.leaving for gateway in self._gateways.values() if gateway.leaving is not None]
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)

    def _introducing(self, peer: Peer, _body: bytes) -> None:
        gateway = self._gateways.setdefault(peer.name, _Gateway())
        gateway.peer = peer
        gateway.unnamed = set(gateway.followed)
        if gateway.leaving is not None:
            gateway.leaving.cancel()
            gateway.leaving = None
        self._presence.begin_naming(peer.name)
        self._traffic.begin(peer)

    def _handed_over(self, peer: Peer, body: bytes) -> None:
        if not self._gateways[peer.name].has_handed_over:
            self._take_facts(peer.name, _decode_facts(body))

    def _followed(self, peer: Peer, body: bytes) -> None:
        gateway = self._gateways[peer.name]
        for channel in self._channels(body):
            gateway.unnamed.discard(channel)
            if channel not in gateway.followed:
                gateway.followed.add(channel)
                self._broker.follow(channel)

    def _unfollowed(self, peer: Peer, body: bytes) -> None:
        self._drop(self._gateways[peer.name], self._channels(body))

    def _introduced(self, peer: Peer, _body: bytes) -> None:
        gateway = self._gateways[peer.name]
        gateway.has_handed_over = True
        self._drop(gateway, gateway.unnamed)
        gateway.unnamed = set()
        self._end_unnamed(peer.name)

    async def _leave(self, name: str, gateway: _Gateway) -> None:
        await self._clock.sleep(self._absence_s)
        del self._gateways[name]
        self._traffic.forget(name)
        self._drop(gateway, list(gateway.followed))
        self._presence.begin_naming(name)
        self._end_unnamed(name)

    def _end_unnamed(self, name: str) -> None:
        for connection_id, present in self._presence.end_naming(name):
            self._desks[present.endpoint].end(connection_id)

    def _drop(self, gateway: _Gateway, channels: Iterable[Channel]) -> None:
        for channel in channels:
            if channel in gateway.followed:
                gateway.followed.remove(channel)
                self._broker.unfollow(channel)

    def _channels(self, body: bytes) -> Iterable[Channel]:
        return [channel for channel in map(self._find, _decode_names(body)) if channel is not None]


def introduce(peer: Peer, facts: Iterable[Fact], followed: Iterable[str], connections: Callable[[], None]) -> None:
    """Introduce a gateway to its leader; `connections` names those of each endpoint."""
    peer.notify(INTRODUCING)
    for some in pieces_of(facts, size_of_fact):
        peer.notify(HANDED_OVER, _encode(some))
    names = list(followed)
    for begin in range(0, len(names), NAMES_PER_NOTICE):
        peer.notify(FOLLOWED, _encode(names[begin : begin + NAMES_PER_NOTICE]))
    connections()
    peer.notify(INTRODUCED)


def names(*names: str) -> bytes:
    """The body of `FOLLOWED` and `UNFOLLOWED`."""
    return _encode(names)
