"""How many examples hypothesis draws: with FULL=1 as many as a test names, else enough for a look at each change."""

from __future__ import annotations

import os

_SHARE = 1.0 if os.environ.get("FULL") else 0.4


def examples(count: int) -> int:
    """The number of examples for a test that has seen enough after `count`."""
    return max(10, int(count * _SHARE))
