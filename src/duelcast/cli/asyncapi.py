"""`duelcast asyncapi`"""

from __future__ import annotations

import msgspec
import typer


def print_asyncapi() -> None:
    """Print the AsyncAPI document of all endpoints."""
    from duelcast.endpoints.documents.asyncapi import asyncapi
    from duelcast.endpoints.documents.model import describe
    from duelcast.endpoints.registry import find_endpoints

    document = asyncapi(describe(find_endpoints().values()))
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
