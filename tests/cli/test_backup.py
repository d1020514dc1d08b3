"""What `duelcast backup` and `duelcast restore` say to who runs them."""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.running import Finished, run
from tests.store.copies import store
from tests.store.facts import read_names

Command = Callable[..., Finished]


@pytest.fixture
def duelcast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return partial(run, capsys, monkeypatch)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a database."""
    folder = tmp_path / "data"
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(folder))
    store(folder / "duelcast.db", "kept")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def test_a_backup_says_what_to_keep_besides(duelcast: Command, data: Path, file: Path) -> None:
    (data / "jwt_secret").write_text("x" * 43)
    done = duelcast("backup", str(file))
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first.startswith(f"{file}: the database {data}/duelcast.db, ")
    assert f"Keep a copy of {data}/jwt_secret as well" in second
    assert read_names(file) == ["kept"]


def test_a_secret_that_is_configured_is_not_in_the_folder(
    duelcast: Command, data: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "jwt_secret").write_text("x" * 43)
    monkeypatch.setenv("DUELCAST_JWT_SECRET", "another secret, of at least 32 bytes")
    done = duelcast("backup", str(file))
    assert len(done.out.splitlines()) == 1
    assert "another secret" not in done.out


def test_a_database_elsewhere_is_meant_where_the_settings_say_so(
    duelcast: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path / "elsewhere.db", "elsewhere")
    monkeypatch.setenv("DUELCAST_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    assert duelcast("backup", str(file)).code == 0
    assert read_names(file) == ["elsewhere"]


def test_a_restored_database_lacks_the_secret_that_was_not_in_it(
    duelcast: Command, data: Path, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    duelcast("backup", str(file))
    new = tmp_path / "new"
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(new))
    done = duelcast("restore", str(file))
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first.startswith(f"{new}/duelcast.db: restored from {file}, ")
    assert second.startswith(f"Restore {new}/jwt_secret too")
    assert read_names(new / "duelcast.db") == ["kept"]


def test_what_was_there_is_named(duelcast: Command, data: Path, file: Path) -> None:
    (data / "jwt_secret").write_text("x" * 43)
    duelcast("backup", str(file))
    refused = duelcast("restore", str(file))
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"duelcast: The database {data}/duelcast.db is not empty")
    done = duelcast("restore", str(file), "--force")
    assert done.code == 0
    [moved] = [path for path in data.iterdir() if ".replaced-" in path.name]
    assert done.out.splitlines()[1:] == [f"The previous database is now in {moved}."]


def test_a_server_that_runs_must_be_restarted(duelcast: Command, data: Path, file: Path) -> None:
    duelcast("backup", str(file))
    with (data / "duelcast.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = duelcast("restore", str(file), "--force")
    assert done.code == 0
    assert "Restart the running server" in done.out


def linked(path: Path, link: Path, *, hard: bool) -> Path:
    link.hardlink_to(path) if hard else link.symlink_to(path)
    return link


@pytest.mark.parametrize("name", ["jwt_secret", "duelcast.toml", "cert.pem", "key.pem", "duelcast.db"])
@pytest.mark.parametrize("by", ["name", "symbolic link", "hard link"])
@pytest.mark.parametrize("command", [["backup"], ["events", "export"], ["record", "--for", "1s"]], ids=" ".join)
def test_what_the_server_lives_by_is_replaced_by_no_command(
    duelcast: Command, data: Path, name: str, by: str, command: list[str], tmp_path: Path
) -> None:
    for each in ("jwt_secret", "cert.pem", "key.pem"):
        (data / each).write_text("precious")
    (data / "duelcast.toml").write_text(f'tls_cert = "{data}/cert.pem"\ntls_key = "{data}/key.pem"\n')
    file = data / name if by == "name" else linked(data / name, tmp_path / "link", hard=by == "hard link")
    before = file.read_bytes()
    force = [] if command[0] == "record" else ["--force"]
    done = duelcast(*command, str(file), *force, "--config", str(data / "duelcast.toml"))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "name another file" in done.err
    assert (data / name).read_bytes() == before


def test_a_secret_that_is_there_is_not_replaced_though_another_one_is_configured(
    duelcast: Command, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "jwt_secret").write_text("precious")
    monkeypatch.setenv("DUELCAST_JWT_SECRET", "another secret, of at least 32 bytes")
    assert duelcast("backup", str(data / "jwt_secret"), "--force").code == 2
    assert (data / "jwt_secret").read_text() == "precious"


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_sigterm_is_as_before_behind_a_command(duelcast: Command, data: Path, file: Path, command: str) -> None:
    before = signal.getsignal(signal.SIGTERM)
    duelcast(command, str(file))
    assert signal.getsignal(signal.SIGTERM) is before
