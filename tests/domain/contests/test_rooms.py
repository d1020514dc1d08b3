"""Rooms: who is there, what they count as, and what is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from duelcast.channels.names import Role
from duelcast.domain.contests.room import MAX_LISTED_MEMBERS
from duelcast.errors import TooManySubscriptions
from tests.domain.contests.lobby import Lobby, admin, user


@pytest.fixture
async def lobby() -> AsyncIterator[Lobby]:
    lobby = Lobby()
    async with lobby.running():
        yield lobby


def counts(lobby: Lobby) -> tuple[int, int]:
    """memberCount and spectatorCount."""
    attendance = lobby.rooms.members(1)
    return attendance.member_count, attendance.spectator_count


# ── who counts ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_neither_entered_nor_is_an_admin_is_a_spectator_and_so_is_anybody_anonymous(lobby: Lobby) -> None:
    lobby.enter(1, "entrant")
    lobby.join(1, "a", user("entrant"))
    lobby.join(1, "b", user("onlooker"))
    lobby.join(1, "c", admin("judge"), "visible")
    lobby.join(1, "d", None)
    lobby.join(1, "e", None)
    assert counts(lobby) == (3, 3)
    assert lobby.listed() == [("judge", "admin"), ("onlooker", "spectator"), ("entrant", "participant")]


async def test_a_wallet_counts_once_over_all_its_connections_and_leaves_with_the_last(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.join(1, "b", user("w"))
    assert counts(lobby) == (1, 1)
    lobby.rooms.leave(1, "a")
    assert counts(lobby) == (1, 1)
    lobby.rooms.leave(1, "b")
    assert counts(lobby) == (0, 0)
    assert lobby.presence() == [("join", "w"), ("leave", "w")]


async def test_joining_twice_counts_once_and_is_told_once(lobby: Lobby) -> None:
    first = lobby.join(1, "a", user("w"))
    assert lobby.join(1, "a", user("w")) == first
    lobby.join(1, "b", None)
    lobby.join(1, "b", None)
    assert counts(lobby) == (1, 2)
    lobby.rooms.leave(1, "a")
    assert lobby.presence() == [("join", "w"), ("leave", "w")]


async def test_a_closed_connection_leaves_all_its_rooms(lobby: Lobby) -> None:
    for contest_id in (1, 2):
        lobby.join(contest_id, "a", user("w"))
    lobby.rooms.leave_all("a")
    assert [lobby.rooms.members(contest_id).member_count for contest_id in (1, 2)] == [0, 0]
    assert not lobby.rooms.rooms_of("a")


async def test_leaving_a_room_one_is_not_in_changes_nothing(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.rooms.leave(1, "b")
    lobby.rooms.leave(2, "a")
    lobby.rooms.leave_all("b")
    assert counts(lobby) == (1, 1)
    assert lobby.presence() == [("join", "w")]


async def test_being_in_the_room_concerns_the_connection_not_the_wallet(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    assert lobby.rooms.is_in(1, "a")
    assert not lobby.rooms.is_in(1, "b")
    assert not lobby.rooms.is_in(2, "a")


async def test_a_room_nobody_is_in_counts_nobody(lobby: Lobby) -> None:
    assert lobby.rooms.members(1) == ([], 0, 0)
    assert lobby.rooms.spectator_count(1) == 0
    assert not lobby.rooms.has_admin_presence(1)


# ── roles ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_role_is_admin_before_participant_before_spectator(lobby: Lobby) -> None:
    for wallet in ("judge", "entrant"):
        lobby.enter(1, wallet)
    lobby.join(1, "a", admin("judge"))
    lobby.join(1, "b", user("entrant"))
    lobby.join(1, "c", user("onlooker"))
    lobby.join(1, "d", None)
    assert [lobby.rooms.role_of(1, one) for one in "abcd"] == ["admin", "participant", "spectator", "spectator"]


async def test_a_superadmin_is_an_admin(lobby: Lobby) -> None:
    lobby.join(1, "a", user("root", role=Role.SUPERADMIN))
    assert lobby.rooms.role_of(1, "a") == "admin"
    assert counts(lobby) == (0, 0)


async def test_entering_makes_a_participant_of_a_spectator_and_withdrawing_a_spectator_again(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.join(1, "b", user("later"))
    lobby.enter(1, "w")
    assert lobby.listed() == [("later", "spectator"), ("w", "participant")]
    assert counts(lobby) == (2, 1)
    lobby.withdraw(1, "w")
    assert lobby.listed() == [("later", "spectator"), ("w", "spectator")]
    assert counts(lobby) == (2, 2)
    assert lobby.presence() == [("join", "w"), ("join", "later")]


async def test_an_entry_counts_in_its_own_contest(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.enter(2, "w")
    assert lobby.rooms.role_of(1, "a") == "spectator"


# ── admins ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_hidden_admin_is_in_no_list_and_no_count_and_publishes_nothing(lobby: Lobby) -> None:
    attendance = lobby.join(1, "a", admin("judge"))
    lobby.rooms.leave(1, "a")
    await lobby.clock.advance(2)
    assert attendance == ([], 0, 0)
    assert lobby.recorder.pushes == []


async def test_an_admin_is_visible_while_one_of_its_connections_is(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.join(1, "b", admin("judge"), "visible")
    lobby.join(1, "c", admin("judge"))
    lobby.rooms.set_visibility(1, "a", "invisible")
    assert lobby.listed() == [("judge", "admin")]
    lobby.rooms.leave(1, "b")
    assert lobby.listed() == []
    assert lobby.presence() == [("join", "judge"), ("leave", "judge")]


async def test_hiding_is_a_leave_and_showing_a_join(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.rooms.set_visibility(1, "a", "invisible")
    lobby.rooms.set_visibility(1, "a", "invisible")
    lobby.rooms.set_visibility(1, "a", "visible")
    assert lobby.presence() == [("join", "judge"), ("leave", "judge"), ("join", "judge")]
    assert lobby.admin_presence() == [True, False, True]


async def test_who_shows_again_is_the_latest_of_the_list(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.join(1, "b", user("w"))
    lobby.rooms.set_visibility(1, "a", "invisible")
    lobby.rooms.set_visibility(1, "a", "visible")
    assert lobby.listed() == [("judge", "admin"), ("w", "spectator")]


async def test_of_two_joins_of_a_connection_the_later_visibility_counts(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.join(1, "a", admin("judge"))
    assert lobby.listed() == []
    lobby.join(1, "a", admin("judge"), "visible")
    assert lobby.listed() == [("judge", "admin")]


async def test_visibility_is_nothing_to_who_is_no_admin(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"), "invisible")
    lobby.rooms.set_visibility(1, "a", "invisible")
    assert lobby.listed() == [("w", "spectator")]
    assert lobby.admin_presence() == []


async def test_admin_presence_tells_the_first_visible_admin_and_the_last(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.join(1, "b", admin("other"), "visible")
    lobby.rooms.leave(1, "a")
    assert lobby.admin_presence() == [True]
    assert lobby.rooms.has_admin_presence(1)
    lobby.rooms.leave_all("b")
    assert lobby.admin_presence() == [True, False]
    assert not lobby.rooms.has_admin_presence(1)


async def test_admin_presence_names_nobody(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    push = lobby.pushes("admin_presence")[0]
    assert push.channel == "contest.1"
    assert push.body.keys() == {"type", "contestId", "active", "timestamp"}


async def test_a_wallet_is_an_admin_while_one_of_its_connections_is(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.join(1, "b", admin("w"))
    assert lobby.listed() == []
    lobby.rooms.leave(1, "b")
    assert lobby.listed() == [("w", "spectator")]


# ── who somebody is changes ─────────────────────────────────────────────────────────────────────────────────────────


async def test_an_anonymous_connection_that_signs_in_becomes_a_member(lobby: Lobby) -> None:
    lobby.enter(1, "w")
    lobby.join(1, "a", None)
    lobby.join(2, "a", None)
    lobby.rooms.identity_changed("a", user("w", "Will"))
    assert counts(lobby) == (1, 0)
    assert lobby.rooms.members(2).member_count == 1
    assert lobby.pushes("user_presence")[0].body["user"] == {"wallet": "w", "nickname": "Will"}


async def test_a_connection_whose_token_ends_stays_as_an_anonymous_one(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.rooms.identity_changed("a", None)
    assert counts(lobby) == (0, 1)
    assert lobby.presence() == [("join", "judge"), ("leave", "judge")]
    assert lobby.admin_presence() == [True, False]


async def test_who_becomes_an_admin_is_hidden(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"), "visible")
    lobby.rooms.identity_changed("a", admin("w"))
    assert counts(lobby) == (0, 0)
    assert lobby.presence() == [("join", "w"), ("leave", "w")]


async def test_who_is_no_admin_any_more_is_seen(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"))
    lobby.rooms.identity_changed("a", user("judge"))
    assert lobby.listed() == [("judge", "spectator")]
    assert lobby.presence() == [("join", "judge")]


async def test_an_admin_who_refreshes_the_token_stays_as_visible(lobby: Lobby) -> None:
    lobby.join(1, "a", admin("judge"), "visible")
    lobby.rooms.identity_changed("a", admin("judge"))
    assert lobby.presence() == [("join", "judge")]


async def test_a_new_nickname_shows_in_the_list_without_a_join(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w", "Old"))
    lobby.rooms.identity_changed("a", user("w", "New"))
    assert [member.nickname for member in lobby.rooms.members(1).members] == ["New"]
    assert lobby.presence() == [("join", "w")]


# ── the list of members ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_has_the_latest_hundred_and_the_count_all(lobby: Lobby) -> None:
    for number in range(MAX_LISTED_MEMBERS + 5):
        attendance = lobby.join(1, f"c{number}", user(f"w{number}"))
    wallets = [member.wallet for member in attendance.members]
    assert wallets == [f"w{number}" for number in range(MAX_LISTED_MEMBERS + 4, 4, -1)]
    assert attendance.member_count == MAX_LISTED_MEMBERS + 5


async def test_who_joins_is_in_the_list_that_it_gets(lobby: Lobby) -> None:
    attendance = lobby.join(1, "a", user("w", "Will"))
    assert [(member.wallet, member.nickname) for member in attendance.members] == [("w", "Will")]


# ── user_presence ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_presence_goes_out_at_once_on_its_own_channel(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w", "Will"))
    push = lobby.pushes("user_presence")[0]
    assert push.channel == "presence.1"
    assert (push.body["action"], push.body["user"]) == ("join", {"wallet": "w", "nickname": "Will"})


async def test_anonymous_connections_publish_no_presence(lobby: Lobby) -> None:
    lobby.join(1, "a", None)
    lobby.rooms.leave(1, "a")
    assert lobby.presence() == []


# ── spectator_count ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_spectator_count_goes_out_at_once_and_then_at_most_once_a_second(lobby: Lobby) -> None:
    for connection_id in "abc":
        lobby.join(1, connection_id, None)
    assert lobby.counts() == [(0.0, 1)]
    await lobby.clock.advance(0.999)
    assert lobby.counts() == [(0.0, 1)]
    await lobby.clock.advance(5)
    assert lobby.counts() == [(0.0, 1), (1.0, 3)]
    assert lobby.pushes("spectator_count")[0].channel == "contest.1"


async def test_a_count_that_is_what_it_was_is_not_published(lobby: Lobby) -> None:
    lobby.join(1, "a", None)
    lobby.join(1, "b", None)
    lobby.rooms.leave(1, "b")
    await lobby.clock.advance(2)
    lobby.rooms.identity_changed("a", user("w"))
    lobby.join(1, "c", admin("judge"), "visible")
    await lobby.clock.advance(2)
    assert lobby.counts() == [(0.0, 1)]


async def test_the_last_to_leave_leaves_a_count_of_none(lobby: Lobby) -> None:
    lobby.join(1, "a", None)
    lobby.rooms.leave_all("a")
    await lobby.clock.advance(1)
    assert lobby.counts() == [(0.0, 1), (1.0, 0)]


async def test_entering_lowers_the_spectator_count(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"))
    lobby.enter(1, "w")
    await lobby.clock.advance(1)
    assert lobby.counts() == [(0.0, 1), (1.0, 0)]


async def test_contests_do_not_wait_for_each_other(lobby: Lobby) -> None:
    lobby.join(1, "a", None)
    lobby.join(2, "a", None)
    assert [len(lobby.pushes("spectator_count", contest_id)) for contest_id in (1, 2)] == [1, 1]


# ── a contest that is over ────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_is_a_participant_when_the_contest_ends_stays_one(lobby: Lobby) -> None:
    lobby.enter(1, "w")
    lobby.join(1, "a", user("w", "Old"))
    lobby.entered.clear()
    lobby.rooms.identity_changed("a", user("w", "New"))
    lobby.join(1, "b", user("w"))
    assert lobby.listed() == [("w", "participant")]
    lobby.rooms.leave(1, "b")
    lobby.rooms.identity_changed("a", admin("w"))
    lobby.rooms.identity_changed("a", user("w"))
    assert (lobby.listed(), lobby.rooms.spectator_count(1)) == ([("w", "participant")], 0)


async def test_who_took_part_is_a_participant_and_another_that_signs_in_there_is_not(lobby: Lobby) -> None:
    lobby.join(1, "a", user("w"), took_part=True)
    lobby.join(1, "b", None)
    lobby.rooms.identity_changed("b", user("x"))
    assert lobby.listed() == [("x", "spectator"), ("w", "participant")]


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_connection_may_be_in_twenty_rooms(lobby: Lobby) -> None:
    for contest_id in range(1, 21):
        lobby.join(contest_id, "a", None)
    with pytest.raises(TooManySubscriptions):
        lobby.join(21, "a", None)
    assert not lobby.rooms.is_in(21, "a")
    assert lobby.rooms.spectator_count(21) == 0
    lobby.join(20, "a", None)
    lobby.rooms.leave(1, "a")
    lobby.join(21, "a", None)
    assert lobby.rooms.rooms_of("a") == frozenset(range(2, 22))
