"""Leadership: one node at a time, whoever is killed, suspended or cut off."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from duelcast.clock import SystemClock
from duelcast.cluster.finding import Address, LeaderFinder
from duelcast.cluster.leadership import LOOKS, Leadership
from duelcast.errors import Outage
from duelcast.store.backend import Held, TermLost
from duelcast.store.database import Database
from duelcast.store.lease import Leader, Lease
from duelcast.store.postgres.address import parse_address
from duelcast.store.postgres.database import PostgresDatabase
from duelcast.store.postgres.lease import PostgresLease
from duelcast.store.postgres.locks import LEADER, WRITER
from duelcast.store.postgres.session import connect
from duelcast.tasks import cancel
from tests.cluster.candidate import BUSY_TIMEOUT_MS, Candidate, candidate
from tests.postgres_server import PostgresServer
from tests.store.facts import put, until
from tests.store.postgres.place import Place, resumed
from tests.storing import bus_of

pytestmark = pytest.mark.postgres

LEASE_MS = 1_000
LONG_LEASE_MS = 60_000
"""So long that nothing expires during a test."""
NODE = "here"
CLOCK = SystemClock()
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
END_LEADER = "select pg_terminate_backend(pid) from leaders"


@asynccontextmanager
async def lease_of(place: Place, lease_ms: int = LONG_LEASE_MS) -> AsyncIterator[Lease]:
    lease = PostgresLease(parse_address(place.url), NODE, lease_ms / 1000)
    try:
        yield lease
    finally:
        await lease.resign()


@asynccontextmanager
async def leading(place: Place, above: int = 0, lease_ms: int = LONG_LEASE_MS) -> AsyncIterator[tuple[Lease, Database]]:
    """A node that leads, and its database."""
    backend = PostgresDatabase(place.url, place.data_dir, BUSY_TIMEOUT_MS, node=NODE, lease_ms=lease_ms)
    try:
        await Leadership(backend.lease, CLOCK).win(lambda: above)
        database = Database(backend, CLOCK)
        bus_of(database, CLOCK)
        async with database.at_work():
            yield backend.lease, database
    finally:
        await backend.lease.resign()


@asynccontextmanager
async def leading_child(place: Place, folder: Path, lease_ms: int = LONG_LEASE_MS) -> AsyncIterator[Candidate]:
    """A process that leads."""
    async with candidate(place.url, folder, lease_ms) as child:
        assert (await child.line()).startswith("leads ")
        yield child


async def test_a_second_candidate_waits_until_the_leader_resigns(place: Place) -> None:
    async with lease_of(place) as first, lease_of(place) as second:
        assert await first.take() == 1
        assert await second.take() is None
        waiting = asyncio.create_task(Leadership(second, CLOCK).win())
        await first.resign()
        assert await waiting == 2
        assert await first.take() is None


async def test_of_many_candidates_one_leads_at_a_time_and_each_term_is_higher(place: Place) -> None:
    terms: list[int] = []
    leaders = 0

    async def run() -> None:
        nonlocal leaders
        async with lease_of(place) as lease:
            terms.append(await Leadership(lease, CLOCK).win())
            leaders += 1
            assert leaders == 1
            await asyncio.sleep(0.01)
            leaders -= 1

    await asyncio.gather(*(run() for _ in range(8)))
    assert terms == list(range(1, 9))


async def test_a_term_is_above_that_of_the_log(place: Place) -> None:
    async with lease_of(place) as lease:
        assert await lease.take(above=41) == 42
        assert await lease.take(above=41) == 43, "the log refused the term: the next one is another"


async def test_a_killed_leader_is_followed_at_once_whatever_its_lease(place: Place, tmp_path: Path) -> None:
    async with leading_child(place, tmp_path, LONG_LEASE_MS) as child:
        assert await child.ask("write before") == "stored before"
        child.process.send_signal(signal.SIGKILL)
        async with leading(place) as (lease, database):
            assert lease.term == 2
            await database.write(put("after"))
    assert place.names() == ["after", "before"]


async def test_a_suspended_leader_is_followed_once_its_lease_has_expired_and_writes_nothing_when_it_wakes(
    place: Place, tmp_path: Path
) -> None:
    async with leading_child(place, tmp_path, LEASE_MS) as child:
        assert await child.ask("write before") == "stored before"
        child.process.send_signal(signal.SIGSTOP)
        async with leading(place) as (lease, database):
            assert lease.term == 2
            child.say("write late")
            child.process.send_signal(signal.SIGCONT)
            assert {await child.line(), await child.line()} == {"lost 1", "Unavailable late"}
            await database.write(put("after"))
            assert await child.ask("write later") == "Unavailable later"
    assert place.names() == ["after", "before"]


async def test_the_open_transaction_of_a_suspended_leader_is_never_committed_and_blocks_nobody(
    place: Place, tmp_path: Path
) -> None:
    async with leading_child(place, tmp_path, LEASE_MS) as child:
        assert await child.ask("hold open") == "holds open"
        child.process.send_signal(signal.SIGSTOP)
        async with leading(place) as (_, database):
            await database.write(put("open"))  # a name can be stored once, and the other transaction has not ended
            child.say("go")
            child.process.send_signal(signal.SIGCONT)
            assert {await child.line(), await child.line()} == {"lost 1", "Unavailable open"}
    assert place.names() == ["open"]


async def test_a_leader_that_renews_keeps_its_term_for_longer_than_its_lease(place: Place) -> None:
    async with lease_of(place, LEASE_MS) as first, lease_of(place) as second:
        await first.take()
        ((taken_at,),) = place.query("select expires_at from leaders")
        waiting = asyncio.create_task(second.take())
        await until(lambda: place.query("select expires_at > $1 from leaders", taken_at) == [(True,)])
        assert await waiting is None
        assert not first.is_lost
        assert first.term == 1


async def test_a_leader_that_loses_its_session_takes_its_term_up_again(place: Place) -> None:
    async with leading(place) as (lease, database):
        ((pid,),) = place.query("select pid from leaders")
        place.query(END_LEADER)
        await until(lambda: place.query("select pid from leaders") not in ([(pid,)], []))
        assert lease.term == 1
        assert not lease.is_lost
        await database.write(put("a"))
    assert place.names() == ["a"]


async def test_a_leader_whose_session_another_candidate_was_waiting_for_is_fenced(place: Place, tmp_path: Path) -> None:
    async with leading(place) as (lease, database):
        await database.write(put("before"))
        async with candidate(place.url, tmp_path, LONG_LEASE_MS) as child:
            await until(lambda: place.query(WAITING) == [(1,)])
            place.query(END_LEADER)
            assert await child.line() == "leads 2"
            with pytest.raises(Outage):
                await database.write(put("late"))
            await lease.lost()
            with pytest.raises(TermLost):
                await Leadership(lease, CLOCK).lost()
            assert await child.ask("write after") == "stored after"
        with pytest.raises(Outage):
            await database.write(put("later"))
        assert database.failure == "Another server has taken over: this one has to be restarted."
    assert place.names() == ["after", "before"]


async def test_a_leader_that_does_not_know_yet_that_its_term_is_over_ends_nobodys_session(place: Place) -> None:
    async with leading(place) as (lease, database):
        await database.write(put("before"))
        other = await connect(parse_address(place.url), writes=True)
        try:
            taking = asyncio.create_task(
                other.execute(f"select pg_advisory_lock({LEADER}), pg_advisory_lock({WRITER})")
            )
            await until(lambda: place.query(WAITING) == [(1,)])
            place.query("update leaders set term = 2")
            place.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted")
            await taking
            with pytest.raises(Outage):
                await database.write(put("late"))
            await lease.lost()
            assert await other.fetchval("select 1") == 1
        finally:
            await other.close()
    assert place.names() == ["before"]


async def test_a_database_that_goes_away_ends_no_term(place: Place, server: PostgresServer) -> None:
    async with leading(place, lease_ms=LEASE_MS) as (lease, database), lease_of(place, LEASE_MS) as second:
        waiting = asyncio.create_task(Leadership(second, CLOCK).win())
        await asyncio.to_thread(server.stop)
        await until(lambda: database.failure is not None)
        await asyncio.to_thread(server.start)
        await resumed(database)
        await database.write(put("after"))
        assert not lease.is_lost
        assert not waiting.done(), "the leader is first to get its lock back"
        waiting.cancel()
        await asyncio.wait([waiting])
    assert place.names() == ["after"]


async def test_a_candidate_that_hangs_between_lock_and_term_keeps_nobody_waiting_for_long(place: Place) -> None:
    hanging = await connect(parse_address(place.url), writes=True)
    try:
        await hanging.execute("begin")
        await hanging.fetchval("select pg_advisory_lock($1)", LEADER)
        async with lease_of(place) as lease:
            assert await Leadership(lease, CLOCK).win() == 1
    finally:
        hanging.terminate()


class Timeless(SystemClock):
    """A machine whose time nobody may ask for."""

    @staticmethod
    def time() -> float:
        raise AssertionError("The time of the machine is not the database's.")


async def test_only_the_clock_of_the_database_counts(place: Place) -> None:
    hanging = await connect(parse_address(place.url), writes=True)
    lease = PostgresLease(parse_address(place.url), NODE, 0.001, Timeless())
    try:
        await hanging.fetchval("select pg_advisory_lock($1)", LEADER)
        place.query(
            "insert into leaders (term, node, pid, expires_at)"
            " values (1, '', $1, clock_timestamp() + interval '1 hour')",
            hanging.get_server_pid(),
        )
        assert await lease.take() is None
        place.query("update leaders set expires_at = clock_timestamp() - interval '1 second'")
        assert await lease.take() == 2
        await until(hanging.is_closed)
    finally:
        await lease.resign()
        await hanging.close()


async def test_gateways_find_a_leader_that_is_ready(place: Place) -> None:
    async with lease_of(place) as lease, lease_of(place) as gateway:
        finder = LeaderFinder(gateway)
        assert await finder.find() is None
        await lease.take()
        assert await finder.find() is None, "it still loads"
        await lease.announce("here:8070", "epoch")
        assert await finder.find() == Address("here", 8070, term=1)
        assert await gateway.find() == Leader(1, NODE, "here:8070", "epoch")
        place.query("update leaders set expires_at = clock_timestamp()")
        assert await finder.find() is None
        await lease.resign()
        assert await finder.find() is None
        with pytest.raises(TermLost):
            await lease.announce("here:8070", "epoch")


async def test_a_leader_that_alone_lacks_the_log_gives_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    reaches_log = False
    looks = 0
    async with lease_of(place, LEASE_MS) as lease, lease_of(place, LEASE_MS) as other:
        is_vouched = lease.is_vouched

        async def look() -> bool:
            nonlocal looks
            found = await is_vouched()
            looks += 1
            return found

        monkeypatch.setattr(lease, "is_vouched", look)
        first, second = Leadership(lease, CLOCK), Leadership(other, CLOCK)
        await first.win()
        giving_way = asyncio.create_task(first.give_way(lambda: True))
        winning = asyncio.create_task(second.win(reaches_log=lambda: reaches_log))
        await until(lambda: looks > LOOKS or giving_way.done())
        assert not giving_way.done(), "no other node reaches the log"
        reaches_log = True
        with pytest.raises(TermLost):
            await giving_way
        await first.resign()
        assert await winning == 2


async def test_a_leader_that_reaches_the_log_stays(place: Place) -> None:
    looks = 0

    def is_without_log() -> bool:
        nonlocal looks
        looks += 1
        return False

    async with lease_of(place, LEASE_MS) as lease, lease_of(place, LEASE_MS) as other:
        first, second = Leadership(lease, CLOCK), Leadership(other, CLOCK)
        await first.win()
        giving_way = asyncio.create_task(first.give_way(is_without_log))
        winning = asyncio.create_task(second.win())
        await until(lambda: place.query("select log_reached_at from leaders") != [(None,)])
        earlier = looks
        # If the leader ignored that it reaches the log, it would give way after three of its looks.
        await until(lambda: looks > earlier + LOOKS + 1 or giving_way.done())
        assert not giving_way.done()
        await cancel([giving_way, winning])


# ── a single server ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_single_server_is_refused_as_long_as_the_first_one_lives(place: Place, tmp_path: Path) -> None:
    async with place.opened() as first:
        with pytest.raises(Held):
            async with place.opened(data_dir=tmp_path / "other"):
                pass
        await first.write(put("a"))
    assert place.query("select term from leaders") == [(1,)]


async def test_a_single_server_that_hangs_is_replaced_after_its_lease(place: Place, tmp_path: Path) -> None:
    async with leading_child(place, tmp_path / "child", LEASE_MS) as child:
        child.process.send_signal(signal.SIGSTOP)
        second: Database | None = None
        while second is None:
            with suppress(Held):
                async with place.opened(data_dir=tmp_path / "other") as second:
                    await second.write(put("a"))
    assert place.names() == ["a"]
