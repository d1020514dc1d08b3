"""The paths that the document gives for the key of a message make the same keys as the server does."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from duelcast.channels.names import Family, Kind
from duelcast.domain.analytics.events import DASHBOARD
from duelcast.domain.contests.events import CONTEST, PRESENCE, PUBLIC_CONTESTS, ContestRemoved, RoomUser, UserPresence
from duelcast.domain.market.events import MARKET, MarketPrice, MarketVolume
from duelcast.domain.operations.events import MONITORED_SERVICES, MonitoredServiceUpdate
from duelcast.domain.operations.monitored_settings import SYSTEM_SETTINGS, MonitoredSettings
from duelcast.endpoints.documents.examples import analytics, contest, market, monitor
from duelcast.endpoints.registry import find_endpoints
from duelcast.wire.messages import Event

PRICE, VOLUME, SENTIMENT = market.EXAMPLES.pushed["market.SOL"]
STATE, PRESENT, COUNT = contest.EXAMPLES.pushed["contest.2"]
(JOINED,) = contest.EXAMPLES.pushed["presence.2"]
_, HEALTH = monitor.EXAMPLES.pushed["system.services"]
assert isinstance(PRICE, MarketPrice)
assert isinstance(VOLUME, MarketVolume)
assert isinstance(JOINED, UserPresence)
assert isinstance(HEALTH, MonitoredServiceUpdate)

EVENTS: dict[Family, list[Event]] = {
    MARKET: [
        PRICE,
        replace(PRICE, data=replace(PRICE.data, price=143.0)),
        VOLUME,
        replace(VOLUME, data=replace(VOLUME.data, volume=1.0)),
        replace(VOLUME, data=replace(VOLUME.data, interval="5m")),
        SENTIMENT,
    ],
    PUBLIC_CONTESTS: [STATE, ContestRemoved(contestId=2), ContestRemoved(contestId=1)],
    CONTEST: [STATE, PRESENT, replace(PRESENT, active=False), COUNT],
    PRESENCE: [JOINED, replace(JOINED, action="leave"), replace(JOINED, user=RoomUser(wallet="ann", nickname=None))],
    DASHBOARD: list(analytics.EXAMPLES.pushed["analytics.dashboard"]),
    MONITORED_SERVICES: [HEALTH, replace(HEALTH, removed=True), replace(HEALTH, service="store")],
    SYSTEM_SETTINGS: [
        MonitoredSettings(subtype="update", data={"a": 1}),
        MonitoredSettings(subtype="update", data={"a": 2}),
        MonitoredSettings(subtype="update", data={"b": 1}),
    ],
}


@pytest.mark.parametrize("family", EVENTS, ids=lambda family: family.prefix)
def test_two_messages_have_the_same_key_if_they_agree_at_the_paths(family: Family) -> None:
    for one, other in combinations(EVENTS[family], 2):
        assert (family.key(one) == family.key(other)) is (key_of(family, one) == key_of(family, other))


def test_every_family_whose_messages_have_keys_is_tested() -> None:
    families = {rule.family for endpoint in find_endpoints().values() for rule in endpoint.access_rules.values()}
    assert {family for family in families if family.key_paths} == EVENTS.keys()
    assert not [family for family in families - EVENTS.keys() if family.key is not Family("a", Kind.LATEST, (), "").key]


def key_of(family: Family, event: Event) -> list[Any]:
    """The key as a client finds it in the frame."""
    frame = json.loads(msgspec.json.encode(event))
    return [value_at(frame, path) for path in family.key_paths]


def value_at(frame: Any, path: str) -> Any:
    """The value at a path, None if there is none; a `*` stands for the names of the members."""
    for step in path.split("."):
        frame = list(frame) if step == "*" else frame.get(step)
    return frame
