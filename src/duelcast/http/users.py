"""Users (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, cast

from litestar import Router, get, patch, put
from litestar.di import NamedDependency
from litestar.params import Body, QueryParameter, SkipValidation
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.nicknames import MAX_NICKNAME_CHARACTERS
from duelcast.domain.users.service import Achieved, Found, Profile, UserChange, Users, UserSearch
from duelcast.http.bodies import SHORT_BODY_BYTES
from duelcast.http.callers import CallerRequest, admins_only, caller, users_only
from duelcast.http.documents import problems
from duelcast.http.parameters import Count, NextCursor, WalletParameter, wallet_cursor_parameter
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_ms

Nickname = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_NICKNAME_CHARACTERS,
        description="Unique without regard to case; no control or bidi characters.",
    ),
]
MAX_SEARCH_CHARACTERS = 64
"""The length of the longest wallet."""
RoleName = Literal["user", "admin", "superadmin"]

TheUsers: TypeAlias = NamedDependency[SkipValidation[Users]]


class UserChangeInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A change to a user; omitted fields stay as they are."""

    nickname: Nickname | None = None
    """The new nickname."""
    role: RoleName | None = None
    """The new role."""
    banned: bool | None = None
    """Whether the user is banned."""


class OwnChangeInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A user's change of their own data."""

    nickname: Nickname | None
    """The new nickname; null removes it."""


class StoredUser(Struct):
    """The stored user."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: RoleName | None
    """The role; null if none was ever set, in which case the role in the token applies."""
    banned: bool
    """Whether the user is banned."""


class ListedUser(StoredUser):
    """A stored user in a list."""

    createdAt: Timestamp
    """When the user was first stored."""


class UserPage(Struct):
    """Users in the order of their wallets."""

    data: list[ListedUser]
    """The users."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


class Achievement(Struct):
    """An achievement that a user has unlocked."""

    achievement: str
    """The name of the achievement: its category and the count that unlocks it."""
    tier: str
    """The difficulty: `BRONZE`, `SILVER`, `GOLD`, `PLATINUM` or `DIAMOND`."""
    category: str
    """The events that are counted: `contests_entered`, `contests_won` or `win_streak`."""
    xp_awarded: int
    """The XP that the achievement is worth."""
    unlocked_at: Timestamp
    """When the user unlocked it."""


class PublicUser(Struct):
    """The public data of a user."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    xp: int
    """The sum of the XP of all achievements."""
    level: int
    """The level, from 1, which grows with the XP."""
    contests: int
    """How many completed contests the user took part in."""
    wins: int
    """In how many of them, with at least two participants, the user was first."""
    achievements: list[Achievement]
    """The achievements that the user has unlocked."""


class OwnUser(PublicUser):
    """The caller."""

    role: RoleName
    """The role that applies: the stored one or, if none was ever set, that of the token."""


@get(
    "/",
    summary="Stored users",
    response_description="The users.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 429, 503),
)
async def list_users(
    users: TheUsers,
    search: Annotated[
        str | None,
        QueryParameter(
            min_length=1,
            max_length=MAX_SEARCH_CHARACTERS,
            description="Users whose wallet or nickname begins with this; case matters only in wallets.",
        ),
    ] = None,
    role: Annotated[RoleName | None, QueryParameter(description="Users with this stored role.")] = None,
    banned: Annotated[bool | None, QueryParameter(description="Users who are banned, or who are not.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> UserPage:
    """The users whose nickname, role or ban was ever set, in the order of their wallets. Other wallets have only what
    their tokens claim. For admins."""
    wanted = UserSearch(text=search, role=None if role is None else Role[role.upper()], banned=banned)
    found = await users.find(wanted, after_wallet=wallet_cursor_parameter(cursor), limit=limit + 1)
    page = found[:limit]
    return UserPage([_listed(one) for one in page], len(page), page[-1].account.wallet if len(found) > limit else UNSET)


@put(
    "/{wallet:str}",
    summary="Set a user's nickname, role or ban",
    response_description="The user as stored now.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def put_user(
    users: TheUsers,
    request: CallerRequest,
    wallet: WalletParameter,
    data: Annotated[UserChangeInput, Body(description="The fields to change.")],
) -> StoredUser:
    """An unknown user is added. The change takes effect on open connections at once. For admins; only superadmins may
    set roles above `user`, or ban admins. Nobody can change their own role or ban, and the last superadmin keeps the
    role."""
    change = UserChange(
        nickname=data.nickname, role=None if data.role is None else Role[data.role.upper()], banned=data.banned
    )
    account = await users.put(caller(request), wallet, change)
    return StoredUser(account.wallet, account.nickname, _stored_role(account), account.banned)


@get(
    "/me",
    summary="The caller",
    response_description="The caller.",
    guards=[users_only],
    responses=problems(401, 403, 429, 503),
)
async def get_me(users: TheUsers, request: CallerRequest) -> OwnUser:
    """The public data of the caller, and their role. For users."""
    return await _own(users, caller(request))


@patch(
    "/me",
    summary="Change my nickname",
    response_description="The caller's current data.",
    guards=[users_only],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def update_me(
    users: TheUsers, request: CallerRequest, data: Annotated[OwnChangeInput, Body(description="The fields to change.")]
) -> OwnUser:
    """The change takes effect on open connections of the caller at once. For users."""
    identity = caller(request)
    await users.rename(identity.wallet, data.nickname)
    return await _own(users, identity)


@get(
    "/{wallet:str}",
    summary="One user",
    response_description="The user.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_user(users: TheUsers, wallet: WalletParameter) -> PublicUser:
    """The public data of a user."""
    return _public(await users.profile(wallet))


def users_router() -> Router:
    """Everything under `/users`."""
    return Router(
        "/users",
        route_handlers=[list_users, get_me, update_me, get_user, put_user],
        tags=["Users"],
        request_max_body_size=SHORT_BODY_BYTES,
    )


def _listed(found: Found) -> ListedUser:
    account = found.account
    return ListedUser(
        account.wallet, account.nickname, _stored_role(account), account.banned, format_ms(found.created_ms)
    )


def _stored_role(account: Account) -> RoleName | None:
    return None if account.role is None else _role_name(account.role)


def _role_name(role: Role) -> RoleName:
    return cast("RoleName", role.name.lower())


async def _own(users: Users, identity: Identity) -> OwnUser:
    profile = await users.own_profile(identity)
    return OwnUser(**structs.asdict(_public(profile)), role=_role_name(identity.role))


def _public(profile: Profile) -> PublicUser:
    return PublicUser(
        wallet=profile.wallet,
        nickname=profile.nickname,
        xp=profile.xp,
        level=profile.level,
        contests=profile.contests,
        wins=profile.wins,
        achievements=[_achievement(one) for one in profile.achievements],
    )


def _achievement(achieved: Achieved) -> Achievement:
    rule = achieved.rule
    return Achievement(
        achievement=rule.achievement,
        tier=rule.tier.name,
        category=rule.category,
        xp_awarded=rule.tier.xp,
        unlocked_at=format_ms(achieved.unlocked_ms),
    )
