"""The shared log as a stream of a Valkey or Redis server.

XADD with an explicit id refuses one that is not above the newest, even if the stream was trimmed empty
(https://valkey.io/commands/xadd/): the server itself fences a leader whose term is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from redis import exceptions as errors

from duelcast.channels.records import BEGINNING, EntryId
from duelcast.channels.shared_log import Fenced, LogEntry, LogUnavailable, SharedLog
from duelcast.channels.valkey_clients import client
from duelcast.tasks import cancel, retrieve

ANSWER_TIMEOUT_S = 3.0
LONGEST_READ_S = 5.0
"""A read that waits for longer returns without entries."""
ENTRIES_PER_READ = 1_000
LEAST_FREE = 0.1
"""The share of Valkey's memory below which it is reported."""
_NOT_ABOVE = "equal or smaller than the target stream top item"


class ValkeyLog:
    """The stream `<prefix>:log` of the server at `url`, whose password is a secret.

    The entries of a cluster carry its `mark`, a short text that other clusters do not have; an entry with another mark
    makes the log unavailable.
    """

    def __init__(self, url: str, prefix: str = "duelcast", mark: str = "e") -> None:
        self._key = f"{prefix}:log"
        self._mark = mark.encode()
        self._clients = client(url, ANSWER_TIMEOUT_S), client(url, LONGEST_READ_S + ANSWER_TIMEOUT_S)
        self._writing = self._clients[0].server
        # A read that waits occupies its connection.
        self._reading = self._clients[1].server
        self._asking: set[asyncio.Future[Any]] = set()

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        minimum = str(keep_after.next()) if keep_after != BEGINNING else None
        try:
            await self._answer(self._writing.xadd(self._key, {self._mark: entry.data}, id=str(entry.id), minid=minimum))
        except errors.ResponseError:  # the id is not above the newest one, see `_answer`
            if not await self._has(entry):
                raise Fenced from None

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        answer = await self._answer(
            self._reading.xread(
                {self._key: str(after)}, count=ENTRIES_PER_READ, block=max(1, int(min(wait_s, LONGEST_READ_S) * 1000))
            )
        )
        return [self._entry(raw) for _, entries in answer or () for raw in entries]

    async def top(self) -> EntryId:
        newest = await self._answer(self._writing.xrevrange(self._key, count=1))
        return self._entry(newest[0]).id if newest else BEGINNING

    async def run_id(self) -> str:
        # A server that gives its place to a replica and takes it back keeps its run, but not the replication.
        server, replication = [await self._answer(self._writing.info(part)) for part in ("server", "replication")]
        names = str(server.get("run_id", "")), str(replication.get("master_replid", ""))
        return " ".join(names) if all(names) else ""

    async def faults(self) -> Sequence[str]:
        memory = await self._answer(self._writing.info("memory"))
        policy = str(memory.get("maxmemory_policy", "noeviction"))
        used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
        faults = []
        if most and policy != "noeviction":
            faults.append(f"Valkey may evict the log (maxmemory-policy {policy}): set it to noeviction.")
        if most and used > most * (1 - LEAST_FREE):
            faults.append("Valkey is nearly out of memory: raise maxmemory.")
        return faults

    async def close(self) -> None:
        await cancel(self._asking)
        for one in self._clients:
            await one.close()

    def _entry(self, raw: tuple[bytes, dict[bytes, bytes]]) -> LogEntry:
        id_, fields = raw
        data = fields.get(self._mark)
        if data is None:
            raise LogUnavailable(
                "The log is that of another cluster: set DUELCAST_BROKER_KEY_PREFIX to another prefix, or "
                "DUELCAST_CLUSTER_SECRET to the secret of this cluster."
            )
        term, _, number = id_.decode().partition("-")
        return LogEntry(EntryId(int(term), int(number)), data)

    async def _answer(self, asked: Awaitable[Any]) -> Any:
        """The answer of the server. Raises `LogUnavailable`, or `ResponseError` if the server refused the command."""
        asking = asyncio.ensure_future(asked)
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        asking.add_done_callback(retrieve)
        try:
            # The driver sends with `asyncio.wait_for`, which may lose a cancellation
            # (https://github.com/python/cpython/issues/86296), so that the end of a read would have to be awaited.
            await asyncio.wait({asking})
        except asyncio.CancelledError:
            asking.cancel()
            raise
        try:
            return asking.result()
        except errors.ResponseError as error:
            if _NOT_ABOVE in str(error):
                raise
            raise LogUnavailable(describe(error)) from None
        except (errors.RedisError, OSError) as error:
            raise LogUnavailable(describe(error)) from None

    async def _has(self, entry: LogEntry) -> bool:
        found = await self._answer(self._writing.xrange(self._key, str(entry.id), str(entry.id)))
        return bool(found) and self._entry(found[0]) == entry


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (errors.OutOfMemoryError, "Valkey is out of memory: raise maxmemory."),
    (errors.AuthenticationError, "Valkey refuses the login: check the user and password in DUELCAST_BROKER_URL."),
    (
        errors.NoPermissionError,
        "Valkey does not permit the user what the log needs: XADD, XREAD, XRANGE, XREVRANGE, INFO.",
    ),
    (errors.ReadOnlyError, "The server is a read-only replica of Valkey: point DUELCAST_BROKER_URL at the primary."),
    (errors.BusyLoadingError, "Valkey is loading its data."),
    (errors.TimeoutError, "Valkey does not answer."),
    (errors.ConnectionError, "Valkey cannot be reached."),
    (OSError, "Valkey cannot be reached."),
)


def describe(error: Exception) -> str:
    """Why the log does not work, in our own words."""
    if "WRONGTYPE" in str(error):
        return "The key of the log has other data: another program uses this Valkey, so set another key prefix."
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "Valkey answers with an error.")


if TYPE_CHECKING:
    _conforms: type[SharedLog] = ValkeyLog
