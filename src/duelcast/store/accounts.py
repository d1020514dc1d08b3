"""Users, the used challenges and sessions of sign-ins, and the contest record of a wallet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, update

from duelcast.store.database import Transaction
from duelcast.store.statements import allow_long_statements
from duelcast.store.tables import auth_sessions, contest_entries, contests, nickname_shapes, used_challenges, users


class UserRow(Struct, frozen=True):
    """A user. `role` is the number of a `channels.names.Role`, or None if none was ever set. `nickname_key` is the
    unique form of the nickname that is used for comparison."""

    wallet: str
    role: int | None = None
    nickname: str | None = None
    nickname_key: str | None = None
    banned: bool = False


class DatedUser(UserRow, frozen=True, kw_only=True):
    """A user, and when it was first stored (epoch)."""

    created_ms: int


class UserFilter(Struct, frozen=True, kw_only=True):
    """Selects the users that match every field that is not None. Each of the prefixes matches only texts that begin
    with it."""

    wallet_prefix: str | None = None
    nickname_key_prefix: str | None = None
    role: int | None = None
    banned: bool | None = None


class SessionRow(Struct, frozen=True):
    """A sign-in with all tokens derived from it. No token is valid beyond `ends_ms`."""

    id: str
    wallet: str
    signed_in_ms: int
    ends_ms: int
    logged_out_ms: int | None = None


class ContestRecord(Struct, frozen=True):
    """How many completed contests a wallet entered without being disqualified, and how many of them it won."""

    contests: int
    wins: int


# ── users ───────────────────────────────────────────────────────────────────────────────────────────────────────────


_LAST_CHARACTER = "\U0010ffff"
_USER_COLUMNS = (users.c.wallet, users.c.role, users.c.nickname, users.c.nickname_key, users.c.banned)


async def find_user(transaction: Transaction, wallet: str) -> UserRow | None:
    """The user with that wallet; None if there is no such user."""
    query = select(*_USER_COLUMNS).where(users.c.wallet == wallet)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else UserRow(*row)


async def is_known(transaction: Transaction, wallet: str) -> bool:
    """Whether that wallet belongs to a user, or has entered a contest."""
    known = or_(
        select(users.c.wallet).where(users.c.wallet == wallet).exists(),
        select(contest_entries.c.id).where(contest_entries.c.wallet == wallet).exists(),
    )
    return bool(await transaction.scalar(select(known)))


async def remarkable_users(transaction: Transaction) -> Sequence[UserRow]:
    """All users who have a role or a nickname, or are banned."""
    await allow_long_statements(transaction)
    anything = or_(users.c.role.is_not(None), users.c.nickname.is_not(None), users.c.banned)
    return [UserRow(*row) for row in await transaction.execute(select(*_USER_COLUMNS).where(anything))]


async def users_after(
    transaction: Transaction, wanted: UserFilter, after_wallet: str, limit: int
) -> Sequence[DatedUser]:
    """The first `limit` users after `after_wallet` that match `wanted`, sorted by wallet."""
    query = select(*_USER_COLUMNS, users.c.created_ms).where(users.c.wallet > after_wallet)
    if wanted.wallet_prefix is not None:
        query = query.where(_begins_with(users.c.wallet, wanted.wallet_prefix))
    if wanted.nickname_key_prefix is not None:
        query = query.where(_begins_with(users.c.nickname_key, wanted.nickname_key_prefix))
    if wanted.role is not None:
        query = query.where(users.c.role == wanted.role)
    if wanted.banned is not None:
        query = query.where(users.c.banned.is_(wanted.banned))
    rows = await transaction.execute(query.order_by(users.c.wallet).limit(limit))
    return [DatedUser(**row) for row in rows.mappings()]


def _begins_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """A condition for which an index of `column` is used, as it is not for LIKE."""
    return and_(column >= prefix, column <= prefix + _LAST_CHARACTER)


async def other_owner(transaction: Transaction, wallet: str, nickname_key: str, shapes: Collection[str]) -> str | None:
    """A wallet other than `wallet` whose nickname has this key or one of these shapes."""
    equal = select(users.c.wallet).where(users.c.nickname_key == nickname_key, users.c.wallet != wallet)
    alike = select(nickname_shapes.c.wallet).where(
        nickname_shapes.c.shape.in_(list(shapes)), nickname_shapes.c.wallet != wallet
    )
    owner: str | None = await transaction.scalar(equal.union_all(alike).limit(1))
    return owner


async def replace_shapes(transaction: Transaction, shapes: Mapping[str, Collection[str]]) -> None:
    """Replace the stored shapes of these wallets' nicknames."""
    await transaction.execute(delete(nickname_shapes).where(nickname_shapes.c.wallet.in_(list(shapes))))
    rows = [{"wallet": wallet, "shape": shape} for wallet, its in shapes.items() for shape in its]
    if rows:
        await transaction.execute(insert(nickname_shapes), rows)


async def newest_change_ms(transaction: Transaction) -> int:
    """The time of the most recent change to any user (epoch); 0 if there are no users."""
    return await transaction.scalar(select(func.max(users.c.updated_ms))) or 0


async def count_others(transaction: Transaction, role: int, wallet: str) -> int:
    """How many users other than `wallet` have that role and are not banned."""
    others = and_(users.c.role == role, users.c.wallet != wallet, users.c.banned.is_(False))
    return await transaction.scalar(select(func.count()).select_from(users).where(others)) or 0


async def save_user(transaction: Transaction, user: UserRow, *, is_new: bool, now_ms: int) -> None:
    """Add the user, or replace the stored one."""
    values = structs.asdict(user)
    if is_new:
        await transaction.execute(insert(users).values(**values, created_ms=now_ms, updated_ms=now_ms))
    else:
        where = users.c.wallet == user.wallet
        await transaction.execute(update(users).where(where).values(**values, updated_ms=now_ms))


# ── sign-ins ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def delete_expired(transaction: Transaction, now_ms: int) -> None:
    """Delete used challenges and sessions that have expired."""
    await transaction.execute(delete(used_challenges).where(used_challenges.c.expires_ms <= now_ms))
    await transaction.execute(delete(auth_sessions).where(auth_sessions.c.ends_ms <= now_ms))


async def is_used(transaction: Transaction, nonce: str) -> bool:
    """Whether the challenge with that nonce was used to sign in."""
    return await transaction.scalar(select(used_challenges.c.nonce).where(used_challenges.c.nonce == nonce)) is not None


async def count_used(transaction: Transaction) -> int:
    return await transaction.scalar(select(func.count()).select_from(used_challenges)) or 0


async def add_used(transaction: Transaction, nonce: str, expires_ms: int) -> None:
    """Record a challenge as used. Raises `IntegrityError` if it is recorded already."""
    await transaction.execute(insert(used_challenges).values(nonce=nonce, expires_ms=expires_ms))


async def find_session(transaction: Transaction, session_id: str) -> SessionRow | None:
    row = (await transaction.execute(select(auth_sessions).where(auth_sessions.c.id == session_id))).one_or_none()
    return None if row is None else SessionRow(*row)


async def add_session(transaction: Transaction, session: SessionRow) -> None:
    await transaction.execute(insert(auth_sessions).values(**structs.asdict(session)))


async def mark_logged_out(transaction: Transaction, session_id: str, now_ms: int) -> None:
    this = auth_sessions.c.id == session_id
    await transaction.execute(update(auth_sessions).where(this).values(logged_out_ms=now_ms))


async def logged_out_sessions(transaction: Transaction, now_ms: int) -> Sequence[SessionRow]:
    """The sessions that were ended early and whose last token has not expired yet."""
    ended = and_(auth_sessions.c.logged_out_ms.is_not(None), auth_sessions.c.ends_ms > now_ms)
    return [SessionRow(*row) for row in await transaction.execute(select(auth_sessions).where(ended))]


# ── contests ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def contest_record(transaction: Transaction, wallet: str) -> ContestRecord:
    """The record of a wallet. A win is the first place among at least two participants."""
    entries, rivals = contest_entries.alias(), contest_entries.alias()
    has_rival = (
        select(rivals.c.id)
        .where(
            rivals.c.contest_id == entries.c.contest_id,
            rivals.c.id != entries.c.id,
            rivals.c.disqualified.is_(False),
        )
        .exists()
    )
    won = case((and_(entries.c.final_rank == 1, has_rival), 1), else_=0)
    query = (
        select(func.count(), func.coalesce(func.sum(won), 0))
        .select_from(entries.join(contests, contests.c.id == entries.c.contest_id))
        .where(
            entries.c.wallet == wallet,
            entries.c.disqualified.is_(False),
            contests.c.status == "completed",
        )
    )
    taken_part, wins = (await transaction.execute(query)).one()
    return ContestRecord(taken_part, wins)
