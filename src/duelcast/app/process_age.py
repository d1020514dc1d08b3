"""How long this process has existed: since the system started it, before anything of ours was loaded."""

from __future__ import annotations

import os
import time
from pathlib import Path

_LOADED_S = time.monotonic()
_STARTTIME = 22
"""The field of `/proc/<pid>/stat`, in clock ticks since the boot (proc_pid_stat(5))."""


def process_age_s() -> float:
    """Seconds since the process began; if the system does not tell, since this module was loaded."""
    try:
        behind_the_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started_s = int(behind_the_name[_STARTTIME - 3]) / os.sysconf("SC_CLK_TCK")
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - started_s, 0.0)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic() - _LOADED_S
