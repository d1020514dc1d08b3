"""Users: the facts stored about them, the rights to change these, and public profiles (protocol §13)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec import Struct, structs

from duelcast.channels.names import Role
from duelcast.channels.publisher import Published
from duelcast.clock import Clock, time_ms
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.identity import WALLET_GRAMMAR, Identity, is_wallet
from duelcast.domain.accounts.nicknames import is_nickname, nickname_key, shapes, version
from duelcast.domain.achievement_rules import RULES, Rule, level_of, xp_of
from duelcast.domain.audit import DENIED, DONE, Actor, AuditTrail
from duelcast.domain.notifications.inboxes import Inboxes, NewNotification
from duelcast.domain.users.errors import UserNotFound
from duelcast.errors import AppError, Conflict, InvalidRequest, InvalidState, PermissionDenied
from duelcast.store import accounts as store
from duelcast.store import key_values
from duelcast.store.accounts import UserFilter, UserRow
from duelcast.store.achievements import achievements_of
from duelcast.store.database import Database, Transaction

_NICKNAMES_PER_WRITE = 500


class UserChange(Struct, frozen=True, kw_only=True):
    """A change of a user; None leaves a field as it is."""

    nickname: str | None = None
    role: Role | None = None
    banned: bool | None = None


class UserSearch(Struct, frozen=True, kw_only=True):
    """Selects the users that match every field that is not None. `text` matches a wallet that begins with it, and a
    nickname that begins with it, whatever the case."""

    text: str | None = None
    role: Role | None = None
    banned: bool | None = None


class Found(Struct, frozen=True):
    """A stored account, and when it was first stored (epoch ms)."""

    account: Account
    created_ms: int


class Achieved(Struct, frozen=True):
    """An achievement, and when it was unlocked (epoch ms)."""

    rule: Rule
    unlocked_ms: int


class Profile(Struct, frozen=True):
    """The public profile. `contests` counts the completed contests, `wins` the first places among at least two
    participants; `achievements` are in the order of unlocking."""

    wallet: str
    nickname: str | None
    contests: int
    wins: int
    achievements: list[Achieved]

    @property
    def xp(self) -> int:
        return xp_of(one.rule.achievement for one in self.achievements)

    @property
    def level(self) -> int:
        return level_of(self.xp)


class _Put(Struct, frozen=True):
    """A changed user, and how many notifications the change created."""

    account: Account
    notifications: int


class Users:
    """All users are stored; those with a role, a nickname or a ban are also in `accounts`, which every connect reads.

    All methods raise `errors.Unavailable` if the store is unreachable, and then change nothing.
    """

    def __init__(
        self, database: Database, accounts: MemoryAccounts, audit: AuditTrail, inboxes: Inboxes, clock: Clock
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._audit = audit
        self._inboxes = inboxes
        self._clock = clock

    async def load(self) -> None:
        """Fill `accounts` from the store."""
        async with self._database.read() as transaction:
            users = await store.remarkable_users(transaction)
            made_by = await key_values.find_value(transaction, key_values.NICKNAME_SHAPES)
        nicknames = [(user.wallet, user.nickname) for user in users if user.nickname is not None]
        if nicknames and made_by != version():
            await self._make_shapes(nicknames)
        for user in users:
            self._accounts.put(_account(user))

    async def _make_shapes(self, nicknames: Sequence[tuple[str, str]]) -> None:
        """Store the shapes of all nicknames, by which nicknames that look alike are found. Every wallet keeps its
        nickname, even if it looks like another's."""
        for start in range(0, len(nicknames), _NICKNAMES_PER_WRITE):
            some = {wallet: shapes(name) for wallet, name in nicknames[start : start + _NICKNAMES_PER_WRITE]}
            await self._database.write(partial(store.replace_shapes, shapes=some))
        await self._database.write(partial(key_values.put_value, name=key_values.NICKNAME_SHAPES, value=version()))

    async def put(self, by: Identity, wallet: str, change: UserChange) -> Account:
        """Change a user, or add one; `by` must be an admin. Once stored, the change also applies to open connections of
        the wallet; the wallet is notified if somebody else changed its nickname or role.

        Unlike `rename`, this accepts reserved nicknames. Raises `InvalidRequest` for an invalid wallet or nickname,
        `PermissionDenied` if `by` may not do this, `InvalidState` if no superadmin would be left, and `Conflict` if the
        nickname is, or looks like, that of another user.
        """
        _check_wallet(wallet)
        if change.nickname is not None:
            _check_nickname(change.nickname)

        async def work(transaction: Transaction) -> Published[_Put | AppError]:
            stored = await store.find_user(transaction, wallet)
            before = stored or UserRow(wallet)
            after = _changed(before, change)
            actor, refusal = await self._refusal(transaction, by, before, after)
            await self._audit.record(
                transaction, actor, "users.put", wallet, _differences(before, after), DENIED if refusal else DONE
            )
            if refusal is not None:
                return Published(refusal, ())
            await self._save(transaction, before, after, is_new=stored is None)
            news = [] if wallet == by.wallet else _news_of(before, after)
            added = await self._inboxes.add(transaction, news)
            return Published(_Put(_account(after), added.stored), added.outgoing)

        def committed(outcome: _Put | AppError) -> None:
            if isinstance(outcome, _Put):
                self._accounts.put(outcome.account)
                self._inboxes.stored += outcome.notifications

        # A refusal is returned, because raising it would undo its audit record.
        outcome = await self._database.publish(work, committed)
        if isinstance(outcome, AppError):
            raise outcome
        return outcome.account

    async def rename(self, wallet: str, nickname: str | None) -> None:
        """Give a user the nickname that they asked for, or remove their nickname. Raises `InvalidRequest`, and
        `Conflict` if the nickname is reserved or another user's, or looks like such a nickname."""
        if nickname is not None:
            _check_nickname(nickname)

        async def work(transaction: Transaction) -> UserRow:
            stored = await store.find_user(transaction, wallet)
            before = stored or UserRow(wallet)
            if nickname is not None and nickname != before.nickname and self._accounts.is_reserved(nickname):
                raise Conflict(
                    "This nickname is reserved, or looks like a reserved one: choose another.", field="nickname"
                )
            after = _with_nickname(before, nickname)
            await self._save(transaction, before, after, is_new=stored is None)
            return after

        await self._database.write(work, lambda user: self._accounts.put(_account(user)))

    async def find(self, wanted: UserSearch, *, after_wallet: str, limit: int) -> list[Found]:
        """The first `limit` stored users after `after_wallet` that match `wanted`, sorted by wallet."""
        filters = [UserFilter(role=wanted.role, banned=wanted.banned)]
        if wanted.text is not None:
            # A condition that joins both with OR would not use the index of either.
            filters = [structs.replace(filters[0], **prefix) for prefix in _prefixes(wanted.text)]
        async with self._database.read() as transaction:
            pages = [await store.users_after(transaction, one, after_wallet, limit) for one in filters]
        users = {user.wallet: user for page in pages for user in page}
        return [Found(_account(users[wallet]), users[wallet].created_ms) for wallet in sorted(users)[:limit]]

    async def profile(self, wallet: str) -> Profile:
        """The public profile. Raises `InvalidRequest` for an invalid wallet, and `UserNotFound` for an unknown one."""
        _check_wallet(wallet)
        async with self._database.read() as transaction:
            if not await store.is_known(transaction, wallet):
                raise UserNotFound("Nothing is known about this wallet. Wallets are case-sensitive.")
            account = await self._accounts.find(wallet)
            return await _profile(transaction, wallet, None if account is None else account.nickname)

    async def own_profile(self, identity: Identity) -> Profile:
        """The caller's profile, even if nothing about them is stored yet. If no nickname is stored, the one that their
        token claims counts as theirs."""
        account = await self._accounts.find(identity.wallet)
        stored = None if account is None else account.nickname
        async with self._database.read() as transaction:
            return await _profile(transaction, identity.wallet, stored or identity.claimed_nickname)

    async def _refusal(
        self, transaction: Transaction, by: Identity, before: UserRow, after: UserRow
    ) -> tuple[Actor, AppError | None]:
        """The actor, and the error if they may not act. The role that is stored now counts, even if it differs from the
        role at the time of the request."""
        acting = await store.find_user(transaction, by.wallet) or UserRow(by.wallet)
        actor = Actor(by.wallet, by.role if acting.role is None else Role(acting.role))
        if acting.banned or actor.role < Role.ADMIN:
            return actor, PermissionDenied("This needs the role of an admin.")
        if (before.role, before.banned) == (after.role, after.banned):
            return actor, None
        if before.wallet == by.wallet:
            return actor, PermissionDenied("Nobody may change their own role or ban: ask another admin.")
        # If no role is stored, a token may claim one. Storing a role overrides that claim; only superadmins may do so.
        claimed = self._accounts.claimed_role(before.wallet) if before.role is None else Role.USER
        takes_claim = before.role is None and after.role is not None
        if (
            takes_claim or max(claimed, before.role or 0, after.role or 0) >= Role.ADMIN
        ) and actor.role < Role.SUPERADMIN:
            return actor, PermissionDenied("Only superadmins may change roles or ban admins.")
        is_last = _is_superadmin(before) and not await store.count_others(transaction, Role.SUPERADMIN, before.wallet)
        if is_last and not _is_superadmin(after):
            return actor, InvalidState("This is the last superadmin: make another one first.")
        return actor, None

    async def _save(self, transaction: Transaction, before: UserRow, after: UserRow, *, is_new: bool) -> None:
        """Store a user. Raises `Conflict` if the nickname changes to another user's, or to one that looks like another
        user's."""
        is_renamed = after.nickname != before.nickname
        alike = frozenset() if after.nickname is None else shapes(after.nickname)
        if (
            is_renamed
            and after.nickname_key is not None
            and await store.other_owner(transaction, after.wallet, after.nickname_key, alike) is not None
        ):
            raise Conflict(
                "Somebody else has this nickname, or one that looks alike: choose another.", field="nickname"
            )
        await store.save_user(transaction, after, is_new=is_new, now_ms=time_ms(self._clock))
        if is_renamed:
            await store.replace_shapes(transaction, {after.wallet: alike})


def _check_wallet(wallet: str) -> None:
    if not is_wallet(wallet):
        raise InvalidRequest(f"A wallet is {WALLET_GRAMMAR}.", field="wallet")


def _check_nickname(nickname: str) -> None:
    if not is_nickname(nickname):
        raise InvalidRequest(
            "A nickname has 1–32 characters, something visible, and no control or bidi characters.", field="nickname"
        )


def _prefixes(text: str) -> list[dict[str, str]]:
    """The fields of filters for what `text` may be the beginning of: a wallet, and a nickname if anything of it is
    visible."""
    key = nickname_key(text)
    return [{"wallet_prefix": text}, *([{"nickname_key_prefix": key}] if key else [])]


def _with_nickname(user: UserRow, nickname: str | None) -> UserRow:
    key = None if nickname is None else nickname_key(nickname)
    return structs.replace(user, nickname=nickname, nickname_key=key)


def _changed(user: UserRow, change: UserChange) -> UserRow:
    if change.nickname is not None:
        user = _with_nickname(user, change.nickname)
    return structs.replace(
        user,
        role=user.role if change.role is None else change.role.value,
        banned=user.banned if change.banned is None else change.banned,
    )


def _is_superadmin(user: UserRow) -> bool:
    return user.role == Role.SUPERADMIN and not user.banned


def _account(user: UserRow) -> Account:
    return Account(user.wallet, None if user.role is None else Role(user.role), user.nickname, user.banned)


def _differences(before: UserRow, after: UserRow) -> dict[str, Any]:
    """The audit details of a change: the old and the new value of each field that differs."""
    old, new = _described(before), _described(after)
    return {name: [old[name], new[name]] for name in new if old[name] != new[name]}


def _described(user: UserRow) -> dict[str, Any]:
    role = None if user.role is None else Role(user.role).name.lower()
    return {"nickname": user.nickname, "role": role, "banned": user.banned}


def _news_of(before: UserRow, after: UserRow) -> list[NewNotification]:
    """The notifications for a change that somebody else made. A ban needs no notification."""
    changed: dict[str, str | None] = {}
    sentences = []
    if after.nickname != before.nickname:
        changed["nickname"] = after.nickname
        sentences.append(f"Your nickname is now {after.nickname}.")
    if after.role is not None and after.role != before.role:
        changed["role"] = Role(after.role).name.lower()
        sentences.append(f"Your role is now {changed['role']}.")
    if not changed:
        return []
    content = " ".join(sentences)
    return [
        NewNotification(
            wallet=after.wallet,
            type="PROFILE_UPDATE",
            title="An admin changed your profile",
            content=content,
            data=changed,
        )
    ]


async def _profile(transaction: Transaction, wallet: str, nickname: str | None) -> Profile:
    record = await store.contest_record(transaction, wallet)
    rows = (await achievements_of(transaction, [wallet])).get(wallet, ())
    achieved = [Achieved(RULES[row.achievement], row.unlocked_ms) for row in rows if row.achievement in RULES]
    return Profile(wallet, nickname, record.contests, record.wins, achieved)
