"""Stored accounts, as a port: what is stored wins over what a token claims (protocol 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.nicknames import nickname_key


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

    def on_change(self, listener: Callable[[Account], None]) -> None:
        """Call `listener` with the account after each change of role, nickname or ban."""


class MemoryAccounts:
    """What is stored of all wallets, in memory: `Users` fills it and keeps it up to date."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, str] = {}
        self._listeners: list[Callable[[Account], None]] = []

    async def find(self, wallet: str) -> Account | None:
        return self._accounts.get(wallet)

    async def owner_of(self, nickname: str) -> str | None:
        return self._owners.get(nickname_key(nickname))

    def on_change(self, listener: Callable[[Account], None]) -> None:
        self._listeners.append(listener)

    def put(self, account: Account) -> None:
        """Replace what is known of a wallet, and tell the listeners."""
        before = self._accounts.get(account.wallet)
        if before is not None and before.nickname is not None:
            key = nickname_key(before.nickname)
            if self._owners.get(key) == account.wallet:
                del self._owners[key]
        if account.nickname is not None:
            self._owners[nickname_key(account.nickname)] = account.wallet
        self._accounts[account.wallet] = account
        for listener in self._listeners:
            listener(account)


if TYPE_CHECKING:
    _conforms: type[Accounts] = MemoryAccounts
