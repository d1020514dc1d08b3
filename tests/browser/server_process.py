"""A server as a process of its own, so that it can be stopped and started under a page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STOP_TIMEOUT_S = 60.0


class ServerProcess:
    """`duelcast serve` with the simulated feed, on one port of loopback throughout; `log` has its records so far.
    `settings` are further ones by the names of their variables; those of the machine do not count."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._data_dir = data_dir
        self._settings = settings or {}
        self._process: subprocess.Popen[str] | None = None
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
            [sys.executable, "-m", "duelcast.cli", "serve"],
            env={**machine, **settings},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(_record(line))
            if self.log[-1]["event"] == "listening":
                self.url = self.log[-1]["url"]
                return
        raise RuntimeError(f"The server ended with status {self.stop()}: {self.log}")

    def stop(self) -> int:
        """Ask it to stop, as a deployment does. Returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def _end(self, cause: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(cause)
        try:
            _, rest = process.communicate(timeout=STOP_TIMEOUT_S)
        finally:
            process.kill()
        self.log.extend(map(_record, rest.splitlines()))
        return process.returncode

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
