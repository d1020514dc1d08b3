"""`duelcast record`"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from duelcast.cli.options import ConfigOption, parse_duration
from duelcast.cli.output_files import check_destination
from duelcast.clock import Clock, SystemClock
from duelcast.feeds.source import Feed, Sink
from duelcast.logs import configure_logging
from duelcast.settings import ConfigurationError, load_settings


def record_feed(
    file: Annotated[Path, typer.Argument(help="File to write; an existing file is replaced.")],
    feed: Annotated[str | None, typer.Option(help="The feed to record (default: the configured one).")] = None,
    duration: Annotated[
        str | None, typer.Option("--for", help="How long to record, such as 90s, 15m or 1h (default: until Ctrl-C).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write a feed's normalised ticks as JSON lines, which the feed `replay:FILE` plays back."""
    from duelcast.feeds.spec import build_feeds

    loaded = load_settings(config, {"feed": feed})
    check_destination(file, loaded)
    settings = loaded.settings
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
        written = asyncio.run(_record(feeds[0], file, clock, stop_after_s))
    except OSError:
        raise ConfigurationError(f"The file {file} cannot be written.") from None
    typer.echo(f"{written} ticks in {file}", err=True)


async def _record(feed: Feed, file: Path, clock: Clock, stop_after_s: float | None) -> int:
    from duelcast.feeds.recording import record

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await record(_UntilStopped(feed, stop), file, clock, stop_after_s=stop_after_s)


class _UntilStopped:
    """A feed that ends when `stop` is set, as a feed with finite data does, so that the recording is completed and
    counted."""

    def __init__(self, feed: Feed, stop: asyncio.Event) -> None:
        self.name = feed.name
        self.symbols = feed.symbols
        self._feed = feed
        self._stop = stop

    async def run(self, sink: Sink) -> None:
        reading = asyncio.ensure_future(self._feed.run(sink))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)
