"""Contests: reading them, and managing them as an admin (protocol §13)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, QueryParameter, SkipValidation
from msgspec import UNSET, Meta, Struct, UnsetType

from duelcast.domain.audit import Actor
from duelcast.domain.contests.events import ContestStatus, ContestView, Leaderboard
from duelcast.domain.contests.service import Contests
from duelcast.domain.contests.standings import Settlement
from duelcast.domain.contests.terms import LINE_PATTERN, ContestPatch, NewContest
from duelcast.domain.idempotency import Once
from duelcast.errors import InvalidRequest
from duelcast.http.bodies import TEXTS_BODY_BYTES
from duelcast.http.callers import CallerRequest, admins_only, caller
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.http.parameters import Count, NextCursor
from duelcast.wire.messages import MAX_SAFE_INTEGER

DEFAULT_REASON = "Cancelled by an admin."

ContestParameter = Annotated[int, PathParameter(description="The id of a contest.", ge=1, le=MAX_SAFE_INTEGER)]
TheContests: TypeAlias = NamedDependency[SkipValidation[Contests]]


class ContestPage(Struct):
    """Contests."""

    data: list[ContestView]
    """The contests."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


class Reason(Struct, frozen=True, forbid_unknown_fields=True):
    """The reason for an action."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=LINE_PATTERN)] | None = None
    """Participants see the reason for which their contest is cancelled; other reasons are only in the audit trail."""


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@get("/", summary="Contests", response_description="The contests.", responses=problems(400, 401, 403, 429))
async def list_contests(
    contests: TheContests,
    request: CallerRequest,
    status: Annotated[
        ContestStatus | None, QueryParameter(description="All contests with this status, instead of the default list.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> ContestPage:
    """Pending and active contests, newest start first, then those that ended within the last day, also newest start
    first."""
    found, following = contests.book.page(status=status, limit=limit, cursor=cursor)
    data = [contests.view(contest, for_admin=_is_admin(request)) for contest in found]
    return ContestPage(data, len(data), UNSET if following is None else following)


@get(
    "/{contest_id:int}",
    summary="One contest",
    response_description="The contest.",
    responses=problems(400, 401, 403, 404, 429),
)
async def get_contest(contests: TheContests, request: CallerRequest, contest_id: ContestParameter) -> ContestView:
    """Admins also see who created the contest, and who is muted."""
    return contests.view(contests.book[contest_id], for_admin=_is_admin(request))


@get(
    "/{contest_id:int}/leaderboard",
    summary="The leaderboard of a contest",
    response_description="A page of the leaderboard.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_leaderboard(
    contests: TheContests,
    contest_id: ContestParameter,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="At most this many rows.")] = 100,
    offset: Annotated[int | None, QueryParameter(ge=0, le=MAX_SAFE_INTEGER, description="Skip this many rows.")] = None,
    around: Annotated[str | None, QueryParameter(description="Return the rows around this wallet.")] = None,
) -> Leaderboard:
    """While the contest is active, the leaderboard is served from memory."""
    if around is not None and offset is not None:
        raise InvalidRequest("Give `offset` or `around`, not both.", field="offset")
    return await contests.standings.leaderboard(contest_id, offset=offset or 0, limit=limit, around=around)


@get(
    "/{contest_id:int}/settlement",
    summary="The prices that a contest was settled with",
    response_description="The prices.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_settlement(contests: TheContests, contest_id: ContestParameter) -> Settlement:
    """The prices at the start and at the end of the contest, and when each was received. `start` is null until the
    contest has started, and `end` until it has ended."""
    return await contests.standings.settlement(contest_id)


# ── managing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@post(
    "/",
    summary="Create a contest",
    response_description="The contest.",
    guards=[admins_only],
    request_max_body_size=TEXTS_BODY_BYTES,
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def create_contest(
    contests: TheContests,
    idempotency: TheIdempotency,
    request: CallerRequest,
    data: Annotated[NewContest, Body(description="The terms of the contest.")],
    idempotency_key: IdempotencyKey = None,
) -> Response[ContestView]:
    """The new contest is pending, and open for entries. For admins."""

    async def create(once: Once | None) -> ContestView:
        contest = await contests.organising.create(data, _actor(request), once)
        return contests.view(contest, for_admin=True)

    return await answer_once(request, idempotency, idempotency_key, data, create)


@patch(
    "/{contest_id:int}",
    summary="Edit a contest",
    response_description="The contest as it is now.",
    guards=[admins_only],
    request_max_body_size=TEXTS_BODY_BYTES,
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def update_contest(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[ContestPatch, Body(description="The fields to change.")],
) -> ContestView:
    """While the contest is pending, every field may change, but `starting_balance` and `allowed_symbols` only if nobody
    has entered. After the start, only `name`, `description` and `image_url` may change, and `end_time` may be set to a
    later time. For admins."""
    contest = await contests.organising.edit(contest_id, data, _actor(request))
    return contests.view(contest, for_admin=True)


@post(
    "/{contest_id:int}/start",
    summary="Start a contest now",
    response_description="The contest as it is now.",
    status_code=200,
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def start_contest(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[Reason | None, Body(description="The reason.")] = None,
) -> ContestView:
    """The contest starts with the current prices, even with fewer participants than `min_participants`. For admins."""
    await contests.clock.start(contest_id, _actor(request), _reason(data))
    return contests.view(contests.book[contest_id], for_admin=True)


@post(
    "/{contest_id:int}/end",
    summary="End a contest now",
    response_description="The contest as it is now.",
    status_code=200,
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def end_contest(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[Reason | None, Body(description="The reason.")] = None,
) -> ContestView:
    """The contest ends with the current prices. For admins."""
    await contests.clock.end(contest_id, _actor(request), _reason(data))
    return contests.view(contests.book[contest_id], for_admin=True)


@post(
    "/{contest_id:int}/cancel",
    summary="Cancel a contest",
    response_description="The contest as it is now.",
    status_code=200,
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def cancel_contest(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[Reason | None, Body(description="The reason.")] = None,
) -> ContestView:
    """Nobody wins, and the chat is closed. For admins."""
    await contests.clock.cancel(contest_id, _actor(request), _reason(data) or DEFAULT_REASON)
    return contests.view(contests.book[contest_id], for_admin=True)


CONTEST_HANDLERS = [
    list_contests,
    get_contest,
    get_leaderboard,
    get_settlement,
    create_contest,
    update_contest,
    start_contest,
    end_contest,
    cancel_contest,
]


def _actor(request: CallerRequest) -> Actor:
    return Actor.of(caller(request))


def _is_admin(request: CallerRequest) -> bool:
    return request.user is not None and request.user.is_admin


def _reason(given: Reason | None) -> str | None:
    return None if given is None else given.reason
