"""Adds messages continuously to the stored log of *every* channels; the log must stay within its bounds."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import count, islice
from pathlib import Path

import uvloop
from msgspec import Struct

from benchmarks.measuring import Failed
from benchmarks.rows import Row, Target, row, worst
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Family, Kind
from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import SystemClock
from duelcast.store.database import Database, Transaction
from duelcast.store.log_retention import ROW_OVERHEAD_BYTES, LogBounds
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.stored_log import StoredLog
from duelcast.wire.messages import Event

ROOMS = 10
WALLETS = 5_000
MESSAGES_PER_WRITE = 100
TEXT_BYTES = 200
WATCHED_EVERY_S = 2.0
LARGEST_SHARE = 1.01
"""The maximum size of the log, or of a room's part of it, divided by its bound. It is more than 1, because a commit
adds its messages before it prunes, so the log can exceed its bound by about the messages of one commit."""


class Said(Event, tag="said"):
    """A message that is about as long as a chat message."""

    text: str


_ROOM = Family("room", Kind.EVERY, (Said,), "A busy room.", parameter="[0-9]+")
_WALLET = Family("wallet", Kind.EVERY, (Said,), "One of many quiet channels.", parameter="[0-9]+")


class Sizes(Struct, frozen=True):
    """The size of the stored log, read from the file; `largest_room` is the number of messages in the fullest room."""

    messages: int
    stored_bytes: int
    largest_room: int


def measure(seconds: int, per_s: int, bounds: LogBounds) -> list[Row]:
    """Half of the messages go to ten rooms, and half to 5,000 quiet channels. Only the bounds that so many messages can
    reach are judged. Raises `Failed` if a message is missing, or if no bound is reached."""
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as folder:
        path = Path(folder) / "duelcast.db"
        sizes, busy_s, elapsed_s = uvloop.run(_measure(path, seconds, per_s, bounds))
        file_bytes = path.stat().st_size
    sent = seconds * per_s
    name = f"log: {per_s:,}/s for {seconds} s"
    return [
        row(f"{name}: messages taken", "1/s", [sent / elapsed_s], Target("least", 0.99 * per_s)),
        row(f"{name}: CPU per message", "µs", [busy_s / sent * 1e6]),
        row(f"{name}: messages kept at the end", "", [sizes[-1].messages]),
        *sizes_judged(name, sizes, sent=sent, per_s=per_s, bounds=bounds),
        row(f"{name}: size of the file / bound", "", [file_bytes / bounds.max_bytes]),
    ]


def sizes_judged(name: str, sizes: Sequence[Sizes], *, sent: int, per_s: int, bounds: LogBounds) -> list[Row]:
    """A row for each bound that `sent` messages, `per_s` per second, reach: the size of the log divided by the bound.
    Raises `Failed` if they reach none."""
    most = Target("most", LARGEST_SHARE, decides=True)
    most_in_room = max(bounds.messages, per_s / 2 / ROOMS * bounds.seconds) + 2 * MESSAGES_PER_WRITE
    rows: list[Row] = []
    if sent * (TEXT_BYTES + ROW_OVERHEAD_BYTES) > bounds.max_bytes:
        rows.append(
            worst(f"{name}: its bytes / bound", "", [one.stored_bytes / bounds.max_bytes for one in sizes], most)
        )
    if sent / 2 / ROOMS > LARGEST_SHARE * most_in_room:
        shares = [one.largest_room / most_in_room for one in sizes]
        rows.append(worst(f"{name}: messages of a room / bound", "", shares, most))
    if not rows:
        raise Failed(f"{sent} messages reach no bound of the log.")
    return rows


async def _measure(path: Path, seconds: int, per_s: int, bounds: LogBounds) -> tuple[list[Sizes], float, float]:
    clock = SystemClock()
    database = Database(SqliteFile(path, busy_timeout_ms=2_000), clock, log_bounds=bounds)
    database.log.bus = MemoryBroker(clock, StoredLog(database, clock, bounds.max_age_s))
    sizes: list[Sizes] = []
    async with database.at_work():
        watching = asyncio.create_task(_watch(path, sizes))
        messages = broadcasts()
        began_s, cpu_s = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as writes:
            for written in range(MESSAGES_PER_WRITE, seconds * per_s + 1, MESSAGES_PER_WRITE):
                writes.create_task(publish(database, list(islice(messages, MESSAGES_PER_WRITE))))
                await asyncio.sleep(max(0.0, began_s + written / per_s - time.perf_counter()))
        elapsed_s, busy_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        sizes.append(_sizes(path))
    expect_no_gap(path, sent=seconds * per_s)
    return sizes, busy_s, elapsed_s


async def _watch(path: Path, sizes: list[Sizes]) -> None:
    while True:
        await asyncio.sleep(WATCHED_EVERY_S)
        sizes.append(await asyncio.to_thread(_sizes, path))


def broadcasts() -> Iterator[Broadcast]:
    text = "x" * TEXT_BYTES
    for number in count():
        channel = _ROOM.channel(str(number // 2 % ROOMS)) if number % 2 else _WALLET.channel(str(number // 2 % WALLETS))
        yield Broadcast(channel, Said(text=text))


async def publish(database: Database, broadcasts: Sequence[Broadcast]) -> None:
    async def work(_transaction: Transaction) -> Published[None]:
        return Published(None, broadcasts)

    await database.publish(work)


def _sizes(path: Path) -> Sizes:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        ((messages, stored_bytes),) = connection.execute(
            f"select count(*), coalesce(sum(length(body) + {ROW_OVERHEAD_BYTES}), 0) from channel_messages"
        )
        ((largest_room,),) = connection.execute(
            "select max(messages) from (select count(*) as messages from channel_messages"
            " where channel like 'room.%' group by channel)"
        )
    return Sizes(messages, stored_bytes, largest_room)


def expect_no_gap(path: Path, sent: int) -> None:
    """Raise `Failed` if a channel lacks a message after its floor (the last pruned number), or if the number of
    numbered messages is not `sent`."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select p.channel, p.seq, p.floor, count(m.seq) from channel_positions p"
            " left join channel_messages m on m.channel = p.channel and m.seq > p.floor group by p.channel"
        ).fetchall()
    gaps = [channel for channel, seq, floor, stored in rows if stored != seq - floor]
    numbered = sum(seq for _, seq, _, _ in rows)
    if gaps or numbered != sent:
        raise Failed(f"{sent} messages were sent, {numbered} were numbered; channels with gaps: {gaps[:5]}")
