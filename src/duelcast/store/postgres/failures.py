"""Errors of PostgreSQL and of the connection to it, in our own words."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError

from duelcast.store.backend import Held, Superseded

# Classes and codes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_LOCKED = "55P03"
_NO_PRIVILEGE = "42501"
_FAULTS_OF_THE_STATEMENT = ("0A", "21", "22", "23", "25P02", "42", "44", "54")
_FAILURES = {
    "08": "The database server cannot be reached.",
    "25006": "The database server only reads: it is a standby, or set to be read-only.",
    "25P03": "The database server ended a transaction that paused for too long.",
    "28": "The database server refuses the user or the password.",
    "3D": "The database server has no database of this name.",
    "40": "Another session got in the way of a transaction.",
    _NO_PRIVILEGE: "The user lacks a privilege in the database.",
    "53": "The database server lacks memory or another resource.",
    "53100": "The disk of the database server is full.",
    "53300": "The database server has no connection to spare.",
    "55000": "The database accepts no connections.",
    _LOCKED: "Another session has locked a table of the database.",
    "57014": "The statement was cancelled on the database server.",
    "57P01": "The database server was shut down, or ended the connection.",
    "57P02": "The database server crashed.",
    "57P03": "The database server is starting, recovering or shutting down.",
    "57P05": "The database server ended an idle connection.",
    "58": "The database server cannot use its files.",
    "XX001": "The database is damaged.",
    "XX002": "The database is damaged.",
}
_UNKNOWN = "The database does not work."


class Standby(OSError):
    """The server is a standby, which cannot be written to."""


def is_failure(error: Exception) -> bool:
    """Whether the server or the connection is at fault, rather than a statement or its values."""
    if isinstance(error, OSError | Held | Superseded):  # `TimeoutError` is an `OSError`
        return True
    return isinstance(error, DBAPIError) and not _is_fault_of_statement(error)


def is_locked(error: Exception) -> bool:
    """Whether another session has locked what the server needs."""
    return _code(error) == _LOCKED


def leaves_doubt(error: Exception) -> bool:
    """Whether a COMMIT that raised `error` may have taken effect.

    If the server answers a COMMIT with an error of the severity ERROR, it has rolled the transaction back. If the
    session ended instead, with a last word (FATAL, PANIC) or without one, or if no answer came in time, the transaction
    may have been committed before (https://www.postgresql.org/docs/current/protocol-flow.html, 54.2.9). An error of a
    statement came before the COMMIT was sent.
    """
    if not isinstance(error, DBAPIError):
        return True
    return error.statement is None and getattr(_cause(error), "severity_en", None) != "ERROR"


def describe_failure(error: Exception) -> str:
    """Why the database does not work, in our own words."""
    if isinstance(error, Held | Superseded):
        return str(error)
    if isinstance(error, Standby):
        return _FAILURES["25006"]
    code = _code(error)
    if code is not None:
        return _FAILURES.get(code) or _FAILURES.get(code[:2]) or _UNKNOWN
    if isinstance(error, TimeoutError):
        return "The database server does not answer."
    is_lost = isinstance(error, OSError) or (isinstance(error, DBAPIError) and _is_disconnected(error))
    return "The database server cannot be reached." if is_lost else _UNKNOWN


def _is_fault_of_statement(error: DBAPIError) -> bool:
    code = _code(error)
    if error.connection_invalidated or code == _NO_PRIVILEGE:
        return False
    if code is None:
        # The driver could not encode a value, and sent nothing.
        return isinstance(_cause(error), asyncpg.exceptions.DataError)
    return code.startswith(_FAULTS_OF_THE_STATEMENT)


def _is_disconnected(error: DBAPIError) -> bool:
    gone = (asyncpg.exceptions.InterfaceError, asyncpg.exceptions.InternalClientError)
    return error.connection_invalidated or isinstance(_cause(error), gone)


def _code(error: Exception) -> str | None:
    """The SQLSTATE, if the server or the driver gave one."""
    code: str | None = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return code


def _cause(error: DBAPIError) -> BaseException | None:
    """The driver's own error."""
    return None if error.orig is None else error.orig.__cause__
