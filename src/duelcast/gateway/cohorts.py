"""The cohorts of a hub: the outboxes that get the same bytes.

An outbox enters the cohort of its role and set. If its client takes compressed messages, it waits there for a full
flush of the compressor, and then moves to the compressed cohort of the same role and set.
"""

from __future__ import annotations

from collections.abc import Iterator

from duelcast.channels.names import Role
from duelcast.gateway.compression import CompressionSettings, SharedCompressor
from duelcast.gateway.streams import Cohort, Followed, Member


class Cohorts:
    """All cohorts of a hub."""

    def __init__(self, settings: CompressionSettings) -> None:
        self._settings = settings
        self._by_set: dict[tuple[Role, frozenset[Followed]], Cohort] = {}
        self._compressed: set[Cohort] = set()
        self._waiting: set[Cohort] = set()
        """Cohorts with members that may move to a compressed one."""

    def __iter__(self) -> Iterator[Cohort]:
        yield from self._by_set.values()
        yield from self._compressed

    def enter(self, outbox: Member) -> None:
        """Put an outbox into the cohort of its role and set. No flush may be under way."""
        key = (outbox.role, outbox.followed)
        cohort = self._by_set.get(key)
        if cohort is None:
            cohort = self._by_set[key] = self._opened(Cohort(*key))
        outbox.followed = cohort.followed
        cohort.add(outbox)
        if outbox.compressible:
            self._wait(cohort, outbox)

    def _wait(self, cohort: Cohort, outbox: Member) -> None:
        settings = self._settings
        if settings.level:
            if cohort.waiting is None:
                cohort.waiting = set()
            cohort.waiting.add(outbox)
            if cohort.compressed is not None or len(cohort.waiting) >= settings.min_followers:
                self._waiting.add(cohort)

    def move_waiting(self, now: float) -> None:
        """Let members that wait for a full flush move to the compressed cohort. No flush may be under way."""
        for cohort in list(self._waiting):
            compressed = cohort.compressed or self._compress(cohort)
            if compressed is None or not cohort.waiting:
                self._waiting.discard(cohort)
                continue
            compressor = compressed.compressor
            assert compressor is not None
            if compressor.may_restart(now):
                compressor.restart(now)
                for outbox in list(cohort.waiting):
                    cohort.remove(outbox)
                    compressed.add(outbox)
                self._waiting.discard(cohort)

    def _compress(self, cohort: Cohort) -> Cohort | None:
        if len(self._compressed) >= self._settings.max_sets:
            return None
        compressor = SharedCompressor(self._settings.level)
        compressed = cohort.compressed = self._opened(Cohort(cohort.role, cohort.followed, compressor))
        self._compressed.add(compressed)
        return compressed

    def tidy(self) -> None:
        """Forget empty cohorts, and end the compression of sets that have become small."""
        for key, cohort in list(self._by_set.items()):
            compressed = cohort.compressed
            if cohort.due or (compressed is not None and compressed.due):
                continue
            if compressed is not None:
                compressed.tidy()
                if compressed.size < self._settings.min_followers / 2:
                    self._end_compression(cohort, compressed)
            cohort.tidy()
            if not cohort.batches and cohort.compressed is None:
                _close(cohort)
                self._waiting.discard(cohort)
                del self._by_set[key]

    def _end_compression(self, cohort: Cohort, compressed: Cohort) -> None:
        cohort.compressed = None
        for batch in compressed.batches:
            for outbox in list(batch.members):
                compressed.remove(outbox)
                cohort.add(outbox)
                self._wait(cohort, outbox)
        self._compressed.discard(compressed)
        _close(compressed)

    def _opened(self, cohort: Cohort) -> Cohort:
        for one in cohort.followed:
            one.cohorts.add(cohort)
        return cohort


def _close(cohort: Cohort) -> None:
    for one in cohort.followed:
        one.cohorts.discard(cohort)
