"""Active users are those with an open connection that sent something less than 5 minutes ago."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import NamedTuple

import uvloop
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.analytics.activity import ACTIVE_S, Activity, Zones
from duelcast.domain.analytics.events import MAX_USERS
from tests.domain.analytics.quiet import Quiet

WALLETS = ["ann", "bob", "cat"]
ENDPOINTS = ["analytics", "contest", "monitor"]


class Came(NamedTuple):
    wallet: str
    endpoint: str
    role: Role
    at_s: float
    spoke_after_s: float


came = st.builds(
    Came,
    st.sampled_from(WALLETS),
    st.sampled_from(ENDPOINTS),
    st.sampled_from([Role.USER, Role.ADMIN]),
    st.floats(0, 400),
    st.floats(0, 200),
)


@given(st.lists(came, max_size=12))
def test_the_audience_is_what_its_definition_says(connections: list[Came]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        clock = ManualClock()
        runner.run(clock.advance(600))
        traffic = Quiet()
        for one in connections:
            traffic.connect(one.wallet, one.endpoint, one.at_s, one.role)
            connection = traffic.open[one.wallet][-1]
            traffic.open[one.wallet][-1] = structs.replace(connection, last_message_s=one.at_s + one.spoke_after_s)
        activity = Activity(clock, lambda: traffic)
        audience = runner.run(activity.audience())
    expected = {}
    for wallet in WALLETS:
        own = [one for one in connections if one.wallet == wallet]
        latest_s = max((one.at_s + one.spoke_after_s for one in own), default=-1.0)
        if own and 600 - latest_s < ACTIVE_S:
            expected[wallet] = (
                "admin" if Role.ADMIN in {one.role for one in own} else "user",
                round((1_800_000_000 + latest_s) * 1000),
                round((1_800_000_000 + min(one.at_s for one in own)) * 1000),
                len(own),
                sorted({one.endpoint for one in own}),
            )
    shown = audience.shown.users
    assert {
        user.wallet_address: (user.role, user.lastActivityMs, user.connectedAtMs, user.connections, user.endpoints)
        for user in shown
    } == expected
    assert activity.count() == audience.count == audience.shown.count == len(expected) == len(audience.presences)
    times = [user.lastActivityMs for user in shown]
    assert times == sorted(times, reverse=True)


async def test_the_latest_500_are_listed_and_all_are_counted() -> None:
    clock, traffic = ManualClock(), Quiet()
    for number in range(MAX_USERS + 100):
        traffic.connect(f"w{number}", "contest", number / 100)
    await clock.advance(10)
    audience = await Activity(clock, lambda: traffic).audience()
    assert audience.count == MAX_USERS + 100
    assert [user.wallet_address for user in audience.shown.users] == [
        f"w{number}" for number in range(MAX_USERS + 99, 99, -1)
    ]


async def test_after_exactly_five_minutes_nobody_is_active() -> None:
    clock, traffic = ManualClock(), Quiet()
    activity = Activity(clock, lambda: traffic)
    traffic.connect("ann", "contest", 0)
    await clock.advance(ACTIVE_S - 0.5)
    assert (activity.count(), (await activity.audience()).count) == (1, 1)
    await clock.advance(0.5)
    assert (activity.count(), (await activity.audience()).count) == (0, 0)


async def test_looking_at_many_lets_others_work_and_bears_that_they_go() -> None:
    clock, traffic = ManualClock(), Quiet()
    for number in range(5_000):
        traffic.connect(f"w{number}", "contest", 0)
    looking = asyncio.create_task(Activity(clock, lambda: traffic).audience())
    turns = 0
    while not looking.done():
        turns += 1
        if turns == 2:
            del traffic.open["w4999"]
        await asyncio.sleep(0)
    assert turns >= 5
    assert (await looking).count == 4_999


async def test_lists_differ_by_who_role_zone_and_endpoints_alone() -> None:
    clock, traffic = ManualClock(), Quiet()
    activity = Activity(clock, lambda: traffic)
    traffic.connect("ann", "contest", 0)
    seen = [(await activity.audience()).presences]
    await clock.advance(10)
    traffic.connect("ann", "contest", 10)
    assert (await activity.audience()).presences == seen[0]
    traffic.connect("ann", "monitor", 10)
    seen.append((await activity.audience()).presences)
    activity.zones.name("ann", "c1", "LOBBY")
    seen.append((await activity.audience()).presences)
    traffic.connect("ann", "monitor", 10, Role.ADMIN)
    seen.append((await activity.audience()).presences)
    traffic.connect("bob", "monitor", 10)
    seen.append((await activity.audience()).presences)
    assert all(before != after for before, after in pairwise(seen))


def test_zones_are_forgotten_with_their_connections() -> None:
    zones = Zones()
    zones.drop("ann", "c0")
    zones.name("ann", "c1", "A")
    zones.name("ann", "c2", "B")
    zones.name("ann", "c1", "A")
    assert zones.of("ann") == "A"
    zones.drop("ann", "c1")
    assert zones.of("ann") == "B"
    zones.drop("ann", "c2")
    assert (zones.of("ann"), zones.__dict__["_named"]) == (None, {})
