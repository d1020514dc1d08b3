"""`duelcast copy-database`"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

import typer

from duelcast.cli.options import ConfigOption
from duelcast.cli.output_files import terminable
from duelcast.settings import load_settings

REPORT_INTERVAL_S = 5.0
"""How often the progress within a table is reported."""


def copy_database(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The database to copy.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="An empty database; its tables are created.")],
    config: ConfigOption = None,
) -> None:
    """Copy a database from SQLite to PostgreSQL, or back. The server must be stopped.

    FROM and TO are addresses as in DUELCAST_DATABASE_URL, or the path of an SQLite file. All rows are copied, or none.
    Clients resume where they left off once a server is started on TO. FROM stays as a backup: if a server is started on
    it again, clients get snapshots.
    """
    from duelcast.store.choosing import backend_at
    from duelcast.store.copying import copy_database

    settings = load_settings(config).settings
    read, write = backend_at(source, settings), backend_at(target, settings)
    with terminable():
        copied = asyncio.run(copy_database(read, write, _Reports()))
    typer.echo(f"{write.name}: {copied.rows:,} rows in {copied.tables} tables, copied from {read.name}.")
    if copied.has_epoch:
        typer.echo(f"Clients resume where they left off. A server that is started on {read.name} gets a new epoch.")
    else:
        typer.echo(
            "The copy has a new epoch, because the source is a copy itself, or no server was ever started on it."
        )


class _Reports:
    """Prints how many rows of each table are copied."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reported_s = monotonic()

    def __call__(self, table: str, rows: int, *, is_complete: bool) -> None:
        now_s = self._monotonic()
        if is_complete or now_s - self._reported_s >= REPORT_INTERVAL_S:
            self._reported_s = now_s
            typer.echo(f"{table}: {rows:,} rows{'' if is_complete else ' so far'}", err=True)
