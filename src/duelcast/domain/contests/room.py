"""The room of one contest (protocol §5, Room)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from msgspec import Struct, structs

from duelcast.channels.publisher import Publisher
from duelcast.domain.contests.events import (
    CONTEST,
    PRESENCE,
    AdminPresence,
    RoomMember,
    RoomRole,
    RoomUser,
    UserPresence,
)

MAX_LISTED_MEMBERS = 100


class Occupant(Struct, frozen=True):
    """The user behind one connection in the room. `wallet` is None if the user is anonymous. `is_visible` is True only
    for an admin who chose to be visible. `is_participant` says whether the wallet entered the contest and is not
    disqualified."""

    wallet: str | None
    nickname: str | None
    is_admin: bool
    is_visible: bool
    is_participant: bool


class Attendance(NamedTuple):
    """`members` are the `MAX_LISTED_MEMBERS` most recent members, most recent first. The counts cover the whole
    room."""

    members: list[RoomMember]
    member_count: int
    spectator_count: int


NOBODY = Attendance([], 0, 0)


class Room:
    """One contest's room. Its occupants, one per connection, are the only primary state. All other state is derived
    from them, so that a later version can add the occupants on other nodes.

    Publishes `admin_presence` and `user_presence` as part of the change that causes them, and only if presence really
    changed; in a large room, `user_presence` waits (see `PresenceNews`). Changing one occupant costs the same
    whatever the size of the room.
    """

    def __init__(
        self,
        contest_id: int,
        publisher: Publisher,
        presence_max_members: Callable[[], int],
    ) -> None:
        self._contest_id = contest_id
        self._publisher = publisher
        self._channel = CONTEST.channel(str(contest_id))
        self._occupants: dict[str, Occupant] = {}
        self._connections: dict[str | None, dict[str, None]] = {}
        """Connection ids per wallet, most recent last."""
        self._members: dict[str, RoomMember] = {}
        """The members by wallet, without hidden admins, most recent last."""
        self._roles: Counter[RoomRole] = Counter()
        self._news = PresenceNews(contest_id, publisher, self._members, presence_max_members)

    @property
    def is_empty(self) -> bool:
        """Whether no connection is in the room, not even that of a hidden admin."""
        return not self._occupants

    @property
    def spectator_count(self) -> int:
        return self._roles["spectator"] + len(self._connections.get(None, ()))

    @property
    def has_admin_presence(self) -> bool:
        return self._roles["admin"] > 0

    def occupant(self, connection_id: str) -> Occupant:
        """Raises `KeyError` if the connection is not in the room."""
        return self._occupants[connection_id]

    def connections_of(self, wallet: str) -> Sequence[str]:
        """The connections of a wallet in the room."""
        return list(self._connections.get(wallet, ()))

    def role_of(self, connection_id: str) -> RoomRole:
        """The role of the connection's wallet. Raises `KeyError` if the connection is not in the room."""
        wallet = self._occupants[connection_id].wallet
        return "spectator" if wallet is None else self._role(wallet)

    def attendance(self) -> Attendance:
        listed = list(islice(reversed(self._members.values()), MAX_LISTED_MEMBERS))
        return Attendance(listed, len(self._members), self.spectator_count)

    def attend(self, connection_id: str) -> Attendance:
        """The attendance that a connection in the room receives when it begins to follow `user_presence`."""
        attendance = self.attendance()
        self._news.begin(connection_id, attendance.members)
        return attendance

    def put(self, connection_id: str, occupant: Occupant) -> None:
        """Put the connection into the room as `occupant`, or replace its previous occupant."""
        before = self._take_out(connection_id)
        self._occupants[connection_id] = occupant
        self._connections.setdefault(occupant.wallet, {})[connection_id] = None
        self._settle(before, occupant.wallet)

    def restore(self, connection_id: str, occupant: Occupant) -> None:
        """Like `put`, but publish nothing."""
        self._occupants[connection_id] = occupant
        self._connections.setdefault(occupant.wallet, {})[connection_id] = None
        if occupant.wallet is not None:
            self._settle_wallet(occupant.wallet)

    def remove(self, connection_id: str) -> None:
        """Remove the connection from the room."""
        self._news.end(connection_id)
        self._settle(self._take_out(connection_id))

    def entry_changed(self, wallet: str, *, is_participant: bool) -> None:
        """Record whether `wallet` is a participant."""
        for connection_id in self._connections.get(wallet, ()):
            occupant = self._occupants[connection_id]
            self._occupants[connection_id] = structs.replace(occupant, is_participant=is_participant)
        self._settle(wallet)

    def _take_out(self, connection_id: str) -> str | None:
        """Remove the connection and return its wallet."""
        occupant = self._occupants.pop(connection_id, None)
        if occupant is None:
            return None
        connections = self._connections[occupant.wallet]
        del connections[connection_id]
        if not connections:
            del self._connections[occupant.wallet]
        return occupant.wallet

    def _settle(self, *wallets: str | None) -> None:
        had_admin_presence = self.has_admin_presence
        moved = [self._settle_wallet(wallet) for wallet in dict.fromkeys(wallets) if wallet is not None]
        self._news.changed(*(member for member in moved if member is not None))
        if self.has_admin_presence != had_admin_presence:
            presence = AdminPresence(contestId=self._contest_id, active=self.has_admin_presence)
            self._publisher.publish(self._channel, presence)

    def _settle_wallet(self, wallet: str) -> RoomMember | None:
        """Update the member of `wallet`; return the member if it entered or left."""
        before, after = self._members.get(wallet), self._member(wallet)
        if before is not None:
            self._roles[before.role] -= 1
        if after is not None:
            self._roles[after.role] += 1
            self._members[wallet] = after
            return after if before is None else None
        if before is not None:
            del self._members[wallet]
        return before

    def _member(self, wallet: str) -> RoomMember | None:
        """The entry of `wallet` in the list of members, or None if it has none."""
        occupants = self._occupants_of(wallet)
        if not occupants:
            return None
        role = self._role(wallet)
        if role == "admin" and not any(occupant.is_visible for occupant in occupants):
            return None
        return RoomMember(wallet=wallet, nickname=occupants[-1].nickname, role=role)

    def _role(self, wallet: str) -> RoomRole:
        occupants = self._occupants_of(wallet)
        if any(occupant.is_admin for occupant in occupants):
            return "admin"
        return "participant" if any(occupant.is_participant for occupant in occupants) else "spectator"

    def _occupants_of(self, wallet: str) -> list[Occupant]:
        return [self._occupants[connection_id] for connection_id in self._connections.get(wallet, ())]


class PresenceNews:
    """Publishes who entered and who left, so that clients can keep a list of members up to date.

    The invariant: whenever the room has at most `max_members()` members, a client that received a list of all members
    and has followed `user_presence` since then knows the members exactly. A client that received a partial list knows
    which members of that list remain, and everybody who entered since then. A room with more members is silent: its
    changes are published later, together with the first change that leaves the room small enough, if they still matter
    then. Therefore a `leave` is published for everybody whose `join` was published, and for everybody in a list that a
    client still uses.

    `members` is the room's own mapping by wallet, which the room updates before it calls `changed`. While a room is
    silent, an instance keeps in memory the members that differ from the published ones, and at most
    `MAX_LISTED_MEMBERS` references for each connection that joined during that time.
    """

    def __init__(
        self,
        contest_id: int,
        publisher: Publisher,
        members: Mapping[str, RoomMember],
        max_members: Callable[[], int],
    ) -> None:
        self._contest_id = contest_id
        self._publisher = publisher
        self._channel = PRESENCE.channel(str(contest_id))
        self._members = members
        self._max_members = max_members
        self._unpublished: dict[str, RoomMember] = {}
        """Members who entered or left since the last publication and have not reversed that."""
        self._named: dict[str, list[RoomMember]] = {}
        """For each connection, the members on its list whose `join` was not published."""

    def begin(self, connection_id: str, listed: list[RoomMember]) -> None:
        """Record that the connection received the list `listed`, which replaces any earlier one."""
        named = [member for member in listed if member.wallet in self._unpublished]
        if named:
            self._named[connection_id] = named
        else:
            self.end(connection_id)

    def end(self, connection_id: str) -> None:
        """Forget the list that the connection received, because it is no longer in use."""
        self._named.pop(connection_id, None)

    def changed(self, *members: RoomMember) -> None:
        """Record that each of `members` entered or left in one change, and publish what is due."""
        for member in members:
            if self._unpublished.pop(member.wallet, None) is None:
                self._unpublished[member.wallet] = member
        if members and len(self._members) <= self._max_members():
            self._publish_due()

    def _publish_due(self) -> None:
        gone = {
            member.wallet: member
            for named in self._named.values()
            for member in named
            if member.wallet not in self._members
        }
        unpublished = gone | self._unpublished
        self._named.clear()
        self._unpublished.clear()
        for wallet, member in unpublished.items():
            present = self._members.get(wallet)
            if present is None:
                self._publish("leave", member)
            else:
                self._publish("join", present)

    def _publish(self, action: Literal["join", "leave"], member: RoomMember) -> None:
        user = RoomUser(wallet=member.wallet, nickname=member.nickname)
        event = UserPresence(contestId=self._contest_id, action=action, user=user)
        self._publisher.publish(self._channel, event)
