"""Finds the endpoints: every module of this folder that defines an `endpoint`."""

from __future__ import annotations

import importlib
import pkgutil

import duelcast.endpoints
from duelcast.endpoints.common import add_common_commands
from duelcast.endpoints.kit import Endpoint


def find_endpoints() -> dict[str, Endpoint]:
    """All endpoints by path, with the commands that every endpoint understands."""
    found: dict[str, Endpoint] = {}
    for module in pkgutil.iter_modules(duelcast.endpoints.__path__):
        endpoint = getattr(importlib.import_module(f"duelcast.endpoints.{module.name}"), "endpoint", None)
        if isinstance(endpoint, Endpoint):
            add_common_commands(endpoint)
            found[endpoint.path] = endpoint
    return found
