"""`duelcast record`"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from duelcast.cli.options import ConfigOption, parse_duration
from duelcast.clock import SystemClock
from duelcast.logs import configure_logging
from duelcast.settings import ConfigurationError, load_settings


def record_feed(
    file: Annotated[Path, typer.Argument(help="File to write; one that is there is replaced.")],
    feed: Annotated[str | None, typer.Option(help="The feed to record; else the configured one.")] = None,
    duration: Annotated[str | None, typer.Option("--for", help="How long: 90s, 15m, 1h; else until Ctrl-C.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write a feed's normalised ticks as JSON lines, to be read by the feed `replay:FILE`."""
    from duelcast.feeds.recording import record
    from duelcast.feeds.spec import build_feeds

    settings = load_settings(config, {"feed": feed}).settings
    configure_logging(settings.log_level, settings.log_format)
    clock = SystemClock()
    try:
        feeds = build_feeds(settings.feed, clock)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    if len(feeds) != 1:
        raise ConfigurationError("Name exactly one feed to record, such as --feed simulated.")
    stop_after_s = parse_duration(duration) if duration else None
    try:
        written = asyncio.run(record(feeds[0], file, clock, stop_after_s=stop_after_s))
    except OSError:
        raise ConfigurationError(f"The file {file} cannot be written.") from None
    typer.echo(f"{written} ticks in {file}", err=True)
