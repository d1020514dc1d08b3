"""`duelcast asyncapi`"""

from __future__ import annotations

import msgspec
import typer


def print_asyncapi() -> None:
    """Print the AsyncAPI document of all endpoints."""
    from duelcast.app import asyncapi_document

    typer.echo(msgspec.json.format(msgspec.json.encode(asyncapi_document()), indent=2).decode())
