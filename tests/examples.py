"""The number of examples that hypothesis draws: `make ci FULL=1` draws all, other runs fewer."""

from __future__ import annotations

import os

_SHARE = 1.0 if os.environ.get("ALL_EXAMPLES") else 0.3


def examples(count: int) -> int:
    """The number of examples for a test that draws `count` of them in a full run."""
    return max(10, int(count * _SHARE))
