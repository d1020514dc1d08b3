"""`duelcast events export`"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import track

from duelcast.cli.events.formats import Format, writer_of
from duelcast.cli.options import ConfigOption, parse_duration
from duelcast.cli.output_files import check_destination, terminable
from duelcast.settings import ConfigurationError, load_settings
from duelcast.wire.timestamps import parse_time

STANDARD_OUTPUT = Path("-")

application = typer.Typer(name="events", no_args_is_help=True, help="Tracked events.")


@application.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="File to write; `-` means standard output.")] = STANDARD_OUTPUT,
    since: Annotated[
        str | None,
        typer.Option(help="Only events since this time: an age such as 7d, or a time such as 2026-11-01T00:00:00Z."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only events before this time, given in the same way (default: now).")
    ] = None,
    event: Annotated[str | None, typer.Option(help="Only events of this name.")] = None,
    form: Annotated[Format, typer.Option("--format", help="The format to write.")] = Format.JSONL,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write tracked events in the order in which they were stored. It is safe to run this while the server is
    running."""
    from duelcast.store.event_archive import Wanted, find_events
    from duelcast.store.sqlite import database_path

    now_s = time.time()
    wanted = Wanted(
        since_ms=None if since is None else _moment_ms(since, now_s, "--since"),
        until_ms=int(now_s * 1000) if until is None else _moment_ms(until, now_s, "--until"),
        event=event,
    )
    loaded = load_settings(config)
    check_destination(file, loaded)
    database = database_path(loaded.settings)
    written = 0
    with terminable(), _opened(file, form, replace=force) as target, closing(writer_of(form, target)) as writer:
        found = find_events(database, wanted)
        for page in track(
            found.pages,
            "Exporting",
            total=found.page_count,
            console=Console(stderr=True),
            transient=True,
            # On the same terminal, the bar and the events would overwrite one another.
            disable=not sys.stderr.isatty() or (file == STANDARD_OUTPUT and sys.stdout.isatty()),
        ):
            writer.write(page)
            written += len(page)
    if file != STANDARD_OUTPUT:
        typer.echo(f"{written} events in {file}", err=True)


def _moment_ms(text: str, now_s: float, option: str) -> int:
    """The epoch milliseconds of a time or an age."""
    try:
        return round(parse_time(text) * 1000)
    except ValueError:
        pass
    try:
        return int((now_s - parse_duration(text)) * 1000)
    except typer.BadParameter:
        raise typer.BadParameter(
            "give an age such as 7d or 12h, or a time with its offset, such as 2026-11-01T00:00:00Z", param_hint=option
        ) from None


@contextmanager
def _opened(file: Path, form: Format, *, replace: bool) -> Iterator[BinaryIO]:
    from duelcast.store.atomic_write import whole_file

    if file == STANDARD_OUTPUT:
        if form is Format.PARQUET and sys.stdout.isatty():
            raise ConfigurationError("Parquet cannot be written to a terminal; name a file.")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(file, replace=replace) as made, made.open("wb") as target:
        yield target
