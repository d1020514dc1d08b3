"""A PostgreSQL server for tests: started, killed, stopped in the middle of its work, as its machine would."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from local_cluster.postgres import USER, programs

from tests.ports import free_port

_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 2 << 30
"""So much must be free in the file system in memory for servers to be placed there. Creating and dropping a database
creates and deletes 300 files, which takes ten times as long on some disks."""
START_LOOKS = 3_000
"""So often, 20 ms apart, one looks whether a server is ready, and then gives up."""
END_TIMEOUT_S = 60.0
_READY = "ready"


class PostgresServer:
    """A server on a port of loopback, a standby if it has a `primary`. Everybody may connect as `postgres`;
    `configuration` are settings such as `fsync=off`."""

    def __init__(self, *configuration: str, primary: PostgresServer | None = None) -> None:
        self.port = free_port()
        self.folder = Path(mkdtemp(prefix="duelcast-postgres-", dir=_fast_folder()))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None
        if USER is not None:
            os.chown(self.folder, pwd.getpwnam(USER).pw_uid, -1)
        data = str(self.data)
        if primary is None:
            self.run_program(
                "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N", "--locale=C.UTF-8"
            )
        else:
            source = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
            self.run_program("pg_basebackup", *source, "-D", data, "-R", "--checkpoint=fast", "--no-sync")

    def url(self, database: str = "postgres", user: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
            "dynamic_shared_memory_type=mmap",  # in files of the data directory, which do not stay after a kill
            *self._configuration,
        )
        options = [part for setting in settings for part in ("-c", setting)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self.data, *options], stdout=log, stderr=log, user=USER, cwd=self.folder
            )
        for _ in range(START_LOOKS):
            if self._is_ready():
                return
            assert self._process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """End all of its processes at once, as a machine that fails does."""
        children = self._signal(signal.SIGKILL)
        self._wait()
        while any(map(is_alive, children)):
            time.sleep(0.01)  # it does not start again while one of them has its memory

    def stop(self) -> None:
        """Shut it down, whoever is connected (a fast shutdown)."""
        os.kill(self.pid, signal.SIGINT)
        self._wait()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """During the block, none of its processes runs, and its connections stay."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def make_standby(self) -> PostgresServer:
        """A running server that copies all that is committed here."""
        standby = PostgresServer(*self._configuration, primary=self)
        standby.start()
        return standby

    def promote(self) -> None:
        """Make a primary of a standby."""
        self.run_program("pg_ctl", "promote", "-w", "-D", str(self.data))

    def remove(self) -> None:
        """End it, and delete its data."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_program(self, program: str, *arguments: str) -> None:
        """Run one of the programs of PostgreSQL."""
        done = subprocess.run(
            [programs() / program, *arguments], user=USER, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == _READY

    def _signal(self, number: signal.Signals) -> list[int]:
        """Send a signal to the server and to its children, which are in sessions of their own; first to the server, so
        that it neither starts nor misses any. Returns the children."""
        os.kill(self.pid, signal.SIGSTOP)
        children = [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        for pid in children:
            os.kill(pid, number)
        os.kill(self.pid, number)
        return children

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(END_TIMEOUT_S)
        self._process = None


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _fast_folder() -> Path | None:
    """The file system in memory if there is room in it; None stands for the usual folder."""
    has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES
    return _MEMORY if has_room else None
