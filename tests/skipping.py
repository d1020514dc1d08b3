"""Skips the tests of a list, which gives the reason for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest


def skip_listed(items: Iterable[pytest.Item], reasons: Mapping[str, str]) -> None:
    """Mark tests as skipped; `reasons` are by the beginnings of their node ids: a file, a test or an example."""
    for item in items:
        for begins, reason in reasons.items():
            if item.nodeid.startswith(begins) and item.nodeid[len(begins) :][:1] in ("", ":", "["):
                item.add_marker(pytest.mark.skip(reason=reason))
