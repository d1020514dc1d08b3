"""Times on the wire: ISO-8601, UTC, milliseconds, `Z` (protocol §1.1)."""

from __future__ import annotations

import re
from datetime import datetime
from time import gmtime

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_FIRST_S = -62_135_596_800
_LAST_S = 253_402_300_799.999

_ms = -1
_text = ""
_second = -1
_prefix = ""


def format_time(epoch_s: float) -> str:
    """`1800000000.0617` → `2027-01-15T08:00:00.061Z`. The last text is cached, because many messages share a
    millisecond."""
    global _ms, _text, _second, _prefix
    epoch_ms = int(epoch_s * 1000)
    if epoch_ms == _ms:
        return _text
    second, ms = divmod(epoch_ms, 1000)
    if second != _second:
        _prefix = _whole_second(second)
        _second = second
    _text = f"{_prefix}.{ms:03d}Z"
    _ms = epoch_ms
    return _text


def format_other_time(epoch_s: float) -> str:
    """Like `format_time`, for a time that is not the present one, which therefore stays in the cache."""
    second, ms = divmod(int(epoch_s * 1000), 1000)
    return f"{_whole_second(second)}.{ms:03d}Z"


def _whole_second(epoch_s: int) -> str:
    year, month, day, hour, minute, in_minute = gmtime(epoch_s)[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{in_minute:02d}"


def format_ms(epoch_ms: int) -> str:
    """Like `format_time`, but takes epoch milliseconds."""
    # Use the middle of the millisecond, because `format_time` truncates, and the quotient may be an ulp too small.
    return format_time((epoch_ms + 0.5) / 1000)


def parse_time(text: str) -> float:
    """Epoch seconds of an ISO-8601 time with an offset.

    Raises `ValueError` if `text` is not such a time, or if `format_time` cannot write the time.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("not an ISO-8601 time with an offset")
    epoch_s = datetime.fromisoformat(text).timestamp()
    if not _FIRST_S <= epoch_s <= _LAST_S:
        raise ValueError("not in the years 1 to 9999 of UTC")
    return epoch_s
