"""A machine whose wall clock a test moves: `python -P shifted_clock.py FILE …` is `duelcast …` on it."""

from __future__ import annotations

import mmap
import os
import runpy
import struct
import sys
import time
from pathlib import Path

_SHIFT = struct.Struct("d")


class ShiftedClock:
    """The test's end of it: by how many seconds the wall clock of servers with this `command` is ahead of the
    machine's."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "shift"
        self.shift_s = 0.0
        self._file.write_bytes(_SHIFT.pack(0.0))

    @property
    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-P", __file__, str(self._file))

    def set(self, shift_s: float) -> None:
        """Servers that run see it when they look at their clock next."""
        self.shift_s = shift_s
        descriptor = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(descriptor, _SHIFT.pack(shift_s), 0)
        finally:
            os.close(descriptor)

    def time(self) -> float:
        """What the shifted clock shows, in epoch seconds."""
        return time.time() + self.shift_s


def _shift_time(path: str) -> None:
    """Have `time.time` show what the file says, in this process; before anybody else has taken hold of it."""
    machine_time = time.time
    with Path(path).open("rb") as file:
        shift = mmap.mmap(file.fileno(), _SHIFT.size, access=mmap.ACCESS_READ)
    time.time = lambda: machine_time() + _SHIFT.unpack_from(shift)[0]


if __name__ == "__main__":
    _shift_time(sys.argv.pop(1))
    runpy.run_module("duelcast.cli", run_name="__main__", alter_sys=True)
