"""`duelcast tail`"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.live import Live

from duelcast.cli.greeting import server_url
from duelcast.cli.options import ConfigOption
from duelcast.cli.tail.outputs import Board, Lines
from duelcast.cli.tail.targets import channels_of
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
        typer.Option(help="Token; use the variable if others can see the command line.", envvar=TOKEN_VARIABLE),
    ] = None,
    raw: Annotated[bool, typer.Option("--json", help="Print the frames as received, one per line.")] = False,
    url: Annotated[
        str | None, typer.Option(help="Server, such as wss://example.org (default: the one of the settings).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Follow an endpoint live; after a lost connection, continue from the last message received."""
    from duelcast.cli.tail.follower import follow
    from duelcast.client.generated.contract import ENDPOINTS

    if endpoint not in ENDPOINTS:
        raise typer.BadParameter(f"there is no `{endpoint}`; there are {', '.join(ENDPOINTS)}", param_hint="ENDPOINT")
    server = url if url is not None else server_url(load_settings(config).settings)
    if not re.fullmatch(r"(ws|http)s?://[^/?#]+(/[^?#]*)?", server):
        raise typer.BadParameter("give an address such as wss://example.org", param_hint="--url")
    clock, channels = SystemClock(), channels_of(endpoint, what or ())
    with Live(auto_refresh=False) if sys.stdout.isatty() and not raw else nullcontext() as live:
        output = Board(live, clock) if live else Lines(sys.stdout, sys.stderr, raw=raw)
        code = asyncio.run(follow(server, endpoint, channels, token, output, clock))
    raise typer.Exit(code)
