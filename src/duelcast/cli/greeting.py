"""What `duelcast serve` says on a terminal once it listens: where to look, and what to try."""

from __future__ import annotations

import shutil
import sys
from urllib.parse import urlsplit

import typer

from duelcast.cli.server_url import server_url
from duelcast.settings import Settings


def greet(settings: Settings, url: str) -> None:
    """Tell a person at the terminal about the server at `url`; nothing where the log is no terminal."""
    if sys.stderr.isatty():
        typer.echo(greeting(settings, url), err=True)


def greeting(settings: Settings, url: str) -> str:
    """Lines that name the reference, the client guide and a command to try.

    The port is that of `url`: one that was left to the system is known only there.
    """
    websocket = server_url(settings.model_copy(update={"port": urlsplit(url).port}))
    http = f"http{websocket.removeprefix('ws')}"
    tail = [_own_name(), "tail", "market-data"]
    if settings.feed == Settings().feed:
        tail += ["SOL", "BTC"]
    if websocket != server_url(Settings()):
        tail += ["--url", websocket]
    lines = [
        f"Duelcast is on {http} (Ctrl-C stops it).",
        f"Reference: {http}/docs   Prices in a browser: {http}/docs/clients",
        f"To try in another terminal: {' '.join(tail)}",
    ]
    return "\n" + "".join(f"  {line}\n" for line in lines)


def _own_name() -> str:
    """The command as it can be typed: without its folder where that is on the path."""
    return "duelcast" if shutil.which("duelcast") else sys.argv[0]
