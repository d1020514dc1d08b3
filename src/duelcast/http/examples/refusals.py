"""Examples of refusals: one for each status, made as the server makes them."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.exceptions import HTTPException

from duelcast.domain.contests.errors import ContestNotFound, InvalidPortfolio
from duelcast.domain.market.errors import TokenNotFound
from duelcast.domain.notifications.errors import NotificationNotFound
from duelcast.domain.operations.errors import ServiceNotFound
from duelcast.domain.settings.errors import SettingNotFound
from duelcast.domain.users.errors import UserNotFound
from duelcast.errors import (
    ContentTooLarge,
    InvalidRequest,
    InvalidState,
    PermissionDenied,
    RateLimitExceeded,
    Unauthorized,
    Unavailable,
)
from duelcast.http.problems import Refusal, refusal_of

_REQUEST_ID = "7f9c2ba4e88f4f6b"

_BY_STATUS: Mapping[int, Exception] = {
    400: InvalidRequest("`limit` has the wrong type or is out of range: see /docs.", field="limit"),
    401: Unauthorized("Send a token: `Authorization: Bearer …`."),
    403: PermissionDenied("This needs the role of an admin."),
    408: HTTPException(status_code=408),
    409: InvalidState("The contest is over."),
    413: ContentTooLarge("The body is too big: send at most 64 KiB here."),
    415: HTTPException(status_code=415),
    422: InvalidPortfolio("The weights must sum to 100.", field="portfolio"),
    429: RateLimitExceeded("Too many requests: wait, then send fewer.", retry_after_ms=2_000),
    503: Unavailable("The database is unreachable: try again in a moment.", retry_after_ms=1_000),
}
_NOT_FOUND: Mapping[str, Exception] = {
    "Contests": ContestNotFound("There is no such contest."),
    "Notifications": NotificationNotFound("You have no such notification."),
    "Services": ServiceNotFound("There is no such service."),
    "Settings": SettingNotFound("There is no such setting, or none that you may see.", field="key"),
    "Tokens": TokenNotFound("No token has this symbol: ask for all tokens to see which exist."),
    "Users": UserNotFound("There is no such user."),
}
"""By the tag of the operations."""


def refusal_example(status: int, tag: str) -> Refusal:
    """A refusal with `status` by an operation with `tag`."""
    return refusal_of(_NOT_FOUND[tag] if status == 404 else _BY_STATUS[status], _REQUEST_ID)
