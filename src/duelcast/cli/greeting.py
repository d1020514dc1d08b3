"""The greeting that `duelcast serve` prints on a terminal once it listens: where to look, and what to try. The
addresses in it work on the server's own machine."""

from __future__ import annotations

import ipaddress
import shutil
import sys
from urllib.parse import urlsplit

import typer

from duelcast.settings import Settings


def greet(settings: Settings, url: str) -> None:
    """Print the greeting for the server at `url` if standard error is a terminal."""
    if sys.stderr.isatty():
        typer.echo(greeting(settings, url), err=True)


def greeting(settings: Settings, url: str) -> str:
    """Lines that name the console, the reference, the client guide and a command to try."""
    websocket = websocket_url(settings, url)
    http = f"http{websocket.removeprefix('ws')}"
    symbols = ["SOL", "BTC"] if settings.feed == Settings().feed else []
    lines = [
        f"Duelcast is on {http} (Ctrl-C stops it).",
        *([f"Console: {http}/console/"] if settings.console else []),
        f"Reference: {http}/docs   Prices in a browser: {http}/docs/clients",
        f"To try in another terminal: {tail_command(websocket, 'market-data', *symbols)}",
    ]
    return "\n" + "".join(f"  {line}\n" for line in lines)


def server_url(settings: Settings) -> str:
    """The address of a server with these settings, with the scheme `ws` or `wss`."""
    host = _reachable(settings.host)
    scheme = "ws" if settings.tls_cert is None else "wss"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.root_path}"


def websocket_url(settings: Settings, url: str) -> str:
    """The address (`ws:` or `wss:`) at which this machine reaches the server that reports `url`.

    The port is taken from `url`, because the settings do not contain a port that the system chose.
    """
    return server_url(settings.model_copy(update={"port": urlsplit(url).port}))


def tail_command(websocket: str, *arguments: str) -> str:
    """The command line of `duelcast tail` for the server at `websocket`."""
    where = [] if websocket == server_url(Settings()) else ["--url", websocket]
    return " ".join([_own_name(), "tail", *arguments, *where])


def _own_name() -> str:
    """The command to type: `duelcast` if that is on the path, otherwise the path with which this program was
    started."""
    return "duelcast" if shutil.which("duelcast") else sys.argv[0]


def _reachable(host: str) -> str:
    """The host at which this machine reaches a server that listens on `host`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
