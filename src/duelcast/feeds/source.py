"""The port of a feed."""

from __future__ import annotations

from typing import Protocol

from duelcast.domain.market.ticks import Tick


class Sink(Protocol):
    """Takes what a feed reads. Records of a symbol that an earlier-named feed owns are dropped and counted."""

    def accept(self, tick: Tick) -> None:
        """Take one record; never blocks, never raises for its content (a record that cannot be used is counted)."""

    def unreadable(self, records: int) -> None:
        """Count records of the venue that could not be read."""

    def connected(self) -> None:
        """The feed reads its venue."""

    def failed(self, reason: str) -> None:
        """The feed cannot read its venue, and tries again by itself. `reason` is a sentence of ours: the kind of
        failure, never an exception's text or a URL."""

    def pair_failed(self, pair: str, reason: str) -> None:
        """A pair, or whatever else the feed was asked for by name, cannot be read, while others may be; the feed tries
        it again by itself. `reason` is a sentence of ours that goes with the name."""

    def pair_works(self, pair: str) -> None:
        """What failed as a pair is read again; nothing happens if it did not fail."""


class Feed(Protocol):
    """A source of ticks.

    `name` is unique in the server and becomes the `source` of its prices. `symbols` are those it is known to bring
    before it runs (empty where only its venue tells).
    `run` reads until it is cancelled, or returns when a finite source (a recording without loop) is read to its end.
    It survives every failure of its venue, with jittered back-off, and tells the sink of it; what it raises is a
    defect. After cancellation it holds no socket, file or task.
    """

    @property
    def name(self) -> str: ...

    @property
    def symbols(self) -> frozenset[str]: ...

    async def run(self, sink: Sink) -> None: ...
