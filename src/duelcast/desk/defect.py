"""Logs each defect (an unexpected exception), and gives the client that met it the id of the log entry."""

from __future__ import annotations

import uuid

import structlog

from duelcast.errors import AppError, InternalError
from duelcast.logs import exception_fields

log = structlog.get_logger("duelcast.gateway")


def defect(error: Exception) -> InternalError:
    """Log a defect, and return the error for the client. The log entry has the type and stack frames of `error`, never
    its text."""
    error_id = uuid.uuid4().hex
    log.error("defect", error_id=error_id, **exception_fields(error))
    return InternalError("This is a defect of the server: report it with the `errorId`.", errorId=error_id)


def refusal_of(error: Exception) -> AppError:
    """The error for the client: `error` itself if it is an `AppError`; otherwise, `error` is logged as a defect, and
    the result is an `InternalError`."""
    return error if isinstance(error, AppError) else defect(error)
