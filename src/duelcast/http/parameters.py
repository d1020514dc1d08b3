"""Parameters that several resources share."""

from __future__ import annotations

import re
from typing import Annotated

from litestar.params import PathParameter
from msgspec import Meta

from duelcast.domain.accounts.identity import is_wallet
from duelcast.errors import InvalidRequest
from duelcast.wire.timestamps import parse_time

Count = Annotated[int, Meta(description="How many `data` has.")]
NextCursor = Annotated[str, Meta(description="The `cursor` of the next page; absent on the last page.")]
WalletParameter = Annotated[str, PathParameter(description="A wallet; upper and lower case matter.")]

_ID = re.compile(r"[1-9][0-9]{0,15}")


def wallet_cursor_parameter(text: str | None) -> str:
    """The wallet in a cursor, after which the page begins; empty if `text` is None. Raises `InvalidRequest` if `text`
    cannot be a `nextCursor` of ours."""
    if text is None:
        return ""
    if not is_wallet(text):
        raise _bad_cursor()
    return text


def time_parameter(text: str | None, field: str) -> float | None:
    """The time in `text`, in epoch seconds; None if `text` is None. Raises `InvalidRequest` if it is not a time."""
    if text is None:
        return None
    try:
        # A plus sign that a client did not escape arrives as a space.
        return parse_time(text.replace(" ", "+"))
    except ValueError:
        raise InvalidRequest(f"`{field}` must be an ISO-8601 time with an offset.", field=field) from None


def cursor_parameter(text: str | None) -> int | None:
    """The number in a cursor, which says where the page begins; None if `text` is None. Raises `InvalidRequest` if
    `text` cannot be a `nextCursor` of ours."""
    if text is None:
        return None
    if not _ID.fullmatch(text):
        raise _bad_cursor()
    return int(text)


def _bad_cursor() -> InvalidRequest:
    return InvalidRequest("`cursor` must be the `nextCursor` of the previous page.", field="cursor")
