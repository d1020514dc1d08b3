"""A database server: sessions with locks and transactions, which end with their processes, with the server, or because
another session ends them. Rows are in an SQLite file; the row of the leader and the locks are kept here.

A statement is executed by the server, whether or not its sender still waits. So a COMMIT may take effect although its
answer is lost, and a process that is killed may have committed.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from msgspec import Struct, structs

from duelcast.store.postgres import claim, lease
from duelcast.store.postgres.locks import LOCK, WRITER
from duelcast.store.postgres.session import ANSWER_TIMEOUT_S, IDLE_TIMEOUT_MS, LOCK_TIMEOUT_MS
from tests.simulation.loop import Process
from tests.simulation.network import OUTSIDE, delay_s

CONNECT_TIMEOUT_S = 3.0
KEEPALIVE_S = 19.0
"""After this time, the server ends the sessions of a machine that is gone."""
CLOSED = "connection closed"
"""What SQLAlchemy takes for the end of a connection."""
LOST_COMMIT_SHARE = 0.01
"""How many sessions end just before a COMMIT, and how many just after it."""

T = TypeVar("T")


class SessionLost(ConnectionResetError):
    """The session has ended, and it is not known what became of its last statement."""


class LeaderRow(Struct):
    """The row of `leaders`."""

    term: int
    node: str
    pid: int
    expires_s: float
    address: str | None = None
    epoch: str | None = None
    log_reached_s: float = -1e9


class DatabaseServer:
    """The server of the database at `path`."""

    def __init__(self, path: Path, is_faulty: Callable[[], bool]) -> None:
        self.path = path
        self.is_up = True
        self.fences = True
        """Whether a session of an earlier leader cannot commit."""
        self.is_faulty = is_faulty
        self.cut: set[str] = set()
        """The processes that no packet reaches."""
        self.leader: LeaderRow | None = None
        self.sessions: dict[int, Session] = {}
        self.on_commit: Callable[[Process, str], None] = lambda _process, _moment: None
        """Called `before` and `after` each COMMIT of a writer."""
        self._timeline = 1
        self._standby: tuple[sqlite3.Connection, LeaderRow | None] | None = None
        """The rows of a standby that has fallen behind."""
        self._pids = 0
        self._lock_holders: dict[int, int] = {}
        self._lock_waiters: list[asyncio.Event] = []

    async def connect(self, process: Process, seed: str, *, writes: bool) -> Session:
        """A new session of `process`. Raises `OSError`."""
        await asyncio.sleep(0.002)
        if process.name in self.cut:
            await asyncio.sleep(CONNECT_TIMEOUT_S)
            raise TimeoutError
        if not self.is_up:
            raise ConnectionRefusedError
        self._pids += 1
        session = Session(self, self._pids, process, random.Random(f"{seed}/db/{process.name}/{self._pids}"), writes)
        self.sessions[session.pid] = session
        return session

    def holds(self, pid: int, key: int) -> bool:
        return self._lock_holders.get(key) == pid

    def holder_of(self, key: int) -> int | None:
        return self._lock_holders.get(key)

    async def lock(self, session: Session, key: int) -> None:
        """Give an advisory lock to a session."""
        if not self.fences and key == WRITER:
            return
        wait_s = LOCK_TIMEOUT_MS / 1000
        if session.waits_until_expiry and self.leader is not None:
            wait_s = max(0.0, min(wait_s, self.leader.expires_s - _now_s())) + lease.LAST_WAIT_MS / 1000
        until_s = asyncio.get_running_loop().time() + wait_s
        while self._lock_holders.get(key, session.pid) != session.pid:
            freed = asyncio.Event()
            self._lock_waiters.append(freed)
            try:
                async with asyncio.timeout_at(until_s):
                    await freed.wait()
            except TimeoutError:
                raise asyncpg.exceptions.LockNotAvailableError("canceling statement due to lock timeout") from None
            finally:
                self._lock_waiters.remove(freed)
            if session.has_ended:
                raise SessionLost
        self._lock_holders[key] = session.pid

    def end(self, pid: int) -> bool:
        """End a session: its transaction is undone, its locks are free."""
        session = self.sessions.pop(pid, None)
        if session is None:
            return False
        session.close_here()
        self._lock_holders = {key: holder for key, holder in self._lock_holders.items() if holder != pid}
        for waiter in self._lock_waiters:
            waiter.set()
        return True

    def stop(self) -> None:
        self.is_up = False
        for pid in list(self.sessions):
            self.end(pid)

    def start(self) -> None:
        self.is_up = True

    def fall_behind(self) -> None:
        """From now on, the standby gets no transactions."""
        rows = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.path)) as file:
            file.backup(rows)
        self._standby = rows, None if self.leader is None else structs.replace(self.leader)

    def promote(self) -> None:
        """Let the standby take the place of this server."""
        assert self._standby is not None
        self.stop()
        rows, self.leader = self._standby
        self._standby = None
        with closing(rows), closing(sqlite3.connect(self.path)) as file:
            rows.backup(file)
        self._timeline += 1
        self.start()

    @property
    def is_standby_behind(self) -> bool:
        """Whether a standby is to be promoted."""
        return self._standby is not None

    @property
    def identity(self) -> tuple[int, int, int, int]:
        """See `claim.Identity`."""
        return 1, 1, 1, self._timeline

    def died(self, process: Process, *, silently: bool) -> None:
        """End the sessions of a process, once the server hears of it."""
        for pid in [pid for pid, session in self.sessions.items() if session.process is process]:
            wait_s = KEEPALIVE_S if silently else 0.005
            asyncio.get_running_loop().call_later(wait_s, self.end, pid, context=OUTSIDE)

    # ── the rows of the leader ──────────────────────────────────────────────────────────────────────────────────

    def begin_term(self, pid: int, above: int, node: str, duration_s: float) -> int:
        before = 0 if self.leader is None else self.leader.term
        self.leader = LeaderRow(max(before, above) + 1, node, pid, _now_s() + duration_s)
        return self.leader.term

    def renew(self, pid: int, term: int, duration_s: float) -> int | None:
        if self.leader is None or self.leader.term != term:
            return None
        self.leader.expires_s, self.leader.pid = _now_s() + duration_s, pid
        return term

    def end_expired(self, pid: int, own_term: int | None, key: int) -> bool | None:
        leader = self.leader
        if leader is None or leader.pid == pid or not self.holds(leader.pid, key):
            return None
        return self.end(leader.pid) if leader.expires_s < _now_s() or leader.term == own_term else None

    def end_writer(self, term: int, writer_key: int, leader_key: int) -> int:
        leader, writer = self.leader, self.holder_of(writer_key)
        if leader is None or leader.term != term or not self.holds(leader.pid, leader_key) or writer is None:
            return 0
        return int(self.end(writer))

    def is_current(self, term: int) -> bool:
        return not self.fences or (self.leader is not None and self.leader.term == term)

    def announce(self, term: int, address: str, epoch: str) -> int | None:
        if self.leader is None or self.leader.term != term:
            return None
        self.leader.address, self.leader.epoch = address, epoch
        return term

    def find(self) -> tuple[int, str, str | None, str] | None:
        leader = self.leader
        if leader is None or leader.epoch is None or leader.expires_s < _now_s():
            return None
        return leader.term, leader.node, leader.address, leader.epoch

    def vouch(self) -> None:
        if self.leader is not None:
            self.leader.log_reached_s = _now_s()

    def is_vouched(self, within_s: float) -> bool:
        return self.leader is not None and self.leader.log_reached_s > _now_s() - within_s

    def resign(self, term: int) -> None:
        if self.leader is not None and self.leader.term == term:
            self.leader.epoch, self.leader.expires_s = None, _now_s() - 1e-9


class Session:
    """A session, as its process uses it: like a connection of asyncpg for the lease and the claim, and like one of
    aiosqlite for SQLAlchemy."""

    def __init__(self, server: DatabaseServer, pid: int, process: Process, rng: random.Random, writes: bool) -> None:
        self.pid = pid
        self.process = process
        self.has_ended = False
        self.server = server
        self.rng = rng
        self._writes = writes
        self._opened: sqlite3.Connection | None = None
        self._listeners: list[Callable[[Session], None]] = []
        self._is_closed = False
        self.waits_until_expiry = False
        """Whether a wait for a lock ends with the term of the leader."""
        self._statements = 0
        self._answers: list[asyncio.Future[Any]] = []

    async def remote(self, act: Callable[[], T], timeout_s: float = ANSWER_TIMEOUT_S) -> T:
        """Have the server do something. Raises `OSError` if the session ends before the answer."""
        if self._is_closed:
            raise SessionLost
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._answers.append(answer)
        loop.call_later(delay_s(self.rng), self._execute, act, answer, context=OUTSIDE)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            self.terminate()
            raise
        except asyncio.CancelledError:
            # As after the driver's cancel request, which comes too late as often as not.
            self.terminate()
            raise
        finally:
            self._answers.remove(answer)

    def _execute(self, act: Callable[[], T], answer: asyncio.Future[T]) -> None:
        loop = asyncio.get_running_loop()
        if self.process.name in self.server.cut:
            loop.call_later(0.1, self._execute, act, answer, context=OUTSIDE)
            return
        if self.has_ended:
            _settle(answer, SessionLost())
            return
        self._statements += 1
        try:
            result = act()
        except Exception as error:
            loop.call_later(delay_s(self.rng), _settle, answer, error, context=OUTSIDE)
        else:
            loop.call_later(delay_s(self.rng), self._answer, answer, result, context=OUTSIDE)
        if self._writes and self._file_in_transaction:
            loop.call_later(IDLE_TIMEOUT_MS[True] / 1000, self._end_if_idle, self._statements, context=OUTSIDE)

    def _answer(self, answer: asyncio.Future[T], result: T) -> None:
        if self.process.name in self.server.cut:
            asyncio.get_running_loop().call_later(0.1, self._answer, answer, result, context=OUTSIDE)
        elif not answer.done():
            answer.set_result(result)

    @property
    def file(self) -> sqlite3.Connection:
        """The rows; opened by the first statement that needs them."""
        if self._opened is None:
            self._opened = sqlite3.connect(self.server.path, isolation_level=None, timeout=0)
            for pragma in ("synchronous=OFF", "foreign_keys=ON", f"query_only={'OFF' if self._writes else 'ON'}"):
                self._opened.execute(f"PRAGMA {pragma}")
        return self._opened

    @property
    def _file_in_transaction(self) -> bool:
        return not self.has_ended and self._opened is not None and self._opened.in_transaction

    def _end_if_idle(self, statements: int) -> None:
        if self._statements == statements and self._file_in_transaction:
            self.server.end(self.pid)

    def close_here(self) -> None:
        """The session ends on the server; its process hears of it a little later."""
        self.has_ended = True
        if self._opened is not None:
            with suppress(sqlite3.Error):
                self._opened.rollback()
            self._opened.close()
        loop = asyncio.get_running_loop()
        loop.call_later(delay_s(self.rng), self._hear_end, context=OUTSIDE)

    def _hear_end(self) -> None:
        loop = asyncio.get_running_loop()
        if self.process.name in self.server.cut:
            loop.call_later(0.1, self._hear_end, context=OUTSIDE)
            return
        for answer in self._answers:
            _settle(answer, SessionLost())
        loop.call_soon(self._note_end, context=self.process.context)

    def _note_end(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            for listener in self._listeners:
                listener(self)

    # ── like asyncpg ────────────────────────────────────────────────────────────────────────────────────────────

    async def fetchval(self, statement: str, *values: Any) -> Any:
        server, pid = self.server, self.pid
        if statement == LOCK:
            return await self._locked(values[0])
        acts: dict[str, Callable[..., Any]] = {
            lease._IS_THERE: lambda: True,
            lease._WAIT_UNTIL_EXPIRY: self._wait_until_expiry,
            lease._BEGIN: lambda *given: server.begin_term(pid, *given),
            lease._RENEW: lambda *given: server.renew(pid, *given),
            lease._TERM: lambda: None if server.leader is None else server.leader.term,
            lease._END_EXPIRED_OR_OWN: lambda *given: server.end_expired(pid, *given),
            lease._ANNOUNCE: server.announce,
            lease._IS_VOUCHED: server.is_vouched,
            claim._END_OTHER: server.end_writer,
            claim._IS_CURRENT: server.is_current,
            claim._STARTS: lambda: self.file.execute("select starts from epochs").fetchone()[0],
        }
        return await self.remote(lambda: acts[statement](*values))

    def _wait_until_expiry(self, _last_ms: int, _longest_ms: int) -> None:
        self.waits_until_expiry = True

    async def fetchrow(self, statement: str) -> Any:
        if statement == lease._FIND:
            return await self.remote(self.server.find)
        assert statement == claim._IDENTITY
        return await self.remote(lambda: self.server.identity)

    async def execute(self, statement: str, *values: Any) -> Any:
        if statement == lease._RESIGN:
            return await self.remote(lambda: self.server.resign(*values))
        if statement in (lease._ASYNCHRONOUS, lease._SYNCHRONOUS, lease._WAIT_AS_USUAL):
            return await self.remote(lambda: None)  # there is no standby, and `transaction` ends the wait
        if statement == lease._VOUCH:
            return await self.remote(self.server.vouch)
        return await self.remote(lambda: self.file.execute(statement))  # a PRAGMA of SQLAlchemy's

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction about the row of the leader. The session has its lock, so that nobody sees it half done."""
        try:
            yield
        finally:
            self.waits_until_expiry = False

    async def _locked(self, key: int) -> None:
        locked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The session may end before anybody waits for the lock.
        locked.add_done_callback(lambda done: done.cancelled() or done.exception())

        def begin() -> None:
            task = asyncio.get_running_loop().create_task(self.server.lock(self, key), context=OUTSIDE.copy())
            task.add_done_callback(lambda done: _settle(locked, done.exception()), context=OUTSIDE)

        await self.remote(begin)
        self._answers.append(locked)
        try:
            await locked
        finally:
            self._answers.remove(locked)

    def add_termination_listener(self, listener: Callable[[Session], None]) -> None:
        self._listeners.append(listener)

    def is_closed(self) -> bool:
        return self._is_closed

    def terminate(self) -> None:
        """Close the connection at this end; the server hears of it."""
        if not self._is_closed:
            self._is_closed = True
            loop = asyncio.get_running_loop()
            loop.call_later(delay_s(self.rng), self.server.end, self.pid, context=OUTSIDE)

    # ── like aiosqlite ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _connection(self) -> Session | None:
        return None if self._is_closed else self

    def cursor(self) -> Cursor:
        return Cursor(self)

    async def create_function(self, *_given: Any, **_options: Any) -> None:
        pass

    async def commit(self) -> None:
        fate = self.rng.random() if self._writes and self.server.is_faulty() else 1.0

        def commit() -> None:
            if fate < LOST_COMMIT_SHARE:
                self.server.end(self.pid)
                raise SessionLost
            if self._writes:
                self.server.on_commit(self.process, "before")
                if self.has_ended:
                    raise SessionLost
            self.file.commit()
            if self._writes:
                self.server.on_commit(self.process, "after")
            if fate < 2 * LOST_COMMIT_SHARE:
                self.server.end(self.pid)
                raise SessionLost

        await self._driver(self.remote(commit))

    async def rollback(self) -> None:
        await self._driver(self.remote(lambda: self.file.rollback()))

    async def close(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as the driver names it
        self.terminate()

    def stop(self) -> None:
        self.terminate()

    async def run(self, act: Callable[[], T]) -> T:
        return await self._driver(self.remote(act))

    @staticmethod
    async def _driver(work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        except OSError:
            raise sqlite3.OperationalError(CLOSED) from None


class Cursor:
    """A cursor of aiosqlite."""

    arraysize = 1

    def __init__(self, session: Session) -> None:
        self._session = session
        self._cursor: sqlite3.Cursor | None = None
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, values: Any = ()) -> Cursor:
        await self._session.run(lambda: self._take(self._session.file.execute(statement, values)))
        return self

    async def executemany(self, statement: str, rows: Any) -> Cursor:
        await self._session.run(lambda: self._take(self._session.file.executemany(statement, rows)))
        return self

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        pass

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        self._rows = cursor.fetchall() if cursor.description else ()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _settle(answer: asyncio.Future[Any], error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)
