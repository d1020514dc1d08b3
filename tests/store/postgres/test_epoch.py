"""The epoch of a PostgreSQL database: kept by restarts, another one for whatever may lack numbers (protocol §2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.clock import SystemClock
from duelcast.domain.operations.events import ALERTS
from duelcast.settings import ConfigurationError
from duelcast.store.channel_log import RESERVED_NUMBERS
from duelcast.store.database import Database
from duelcast.store.stored_epoch import read_epoch, renew_epoch
from tests.postgres_server import PostgresServer
from tests.store.postgres.place import Place, say_something
from tests.storing import bus_of

pytestmark = pytest.mark.postgres

CLOCK = SystemClock()


async def test_a_restart_keeps_the_epoch(place: Place) -> None:
    first = await place.epoch_of_start()
    assert [await place.epoch_of_start() for _ in range(3)] == [first] * 3
    assert await read_epoch(place.backend()) == first


async def test_a_server_that_was_killed_keeps_it_too(place: Place) -> None:
    first = await place.start_and_die()
    assert await place.epoch_of_start() == first


async def test_a_server_on_another_machine_keeps_it(place: Place, tmp_path: Path) -> None:
    first = await place.start_and_die()
    assert await place.epoch_of_start(tmp_path / "other") == first
    assert await place.epoch_of_start() == first, "back on the first one, whose file is older by now"


async def test_two_databases_have_two(place: Place) -> None:
    first = await place.epoch_of_start()
    place.databases.query("postgres", f"create database {place.name}_copy template {place.name}")
    copy = Place(place.databases, f"{place.name}_copy", place.data_dir)
    second = await copy.epoch_of_start()
    assert second != first
    assert await copy.epoch_of_start() == second
    assert await place.epoch_of_start() == first


async def test_a_restored_dump_has_a_new_epoch(place: Place, server: PostgresServer, tmp_path: Path) -> None:
    first = await place.epoch_of_start()
    dump = str(server.folder / "dump")
    server.run_program("pg_dump", "-Fc", "-f", dump, place.url)
    server.run_program("pg_restore", "--clean", "-d", place.url, dump)
    assert await place.epoch_of_start(tmp_path / "other") != first, "in the same database, and without the file"


async def test_an_earlier_state_in_the_same_tables_has_a_new_epoch(place: Place) -> None:
    first = await place.epoch_of_start()
    async with place.opened() as database:
        await database.publish(say_something)
    place.query("update channel_positions set seq = 0")
    assert await place.epoch_of_start() != first


async def test_an_operator_can_give_it_a_new_one(place: Place) -> None:
    first = await place.epoch_of_start()
    second = await renew_epoch(place.backend())
    assert second != first
    assert await place.epoch_of_start() == second


async def test_not_while_a_server_uses_it(place: Place) -> None:
    async with place.opened() as database:
        with pytest.raises(ConfigurationError, match="Another server uses the database"):
            await renew_epoch(place.backend())
        assert await read_epoch(place.backend()) == database.epoch.name


# ── a standby that is promoted ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
async def test_a_promoted_standby_keeps_the_epoch_only_of_a_server_that_stopped(
    place: Place, server: PostgresServer, is_killed: bool
) -> None:
    await place.epoch_of_start()
    first = await (place.start_and_die() if is_killed else place.epoch_of_start())
    standby = server.make_standby()
    try:
        url = standby.url(place.name)
        with pytest.raises(ConfigurationError, match="Its server is a standby: name the primary"):
            await place.backend(url).examine()
        standby.promote()
        async with place.opened(url) as database:
            assert (database.epoch.name == first) is not is_killed
            second = database.epoch.name
        async with place.opened(url) as database:
            assert database.epoch.name == second
    finally:
        standby.remove()


# ── reserved numbers ────────────────────────────────────────────────────────────────────────────────────────────────


async def first_alert(place: Place, data_dir: Path) -> int:
    """Start a server; the number of the first alert after it."""
    database = Database(place.backend(data_dir=data_dir), CLOCK, urgent=[ALERTS.channel()])
    bus_of(database, CLOCK)
    async with database.at_work():
        return database.urgent_positions[ALERTS.channel()] + 1


async def test_reserved_numbers_count_as_used_unless_the_file_of_the_last_start_says_otherwise(
    place: Place, tmp_path: Path
) -> None:
    folder, other = place.data_dir, tmp_path / "other"
    assert await first_alert(place, folder) == 1, "a new database"
    assert await first_alert(place, folder) == 1, "the file says that none was used"
    assert await first_alert(place, other) == RESERVED_NUMBERS + 1, "without a file"
    assert await first_alert(place, folder) == 2 * RESERVED_NUMBERS + 1, "with the file of an earlier start"
    (mark,) = folder.glob("*.epoch")
    mark.write_bytes(mark.read_bytes().replace(b"unused", b"used  "))
    assert await first_alert(place, folder) == 3 * RESERVED_NUMBERS + 1, "the file says that some were used"
