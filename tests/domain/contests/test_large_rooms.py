"""Rooms with more members than presence is told of, and what they keep in memory."""

from __future__ import annotations

import gc
import sys

from duelcast.domain.contests.room import Room
from duelcast.domain.contests.rooms import RoomSettings
from tests.domain.contests.lobby import Lobby, admin, user


class Crowd(Lobby):
    """A room that is silent with more than two members."""

    def __init__(self) -> None:
        super().__init__(RoomSettings(presence_max_members=2))
        for wallet in "ab":
            self.come(wallet)

    def come(self, wallet: str) -> None:
        self.join(1, wallet, user(wallet))

    def go(self, wallet: str) -> None:
        self.rooms.leave(1, wallet)

    def news(self) -> list[tuple[str, str]]:
        """What was told besides the joins of the first two."""
        return self.presence()[2:]


def test_two_hundred_members_are_told_of_and_two_hundred_and_one_are_not() -> None:
    lobby = Lobby()
    for number in range(201):
        lobby.join(1, f"c{number}", user(f"w{number}"))
    assert len(lobby.presence()) == 200


def test_a_room_above_the_threshold_tells_neither_joins_nor_leaves() -> None:
    crowd = Crowd()
    for wallet in "cde":
        crowd.come(wallet)
    crowd.go("a")
    assert crowd.news() == []


def test_back_at_the_threshold_everything_that_still_matters_is_told() -> None:
    crowd = Crowd()
    for wallet in "dc":
        crowd.come(wallet)
    for wallet in "ad":
        crowd.go(wallet)
    assert sorted(crowd.news()) == [("join", "c"), ("leave", "a"), ("leave", "d")]
    crowd.come("e")
    crowd.go("e")
    assert len(crowd.news()) == 3


def test_who_left_and_came_back_meanwhile_is_no_news() -> None:
    crowd = Crowd()
    crowd.come("c")
    crowd.come("d")
    crowd.go("a")
    crowd.come("a")
    crowd.go("c")
    crowd.go("d")
    assert [action for action, wallet in crowd.news() if wallet == "a"] == []


def test_who_was_only_in_lists_of_those_who_left_too_is_no_news() -> None:
    crowd = Crowd()
    crowd.come("c")
    crowd.go("c")
    assert crowd.news() == []


def test_a_leave_is_told_of_whom_a_list_named_that_is_still_in_use() -> None:
    crowd = Crowd()
    crowd.come("c")
    crowd.join(1, "spectator", None)
    crowd.go("c")
    assert crowd.news() == [("leave", "c")]


def test_a_new_list_takes_the_place_of_the_connections_earlier_one() -> None:
    crowd = Crowd()
    for wallet in "cd":
        crowd.come(wallet)
    crowd.join(1, "spectator", None)
    crowd.go("c")
    crowd.join(1, "spectator", None)
    crowd.go("d")
    assert crowd.news() == [("leave", "d")]


def test_a_new_list_that_names_nobody_untold_ends_the_earlier_one_too() -> None:
    crowd = Crowd()
    crowd.settings = RoomSettings(presence_max_members=1)
    crowd.come("c")
    crowd.join(1, "spectator", None)
    crowd.go("c")
    crowd.join(1, "spectator", None)
    crowd.go("a")
    assert crowd.news() == [("leave", "a")]


def test_a_join_that_is_told_late_has_the_nickname_of_then() -> None:
    crowd = Crowd()
    crowd.come("c")
    crowd.rooms.identity_changed("c", user("c", "New"))
    crowd.go("a")
    users = [push.body["user"] for push in crowd.pushes("user_presence")]
    assert {"wallet": "c", "nickname": "New"} in users


def test_a_new_threshold_acts_with_the_next_change() -> None:
    crowd = Crowd()
    crowd.come("c")
    crowd.settings = RoomSettings(presence_max_members=10)
    crowd.come("d")
    assert crowd.news() == [("join", "c"), ("join", "d")]


def rooms_in_memory() -> int:
    return sum(isinstance(one, Room) for one in gc.get_objects())


def test_a_room_that_everybody_left_is_forgotten() -> None:
    gc.collect()
    before = rooms_in_memory()
    crowd = Crowd()
    crowd.join(2, "a", user("a"))
    crowd.join(3, "c", None)
    assert rooms_in_memory() == before + 3
    for connection_id in "abc":
        crowd.rooms.leave_all(connection_id)
    assert rooms_in_memory() == before


def test_nothing_refers_to_a_connection_that_is_closed() -> None:
    crowd = Crowd()
    connection_id = "-".join(("the", "connection"))
    references = sys.getrefcount(connection_id)
    crowd.come("c")
    crowd.join(1, connection_id, None)
    crowd.rooms.identity_changed(connection_id, admin("judge"))
    crowd.rooms.set_visibility(1, connection_id, "visible")
    crowd.join(2, connection_id, admin("judge"))
    assert sys.getrefcount(connection_id) > references
    crowd.rooms.leave_all(connection_id)
    assert sys.getrefcount(connection_id) == references
