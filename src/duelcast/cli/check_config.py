"""`duelcast check-config`"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from duelcast.cli.options import ConfigOption
from duelcast.cli.tail.lines import printable
from duelcast.logs import configure_logging
from duelcast.settings import ConfigurationError, LoadedSettings, load_settings

if TYPE_CHECKING:
    from duelcast.app.in_force import InForce


def check_config(
    changed: Annotated[bool, typer.Option("--changed", help="Only settings whose value is not the default.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print every setting in force, including those in the database, with the source of its value and its purpose;
    secrets are masked. Then fail if `duelcast serve` would refuse to start. It is safe to run this while the server is
    running.

    On a terminal, the output is a table; elsewhere, it is one line per setting, with tabs between the cells.
    """
    loaded = load_settings(config)
    configure_logging(loaded.settings.log_level, loaded.settings.log_format)
    asyncio.run(_check(loaded, changed=changed))


async def _check(loaded: LoadedSettings, *, changed: bool) -> None:
    from duelcast.app import prepare

    rows, unread = await _rows(loaded)
    _show([row for row in rows if row.is_changed or not changed])
    await prepare(loaded.settings)
    if unread is not None:
        typer.echo(f"duelcast: Settings in the database are not shown. {unread}", err=True)


async def _rows(loaded: LoadedSettings) -> tuple[list[InForce], str | None]:
    """The settings, and the reason why those in the database cannot be read, or None if they can be read."""
    from duelcast.app.in_force import settings_in_force, stored_settings

    try:
        return list(settings_in_force(loaded, await stored_settings(loaded.settings))), None
    except ConfigurationError as error:
        return list(settings_in_force(loaded, ())), str(error)


def _show(rows: Sequence[InForce]) -> None:
    # Values that admins put into the database must not contain characters that control a terminal or begin a new cell.
    lines = [[printable(cell) for cell in (row.name, row.value, row.source, row.what_for)] for row in rows]
    console = Console()
    if console.is_terminal:
        table = Table("setting", "value", "source", "what for")
        for line in lines:
            table.add_row(*(Text(cell) for cell in line))
        console.print(table)
    else:
        for line in lines:
            typer.echo("\t".join(line))
