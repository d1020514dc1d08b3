"""A small console in place of the built one. Its page tries out what the policy permits; its `.br` files are Brotli."""

from __future__ import annotations

from pathlib import Path

from duelcast.http.console_files import ConsoleFiles, read_console

BUILT = Path(__file__).parent / "console_build"
BASE = b'<base href="./" />'


def console(folder: Path = BUILT) -> ConsoleFiles:
    """The console in `folder`."""
    made = read_console(folder)
    assert made is not None
    return made
