"""Channels that are published only while somebody follows them stay followed when another node leads."""

from __future__ import annotations

import asyncio

from duelcast.channels.copied import CopiedChannels
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Family, Kind, Unfollowed
from duelcast.channels.publisher import Publisher
from duelcast.channels.records import Fact, Forget
from duelcast.channels.shared_log import MemoryLog
from duelcast.clock import ManualClock
from duelcast.cluster.facts import Facts
from duelcast.cluster.gateways import Gateways
from duelcast.cluster.members import Members
from duelcast.cluster.presence import Presence
from duelcast.cluster.reports import ReportedTraffic
from duelcast.cluster.wallets import Wallets
from duelcast.domain.analytics.activity import Zones
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from tests.contract.buses import StoredInMemory

ABSENCE_S = 10.0
BOARD = Family("board", Kind.LATEST, (), "Silent.", parameter="[a-z]+", unfollowed=Unfollowed.SILENT)
PRICE = Family("price", Kind.LATEST, (), "Kept.", parameter="[a-z]+")
A, P = BOARD.channel("a"), PRICE.channel("p")
FOLLOWED = ("followed", "", A.name)


class Leading:
    """A leader's channels, and what it announces about them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.channels = CopiedChannels(self.clock, StoredInMemory(self.clock))
        self.channels.leads = True
        self.announced: list[Fact | Forget] = []
        presence = Presence()
        rooms = Rooms(Publisher(self.channels, self.clock), self.clock, lambda *_: False, RoomSettings)
        self.facts = Facts(rooms, Zones(), presence, self.announced.append, lambda: 0)
        self.channels.on_followed = self.facts.channel_followed
        find = {A.name: A, P.name: P}.get
        members = Members("leader", LogWriter(MemoryLog(self.clock), self.clock), self.clock, absence_s=ABSENCE_S)
        traffic = ReportedTraffic(members, Wallets(self.clock, max_wallets=10))
        self.gateways = Gateways(
            self.channels,
            find,
            {},
            presence,
            self.clock,
            absence_s=ABSENCE_S,
            traffic=traffic,
            take_facts=self.facts.add,
        )

    @property
    def followed(self) -> list[str]:
        return list(self.channels.followed(BOARD))


def test_a_followed_channel_is_a_fact_until_nobody_follows_it() -> None:
    leading = Leading()
    for channel in (A, A, P):
        leading.channels.follow(channel)
    assert leading.announced == [Fact(*FOLLOWED, b"")]
    for channel in (A, P, A):
        leading.channels.unfollow(channel)
    assert leading.announced == [Fact(*FOLLOWED, b""), Fact(*FOLLOWED, None)]
    assert leading.facts.known == {}


async def test_the_next_leader_publishes_on_it_until_the_gateways_had_time_to_come() -> None:
    leading = Leading()
    leading.gateways.follow_again(leading.facts.restore_followed({FOLLOWED: b"", ("zone", "node", "one"): b""}))
    leading.gateways.expect()
    leading.channels.publish(A, b"{}")
    await leading.clock.advance(ABSENCE_S - 1)
    assert leading.followed == ["a"]
    assert [message.body for message in (await leading.channels.recover(A)).messages] == [b"{}"]
    assert leading.announced == []
    await leading.clock.advance(2)
    await asyncio.sleep(0)
    assert leading.followed == []
    assert leading.announced == [Fact(*FOLLOWED, None)]
    await leading.gateways.close()
