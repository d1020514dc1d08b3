"""The tests that do not apply to PostgreSQL, each with the reason. With `--database postgres`, they are skipped."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

SQLITE_ONLY: dict[str, str] = {}
"""By the beginning of their node ids."""


def skip_sqlite_only(items: Iterable[pytest.Item]) -> None:
    """Mark the tests of the list as skipped."""
    for item in items:
        for begins, reason in SQLITE_ONLY.items():
            if item.nodeid == begins or item.nodeid.startswith((f"{begins}::", f"{begins}[")):
                item.add_marker(pytest.mark.skip(reason=reason))
