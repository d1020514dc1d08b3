"""Stored accounts, as a port: what is stored wins over what a token claims (protocol 1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from duelcast.channels.names import Role


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
    """Accounts of one process, lost with it."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._listeners: list[Callable[[Account], None]] = []

    async def find(self, wallet: str) -> Account | None:
        return self._accounts.get(wallet)

    async def owner_of(self, nickname: str) -> str | None:
        wanted = nickname.casefold()
        for account in self._accounts.values():
            if account.nickname is not None and account.nickname.casefold() == wanted:
                return account.wallet
        return None

    def on_change(self, listener: Callable[[Account], None]) -> None:
        self._listeners.append(listener)

    def put(self, account: Account) -> None:
        """Store `account` and tell the listeners."""
        self._accounts[account.wallet] = account
        for listener in self._listeners:
            listener(account)


if TYPE_CHECKING:
    _conforms: type[Accounts] = MemoryAccounts
