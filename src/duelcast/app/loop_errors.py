"""Errors of the event loop that no task is responsible for."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

log = structlog.get_logger("duelcast")


def log_loop_errors() -> None:
    """Log the errors of the running loop. Errors that a peer causes on its own socket are logged only at level debug,
    so that a port scanner cannot fill the log."""
    asyncio.get_running_loop().set_exception_handler(_on_error)


def _on_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) or context.get("message") == "SSL handshake failed":
        log.debug("peer_failed", error=type(error).__name__)
    else:
        loop.default_exception_handler(context)
