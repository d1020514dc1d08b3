"""Files of recorded ticks: JSON lines `{"received": epoch seconds, "tick": {"kind": …}}`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from duelcast.clock import Clock
from duelcast.domain.market.ticks import Tick
from duelcast.feeds.source import Feed

MAX_LINE_BYTES = 64 * 1024


class Record(msgspec.Struct, frozen=True):
    """One tick, and when it was received (epoch seconds)."""

    received: float
    tick: Tick


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def read_records(file: BinaryIO) -> Iterator[Record | None]:
    """The records of an open file in order; None for each line that is not a record (blank lines are skipped).

    Reads lazily, never more than one line at once. Raises OSError.
    """
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            _skip_rest_of_line(file)
            yield None
        elif not line.isspace():
            yield _decode(line)


def _decode(line: bytes) -> Record | None:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _skip_rest_of_line(file: BinaryIO) -> None:
    while (part := file.readline(MAX_LINE_BYTES)) and not part.endswith(b"\n"):
        pass


class _FileSink:
    """Writes every tick to the file immediately, so that nothing waits in memory.

    `broken` gets the error of the first write that fails; later ticks are discarded.
    """

    def __init__(self, file: BinaryIO, clock: Clock, broken: asyncio.Future[None]) -> None:
        self.written = 0
        self._file = file
        self._clock = clock
        self._broken = broken

    def accept(self, tick: Tick) -> None:
        if self._broken.done():
            return
        try:
            self._file.write(_encoder.encode(Record(self._clock.time(), tick)) + b"\n")
            self._file.flush()
        except OSError as error:
            self._broken.set_exception(error)
        else:
            self.written += 1

    def unreadable(self, records: int) -> None:
        """Records that cannot be read cannot be recorded."""

    def connected(self) -> None:
        """Not recorded, because the ticks themselves show that the feed works."""

    def failed(self, reason: str) -> None:
        """The feed retries by itself; the recording has a gap."""

    def pair_failed(self, pair: str, reason: str) -> None:
        """The pair is missing from the recording; the log says so."""

    def pair_works(self, pair: str) -> None:
        """Not recorded, because the ticks themselves show that the pair works."""


async def record(feed: Feed, path: Path, clock: Clock, *, stop_after_s: float | None = None) -> int:
    """Write the ticks of `feed` to `path` (an existing file is replaced) until the feed ends, `stop_after_s` seconds
    have passed, or the caller cancels. Returns the number of records.

    Raises OSError if the file cannot be written, and whatever the feed raises.
    """
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with path.open("wb") as file:
        sink = _FileSink(file, clock, broken)
        reading = asyncio.ensure_future(feed.run(sink))
        timer = None if stop_after_s is None else asyncio.ensure_future(clock.sleep(stop_after_s))
        awaited = {future for future in (reading, timer, broken) if future is not None}
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in awaited:
                future.cancel()
            results = await asyncio.gather(*awaited, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return sink.written
