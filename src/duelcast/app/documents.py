"""Documents about a server that need no running one."""

from __future__ import annotations

from typing import Any

from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.registry import find_endpoints


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of all endpoints."""
    return asyncapi(describe(find_endpoints().values()))
