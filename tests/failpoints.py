"""Failures that a test places exactly where it wants them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection


def sqlite_error(code: int) -> sqlite3.Error:
    """An error as SQLite's driver raises it, with an (extended) result code."""
    error = sqlite3.OperationalError("made by a test")
    error.sqlite_errorcode = code
    return error


@contextmanager
def failing_commits(*, happen: bool, times: int | None = None, error: Exception | None = None) -> Iterator[None]:
    """During the block, the first `times` commits (None: all) raise `error`, by default one that does not tell whether
    they took effect. The first takes effect if `happen`, the others do not."""
    commit = AsyncConnection.commit
    numbers = itertools.count()

    async def failing(connection: AsyncConnection) -> None:
        number = next(numbers)
        if number == 0 and happen:
            await commit(connection)
        elif times is not None and number >= times:
            await commit(connection)
            return
        raise error or OSError(5, "Input/output error")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", failing)
        yield
