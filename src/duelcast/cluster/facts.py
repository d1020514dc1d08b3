"""Facts in the log, from which the next leader goes on: the rooms that a connection is in, the zone that its client has
named, the `SILENT` channels that somebody follows, on which changes must be published, the epoch of positions, and what
the next leader needs to judge whether it knows everything.

Gateways hand over those about their connections, which count if the log no longer has all of them, and the leader has
not followed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from duelcast.channels.names import Channel, Kind, Unfollowed
from duelcast.channels.records import EPOCH, NUMBERS, RUN, URGENT, Fact, FactKey, Forget
from duelcast.cluster.presence import Presence, Present
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.analytics.activity import Zones
from duelcast.domain.contests.room import Occupant
from duelcast.domain.contests.rooms import Rooms

ROOMS, ZONE, FOLLOWED = "rooms", "zone", "followed"


class Seats(Struct, array_like=True, frozen=True):
    """The rooms that a connection of an endpoint is in, by contest."""

    endpoint: str
    identity: Identity | None
    occupants: list[tuple[int, Occupant]]


class NamedZone(Struct, array_like=True, frozen=True):
    """The zone that a connection of an endpoint has named."""

    endpoint: str
    identity: Identity | None
    zone: str


_encode = msgspec.msgpack.Encoder().encode
_decode_seats = msgspec.msgpack.Decoder(Seats).decode
_decode_zone = msgspec.msgpack.Decoder(NamedZone).decode


class Facts:
    """All facts, by their keys. `announce` is called with each change; `numbers` returns how many numbers of *every*
    channels the database has issued."""

    def __init__(
        self,
        rooms: Rooms,
        zones: Zones,
        presence: Presence,
        announce: Callable[[Fact | Forget], None],
        numbers: Callable[[], int],
    ) -> None:
        self.known: dict[FactKey, bytes] = {}
        self._rooms = rooms
        self._zones = zones
        self._presence = presence
        self._announce = announce
        self._numbers = numbers
        self._are_complete = True

    def restore(self, facts: Mapping[FactKey, bytes], *, are_complete: bool) -> None:
        """Go on from the facts of the leader before; nothing is published. Unless they `are_complete`, gateways may add
        others."""
        self._are_complete = are_complete
        for key, value in facts.items():
            self._take(key, value, self._rooms.restore)
            self.known[key] = value

    def add(self, node: str, facts: Sequence[Fact]) -> None:
        """Add and announce the facts that a gateway knows and this leader does not, unless it knows all."""
        for fact in facts:
            if not self._are_complete and fact.node == node and fact.value is not None and fact.key not in self.known:
                self._take(fact.key, fact.value, self._rooms.put_back)

    def restore_followed(self, facts: Mapping[FactKey, bytes]) -> list[str]:
        """The names of the `SILENT` channels that somebody followed under the leader before."""
        followed = {key: value for key, value in facts.items() if key[0] == FOLLOWED}
        self.known |= followed
        return [name for _, _, name in followed]

    def channel_followed(self, channel: Channel, is_followed: bool) -> None:
        """Note that a channel has got its first follower, or lost its last one."""
        if channel.family.unfollowed is Unfollowed.SILENT:
            self._put(FOLLOWED, "", channel.name, b"" if is_followed else None)

    def follow(self, epoch: str, urgent: Mapping[Channel, int], run_id: str, *, anew: bool) -> None:
        """Announce each change from now on, and those that have come since the last term: of the `epoch`, its numbers,
        the positions of `urgent` channels and the run of the log's server. If this leader begins the log `anew`,
        announce all facts again."""
        self._put(*EPOCH, epoch.encode())
        self._put(*NUMBERS, str(self._numbers()).encode())
        for channel, seq in urgent.items():
            self._put(URGENT, "", channel.name, str(seq).encode())
        self.log_runs(run_id)
        if anew:
            for key, value in self.known.items():
                self._announce(Fact(*key, value))
        self._rooms.on_change = self._rooms_changed
        self._zones.on_change = self._zone_changed

    def channel_forgotten(self, channel: Channel) -> None:
        """Announce that no node needs the memory of `channel` any longer. From then on, only the count of numbers says
        whether a database has all of its messages."""
        if channel.kind is Kind.EVERY:
            self._put(*NUMBERS, str(self._numbers()).encode())
        self._announce(Forget(channel.name))

    def log_runs(self, run_id: str) -> None:
        """Note that the log's server has everything up to now in this run."""
        self._put(*RUN, run_id.encode())

    def _take(self, key: FactKey, value: bytes, put: Callable[[str, Mapping[int, Occupant]], None]) -> None:
        kind, node, connection_id = key
        if kind == ROOMS:
            seats = _decode_seats(value)
            self._presence.note(connection_id, Present(node, seats.endpoint, seats.identity))
            put(connection_id, dict(seats.occupants))
        elif kind == ZONE:
            named = _decode_zone(value)
            self._presence.note(connection_id, Present(node, named.endpoint, named.identity))
            if named.identity is not None:
                self._zones.name(named.identity.wallet, connection_id, named.zone)

    def _rooms_changed(self, connection_id: str) -> None:
        present = self._presence.find(connection_id)
        if present is not None:
            occupants = self._rooms.occupants_of(connection_id)
            value = _encode(Seats(present.endpoint, present.identity, list(occupants.items()))) if occupants else None
            self._put(ROOMS, present.node, connection_id, value)

    def _zone_changed(self, connection_id: str, zone: str | None) -> None:
        present = self._presence.find(connection_id)
        if present is not None:
            value = None if zone is None else _encode(NamedZone(present.endpoint, present.identity, zone))
            self._put(ZONE, present.node, connection_id, value)

    def _put(self, kind: str, node: str, connection_id: str, value: bytes | None) -> None:
        key = (kind, node, connection_id)
        if self.known.get(key) == value:
            return
        if value is None:
            del self.known[key]
        else:
            self.known[key] = value
        self._announce(Fact(*key, value))
