"""`duelcast migrate`"""

from __future__ import annotations

import asyncio

import typer

from duelcast.cli.options import ConfigOption
from duelcast.settings import load_settings


def migrate(config: ConfigOption = None) -> None:
    """Create or update the tables of the database.

    A server with an SQLite database does this by itself at its start. On PostgreSQL, it does not start until this
    command has been run. Servers of the version before may go on meanwhile, unless the command says that the database
    is in use.
    """
    from duelcast.store.choosing import backend_of

    backend = backend_of(load_settings(config).settings)
    applied = asyncio.run(backend.migrate())
    done = f"applied {', '.join(applied)}" if applied else "nothing to do"
    typer.echo(f"{backend.name}: {done}.")
