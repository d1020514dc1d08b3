"""Facts about connections, from which the next leader goes on."""

from __future__ import annotations

import pytest

from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel, Family, Kind, Unfollowed
from duelcast.channels.publisher import Publisher
from duelcast.channels.records import EPOCH, NUMBERS, RUN, URGENT, Fact, Forget
from duelcast.clock import ManualClock
from duelcast.cluster.facts import FOLLOWED, Facts
from duelcast.cluster.presence import Presence
from duelcast.domain.analytics.activity import Zones
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from duelcast.wire.messages import Event
from tests.contract.buses import StoredInMemory


class Moved(Event, tag="moved"):
    """Any message."""


BOARD = Family("board", Kind.LATEST, (Moved,), "Silent.", unfollowed=Unfollowed.SILENT)
CHAT = Family("chat", Kind.EVERY, (Moved,), "Every message.")


def channel() -> Channel:
    return BOARD.channel()


def facts_of(announced: list[Fact | Forget], numbers: int) -> Facts:
    """The facts of a leader whose database has issued so many numbers."""
    clock = ManualClock()
    publisher = Publisher(MemoryBroker(clock, StoredInMemory(clock)), clock)
    rooms = Rooms(publisher, clock, lambda _contest, _wallet: False, RoomSettings)
    return Facts(rooms, Zones(), Presence(), announced.append, lambda: numbers)


@pytest.mark.parametrize("anew", [False, True])
def test_a_leader_that_begins_the_log_anew_announces_all_facts_again(anew: bool) -> None:
    announced: list[Fact | Forget] = []
    facts = facts_of(announced, 7)
    known = {
        (FOLLOWED, "", channel().name): b"",
        EPOCH: b"first",
        NUMBERS: b"7",
        (URGENT, "", channel().name): b"5",
        RUN: b"one",
    }
    assert facts.restore_followed(known) == [channel().name]
    facts.restore(known, are_complete=True)
    facts.follow("first", {channel(): 5}, "one", anew=anew)
    assert announced == ([Fact(*key, value) for key, value in known.items()] if anew else [])


def test_what_has_changed_since_the_last_term_is_announced() -> None:
    announced: list[Fact | Forget] = []
    facts = facts_of(announced, 7)
    facts.restore({EPOCH: b"first", NUMBERS: b"6", (URGENT, "", channel().name): b"5", RUN: b"one"}, are_complete=True)
    facts.follow("second", {channel(): 6}, "one", anew=False)
    facts.log_runs("two")
    assert announced == [
        Fact(*EPOCH, b"second"),
        Fact(*NUMBERS, b"7"),
        Fact(URGENT, "", channel().name, b"6"),
        Fact(*RUN, b"two"),
    ]


def test_the_count_of_numbers_is_announced_before_an_every_channel_is_forgotten() -> None:
    announced: list[Fact | Forget] = []
    facts = facts_of(announced, 7)
    facts.channel_forgotten(channel())
    facts.channel_forgotten(CHAT.channel())
    facts.channel_forgotten(CHAT.channel())
    chat = Forget(CHAT.channel().name)
    assert announced == [Forget(channel().name), Fact(*NUMBERS, b"7"), chat, chat]
