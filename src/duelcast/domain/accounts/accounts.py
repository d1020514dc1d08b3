"""The port to stored accounts, and its implementation in memory. Stored values override the claims of a token (protocol
§1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.nicknames import shapes
from duelcast.logs import exception_fields

_log = structlog.get_logger("duelcast.accounts")


class Account(Struct, frozen=True):
    """The stored account of a wallet. `role` and `nickname` are None if they were never set."""

    wallet: str
    role: Role | None = None
    nickname: str | None = None
    banned: bool = False


class Accounts(Protocol):
    """`find` sees every change that was acknowledged before the call. Listeners are called once for each change, after
    the change is stored, and get the changes of one wallet in order."""

    async def find(self, wallet: str) -> Account | None:
        """The stored account of `wallet`. Raises `errors.Unavailable` if the store is unreachable."""

    async def may_claim(self, wallet: str, nickname: str) -> bool:
        """Whether a token may claim `nickname` for `wallet`. It may not if the nickname is reserved, or looks like the
        stored nickname of another wallet."""

    def shown_nickname(self, wallet: str, claimed: str | None) -> str | None:
        """The nickname to show for `wallet`: the stored one; if there is none, `claimed` if a token may claim it; else
        None."""

    def claimed_role(self, wallet: str) -> Role:
        """The highest role that a token of `wallet` has claimed since the server started; `user` if there was no
        token."""

    def remember_claim(self, wallet: str, role: Role) -> None:
        """Record that a valid token claims `role` for `wallet`."""

    def on_change(self, listener: Callable[[Account], None], *, ahead: bool = False) -> None:
        """Call `listener` with the account after each change of role, nickname or ban; if `ahead`, call it before the
        existing listeners."""

    def on_owner_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each shape (see `shapes`) that a wallet takes or gives up when its nickname changes."""


class MemoryAccounts:
    """The stored accounts of all wallets, in memory, filled and kept up to date by `Users`. Nobody may choose or claim
    one of `reserved_nicknames`, or a nickname that looks like one of them."""

    def __init__(self, reserved_nicknames: Iterable[str] = ()) -> None:
        self._reserved = frozenset().union(*map(shapes, reserved_nicknames))
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, tuple[str, ...]] = {}
        """Wallets by the shapes of their nicknames. Several wallets may share a shape if their nicknames were
        stored before look-alikes were refused."""
        self._claimed_roles: dict[str, Role] = {}
        """Claimed roles above `user`, by wallet. Their number is limited by the number of admin tokens issued."""
        self._listeners: list[Callable[[Account], None]] = []
        self._owner_listeners: list[Callable[[str], None]] = []

    async def find(self, wallet: str) -> Account | None:
        return self.stored(wallet)

    async def may_claim(self, wallet: str, nickname: str) -> bool:
        return self._may_claim(wallet, nickname)

    def stored(self, wallet: str) -> Account | None:
        """The stored account of `wallet`."""
        return self._accounts.get(wallet)

    def all(self) -> Sequence[Account]:
        """All stored accounts."""
        return list(self._accounts.values())

    def is_reserved(self, nickname: str) -> bool:
        """Whether `nickname` is, or looks like, one of `reserved_nicknames`."""
        return not self._reserved.isdisjoint(shapes(nickname))

    def shown_nickname(self, wallet: str, claimed: str | None) -> str | None:
        account = self._accounts.get(wallet)
        if account is not None and account.nickname is not None:
            return account.nickname
        return claimed if claimed is not None and self._may_claim(wallet, claimed) else None

    def claimed_role(self, wallet: str) -> Role:
        return self._claimed_roles.get(wallet, Role.USER)

    def remember_claim(self, wallet: str, role: Role) -> None:
        if role > self.claimed_role(wallet):
            self._claimed_roles[wallet] = role

    def on_change(self, listener: Callable[[Account], None], *, ahead: bool = False) -> None:
        self._listeners.insert(0 if ahead else len(self._listeners), listener)

    def on_owner_change(self, listener: Callable[[str], None]) -> None:
        self._owner_listeners.append(listener)

    def put(self, account: Account) -> None:
        """Replace the account of a wallet, and call the listeners."""
        wallet = account.wallet
        before, after = _shapes_of(self._accounts.get(wallet)), _shapes_of(account)
        for shape in before - after:
            self._disown(shape, wallet)
        for shape in after - before:
            self._owners[shape] = (*self._owners.get(shape, ()), wallet)
        self._accounts[wallet] = account
        for listener in self._listeners:
            _guarded(partial(listener, account))
        for shape in before ^ after:
            for owner_listener in self._owner_listeners:
                _guarded(partial(owner_listener, shape))

    def _may_claim(self, wallet: str, nickname: str) -> bool:
        alike = shapes(nickname)
        if not self._reserved.isdisjoint(alike):
            return False
        return all(owner == wallet for shape in alike for owner in self._owners.get(shape, ()))

    def _disown(self, shape: str, wallet: str) -> None:
        left = tuple(owner for owner in self._owners[shape] if owner != wallet)
        if left:
            self._owners[shape] = left
        else:
            del self._owners[shape]


def _guarded(call: Callable[[], None]) -> None:
    """Call a listener, and log a defect in it, so that the other listeners are still called."""
    try:
        call()
    except Exception as error:
        _log.error("defect", **exception_fields(error))


def _shapes_of(account: Account | None) -> frozenset[str]:
    """The shapes of the nickname, if there is one."""
    return frozenset() if account is None or account.nickname is None else shapes(account.nickname)


if TYPE_CHECKING:
    _conforms: type[Accounts] = MemoryAccounts
