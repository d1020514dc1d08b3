"""`duelcast achievements`: users' achievements, checked against the history of their contests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from duelcast.cli.options import ConfigOption
from duelcast.errors import Outage
from duelcast.settings import ConfigurationError, Settings, load_settings
from duelcast.wire.timestamps import format_ms

if TYPE_CHECKING:
    from duelcast.domain.notifications.replay import Differences

EXIT_DIFFERS = 1

application = typer.Typer(name="achievements", no_args_is_help=True, help="Achievements of users.")


@application.command("rebuild")
def rebuild(
    apply: Annotated[bool, typer.Option("--apply", help="Write the changes; the server must be stopped.")] = False,
    config: ConfigOption = None,
) -> None:
    """Replay all completed contests, and print the achievements that are stored but not earned (`-`) or earned but not
    stored (`+`).

    Without `--apply`, nothing is written, the exit code is 1 if anything differs, and it is safe to run this while the
    server is running.
    """
    differences = asyncio.run(_rebuild(load_settings(config).settings, apply=apply))
    for line in _lines(differences):
        typer.echo(line)
    if not differences.any:
        typer.echo("There are no differences.")
    elif apply:
        typer.echo("Written.")
    else:
        raise typer.Exit(EXIT_DIFFERS)


async def _rebuild(settings: Settings, *, apply: bool) -> Differences:
    from duelcast.clock import SystemClock
    from duelcast.domain.notifications.replay import apply as write
    from duelcast.domain.notifications.replay import find_differences
    from duelcast.store.beside import opened_beside
    from duelcast.store.choosing import backend_of
    from duelcast.store.database import Database

    backend = backend_of(settings)
    with _progress() as advanced:
        if not apply:
            async with opened_beside(backend) as read:
                return await find_differences(read, advanced)
        await backend.check_version()  # otherwise a missing database would be created
        database = Database(backend, SystemClock())
        async with database.at_work():
            try:
                differences = await find_differences(database.read, advanced)
                await write(database, differences)
            except Outage as refusal:
                raise ConfigurationError(refusal.message) from None
            return differences


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Show a progress bar on a terminal. Yields a function to call with the share done, from 0 to 1."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Replaying contests", total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _lines(differences: Differences) -> list[str]:
    rows = [(row, "-") for row in differences.surplus] + [(row, "+") for row in differences.missing]
    rows.sort(key=lambda one: (one[0].wallet, one[0].achievement, one[1] == "+"))
    lines = [f"{sign} {row.wallet} {row.achievement} {format_ms(row.unlocked_ms)}" for row, sign in rows]
    progress = {row.wallet for row in (*differences.surplus_progress, *differences.missing_progress)}
    if progress:
        lines.append(f"The progress of {len(progress)} {'wallet' if len(progress) == 1 else 'wallets'} differs.")
    return lines
