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
    """Lines that name the reference, the client guide and a command to try."""
    websocket = websocket_url(settings, url)
    http = f"http{websocket.removeprefix('ws')}"
    symbols = ["SOL", "BTC"] if settings.feed == Settings().feed else []
    lines = [
        f"Duelcast is on {http} (Ctrl-C stops it).",
        f"Reference: {http}/docs   Prices in a browser: {http}/docs/clients",
        f"To try in another terminal: {tail_command(websocket, 'market-data', *symbols)}",
    ]
    return "\n" + "".join(f"  {line}\n" for line in lines)


def websocket_url(settings: Settings, url: str) -> str:
    """The address (`ws:` or `wss:`) of the server that says it is at `url`, as it is reached from this machine.

    The port is that of `url`: one that was left to the system is known only there.
    """
    return server_url(settings.model_copy(update={"port": urlsplit(url).port}))


def tail_command(websocket: str, *arguments: str) -> str:
    """`duelcast tail` of the server at `websocket`, as it can be typed."""
    where = [] if websocket == server_url(Settings()) else ["--url", websocket]
    return " ".join([_own_name(), "tail", *arguments, *where])


def _own_name() -> str:
    """The command as it can be typed: without its folder where that is on the path."""
    return "duelcast" if shutil.which("duelcast") else sys.argv[0]
