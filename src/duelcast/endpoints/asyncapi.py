"""The AsyncAPI 3.0 document, made from the endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from duelcast.endpoints.kit import Endpoint


def asyncapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of `endpoints`."""
    return {"asyncapi": "3.0.0", "info": {"title": "Duelcast", "version": "69"}}
