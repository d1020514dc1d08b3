"""The messages of `token-data`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
    Heartbeat as Heartbeat,
    HeartbeatAck as HeartbeatAck,
    MarketPrice as MarketPrice,
    MarketSentiment as MarketSentiment,
    MarketVolume as MarketVolume,
    Ping as Ping,
    Pong as Pong,
    SessionUpdated as SessionUpdated,
    Subscribe as Subscribe,
    SubscribeSymbols as SubscribeSymbols,
    SubscriptionConfirmed as SubscriptionConfirmed,
    SubscriptionList as SubscriptionList,
    SymbolsSubscribed as SymbolsSubscribed,
    SymbolsUnsubscribed as SymbolsUnsubscribed,
    Unsubscribe as Unsubscribe,
    UnsubscribeSymbols as UnsubscribeSymbols,
    UnsubscriptionConfirmed as UnsubscriptionConfirmed,
)
from .records import Token


class TokenData(Message, frozen=True, kw_only=True, tag="token_data"):
    """One token with its market fields."""

    symbol: str
    """The symbol of the token."""
    data: Token
    """The token."""
    timestamp: str


class TokenListUpdate(Message, frozen=True, kw_only=True, tag="token_update"):
    """On token-data: the complete list of tokens."""

    data: list[Token]
    """All tokens; the list replaces the client's own."""
    timestamp: str


class GetAllTokens(Command[TokenListUpdate, Literal["token-data"]], frozen=True, kw_only=True, tag="get_all_tokens"):
    """Asks for the complete list of tokens, and moves the connection from `public.tokens` to `public.token_list`."""


class GetToken(Command[TokenData, Literal["token-data"]], frozen=True, kw_only=True, tag="get_token"):
    """Asks for one token."""

    symbol: str
    """The symbol of the token, in upper or lower case. 1 to 32 of A-Z a-z 0-9 _ $ . -"""


TokenDataMessage: TypeAlias = (
    SymbolsSubscribed
    | SymbolsUnsubscribed
    | TokenData
    | TokenListUpdate
    | SubscriptionConfirmed
    | HeartbeatAck
    | Pong
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | MarketPrice
    | MarketVolume
    | MarketSentiment
)


MESSAGES: dict[str, type[Message]] = {
    "symbols_subscribed": SymbolsSubscribed,
    "symbols_unsubscribed": SymbolsUnsubscribed,
    "token_data": TokenData,
    "token_update": TokenListUpdate,
    "subscription_confirmed": SubscriptionConfirmed,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "MARKET_PRICE": MarketPrice,
    "MARKET_VOLUME": MarketVolume,
    "MARKET_SENTIMENT": MarketSentiment,
}
"""The messages of the server on `token-data`, by `type`."""
