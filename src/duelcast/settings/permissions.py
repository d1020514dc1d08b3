"""Checks that only the user of the server may write to its files."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from duelcast.settings.problems import ConfigurationError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def check_unshared(*paths: Path) -> None:
    """Raise `ConfigurationError`, with the mode and the command that fixes it, if another user of this machine may
    write to a file or folder of `paths`; write access for the group counts too. Missing ones are skipped.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & _OTHERS_WRITE:
            what = "folder" if stat.S_ISDIR(mode) else "file"
            raise ConfigurationError(
                f"Others may write to the {what} {path} (mode {stat.S_IMODE(mode):04o}): "
                f"`chmod {'700' if what == 'folder' else '600'} {shlex.quote(str(path))}`."
            )
