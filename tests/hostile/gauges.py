"""Figures that two processes share: one observes, the other reads and resets."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_DOUBLE = struct.Struct("d")


class Worst:
    """The largest value observed since the last reset, in a file of eight bytes that both processes map."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(_DOUBLE.size))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), _DOUBLE.size)

    @property
    def value(self) -> float:
        """The largest observation, 0 if there is none."""
        worst: float = _DOUBLE.unpack_from(self._memory)[0]
        return worst

    def observe(self, value: float) -> None:
        if value > self.value:
            _DOUBLE.pack_into(self._memory, 0, value)

    def reset(self) -> None:
        _DOUBLE.pack_into(self._memory, 0, 0.0)
