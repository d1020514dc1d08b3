"""Defects: each is logged, and the client that met it is given the id of the log entry."""

from __future__ import annotations

import uuid

import structlog

from duelcast.errors import AppError, InternalError
from duelcast.logs import exception_fields

log = structlog.get_logger("duelcast.gateway")


def defect(error: Exception) -> InternalError:
    """Log a defect, and return the error for its client. The log has its type and frames, never its text."""
    error_id = uuid.uuid4().hex
    log.error("defect", error_id=error_id, **exception_fields(error))
    return InternalError("A defect of the server; report it with its `errorId`.", errorId=error_id)


def refusal_of(error: Exception) -> AppError:
    """The error that a client is answered with: `error` itself, or if it is a defect, that there was one."""
    return error if isinstance(error, AppError) else defect(error)
