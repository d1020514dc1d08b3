"""Times on the wire: ISO-8601, UTC, milliseconds, `Z` (protocol 1.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

_second = -1
_prefix = ""


def format_time(epoch_s: float) -> str:
    """`1800000000.0617` → `2027-01-15T08:00:00.061Z`. The text of a second is made once and kept."""
    global _second, _prefix
    second, ms = divmod(int(epoch_s * 1000), 1000)
    if second != _second:
        _prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        _second = second
    return f"{_prefix}.{ms:03d}Z"


def parse_time(text: str) -> float:
    """Epoch seconds of an ISO-8601 time with an offset.

    Raises `ValueError` where there is no offset or the text is no such time.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("not an ISO-8601 time with an offset")
    return datetime.fromisoformat(text).timestamp()
