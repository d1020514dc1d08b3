"""Ownership of symbols: of several sources that deliver a symbol, the one named first in the settings is used (protocol
§3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

FeedStatus = Literal["starting", "running", "failed"]
DropReason = Literal["unreadable", "invalid", "bad_symbol", "not_owner", "too_many_symbols", "duplicate"]

POSTED_SOURCE = "http"
REMEMBERED_POSTED_IDS = 10_000
REMEMBERED_FEED_IDS = 1_000
"""How many trade ids are remembered per symbol, because a venue repeats its latest trades after a reconnect, and a
platform that posts may repeat a whole batch."""


class Dropped(Exception):
    """Raised for a record that is not used; `reason` says why, and is counted in metrics."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason)
        self.reason: DropReason = reason


class Source:
    """A source of records: a feed, or posting over HTTP, which ranks behind every feed.

    `received_s` is the monotonic time of the source's newest record of any kind. `symbols` are the symbols that the
    source owns. `awaited` are the symbols that it should deliver, but of which it has sent no quote or trade yet.
    `failed_pairs` has the pairs that fail although the feed as a whole works, each with the reason.
    """

    __slots__ = (
        "accepted",
        "awaited",
        "dropped",
        "failed_pairs",
        "failure",
        "name",
        "rank",
        "received_s",
        "remembered_ids",
        "stale",
        "status",
        "symbols",
    )

    def __init__(self, name: str, rank: float, remembered_ids: int) -> None:
        self.name = name
        self.rank = rank
        self.remembered_ids = remembered_ids
        self.status: FeedStatus = "starting"
        self.failure: str | None = None
        self.received_s: float | None = None
        self.stale = False
        self.symbols: set[str] = set()
        self.awaited: set[str] = set()
        self.failed_pairs: dict[str, str] = {}
        self.accepted: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()


class Ownership:
    """The owner of each symbol, which is the first in rank among the sources that claim or deliver the symbol."""

    def __init__(self) -> None:
        self.posted = Source(POSTED_SOURCE, float("inf"), REMEMBERED_POSTED_IDS)
        self.feeds: list[Source] = []
        self._absent: dict[str, Source] = {}
        self._owners: dict[str, Source] = {}

    def remember(self, name: str, symbol: str) -> Source:
        """Restore the source `name` as the owner of `symbol`, which it delivered before the server started. Any other
        source may take over the symbols of a feed that the settings no longer name."""
        source = self.posted
        if name != POSTED_SOURCE:
            source = self._absent.setdefault(name, _absent(name))
        self._own(symbol, source)
        return source

    def add_feed(self, name: str, claims: frozenset[str]) -> Source:
        """Add a feed, which ranks behind those added before. It becomes the owner of those symbols in `claims` that no
        feed added before owns. If it claims nothing, it owns the symbols that it delivered before the server
        started."""
        feed = self._absent.pop(name, None) or _absent(name)
        feed.rank = len(self.feeds)
        self.feeds.append(feed)
        if claims:
            self._let_go(feed, feed.symbols - claims)
        for symbol in claims:
            owner = self._owners.get(symbol)
            if owner is None or owner.rank > feed.rank:
                self.take(feed, symbol)
                feed.awaited.add(symbol)
        return feed

    def absent(self) -> Iterable[Source]:
        """Sources that stand for former feeds, and own the symbols that no other source has taken over."""
        return self._absent.values()

    def owner(self, symbol: str) -> Source | None:
        return self._owners.get(symbol)

    def check(self, source: Source, symbol: str) -> None:
        """Raises `Dropped` if `symbol` belongs to a source that ranks before `source`."""
        owner = self._owners.get(symbol)
        if owner is not None and owner.rank < source.rank:
            raise Dropped("not_owner")

    def take(self, source: Source, symbol: str) -> None:
        """Make `source`, which passed `check`, the owner of `symbol`."""
        owner = self._owners.get(symbol)
        if owner is not source:
            if owner is not None:
                owner.symbols.discard(symbol)
            self._own(symbol, source)

    def _let_go(self, feed: Source, symbols: set[str]) -> None:
        """Release `symbols`, which `feed` delivered before and no longer claims. The next source that delivers one of
        these symbols becomes its owner."""
        former = self._absent[feed.name] = _absent(feed.name)
        former.received_s, former.stale = feed.received_s, feed.stale
        for symbol in symbols:
            self.take(former, symbol)

    def _own(self, symbol: str, source: Source) -> None:
        self._owners[symbol] = source
        source.symbols.add(symbol)


def _absent(name: str) -> Source:
    return Source(name, float("inf"), REMEMBERED_FEED_IDS)
