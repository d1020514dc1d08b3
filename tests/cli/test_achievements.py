"""`duelcast achievements rebuild`"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import uvloop

from duelcast.clock import ManualClock
from duelcast.store import achievements as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.database import Database
from tests.cli.running import Finished, run, use_database
from tests.domain.notifications.past import Office
from tests.store.contest_rows import do
from tests.storing import opened, opened_in_runner

Command = Callable[..., Finished]
RIGHT = Finished(0, "There are no differences.\n", "")
DIFFERENCES = (
    "- ann contests_won_1 1970-01-01T00:00:00.000Z\n"
    "+ ann contests_won_1 2027-01-15T08:00:00.000Z\n"
    "- cat contests_won_1 1970-01-01T00:00:00.000Z\n"
    "The progress of 1 wallet differs.\n"
)


@pytest.fixture
def rebuild(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    use_database(monkeypatch, tmp_path / "duelcast.db")
    return partial(run, capsys, monkeypatch, "achievements", "rebuild")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a database with a contest that ann won."""
    path = tmp_path / "duelcast.db"

    async def fill() -> None:
        clock = ManualClock()
        async with opened(path, clock) as database:
            office = Office(database, clock)
            await office.completed({"ann": 1, "bob": 2})
            await office.notifier.catch_up()

    uvloop.run(fill())
    return path


def spoil(path: Path) -> None:
    async def change(database: Database) -> None:
        await do(database, store.delete_achievements, [("ann", "contests_won_1")])
        rows = [AchievementRow(wallet, "contests_won_1", 1, 0) for wallet in ("ann", "cat")]
        await do(database, store.add_achievements, rows)
        await do(database, store.put_progress, [ProgressRow("bob", 7)])

    async def work() -> None:
        async with opened(path) as database:
            await change(database)

    uvloop.run(work())


@pytest.mark.usefixtures("path")
def test_where_nothing_differs_it_says_so(rebuild: Command) -> None:
    assert rebuild() == RIGHT
    assert rebuild("--apply") == RIGHT


def test_differences_are_printed_and_left(rebuild: Command, path: Path) -> None:
    spoil(path)
    for _ in range(2):
        assert rebuild() == Finished(1, DIFFERENCES, "")


def test_differences_are_put_right_where_that_is_asked_for(rebuild: Command, path: Path) -> None:
    spoil(path)
    assert rebuild("--apply") == Finished(0, DIFFERENCES + "Written.\n", "")
    assert rebuild() == RIGHT


def test_beside_a_server_one_may_look_but_not_write(rebuild: Command, path: Path) -> None:
    spoil(path)
    with opened_in_runner(path):
        assert rebuild() == Finished(1, DIFFERENCES, "")
        refused = rebuild("--apply")
    assert (refused.code, refused.out) == (2, "")
    assert "Another server uses the database" in refused.err


@pytest.mark.parametrize("options", [[], ["--apply"]], ids=["look", "apply"])
def test_a_database_that_is_not_there_is_not_made(rebuild: Command, tmp_path: Path, options: list[str]) -> None:
    refused = rebuild(*options)
    assert (refused.code, refused.err) == (2, f"duelcast: There is no database {tmp_path / 'duelcast.db'}.\n")
    assert not (tmp_path / "duelcast.db").exists()
