"""Who shows something else than what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.rehearsal.acts import SETTING, Acknowledged
from tests.rehearsal.cast import CATEGORIES, Cast
from tests.rehearsal.operations import shown
from tests.rehearsal.tracking import CLICK
from tests.rehearsal.truth import Filed, Told
from tests.rehearsal.visitor import Visitor
from tests.serving import Frame

DEGRADING = {"circuit_open", "unhealthy", "stopped"}
"""Statuses of a service that make the platform's one `degraded`."""
Difference = tuple[Visitor, str, Any, Any]
"""Who, of what, shows what, and what is true."""


def differences(cast: Cast, told: Told, filed: Filed) -> Iterator[Difference]:
    """Nothing, where every client's view is what is stored."""
    yield from _markets(cast, told)
    yield from _contests(cast, told, filed)
    yield from _operations(cast, told)
    yield from _inboxes(cast, filed)
    yield from _counts(cast, filed)


def _markets(cast: Cast, told: Told) -> Iterator[Difference]:
    prices = {symbol: token["price"] for symbol, token in told.tokens.items()}
    for watcher in cast.prices:
        shown_prices = {symbol: data["price"] for symbol, data in watcher.prices.items()}
        yield from _compared(watcher, "prices", shown_prices, _of(prices, shown_prices))
    for reader in cast.tokens:
        yield from _compared(reader, "tokens", _undated(reader.tokens), _undated(told.tokens))


def _contests(cast: Cast, told: Told, filed: Filed) -> Iterator[Difference]:
    for member in cast.members + cast.spectators:
        yield from _compared(member, "statuses", member.statuses, told.statuses)
        yield from _compared(member, "leaderboards", member.boards, told.boards)
        for contest, messages in member.messages.items():
            yield from _compared(member, "chat", sorted(messages.items()), list(filed.said[contest].items()))
        for contest, row in member.rows.items():
            rank = filed.ranks[contest].get(member.wallet or "")
            yield from _compared(member, "final rank", row.get("finalRank"), rank)
    for contest, board in told.boards.items():
        ranks = {row["wallet"]: row["rank"] for row in board}
        yield from _compared(cast.members[0], "stored ranks", ranks, filed.ranks[contest])


def _operations(cast: Cast, told: Told) -> Iterator[Difference]:
    for watcher in cast.services:
        yield from _compared(watcher, "services", watcher.statuses, told.services)
    for operator in cast.operators:
        yield from _compared(operator, "services", operator.statuses, told.services)
    maintenance = told.settings["maintenance_mode"]["value"]["enabled"]
    # When all prices have come the feed has stopped.
    status = "degraded" if DEGRADING & set(told.services.values()) else "online"
    values = {key: setting["value"] for key, setting in told.settings.items()}
    for monitor in cast.statuses:
        yield from _compared(monitor, "status", monitor.statuses[-1:], [status])
        yield from _compared(monitor, "maintenance", monitor.maintenances[-1:], [maintenance])
        if monitor.services:
            yield from _compared(monitor, "services", monitor.services, told.services)
            yield from _compared(monitor, "settings", monitor.settings, values)
    for reader in cast.settings:
        followed = {key: value for key, value in reader.settings.items() if key.partition(".")[0] in CATEGORIES}
        true = {key: shown(told.settings[key]) for key in followed}
        yield from _compared(reader, "settings", followed, true)
        yield from _compared(reader, "settings", SETTING in followed, True)


def _inboxes(cast: Cast, filed: Filed) -> Iterator[Difference]:
    announcements = set(filed.read.get("", {}))
    for device in cast.devices:
        yield from _compared(device, "announcements", device.announcements, announcements)
        if device.wallet is not None:
            inbox = {number: bool(read) for number, read in filed.read.get(device.wallet, {}).items()}
            yield from _compared(device, "inbox", device.read, inbox)
            yield from _compared(device, "unread", device.unread, Counter(inbox.values())[False])


def _counts(cast: Cast, filed: Filed) -> Iterator[Difference]:
    clicks = sum(map(len, filed.events.values()))
    for analyst in cast.analysts:
        yield from _compared(
            analyst, "active users", (set(analyst.active), analyst.active_count), (cast.wallets, len(cast.wallets))
        )
        yield from _compared(analyst, CLICK, analyst.clicks, clicks)
        yield from _compared(analyst, "connections", analyst.stats["connections"]["total"], len(cast.everybody))


def _compared(who: Visitor, what: str, shows: Any, true: Any) -> Iterator[Difference]:
    if shows == true:
        return
    if isinstance(shows, dict) and isinstance(true, dict):
        # The parts that differ are enough.
        for key in shows.keys() | true.keys():
            yield from _compared(who, f"{what}.{key}", shows.get(key), true.get(key))
    else:
        yield who, what, shows, true


def _undated(tokens: Mapping[str, Frame]) -> dict[str, Frame]:
    """Without the time: a price that is the same again is later, and is not told."""
    return {
        symbol: {name: value for name, value in token.items() if name != "updated_at"}
        for symbol, token in tokens.items()
    }


def _of(values: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in keys}


def assert_nothing_is_lost_or_doubled(acknowledged: Acknowledged, cast: Cast, filed: Filed) -> None:
    """Each thing that was acknowledged is in the file once, and nothing else is."""
    assert {contest: dict(said) for contest, said in acknowledged.said.items()} == filed.said
    assert acknowledged.posted
    for wallet, titles in acknowledged.posted.items():
        stored = [title for title in filed.titles[wallet] if title.startswith("News ")]
        assert sorted(stored) == sorted(titles), wallet
    assert cast.tracked
    for tracked in cast.tracked:
        assert tracked.wallet is not None
        assert sorted(filed.events[tracked.wallet]) == sorted(one.replace("-", "") for one in tracked.stored)
    assert filed.settings[SETTING] == (acknowledged.colour, acknowledged.colour)
