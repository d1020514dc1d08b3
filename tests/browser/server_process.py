"""A server as a process of its own, so that it can be stopped and started under a page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import IO, Any

COMMAND = (sys.executable, "-m", "duelcast.cli")
STOP_TIMEOUT_S = 60.0


class ServerProcess:
    """`duelcast serve` with the simulated feed, on one port of loopback throughout; `log` has its records so far.
    `settings` are further ones by the names of their variables; those of the machine do not count. `command` is what
    starts it, in place of `duelcast`."""

    def __init__(
        self, data_dir: Path, settings: Mapping[str, str] | None = None, *, command: Sequence[str] = COMMAND
    ) -> None:
        self._data_dir = data_dir
        self._settings = settings or {}
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._reader: Thread | None = None
        self.url = ""
        self.log: list[dict[str, Any]] = []

    def start(self) -> None:
        """Return once it listens: the first time on a free port, then on the same one."""
        machine = {name: value for name, value in os.environ.items() if not name.startswith("DUELCAST_")}
        settings = {
            **self._settings,
            "DUELCAST_PORT": self.url.rpartition(":")[2] or "0",
            "DUELCAST_DATA_DIR": str(self._data_dir),
            "DUELCAST_LOG_FORMAT": "json",
        }
        self._process = subprocess.Popen(
            [*self._command, "serve"], env={**machine, **settings}, stderr=subprocess.PIPE, text=True
        )
        stderr = self._process.stderr
        assert stderr is not None
        for line in stderr:
            self.log.append(_record(line))
            if self.log[-1]["event"] == "listening":
                self.url = self.log[-1]["url"]
                # A server whose log nobody reads stops when the pipe is full.
                self._reader = Thread(target=self._read, args=[stderr])
                self._reader.start()
                return
        raise RuntimeError(f"The server ended with status {self.stop()}: {self.log}")

    def stop(self) -> int:
        """Ask it to stop, as a deployment does. Returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def lose_data(self) -> None:
        """Remove its database; it must not run."""
        assert not self.runs
        shutil.rmtree(self._data_dir)

    def _read(self, stderr: IO[str]) -> None:
        self.log.extend(map(_record, stderr))

    def _end(self, cause: signal.Signals) -> int:
        process, self._process = self._process, None
        reader, self._reader = self._reader, None
        assert process is not None
        process.send_signal(cause)
        try:
            status = process.wait(STOP_TIMEOUT_S)
        finally:
            process.kill()
            if reader is not None:
                reader.join()
            assert process.stderr is not None
            process.stderr.close()
        return status

    @property
    def runs(self) -> bool:
        return self._process is not None


def _record(line: str) -> dict[str, Any]:
    """A record of the log; a line that is none, such as one of a traceback, has the level `unknown`."""
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"event": line.rstrip(), "level": "unknown"}
    return record
