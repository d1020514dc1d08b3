"""The difference between the server's clock and the client's."""

from __future__ import annotations

from collections import deque
from datetime import datetime

SAMPLES = 8


class ClockOffset:
    """The offset that the fastest of the last eight answered pings showed."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float]] = deque(maxlen=SAMPLES)

    @property
    def ms(self) -> float | None:
        """Add this to the client's time to get the server's; None before the first answer."""
        return min(self._samples)[1] if self._samples else None

    def learn(self, server_time: str | None, round_trip_ms: int, received_wall_ms: int) -> None:
        """Take an answered ping. Its request is assumed to have taken as long as its answer."""
        server_ms = epoch_ms(server_time)
        if server_ms is not None:
            self._samples.append((round_trip_ms, server_ms - (received_wall_ms - round_trip_ms / 2)))


def epoch_ms(time: str | None) -> int | None:
    """An ISO-8601 time with an offset, in milliseconds since the Unix epoch; None if it is not one."""
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment is not None and moment.tzinfo is not None else None
