"""Moderating contests: participants, chat and mutes, as an admin (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import delete, get, patch, put
from litestar.params import Body, PathParameter, QueryParameter
from msgspec import UNSET, Struct, UnsetType

from duelcast.domain.accounts.identity import WALLET_GRAMMAR, is_wallet
from duelcast.domain.audit import Actor
from duelcast.domain.contests.events import Participant
from duelcast.errors import InvalidRequest
from duelcast.http.callers import CallerRequest, admins_only, caller
from duelcast.http.contests import ContestParameter, TheContests
from duelcast.http.documents import problems
from duelcast.http.parameters import Count, NextCursor, WalletParameter, time_parameter, wallet_cursor_parameter
from duelcast.wire.messages import MAX_SAFE_INTEGER, Timestamp
from duelcast.wire.timestamps import format_ms


class EntryChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a participant's status."""

    status: Literal["disqualified", "registered", "active"]
    """`disqualified` excludes the participant; `registered` and `active` both readmit them, and their status is then
    the one of the two that fits the contest."""


class MuteInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The end of a mute."""

    until: str | None = None
    """When the mute ends: ISO-8601 with an offset. Without it, the mute lasts until it is lifted."""


class Mute(Struct):
    """A wallet that may not write in a contest's chat."""

    wallet: str
    """The wallet."""
    until: Timestamp | None
    """When the mute ends; null if it lasts until it is lifted."""


class ListedMute(Mute):
    """A mute in a list."""

    nickname: str | None
    """The nickname; null if there is none."""


class MutePage(Struct):
    """Mutes in the order of the wallets."""

    data: list[ListedMute]
    """The mutes."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


@patch(
    "/{contest_id:int}/entries/{wallet:str}",
    summary="Disqualify or readmit a participant",
    response_description="The current record of the participant.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def update_entry(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    wallet: WalletParameter,
    data: Annotated[EntryChange, Body(description="The new status.")],
) -> Participant:
    """A disqualified participant loses their rank at once. This is possible while the contest is pending or active. For
    admins."""
    disqualified, actor = data.status == "disqualified", Actor.of(caller(request))
    await contests.organising.set_disqualified(contest_id, wallet, disqualified=disqualified, actor=actor)
    return await contests.standings.participant(contest_id, wallet)


@delete(
    "/{contest_id:int}/chat/{message_id:int}",
    summary="Delete a chat message",
    response_description="Deleted.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def delete_chat_message(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    message_id: Annotated[int, PathParameter(description="The id of a message.", ge=1, le=MAX_SAFE_INTEGER)],
) -> None:
    """The text is removed from the store and from the channel's history, and clients that received it are notified. For
    admins."""
    await contests.chat.delete(contest_id, message_id, Actor.of(caller(request)))


@get(
    "/{contest_id:int}/mutes",
    summary="The mutes in a contest's chat",
    response_description="The mutes.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429),
)
async def list_mutes(
    contests: TheContests,
    contest_id: ContestParameter,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> MutePage:
    """The wallets that are muted now, in their order, and until when. For admins."""
    found = contests.mutes(contest_id, after_wallet=wallet_cursor_parameter(cursor), limit=limit + 1)
    page = [ListedMute(one.wallet, _until(one.until_ms), one.nickname) for one in found[:limit]]
    return MutePage(page, len(page), page[-1].wallet if len(found) > limit else UNSET)


@put(
    "/{contest_id:int}/mutes/{wallet:str}",
    summary="Mute a wallet in a contest's chat",
    response_description="The mute.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 408, 413, 415, 429, 503),
)
async def put_mute(
    contests: TheContests,
    request: CallerRequest,
    contest_id: ContestParameter,
    wallet: WalletParameter,
    data: Annotated[MuteInput | None, Body(description="When the mute ends.")] = None,
) -> Mute:
    """A later mute replaces an earlier one. For admins."""
    until_s = time_parameter(None if data is None else data.until, "until")
    until_ms = None if until_s is None else round(until_s * 1000)
    await contests.chat.mutes.mute(contest_id, _wallet(wallet), until_ms, Actor.of(caller(request)))
    return Mute(wallet, _until(until_ms))


@delete(
    "/{contest_id:int}/mutes/{wallet:str}",
    summary="Lift a mute",
    response_description="Lifted.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def delete_mute(
    contests: TheContests, request: CallerRequest, contest_id: ContestParameter, wallet: WalletParameter
) -> None:
    """Does nothing if the wallet is not muted. For admins."""
    await contests.chat.mutes.unmute(contest_id, _wallet(wallet), Actor.of(caller(request)))


MODERATION_HANDLERS = [update_entry, delete_chat_message, list_mutes, put_mute, delete_mute]


def _until(until_ms: int | None) -> Timestamp | None:
    return None if until_ms is None else format_ms(until_ms)


def _wallet(text: str) -> str:
    if not is_wallet(text):
        raise InvalidRequest(f"A wallet is {WALLET_GRAMMAR}.", field="wallet")
    return text
