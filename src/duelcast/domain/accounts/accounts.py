"""Stored accounts, as a port: what is stored wins over what a token claims (protocol 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.nicknames import nickname_key
from duelcast.logs import describe_exception

_log = structlog.get_logger("duelcast.accounts")


class Account(Struct, frozen=True):
    """What is stored of a wallet. `role` and `nickname` are None where none was ever set."""

    wallet: str
    role: Role | None = None
    nickname: str | None = None
    banned: bool = False


class Accounts(Protocol):
    """Guarantees: `find` sees every change that was acknowledged before; a listener hears of each change after it is
    stored, in the order of the changes of a wallet, once."""

    async def find(self, wallet: str) -> Account | None:
        """What is stored of `wallet`. Raises `errors.Unavailable` where the store is out of reach."""

    async def owner_of(self, nickname: str) -> str | None:
        """The wallet that has stored `nickname`, compared without regard to case."""

    def shown_nickname(self, wallet: str, claimed: str | None) -> str | None:
        """The nickname to show: the stored one, else what a token claimed, unless another wallet has stored that."""

    def claimed_role(self, wallet: str) -> Role:
        """The highest role that a token of `wallet` claimed since the start; a user's where none came."""

    def remember_claim(self, wallet: str, role: Role) -> None:
        """A token that holds claims `role` for `wallet`."""

    def on_change(self, listener: Callable[[Account], None], *, ahead: bool = False) -> None:
        """Call `listener` with the account after each change of role, nickname or ban; `ahead` of those before."""

    def on_owner_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the `nickname_key` of each nickname that was stored or given up."""


class MemoryAccounts:
    """What is stored of all wallets, in memory: `Users` fills it and keeps it up to date."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, str] = {}
        self._claimed_roles: dict[str, Role] = {}
        """Of admins alone; as many as the issuer of tokens made."""
        self._listeners: list[Callable[[Account], None]] = []
        self._owner_listeners: list[Callable[[str], None]] = []

    async def find(self, wallet: str) -> Account | None:
        return self._accounts.get(wallet)

    async def owner_of(self, nickname: str) -> str | None:
        return self._owners.get(nickname_key(nickname))

    def shown_nickname(self, wallet: str, claimed: str | None) -> str | None:
        account = self._accounts.get(wallet)
        if account is not None and account.nickname is not None:
            return account.nickname
        if claimed is not None and self._owners.get(nickname_key(claimed), wallet) != wallet:
            return None
        return claimed

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
        """Replace what is known of a wallet, and tell the listeners."""
        before, after = _keys(self._accounts.get(account.wallet)), _keys(account)
        for key in before:
            if self._owners.get(key) == account.wallet:
                del self._owners[key]
        for key in after:
            self._owners[key] = account.wallet
        self._accounts[account.wallet] = account
        for listener in self._listeners:
            _guarded(partial(listener, account))
        for key in before ^ after:
            for owner_listener in self._owner_listeners:
                _guarded(partial(owner_listener, key))


def _guarded(call: Callable[[], None]) -> None:
    """A defect in one listener must not keep the others from hearing."""
    try:
        call()
    except Exception as error:
        _log.error("defect", error=describe_exception(error))


def _keys(account: Account | None) -> frozenset[str]:
    """The key of the nickname, where there is one."""
    if account is None or account.nickname is None:
        return frozenset()
    return frozenset((nickname_key(account.nickname),))


if TYPE_CHECKING:
    _conforms: type[Accounts] = MemoryAccounts
