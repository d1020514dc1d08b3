"""Errors of SQLite, in our own words."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

# Primary result codes (https://sqlite.org/rescode.html).
_FAULTS_OF_THE_STATEMENT = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
_FAILURES = {
    sqlite3.SQLITE_BUSY: "Another process holds the database.",
    sqlite3.SQLITE_FULL: "The database cannot be written to: is the disk full?",
    sqlite3.SQLITE_IOERR: "The database cannot be written to: is the disk full?",
    sqlite3.SQLITE_READONLY: "The server may not write to the database file.",
    sqlite3.SQLITE_PERM: "The server may not write to the database file.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened.",
    sqlite3.SQLITE_NOTADB: "The file is not a database.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged.",
}


class FileGone(OSError):
    """The file was moved or deleted: further commits would be lost with it."""


def is_fault_of_statement(error: DBAPIError) -> bool:
    """Whether the statement or its values are at fault, rather than the file or the connection."""
    code = _primary_code(error)
    return not error.connection_invalidated and (code is None or code in _FAULTS_OF_THE_STATEMENT)


def is_locked(error: Exception) -> bool:
    """Whether another process has the file locked at the moment."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def leaves_doubt(error: Exception) -> bool:
    """Whether a COMMIT that raised `error` may still take effect.

    In WAL mode, SQLite makes a transaction visible after everything that can fail, so no reader sees one whose COMMIT
    failed. But if the failure came after the frames were written (syncing the log, extending its index), a server that
    is killed before the next commit replaces those frames finds the transaction when it recovers the log. If a frame
    could not be written (full disk), the transaction is incomplete and never recovered. All other codes come before the
    frames are written. An error that is not SQLite's says nothing.
    """
    code = _extended_code(error)
    if code is None:
        return True
    return code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM) and code != sqlite3.SQLITE_IOERR_WRITE


def describe_failure(error: Exception) -> str:
    """Why the file does not work, in our own words."""
    if isinstance(error, FileGone):
        return "The database file is gone."
    return _FAILURES.get(_primary_code(error) or 0, "The database does not work.")


def _primary_code(error: Exception) -> int | None:
    code = _extended_code(error)
    return None if code is None else code & 0xFF


def _extended_code(error: Exception) -> int | None:
    # There is no code if the driver refused without calling SQLite.
    cause = error.orig if isinstance(error, DBAPIError) else error
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    return code
