"""The rooms of all contests (protocol §5, Room)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.conflation import Conflator
from duelcast.domain.contests.events import CONTEST, RoomRole, SpectatorCount, Visibility
from duelcast.domain.contests.room import NOBODY, Attendance, Occupant, Room
from duelcast.errors import TooManySubscriptions


class RoomSettings(Struct, frozen=True, kw_only=True):
    """While a room has more than `presence_max_members` members, it publishes no `user_presence`.
    `spectator_count_interval_ms` is the minimum time between two `spectator_count` events of a contest. A connection
    may be in at most `rooms_per_connection` rooms.
    """

    presence_max_members: int = 200
    spectator_count_interval_ms: int = 1_000
    rooms_per_connection: int = 20


class Rooms:
    """The presence of this node's connections in contest rooms, kept in memory. A room without connections is
    forgotten.

    `is_participant` says whether a wallet entered a live contest and is not disqualified; call `entry_changed` after
    the answer changes. A room keeps its occupants when the contest ends. `settings` is called whenever a setting is
    needed. An `identity` of None means an anonymous connection.
    """

    def __init__(
        self,
        publisher: Publisher,
        clock: Clock,
        is_participant: Callable[[int, str], bool],
        settings: Callable[[], RoomSettings],
    ) -> None:
        self._publisher = publisher
        self._is_participant = is_participant
        self._settings = settings
        self._rooms: dict[int, Room] = {}
        self._joined: dict[str, set[int]] = {}
        self.on_change: Callable[[str], None] = lambda _connection_id: None
        """Called with a connection whose occupants have changed, or that has entered or left a room."""
        self._counts = Conflator(clock, lambda: settings().spectator_count_interval_ms, self._push_count)
        self._pushed_counts: dict[int, int] = {}
        """The last published `spectator_count` of each contest, unless it was 0."""

    async def run(self) -> None:
        """Publish spectator counts as their interval allows, until cancelled."""
        await self._counts.run()

    def join(
        self,
        contest_id: int,
        connection_id: str,
        identity: Identity | None,
        visibility: Visibility = "invisible",
        *,
        took_part: bool = False,
    ) -> None:
        """Enter the room, or replace the occupant of a connection that is already in it. `visibility` only matters for
        admins. `took_part` says whether the wallet took part in a contest that is over.

        Raises `errors.TooManySubscriptions`, and then changes nothing.
        """
        joined = self.rooms_of(connection_id)
        limit = self._settings().rooms_per_connection
        if contest_id not in joined and len(joined) >= limit:
            raise TooManySubscriptions(f"A connection may be in at most {limit} rooms; leave one first.")
        occupant = self._occupant(contest_id, identity, visibility == "visible", took_part)
        self.put_back(connection_id, {contest_id: occupant})

    def attend(self, contest_id: int, connection_id: str) -> Attendance:
        """The attendance of the room, for the reply to a connection that joined. Read the position of
        `presence.{contestId}` before this call; the client keeps the list correct by applying all events after that
        position. Raises `KeyError` if the connection is not in the room."""
        return self._rooms[contest_id].attend(connection_id)

    def leave(self, contest_id: int, connection_id: str) -> None:
        """Leave the room; nothing happens if the connection is not in it."""
        if not self.is_in(contest_id, connection_id):
            return
        joined = self._joined[connection_id]
        joined.remove(contest_id)
        if not joined:
            del self._joined[connection_id]
        room = self._rooms[contest_id]
        room.remove(connection_id)
        if room.is_empty:
            del self._rooms[contest_id]
        self._counts.offer(contest_id)
        self.on_change(connection_id)

    def leave_all(self, connection_id: str) -> None:
        """Leave all rooms after the connection was closed. Call this when no command of the connection is running any
        more, because a later `join` would never be undone."""
        for contest_id in self.rooms_of(connection_id):
            self.leave(contest_id, connection_id)

    def set_visibility(self, contest_id: int, connection_id: str, visibility: Visibility) -> None:
        """Show or hide an admin; nothing happens for others. Raises `KeyError` if the connection is not in the room."""
        room = self._rooms[contest_id]
        occupant = room.occupant(connection_id)
        is_visible = occupant.is_admin and visibility == "visible"
        room.put(connection_id, structs.replace(occupant, is_visible=is_visible))
        self.on_change(connection_id)

    def identity_changed(self, connection_id: str, identity: Identity | None) -> None:
        """Call this after the connection signed in or became anonymous, or after its role or nickname changed. A new
        admin is hidden; an admin who remains an admin keeps the previous visibility. In a contest that is over, a
        wallet that signs in counts as a participant only from its next `join` on."""
        for contest_id in self.rooms_of(connection_id):
            room = self._rooms[contest_id]
            before = room.occupant(connection_id)
            took_part = before.is_participant and identity is not None and identity.wallet == before.wallet
            room.put(connection_id, self._occupant(contest_id, identity, before.is_visible, took_part))
            self._counts.offer(contest_id)
        self.on_change(connection_id)

    def entry_changed(self, contest_id: int, wallet: str) -> None:
        """Call this after the wallet entered the contest, withdrew, was disqualified or was admitted again."""
        room = self._rooms.get(contest_id)
        if room is not None:
            room.entry_changed(wallet, is_participant=self._is_participant(contest_id, wallet))
            self._counts.offer(contest_id)
            for connection_id in room.connections_of(wallet):
                self.on_change(connection_id)

    def occupants_of(self, connection_id: str) -> Mapping[int, Occupant]:
        """The occupants of a connection, by contest."""
        return {one: self._rooms[one].occupant(connection_id) for one in sorted(self.rooms_of(connection_id))}

    def restore(self, connection_id: str, occupants: Mapping[int, Occupant]) -> None:
        """Put a connection back into its rooms, without publishing what was published when it entered them."""
        for contest_id, occupant in occupants.items():
            room = self._room(contest_id)
            room.restore(connection_id, occupant)
            self._joined.setdefault(connection_id, set()).add(contest_id)
            self._pushed_counts.pop(contest_id, None)
            if room.spectator_count:
                self._pushed_counts[contest_id] = room.spectator_count

    def put_back(self, connection_id: str, occupants: Mapping[int, Occupant]) -> None:
        """Like `restore`, but publish it."""
        for contest_id, occupant in occupants.items():
            self._joined.setdefault(connection_id, set()).add(contest_id)
            self._room(contest_id).put(connection_id, occupant)
            self._counts.offer(contest_id)
        self.on_change(connection_id)

    def rooms_of(self, connection_id: str) -> frozenset[int]:
        """The contests whose rooms the connection is in."""
        return frozenset(self._joined.get(connection_id, ()))

    def is_in(self, contest_id: int, connection_id: str) -> bool:
        return contest_id in self._joined.get(connection_id, ())

    def role_of(self, contest_id: int, connection_id: str) -> RoomRole:
        """The role of the connection's wallet: admin if one of the wallet's connections in the room is an admin's, else
        participant or spectator. Raises `KeyError` if the connection is not in the room."""
        return self._rooms[contest_id].role_of(connection_id)

    def members(self, contest_id: int) -> Attendance:
        """The members of the room. Use `attend` for a client that joins."""
        room = self._rooms.get(contest_id)
        return NOBODY if room is None else room.attendance()

    def spectator_count(self, contest_id: int) -> int:
        room = self._rooms.get(contest_id)
        return 0 if room is None else room.spectator_count

    def has_admin_presence(self, contest_id: int) -> bool:
        """Whether a visible admin is in the room."""
        room = self._rooms.get(contest_id)
        return room is not None and room.has_admin_presence

    def _room(self, contest_id: int) -> Room:
        """The room of a contest, opened if it is not open yet."""
        room = self._rooms.get(contest_id)
        if room is None:
            room = self._rooms[contest_id] = self._open(contest_id)
        return room

    def _open(self, contest_id: int) -> Room:
        return Room(contest_id, self._publisher, lambda: self._settings().presence_max_members)

    def _occupant(self, contest_id: int, identity: Identity | None, is_visible: bool, took_part: bool) -> Occupant:
        if identity is None:
            return Occupant(None, None, is_admin=False, is_visible=False, is_participant=False)
        return Occupant(
            identity.wallet,
            identity.nickname,
            is_admin=identity.is_admin,
            is_visible=identity.is_admin and is_visible,
            is_participant=took_part or self._is_participant(contest_id, identity.wallet),
        )

    def _push_count(self, contest_id: int) -> bool:
        count = self.spectator_count(contest_id)
        if count == self._pushed_counts.get(contest_id, 0):
            return False
        if count:
            self._pushed_counts[contest_id] = count
        else:
            del self._pushed_counts[contest_id]
        self._publisher.publish(CONTEST.channel(str(contest_id)), SpectatorCount(contestId=contest_id, count=count))
        return True
