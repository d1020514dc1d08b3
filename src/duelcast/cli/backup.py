"""`duelcast backup` and `duelcast restore`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from duelcast.cli.options import ConfigOption
from duelcast.cli.output_files import check_destination, terminable
from duelcast.settings import ConfigurationError, Settings, load_settings, own_secret_file


def back_up(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier backup.")] = False,
    config: ConfigOption = None,
) -> None:
    """Copy the database to a file. It is safe to run this while the server is running; the copy contains everything
    that the server had acknowledged when the copy began."""
    from duelcast.store.sqlite.backup import back_up

    loaded = load_settings(config)
    settings = loaded.settings
    check_destination(file, loaded)
    database = _file_of(settings, "pg_dump")
    with terminable():
        size_bytes = back_up(database, file, replace=force)
    typer.echo(f"{file}: the database {database}, {decimal(size_bytes)}.")
    secret = own_secret_file(settings)
    if secret is not None and secret.exists():
        typer.echo(f"Keep a copy of {secret} as well; if it is lost, tokens issued so far are no longer valid.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `duelcast backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move an existing database aside, even while a server uses it.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Replace the database with a copy of a backup. Nothing is deleted."""
    from duelcast.store.sqlite.backup import restore

    settings = load_settings(config).settings
    database = _file_of(settings, "pg_restore")
    with terminable():
        done = restore(file, database, replace=force)
    typer.echo(f"{database}: restored from {file}, {decimal(done.size_bytes)}.")
    if done.moved is not None:
        typer.echo(f"The previous database is now in {done.moved}.")
    if done.is_served:
        typer.echo("Restart the running server; until then it accepts no writes.")
    elif _lacks_secret(settings):
        typer.echo(f"Restore {own_secret_file(settings)} too; otherwise the server generates a new secret.")


def _file_of(settings: Settings, tool: str) -> Path:
    """The file of the database. Raises `ConfigurationError` if it is on a PostgreSQL server; use its `tool` then."""
    from duelcast.store.choosing import sqlite_path_of

    path = sqlite_path_of(settings)
    if path is None:
        raise ConfigurationError(f"The database is on a PostgreSQL server: use `{tool}`, see docs/operations.md.")
    return path


def _lacks_secret(settings: Settings) -> bool:
    secret = own_secret_file(settings)
    return secret is not None and not secret.exists()
