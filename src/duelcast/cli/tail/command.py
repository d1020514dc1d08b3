"""`duelcast tail`"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from duelcast.cli.greeting import server_url
from duelcast.cli.options import ConfigOption
from duelcast.cli.tail.outputs import Board, Lines, Output
from duelcast.cli.tail.targets import Targets
from duelcast.clock import SystemClock
from duelcast.settings import load_settings
from duelcast.settings.loading import TOKEN_VARIABLE


def tail(
    endpoint: Annotated[str, typer.Argument(help="Name of the endpoint, such as market-data or token-data.")],
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Symbols (SOL BTC) or channels (market.SOL, channel:alerts); default: all symbols."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="Token. If others can see the command line, set the variable instead.", envvar=TOKEN_VARIABLE
        ),
    ] = None,
    raw: Annotated[bool, typer.Option("--json", help="Print the frames as received, one per line.")] = False,
    url: Annotated[
        str | None,
        typer.Option(help="Server, such as wss://example.org (default: the one that the settings describe)."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Follow an endpoint live; after a lost connection, continue from the last message received."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", endpoint):
        raise typer.BadParameter("an endpoint is a name such as market-data", param_hint="ENDPOINT")
    server = url.rstrip("/") if url is not None else server_url(load_settings(config).settings)
    if urlsplit(server).scheme not in ("ws", "wss") or not urlsplit(server).hostname:
        raise typer.BadParameter("give an address such as wss://example.org", param_hint="--url")
    from duelcast.cli.tail.client import follow
    from duelcast.cli.tail.destination import Destination

    clock = SystemClock()
    on_terminal = sys.stdout.isatty() and not raw
    output: Output = Board(clock) if on_terminal else Lines(sys.stdout, sys.stderr, raw=raw)
    with output:
        code = asyncio.run(
            follow(Destination(server, endpoint, token), Targets.parse(endpoint, what or ()), output, clock)
        )
    raise typer.Exit(code)
