"""The notices about wallets between gateways and the leader.

A gateway *holds* a wallet while the wallet has connections to it, or while one of the wallet's buckets is not full
there. Gateways report the wallets that they hold. The leader notifies each gateway of the connections that its wallets
have elsewhere. Only for wallets with connections to several gateways, these report the units that their buckets took,
and the leader passes the units on to the other gateways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import WALLET_PATTERN

WALLETS, UNITS, DEBTS, ELSEWHERE = "wallets", "units", "debts", "elsewhere"
"""`WALLETS` goes to the leader, `ELSEWHERE` to gateways, and `UNITS` and `DEBTS` both ways."""
WALLETS_PER_NOTICE = 1_000
MAX_ENDPOINTS = 64

Wallet = Annotated[str, Meta(pattern=rf"^{WALLET_PATTERN}(?!\n)$")]
Name = Annotated[str, Meta(max_length=64)]
Count = Annotated[int, Meta(ge=0, le=2**31)]
Amount = Annotated[float, Meta(ge=0, le=2**53)]


class OpenAt(Struct, array_like=True, frozen=True, gc=False):
    """The connections of a wallet to an endpoint: when the oldest began, and when the last message was received."""

    endpoint: Name
    count: Annotated[int, Meta(ge=1, le=2**31)]
    connected_ago_s: Amount
    last_message_ago_s: Amount


class HeldWallet(Struct, array_like=True, frozen=True):
    """A wallet that a gateway holds. Without connections, its buckets are not full yet."""

    wallet: Wallet
    nickname: Annotated[str, Meta(max_length=256)] | None = None
    role: Role = Role.USER
    open: Annotated[list[OpenAt], Meta(max_length=MAX_ENDPOINTS)] = []


class WalletReport(Struct, array_like=True, frozen=True):
    """Wallets whose connections have changed, and wallets that the gateway no longer holds."""

    held: Annotated[list[HeldWallet], Meta(max_length=WALLETS_PER_NOTICE)] = []
    gone: Annotated[list[Wallet], Meta(max_length=WALLETS_PER_NOTICE)] = []


class UsedUnits(Struct, array_like=True, frozen=True, gc=False):
    """In `UNITS`, the units that the buckets of a wallet took since the last report; in `DEBTS`, those that the buckets
    lack."""

    wallet: Wallet
    endpoint: Name
    taken: Amount
    refused: Amount


class Elsewhere(Struct, array_like=True, frozen=True, gc=False):
    """The connections of a wallet to other gateways. If all its connections together are too many, `earlier` of these
    have precedence over those to the notified gateway. If `is_asked`, another gateway needs the debts of the wallet."""

    wallet: Wallet
    connections: Count
    earlier: Count
    is_asked: bool


_T = TypeVar("_T")

encode = msgspec.msgpack.Encoder().encode
decode_report = msgspec.msgpack.Decoder(WalletReport).decode
decode_units = msgspec.msgpack.Decoder(Annotated[list[UsedUnits], Meta(max_length=WALLETS_PER_NOTICE)]).decode
decode_elsewhere = msgspec.msgpack.Decoder(Annotated[list[Elsewhere], Meta(max_length=WALLETS_PER_NOTICE)]).decode


def pieces(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The items, as many at a time as a notice may have."""
    for begin in range(0, len(items), WALLETS_PER_NOTICE):
        yield items[begin : begin + WALLETS_PER_NOTICE]
