"""Whatever comes, goes and changes, rooms are what a list of facts says, and those who listen know it."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, replace
from typing import Any

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from duelcast.domain.accounts.identity import Identity
from duelcast.domain.contests.events import Visibility
from duelcast.domain.contests.room import Attendance
from duelcast.domain.contests.rooms import RoomSettings
from tests.domain.contests.lobby import Lobby, admin, user
from tests.examples import examples

CONTESTS = (1, 2)
CONNECTIONS = ("a", "b", "c", "d", "e", "f")
WALLETS = ("u", "v", "w", "x")

contests = st.sampled_from(CONTESTS)
connections = st.sampled_from(CONNECTIONS)
wallets = st.sampled_from(WALLETS)
visibilities: st.SearchStrategy[Visibility] = st.sampled_from(("visible", "invisible"))
nicknames = st.sampled_from((None, "Ann", "Bob"))
identities = st.one_of(st.none(), st.builds(user, wallets, nicknames), st.builds(admin, wallets, nicknames))


@dataclass(frozen=True)
class Fact:
    """A connection is in a room."""

    contest_id: int
    connection_id: str
    identity: Identity | None
    visible: bool

    @property
    def wallet(self) -> str | None:
        return None if self.identity is None else self.identity.wallet

    @property
    def is_admin(self) -> bool:
        return self.identity is not None and self.identity.is_admin


class Facts:
    """The naive model: a list, the newest last; every answer is worked out from it."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.entered: set[tuple[int, str]] = set()

    def find(self, contest_id: int, connection_id: str) -> Fact | None:
        found = [fact for fact in self.facts if (fact.contest_id, fact.connection_id) == (contest_id, connection_id)]
        return found[0] if found else None

    def put(self, fact: Fact) -> None:
        self.remove(fact.contest_id, fact.connection_id)
        self.facts.append(fact)

    def remove(self, contest_id: int, connection_id: str) -> None:
        known = self.find(contest_id, connection_id)
        if known is not None:
            self.facts.remove(known)

    def of(self, contest_id: int, wallet: str | None) -> list[Fact]:
        return [fact for fact in self.facts if (fact.contest_id, fact.wallet) == (contest_id, wallet)]

    def role(self, contest_id: int, wallet: str | None) -> str:
        if any(fact.is_admin for fact in self.of(contest_id, wallet)):
            return "admin"
        return "participant" if (contest_id, wallet) in self.entered else "spectator"

    def members(self, contest_id: int) -> dict[str, tuple[str | None, str]]:
        """Nickname and role by wallet."""
        members = {}
        for wallet in WALLETS:
            facts = self.of(contest_id, wallet)
            role = self.role(contest_id, wallet)
            if facts and (role != "admin" or any(fact.is_admin and fact.visible for fact in facts)):
                identity = facts[-1].identity
                assert identity is not None
                members[wallet] = identity.nickname, role
        return members

    def spectator_count(self, contest_id: int) -> int:
        spectators = [role for _, role in self.members(contest_id).values() if role == "spectator"]
        return len(spectators) + len(self.of(contest_id, None))

    def has_admin_presence(self, contest_id: int) -> bool:
        return any(role == "admin" for _, role in self.members(contest_id).values())


class RoomsMachine(RuleBasedStateMachine):
    """Connections come, go and change in two rooms; each keeps the list that it got and applies what is pushed."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.model = Facts()
        self.known: dict[tuple[int, str], set[str]] = {}
        self.ever_shown: dict[int, set[str]] = {contest_id: set() for contest_id in CONTESTS}
        self.last_action: dict[tuple[int, str], str] = {}
        self.handled = 0

    @initialize(presence_max_members=st.sampled_from((0, 1, 2, 200)))
    def open(self, presence_max_members: int) -> None:
        self.lobby = Lobby(RoomSettings(presence_max_members=presence_max_members))
        self.rooms = self.lobby.rooms
        self._running = self.lobby.running()
        self._runner.run(self._running.__aenter__())

    def teardown(self) -> None:
        if hasattr(self, "_running"):
            self._runner.run(self._running.__aexit__(None, None, None))
        self._runner.close()

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────

    @rule(contest_id=contests, connection_id=connections, identity=identities, visibility=visibilities)
    def join(self, contest_id: int, connection_id: str, identity: Identity | None, visibility: Visibility) -> None:
        """A connection is the same somebody in all its rooms: a second join keeps who it is."""
        others = [fact.identity for fact in self.model.facts if fact.connection_id == connection_id]
        identity = others[0] if others else identity
        self.model.put(Fact(contest_id, connection_id, identity, visibility == "visible"))
        self.rooms.join(contest_id, connection_id, identity, visibility)
        attendance = self.rooms.attend(contest_id, connection_id)
        self._handle_pushes()
        self._check_attendance(contest_id, attendance)
        self.known[contest_id, connection_id] = {member.wallet for member in attendance.members}

    @rule(contest_id=contests, connection_id=connections)
    def leave(self, contest_id: int, connection_id: str) -> None:
        self._forget(contest_id, connection_id)
        self.rooms.leave(contest_id, connection_id)
        self._handle_pushes()

    @rule(connection_id=connections)
    def close(self, connection_id: str) -> None:
        for contest_id in CONTESTS:
            self._forget(contest_id, connection_id)
        self.rooms.leave_all(connection_id)
        self._handle_pushes()

    @rule(contest_id=contests, connection_id=connections, visibility=visibilities)
    def set_visibility(self, contest_id: int, connection_id: str, visibility: Visibility) -> None:
        fact = self.model.find(contest_id, connection_id)
        if fact is not None and fact.is_admin:
            self.model.put(replace(fact, visible=visibility == "visible"))
            self.rooms.set_visibility(contest_id, connection_id, visibility)
            self._handle_pushes()

    @rule(connection_id=connections, identity=identities)
    def change_identity(self, connection_id: str, identity: Identity | None) -> None:
        """Signing in, a new role or nickname, the end of a token."""
        for contest_id in CONTESTS:
            fact = self.model.find(contest_id, connection_id)
            if fact is not None:
                self.model.put(replace(fact, identity=identity, visible=fact.is_admin and fact.visible))
        self.rooms.identity_changed(connection_id, identity)
        self._handle_pushes()

    @rule(contest_id=contests, wallet=wallets)
    def enter_or_withdraw(self, contest_id: int, wallet: str) -> None:
        self.model.entered ^= {(contest_id, wallet)}
        if (contest_id, wallet) in self.model.entered:
            self.lobby.enter(contest_id, wallet)
        else:
            self.lobby.withdraw(contest_id, wallet)
        self._handle_pushes()

    @rule(seconds=st.sampled_from((0.0, 0.4, 1.0, 3.0)))
    def wait(self, seconds: float) -> None:
        self._runner.run(self.lobby.clock.advance(seconds))
        self._handle_pushes()

    def _forget(self, contest_id: int, connection_id: str) -> None:
        self.model.remove(contest_id, connection_id)
        self.known.pop((contest_id, connection_id), None)

    # ── what is pushed meanwhile ────────────────────────────────────────────────────────────────────────────────

    def _handle_pushes(self) -> None:
        """Apply what was pushed since to what those know who listen."""
        for contest_id in CONTESTS:
            self.ever_shown[contest_id] |= self.model.members(contest_id).keys()
        pushes = self.lobby.recorder.pushes
        for push in pushes[self.handled :]:
            if push.body["type"] == "user_presence":
                self._take_presence(push.body)
        self.handled = len(pushes)

    def _take_presence(self, body: dict[str, Any]) -> None:
        contest_id, wallet = body["contestId"], body["user"]["wallet"]
        members = self.model.members(contest_id)
        assert wallet in self.ever_shown[contest_id], "told of somebody who never was seen"
        assert (wallet in members) == (body["action"] == "join")
        assert len(members) <= self.lobby.settings.presence_max_members, "told of a room that is too large"
        if body["action"] == "join":
            assert self.last_action.get((contest_id, wallet)) != "join", "a join told twice"
            assert body["user"]["nickname"] == members[wallet][0]
        self.last_action[contest_id, wallet] = body["action"]
        for (known_contest_id, _), known in self.known.items():
            if known_contest_id == contest_id:
                known -= {wallet}
                known |= {wallet} & members.keys()

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────

    def _check_attendance(self, contest_id: int, attendance: Attendance) -> None:
        listed = {member.wallet: (member.nickname, member.role) for member in attendance.members}
        assert listed == self.model.members(contest_id)
        assert attendance.member_count == len(attendance.members) == len(listed)
        assert attendance.spectator_count == self.model.spectator_count(contest_id)

    @invariant()
    def rooms_are_what_the_facts_say(self) -> None:
        for contest_id in CONTESTS:
            self._check_attendance(contest_id, self.rooms.members(contest_id))
            assert self.rooms.spectator_count(contest_id) == self.model.spectator_count(contest_id)
            assert self.rooms.has_admin_presence(contest_id) == self.model.has_admin_presence(contest_id)

    @invariant()
    def a_connection_is_where_the_facts_say(self) -> None:
        for connection_id in CONNECTIONS:
            facts = [fact for fact in self.model.facts if fact.connection_id == connection_id]
            assert self.rooms.rooms_of(connection_id) == {fact.contest_id for fact in facts}
            for fact in facts:
                role = self.rooms.role_of(fact.contest_id, connection_id)
                assert role == self.model.role(fact.contest_id, fact.wallet)

    @invariant()
    def who_listens_knows_the_members(self) -> None:
        for (contest_id, _), known in self.known.items():
            members = self.model.members(contest_id).keys()
            if len(members) <= self.lobby.settings.presence_max_members:
                assert known == members

    @invariant()
    def admin_presence_is_told_at_once_and_never_twice(self) -> None:
        for contest_id in CONTESTS:
            told = [False, *(push.body["active"] for push in self.lobby.pushes("admin_presence", contest_id))]
            assert told[-1] == self.model.has_admin_presence(contest_id)
            assert all(earlier != later for earlier, later in itertools.pairwise(told))

    @invariant()
    def the_spectator_count_is_told_within_a_second_and_no_oftener(self) -> None:
        for contest_id in CONTESTS:
            pushes = self.lobby.pushes("spectator_count", contest_id)
            told = [0, *(push.body["count"] for push in pushes)]
            assert all(earlier != later for earlier, later in itertools.pairwise(told))
            assert all(later.at_s - earlier.at_s >= 1.0 - 1e-6 for earlier, later in itertools.pairwise(pushes))
            if not pushes or self.lobby.clock.monotonic() - pushes[-1].at_s > 1.0:
                assert told[-1] == self.model.spectator_count(contest_id)


def test_rooms_are_what_the_facts_say_whatever_happens() -> None:
    run_state_machine_as_test(RoomsMachine, settings=settings(max_examples=examples(100), stateful_step_count=40))
