"""`duelcast tail`"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from duelcast.cli.options import ConfigOption
from duelcast.cli.tail.outputs import Board, Lines, Output
from duelcast.cli.tail.targets import Targets
from duelcast.clock import SystemClock
from duelcast.settings import Settings, load_settings
from duelcast.settings.loading import TOKEN_VARIABLE

ENDPOINTS_PATH = "/api/v69/ws/"


def tail(
    endpoint: Annotated[str, typer.Argument(help="Name of the endpoint, such as market-data.")],
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Symbols (SOL BTC), channels (market.SOL, channel:alerts); nothing is all symbols."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Token; better in the variable, where others do not see it.", envvar=TOKEN_VARIABLE),
    ] = None,
    raw: Annotated[bool, typer.Option("--json", help="Print the frames as they come, one per line.")] = False,
    url: Annotated[str | None, typer.Option(help="Server, such as wss://example.org; else the configured one.")] = None,
    config: ConfigOption = None,
) -> None:
    """Follow an endpoint live; after a lost connection from where it was."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", endpoint):
        raise typer.BadParameter("an endpoint is a name such as market-data", param_hint="ENDPOINT")
    base = url.rstrip("/") if url is not None else server_url(load_settings(config).settings)
    if urlsplit(base).scheme not in ("ws", "wss") or not urlsplit(base).hostname:
        raise typer.BadParameter("is an address such as wss://example.org", param_hint="--url")
    from duelcast.cli.tail.client import Destination, follow

    clock = SystemClock()
    destination = Destination(base + ENDPOINTS_PATH + endpoint, token)
    on_terminal = sys.stdout.isatty() and not raw
    output: Output = Board(clock) if on_terminal else Lines(sys.stdout, sys.stderr, raw=raw)
    with output:
        code = asyncio.run(follow(destination, Targets.parse(endpoint, what or ()), output, clock))
    raise typer.Exit(code)


def server_url(settings: Settings) -> str:
    """Where a server with these settings is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    scheme = "ws" if settings.tls_cert is None else "wss"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.root_path}"
