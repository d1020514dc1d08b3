"""Entries: users' actions in contests (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from litestar import Response, Router, delete, get, post, put
from litestar.params import Body, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from duelcast.domain.contests.errors import NotEntered
from duelcast.domain.contests.events import ContestView, Participant
from duelcast.domain.contests.portfolio import Choice
from duelcast.domain.contests.service import Contests
from duelcast.domain.contests.standings import ListedEntry
from duelcast.domain.idempotency import Once
from duelcast.errors import PermissionDenied, Unauthorized
from duelcast.http.callers import CallerRequest, caller, users_only
from duelcast.http.contests import CONTEST_HANDLERS, ContestParameter, TheContests
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.http.moderation import MODERATION_HANDLERS
from duelcast.http.parameters import Count, NextCursor, WalletParameter, cursor_parameter, wallet_cursor_parameter
from duelcast.store.contests import COMPLETED
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_ms

OWN = "me"
MAX_CHOICES = 1_000
"""More than the 50 tokens of a portfolio, so that a portfolio with too many tokens gets an error of its own."""


class PortfolioInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A portfolio."""

    portfolio: Annotated[list[Choice], Meta(max_length=MAX_CHOICES)]
    """1 to 50 tokens, each once; the weights sum to 100."""


class EntryPage(Struct):
    """Entries in the order of the wallets."""

    data: list[ListedEntry]
    """The entries."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


class TradeRecord(Struct):
    """A purchase or sale made by a portfolio change."""

    id: int
    """The id of the trade; it grows with time."""
    timestamp: Timestamp
    """When the trade was made."""
    symbol: str
    """The symbol of the token."""
    side: Literal["buy", "sell"]
    """Whether the token was bought or sold."""
    quantity: float
    """How much, in units of the token."""
    price: float
    """The price, in the quote currency."""


class TradePage(Struct):
    """Trades, oldest first."""

    data: list[TradeRecord]
    """The trades."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


class OwnContest(Struct):
    """A contest, and the caller's row in it."""

    contest: ContestView
    """The contest."""
    participant: Participant
    """The caller's row."""


class OwnContestPage(Struct):
    """Contests, newest entry first."""

    data: list[OwnContest]
    """The contests."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


@get(
    "/{contest_id:int}/entries",
    summary="The entries of a contest",
    response_description="The entries.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def list_entries(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    disqualified: Annotated[
        bool | None, QueryParameter(description="Only the disqualified or, if false, only the others. For admins.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> EntryPage:
    """The wallets that have entered, in their order, whatever the status of the contest. Only admins see those that are
    disqualified."""
    if request.user is None or not request.user.is_admin:
        if disqualified:
            raise PermissionDenied("Only admins see who is disqualified.")
        disqualified = False
    found = await contests.standings.entries(
        contest_id, disqualified=disqualified, after_wallet=wallet_cursor_parameter(cursor), limit=limit + 1
    )
    page = found[:limit]
    return EntryPage(page, len(page), page[-1].wallet if len(found) > limit else UNSET)


@post(
    "/{contest_id:int}/entries",
    summary="Enter a contest",
    response_description="The caller's row.",
    guards=[users_only],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def enter_contest(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[PortfolioInput, Body(description="The portfolio.")],
) -> Participant:
    """Users can enter while the contest is pending."""
    identity = caller(request)
    await contests.entering.enter(contest_id, identity, data.portfolio)
    return await contests.standings.participant(contest_id, identity.wallet)


@put(
    "/{contest_id:int}/entries/me/portfolio",
    summary="Change my portfolio",
    response_description="The caller's row.",
    guards=[users_only],
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def change_portfolio(
    contests: TheContests,
    idempotency: TheIdempotency,
    request: CallerRequest,
    contest_id: ContestParameter,
    data: Annotated[PortfolioInput, Body(description="The portfolio.")],
    idempotency_key: IdempotencyKey = None,
) -> Response[Participant]:
    """While the contest is active, this trades at the current prices; the value of the portfolio does not change. For
    users."""
    wallet = caller(request).wallet

    async def change(once: Once | None) -> Participant:
        await contests.entering.change_portfolio(contest_id, wallet, data.portfolio, once)
        return await contests.standings.participant(contest_id, wallet)

    return await answer_once(request, idempotency, idempotency_key, data, change)


@delete(
    "/{contest_id:int}/entries/me",
    summary="Withdraw from a contest",
    response_description="The caller no longer takes part.",
    guards=[users_only],
    responses=problems(400, 401, 403, 404, 409, 429, 503),
)
async def withdraw_from_contest(contests: TheContests, request: CallerRequest, contest_id: ContestParameter) -> None:
    """Users can withdraw while the contest is pending."""
    await contests.entering.withdraw(contest_id, caller(request).wallet)


@get(
    ["/{contest_id:int}/entries/me", "/{contest_id:int}/entries/{wallet:str}"],
    summary="One participant",
    response_description="The participant.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_entry(
    contests: TheContests, request: CallerRequest, contest_id: ContestParameter, wallet: WalletParameter = OWN
) -> Participant:
    """`me` is the caller. After the contest is completed, everybody may see every participant; before that, only admins
    may see others."""
    found = await contests.standings.participant(contest_id, _visible_wallet(contests, request, contest_id, wallet))
    if not found.isParticipant:
        raise NotEntered("This wallet did not enter the contest.")
    return found


@get(
    ["/{contest_id:int}/entries/me/trades", "/{contest_id:int}/entries/{wallet:str}/trades"],
    summary="The trades of a participant",
    response_description="The trades.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def list_trades(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    wallet: WalletParameter = OWN,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> TradePage:
    """`me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may
    see those of others."""
    trades = await contests.standings.trades(
        contest_id,
        _visible_wallet(contests, request, contest_id, wallet),
        after_id=cursor_parameter(cursor) or 0,
        limit=limit + 1,
    )
    page = trades[:limit]
    data = [
        TradeRecord(
            id=trade.id,
            timestamp=format_ms(trade.at_ms),
            symbol=trade.symbol,
            side=cast('Literal["buy", "sell"]', trade.side),
            quantity=trade.quantity,
            price=trade.price,
        )
        for trade in page
    ]
    return TradePage(data, len(data), str(page[-1].id) if len(trades) > limit else UNSET)


@get(
    "/users/me/contests",
    summary="My contests",
    response_description="The contests.",
    guards=[users_only],
    responses=problems(400, 401, 403, 429, 503),
    tags=["Users"],
)
async def list_my_contests(
    contests: TheContests,
    request: CallerRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="At most this many.")] = 50,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> OwnContestPage:
    """The contests that the caller entered, newest entry first, with the caller's row in each. For users."""
    identity = caller(request)
    entered = await contests.standings.entries_of(identity.wallet, limit=limit + 1, before_id=cursor_parameter(cursor))
    page = entered[:limit]
    data = [
        OwnContest(
            contest=contests.view(contest, for_admin=identity.is_admin),
            participant=await contests.standings.participant(contest.id, identity.wallet),
        )
        for _, contest in page
    ]
    return OwnContestPage(data, len(data), str(page[-1][0]) if len(entered) > limit else UNSET)


def contests_router() -> Router:
    """Everything under `/contests`."""
    handlers = [list_entries, enter_contest, change_portfolio, withdraw_from_contest, get_entry, list_trades]
    return Router("/contests", route_handlers=[*CONTEST_HANDLERS, *MODERATION_HANDLERS, *handlers], tags=["Contests"])


def _visible_wallet(contests: Contests, request: CallerRequest, contest_id: int, wallet: str) -> str:
    """The wallet that `wallet` stands for. Raises `Unauthorized` or `PermissionDenied` if the caller may not see it."""
    identity = request.user
    if wallet == OWN:
        if identity is None:
            raise Unauthorized("Send a token: `Authorization: Bearer …`.")
        return identity.wallet
    is_public = contests.book[contest_id].row.status == COMPLETED
    if is_public or (identity is not None and (identity.is_admin or identity.wallet == wallet)):
        return wallet
    if identity is None:
        raise Unauthorized("Send a token: other participants are not shown before the contest is completed.")
    raise PermissionDenied("Other participants are not shown before the contest is completed.")
