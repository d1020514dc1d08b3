"""`duelcast migrate`: applies what a database lacks, and leaves all others alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from duelcast.store.migrate import REVISIONS
from duelcast.store.sqlite.file import SqliteFile
from tests.cli.running import Finished, run
from tests.storing import BUSY_TIMEOUT_MS, make_earlier

Command = Callable[..., Finished]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "duelcast.db"


@pytest.fixture
def migrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return partial(run, capsys, monkeypatch, "migrate")


def test_a_database_is_made_and_a_second_time_there_is_nothing_to_do(migrate: Command, path: Path) -> None:
    assert migrate() == Finished(0, f"{path}: applied {', '.join(REVISIONS)}.\n", "")
    assert migrate() == Finished(0, f"{path}: nothing to do.\n", "")


def test_an_earlier_version_gets_what_it_lacks(migrate: Command, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    make_earlier(path, REVISIONS[-2])
    path.chmod(0o600)
    assert migrate() == Finished(0, f"{path}: applied {REVISIONS[-1]}.\n", "")


def test_not_while_a_server_uses_it(migrate: Command, path: Path) -> None:
    migrate()
    server = SqliteFile(path, BUSY_TIMEOUT_MS)
    server.hold()
    try:
        refused = migrate()
    finally:
        server.release()
    assert refused.code == 2
    assert "Another server uses the database" in refused.err
