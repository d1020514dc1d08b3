"""The interfaces of feeds, and of the sinks that take their ticks."""

from __future__ import annotations

from typing import Protocol

from duelcast.domain.market.ticks import Tick


class Sink(Protocol):
    """Takes the ticks of a feed. Ticks are dropped and counted if their symbol belongs to a feed of higher rank."""

    def accept(self, tick: Tick) -> None:
        """Take one tick. Never blocks, and never raises because of the tick's content: an unusable tick is counted."""

    def unreadable(self, records: int) -> None:
        """Count records of the venue that could not be read."""

    def connected(self) -> None:
        """Report that the feed reads its venue."""

    def failed(self, reason: str) -> None:
        """Report that the feed cannot read its venue; the feed retries by itself. `reason` is a sentence of our own
        that names the kind of failure, never an exception's text or a URL."""

    def pair_failed(self, pair: str, reason: str) -> None:
        """Report that a pair, or anything else that was requested by name, cannot be read; the feed retries by itself.
        `reason` is a sentence of our own that is shown with the name."""

    def pair_works(self, pair: str) -> None:
        """Report that a pair that failed is being read again; does nothing if the pair had not failed."""


class Feed(Protocol):
    """A source of ticks.

    `name` is unique in the server and becomes the `source` of its prices. `symbols` are those that it will certainly
    deliver (empty if they are only known once it runs). `run` reads until it is cancelled, or returns when a finite
    source (a recording without loop) is read to its end. `run` survives every failure of the venue, with jittered
    back-off, and reports each failure to the sink; an exception is a defect. After cancellation it keeps no socket,
    file or task.
    """

    @property
    def name(self) -> str: ...

    @property
    def symbols(self) -> frozenset[str]: ...

    async def run(self, sink: Sink) -> None: ...
