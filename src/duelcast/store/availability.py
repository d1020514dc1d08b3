"""Whether the database can be written to, and how much room is left for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.errors import Unavailable
from duelcast.logs import describe_exception, exception_fields
from duelcast.store.backend import Backend

PROBE_INTERVAL_S = 1.0

log = structlog.get_logger("duelcast.store")


class Availability:
    """The state in which the server last saw its database. Changes are logged."""

    def __init__(self, backend: Backend, low_room_bytes: int) -> None:
        self.failure: str | None = None
        """Why nothing can be written at the moment, as a sentence in our own words; None if writing works."""
        self.shortage: str | None = None
        """A sentence saying that little space is left on the disk; None if at least `low_room_bytes` are free."""
        self._backend = backend
        self._low_room_bytes = low_room_bytes

    async def watch(self, clock: Clock, probe: Callable[[], Awaitable[None]]) -> None:
        """Once a second, check that the database is there and has room; while nothing can be written, call `probe`,
        which tries to write, and may raise `Unavailable`."""
        while True:
            await clock.sleep(PROBE_INTERVAL_S)
            try:
                self.look_for_room()
                if self.failure is None:
                    self._backend.check_idle()
                else:
                    await probe()
            except OSError as error:
                self.failed(error)
            except Unavailable:
                pass
            except Exception as error:
                log.error("defect", **exception_fields(error))

    def failed(self, error: Exception) -> None:
        """Note that nothing can be written because of `error`."""
        reason = self._backend.describe_failure(error)
        if self.failure != reason:
            log.error("store_unavailable", reason=reason, error=describe_exception(error))
        self.failure = reason

    def works(self) -> None:
        """Note that something was written."""
        if self.failure is not None:
            log.info("store_available")
            self.failure = None

    def look_for_room(self) -> None:
        """Note how much room is left."""
        try:
            room = self._backend.room()
        except OSError:
            return  # the database is gone, which is noticed elsewhere
        if room is None:
            return
        is_short = room.free_bytes < self._low_room_bytes
        if is_short and self.shortage is None:
            log.warning("store_room_low", free_bytes=room.free_bytes, database_bytes=room.database_bytes)
        elif not is_short and self.shortage is not None:
            log.info("store_room_enough", free_bytes=room.free_bytes)
        self.shortage = _shortage(room.free_bytes) if is_short else None

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_store_available", "Whether the database accepts writes.", value=self.failure is None
        )
        room = None
        with suppress(OSError):
            room = self._backend.room()
        if room is None:
            return
        yield GaugeMetricFamily(
            "duelcast_store_database_bytes", "Size of the database file.", value=room.database_bytes
        )
        yield GaugeMetricFamily("duelcast_store_wal_bytes", "Size of the write-ahead log.", value=room.wal_bytes)
        yield GaugeMetricFamily("duelcast_store_free_bytes", "Free space on the disk.", value=room.free_bytes)


def _shortage(free_bytes: int) -> str:
    return f"Little space is left on the disk of the database ({free_bytes // 1_000_000} MB): free some."
