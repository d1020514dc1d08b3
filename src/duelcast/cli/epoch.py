"""`duelcast epoch`"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from duelcast.cli.options import ConfigOption
from duelcast.settings import load_settings


def epoch(
    new: Annotated[
        bool, typer.Option("--new", help="Give the database a new epoch. The server must be stopped.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Print the epoch to which the positions of clients belong.

    The server cannot notice that the whole machine was restored from an image, so give the database a new epoch after
    such a restore. Clients then receive snapshots instead of the messages that they missed.
    """
    from duelcast.store.choosing import backend_of
    from duelcast.store.stored_epoch import read_epoch, renew_epoch

    backend = backend_of(load_settings(config).settings)
    typer.echo(asyncio.run(renew_epoch(backend) if new else read_epoch(backend)))
