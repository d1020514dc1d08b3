"""The messages of `market-data`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import TypeAlias

from ..messages import Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent,
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
from .records import TokenMetadata


class MarketDataErrorEvent(ErrorEvent, frozen=True, kw_only=True, tag="ERROR"):
    """Says why a message had no effect, or why the connection ends."""


class TokenMetadataUpdate(Message, frozen=True, kw_only=True, tag="token_update"):
    """On market-data: the tokens whose metadata changed, without their market fields."""

    data: list[TokenMetadata]
    """The tokens that changed; a client keeps the others."""
    channel: str
    seq: int
    timestamp: str


MarketDataMessage: TypeAlias = (
    SymbolsSubscribed
    | SubscriptionConfirmed
    | SymbolsUnsubscribed
    | HeartbeatAck
    | Pong
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | ConnectionEstablished
    | SessionUpdated
    | MarketDataErrorEvent
    | MarketPrice
    | MarketVolume
    | MarketSentiment
    | TokenMetadataUpdate
)


MESSAGES: dict[str, type[Message]] = {
    "symbols_subscribed": SymbolsSubscribed,
    "subscription_confirmed": SubscriptionConfirmed,
    "symbols_unsubscribed": SymbolsUnsubscribed,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "ERROR": MarketDataErrorEvent,
    "MARKET_PRICE": MarketPrice,
    "MARKET_VOLUME": MarketVolume,
    "MARKET_SENTIMENT": MarketSentiment,
    "token_update": TokenMetadataUpdate,
}
"""The messages of the server on `market-data`, by `type`."""
