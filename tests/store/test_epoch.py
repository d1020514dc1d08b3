"""The epoch of a database: kept by a restart, another one for a copy or after a restore (protocol §2)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import ManualClock
from duelcast.domain.contests.events import CHAT, ChatMessageDeleted
from duelcast.settings import ConfigurationError
from duelcast.store.database import Database, Transaction
from duelcast.store.sqlite.backup import back_up, restore
from duelcast.store.sqlite.epoch_file import EpochFile
from duelcast.store.stored_epoch import read_epoch, renew_epoch
from tests.databases import backend_at, place_new
from tests.storing import bus_of, make_earlier, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


async def _say_something(_transaction: Transaction) -> Published[None]:
    return Published(None, [Broadcast(CHAT.channel("1"), ChatMessageDeleted(contestId=1, id=1))])


async def _lose_a_number(transaction: Transaction) -> None:
    """Write what a standby would have that lacks the second message."""
    await transaction.execute(text("update channel_positions set seq = 1 where channel = 'chat.1'"))


def overwrite(path: Path, other: Path) -> None:
    """Write another file into this one."""
    path.write_bytes(other.read_bytes())


async def epoch_of_start(path: Path) -> str:
    """Start and stop; the epoch in between."""
    async with opened(path) as database:
        return database.epoch.name


async def test_a_start_keeps_the_epoch(path: Path) -> None:
    first = await epoch_of_start(path)
    assert [await epoch_of_start(path) for _ in range(3)] == [first] * 3
    assert await read_epoch(backend_at(path)) == first


async def test_two_databases_have_two(path: Path, tmp_path: Path) -> None:
    assert await epoch_of_start(path) != await epoch_of_start(tmp_path / "other.db")


async def test_a_server_that_was_killed_between_both_writes_keeps_the_epoch(path: Path) -> None:
    first = await epoch_of_start(path)
    before = EpochFile(path).path.read_bytes()
    await epoch_of_start(path)
    EpochFile(path).path.write_bytes(before)
    assert await epoch_of_start(path) == first
    await epoch_of_start(path)
    EpochFile(path).path.write_bytes(before)
    assert await epoch_of_start(path) != first, "this one was two starts behind"


@pytest.mark.parametrize(
    "content", [None, "", "urgent: unused\n", "x\ny\nz\n", "urgent: unused\n1\n99999999999999999999\n0\n"]
)
async def test_without_the_file_beside_it_or_with_a_broken_one_the_epoch_is_new(
    path: Path, content: str | None
) -> None:
    first = await epoch_of_start(path)
    if content is None:
        EpochFile(path).path.unlink()
    else:
        EpochFile(path).path.write_text(content)
    second = await epoch_of_start(path)
    assert second != first
    assert await epoch_of_start(path) == second


async def test_a_copy_in_another_folder_has_a_new_epoch_even_with_its_file(path: Path, tmp_path: Path) -> None:
    first = await epoch_of_start(path)
    other = tmp_path / "other" / "duelcast.db"
    other.parent.mkdir()
    for ending in ("", ".epoch"):
        shutil.copy(f"{path}{ending}", f"{other}{ending}")
    assert await epoch_of_start(other) != first
    assert await epoch_of_start(path) == first


async def test_an_older_copy_that_is_written_into_the_file_has_a_new_epoch(path: Path, tmp_path: Path) -> None:
    first = await epoch_of_start(path)
    shutil.copy(path, tmp_path / "copy")
    await epoch_of_start(path)
    inode = os.stat(path).st_ino
    overwrite(path, tmp_path / "copy")
    assert os.stat(path).st_ino == inode
    assert await epoch_of_start(path) != first


async def test_a_copy_of_the_same_start_that_is_written_into_the_file_has_a_new_epoch(
    path: Path, tmp_path: Path
) -> None:
    """Numbers were given since it was made."""
    async with opened(path) as database:
        first = database.epoch.name
        back_up(path, tmp_path / "copy")
        await database.publish(_say_something)
    overwrite(path, tmp_path / "copy")
    assert await epoch_of_start(path) != first


async def test_a_restored_backup_has_a_new_epoch(path: Path, tmp_path: Path) -> None:
    first = await epoch_of_start(path)
    back_up(path, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", path, replace=True)
    second = await read_epoch(backend_at(path))
    assert second != first
    assert await epoch_of_start(path) not in (first,)


async def test_an_operator_can_give_it_a_new_one(path: Path) -> None:
    first = await epoch_of_start(path)
    second = await renew_epoch(backend_at(path))
    assert second != first
    assert await epoch_of_start(path) == second


async def test_not_while_a_server_uses_it(path: Path) -> None:
    async with opened(path) as database:
        with pytest.raises(ConfigurationError, match="Another server uses the database"):
            await renew_epoch(backend_at(path))
        assert await read_epoch(backend_at(path)) == database.epoch.name


async def test_a_start_without_a_commit_leaves_no_number_to_the_next_one(path: Path) -> None:
    clock = ManualClock()
    place_new(path)
    floors = []
    for _ in range(3):
        backend = backend_at(path)
        database = Database(backend, clock)
        bus_of(database, clock)
        await database.open()
        floors.append(database.epoch.latest_floor)
        await database.close()
    assert floors[1] - floors[0] >= 10**7
    assert floors[2] - floors[1] >= 10**7


async def test_a_stop_records_the_numbers_of_the_server_and_not_those_of_a_database_that_took_its_place(
    path: Path,
) -> None:
    async with opened(path) as database:
        for _ in range(2):
            await database.publish(_say_something)
        await database.write(_lose_a_number)
    assert await epoch_of_start(path) != database.epoch.name


async def test_there_must_be_a_database_of_this_version(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no database"):
        await read_epoch(backend_at(path))
    make_earlier(path, "0005")
    with pytest.raises(ConfigurationError, match="earlier version"):
        await renew_epoch(backend_at(path))


async def test_latest_channels_are_numbered_above_all_that_were_given_even_if_the_clock_is_set_back(path: Path) -> None:
    clock = ManualClock(1_800_000_000)
    async with opened(path, clock) as database:
        first = database.epoch.latest_floor
        assert first == 1_800_000_000 * 10**6
        await clock.advance(3_600)
        await database.probe()
    async with opened(path, ManualClock(1_700_000_000)) as database:
        assert database.epoch.latest_floor > first + 3_600 * 10**6
