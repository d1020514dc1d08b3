"""The commands of an operator whose database is on a PostgreSQL server. None prints the password."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duelcast.store.migrate import REVISIONS
from tests.cli.running import Finished, run
from tests.environment import clean_environment as clean_environment
from tests.store.facts import put
from tests.store.postgres.place import Place
from tests.store.tracked import Tracked, add_tracked

pytestmark = pytest.mark.postgres

PASSWORD = "hunter2"
Command = Callable[..., Finished]


@pytest.fixture
def duelcast(
    clean_environment: None, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """Runs a command with the settings of a server of `place`."""
    use(place, monkeypatch)
    printed: list[Finished] = []

    def command(*arguments: str) -> Finished:
        printed.append(run(capsys, monkeypatch, *arguments))
        return printed[-1]

    yield command
    assert PASSWORD not in repr(printed)


def use(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_DATABASE_URL", place.url.replace("postgres@", f"postgres:{PASSWORD}@"))
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(place.data_dir))


def test_tables_are_made(empty: Place, duelcast: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    use(empty, monkeypatch)
    name = empty.url.replace("postgres@", "")
    assert duelcast("check-config").err.endswith("run `duelcast migrate`, with the settings of the server.\n")
    assert duelcast("serve").code == 2
    assert duelcast("migrate") == Finished(0, f"{name}: applied {', '.join(REVISIONS)}.\n", "")
    assert duelcast("migrate") == Finished(0, f"{name}: nothing to do.\n", "")
    assert duelcast("check-config").code == 0


@pytest.mark.parametrize(("command", "tool"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_copies_are_made_by_the_tools_of_postgresql(duelcast: Command, tmp_path: Path, command: str, tool: str) -> None:
    refused = duelcast(command, str(tmp_path / "file"))
    expected = f"duelcast: The database is on a PostgreSQL server: use `{tool}`, see docs/operations.md.\n"
    assert refused == Finished(2, "", expected)


def test_the_settings_of_the_database_are_shown_and_the_password_is_not(duelcast: Command, place: Place) -> None:
    row = "'chat.max_characters', '280', 'number', '', 'public', false, 1, 0, 'admin'"
    place.query(f"insert into settings values ({row})")
    shown = duelcast("check-config", "--changed")
    assert shown.code == 0
    assert "chat.max_characters\t280\tdatabase" in shown.out
    assert re.search(r"DUELCAST_DATABASE_URL\tpostgresql://postgres:\*{8}@127", shown.out)


def test_the_epoch_is_printed_and_renewed(duelcast: Command, place: Place) -> None:
    first = asyncio.run(place.epoch_of_start())
    assert duelcast("epoch") == Finished(0, f"{first}\n", "")
    second = duelcast("epoch", "--new").out.strip()
    assert second != first
    assert asyncio.run(place.epoch_of_start()) == second


def test_events_are_exported(duelcast: Command, place: Place) -> None:
    async def track() -> None:
        async with place.opened() as database:
            await add_tracked(database, Tracked("W", "click", 5), Tracked("W", "view", 6))

    asyncio.run(track())
    exported = duelcast("events", "export")
    assert [json.loads(line)["event"] for line in exported.out.splitlines()] == ["click", "view"]


@pytest.mark.parametrize("options", [[], ["--apply"]], ids=["look", "apply"])
def test_achievements_are_checked(duelcast: Command, place: Place, options: list[str]) -> None:
    asyncio.run(store(place, "a"))
    assert duelcast("achievements", "rebuild", *options) == Finished(0, "There are no differences.\n", "")


async def store(place: Place, name: str) -> None:
    async with place.opened() as database:
        await database.write(put(name))
