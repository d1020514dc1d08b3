"""Errors with which a COMMIT on PostgreSQL may fail: most tell that it had no effect, some leave doubt."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from duelcast.store.postgres.failures import leaves_doubt


def answered(severity: str, code: str) -> Exception:
    """An error with which the server answers."""
    error: Exception = asyncpg.exceptions.PostgresError.new({"S": "FEHLER", "V": severity, "C": code, "M": "made"})
    return error


def wrapped(cause: Exception, statement: str | None = None) -> DBAPIError:
    """`cause` as SQLAlchemy raises it; `statement` is None for a COMMIT."""
    translated = Exception()
    translated.__cause__ = cause
    return DBAPIError(statement, None, translated)


@pytest.mark.parametrize("code", ["23503", "25P02", "40001", "53100", "57014", "P0001"])
def test_a_commit_that_the_server_refused_was_rolled_back(code: str) -> None:
    assert not leaves_doubt(wrapped(answered("ERROR", code)))


@pytest.mark.parametrize(
    "cause",
    [
        answered("FATAL", "57P01"),
        answered("FATAL", "57P02"),
        answered("FATAL", "57P03"),
        answered("PANIC", "58030"),
        asyncpg.exceptions.ConnectionDoesNotExistError("made"),
        asyncpg.exceptions.ConnectionFailureError("made"),
        asyncpg.exceptions.InterfaceError("made"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_a_session_that_ends_before_the_answer_leaves_doubt(cause: Exception) -> None:
    assert leaves_doubt(wrapped(cause))


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), RuntimeError()], ids=repr)
def test_an_error_that_is_not_the_servers_leaves_doubt(error: Exception) -> None:
    assert leaves_doubt(error)


def test_a_session_that_ends_before_the_commit_is_sent_leaves_none() -> None:
    assert not leaves_doubt(wrapped(answered("FATAL", "57P01"), "update store_commits"))
