"""Builds a ccxt exchange for reading: checks that it exists, redirects its addresses, and turns off unneeded data.

This is the only file that imports ccxt, and it does so only if an exchange is requested.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from duelcast.feeds.ccxt_connections import Exchange, guard_connections
from duelcast.feeds.options import nearest
from duelcast.feeds.subscription import Subscription

INSTALL_COMMAND = "pip install 'duelcast[exchanges]'"
HTTP_TIMEOUT_MS = 30_000
"""Loading the markets of a large venue takes ten seconds or more over a slow connection."""
_RENAMED: Mapping[str, str] = {
    "bitfinex2": "bitfinex",
    "coinbaseadvanced": "coinbase",
    "coinbaseprime": "coinbaseexchange",
    "coinbasepro": "coinbaseexchange",
    "crypto.com": "cryptocom",
    "gateio": "gate",
    "gdax": "coinbaseexchange",
    "hitbtc3": "hitbtc",
    "huobi": "htx",
    "huobipro": "htx",
    "mexc3": "mexc",
    "okex": "okx",
    "okex5": "okx",
}
"""ccxt's current id for each former id, whether the former id was used by ccxt or by the venue itself."""
_ORIGIN = re.compile(r"(https?|wss?)://[^/]*")


def load_ccxt() -> Any:
    """The module `ccxt.pro`. Raises ValueError with the install command if it is not installed."""
    try:
        return importlib.import_module("ccxt.pro")
    except ModuleNotFoundError as missing:
        raise ValueError(f"The feed 'exchange' needs ccxt. Install it with: {INSTALL_COMMAND}") from missing


def require_exchange(venue: str) -> None:
    """Raise ValueError if ccxt has no exchange `venue`, or cannot follow its tickers over WebSockets."""
    ccxt = load_ccxt()
    known: list[str] = ccxt.exchanges
    if venue not in known:
        renamed = _RENAMED.get(venue.lower())
        hint = f" It is '{renamed}' now." if renamed in known else nearest(venue.lower(), known)
        raise ValueError(f"ccxt has no exchange '{venue}' with websockets.{hint}")
    has = getattr(ccxt, venue)().has
    if not (has.get("watchTicker") or has.get("watchTickers")):
        raise ValueError(f"ccxt cannot follow the tickers of '{venue}'.")


def open_exchange(
    venue: str, *, ws_url: str | None, http_url: str | None, subscriptions: Sequence[Subscription] = ()
) -> Exchange:
    """A new exchange, to be closed by the caller, that reads spot markets and no order books. A refusal by the venue
    fails only those `subscriptions` that sent the refused request.

    `ws_url` and `http_url`, if given, replace the scheme, host and port of each address of the exchange.
    """
    exchange = getattr(load_ccxt(), venue)({"enableRateLimit": True, "timeout": HTTP_TIMEOUT_MS})
    exchange.urls["api"] = _redirect(exchange.urls["api"], ws_url, http_url)
    # A proxy or a recorded session may send order books unasked, and ccxt would parse and keep every update.
    exchange.handle_order_book = _ignore
    guard_connections(exchange, venue, subscriptions)
    kinds = exchange.options.get("fetchMarkets")
    if isinstance(kinds, dict) and isinstance(kinds.get("types"), list) and "spot" in kinds["types"]:
        kinds["types"] = ["spot"]
    return exchange


def forget_dial_delay(exchange: Exchange) -> None:
    """Let the next attempt dial at once, because the feed has already waited, and ccxt would wait a second time."""
    exchange.ws_dial_backoff = {}


def _redirect(addresses: Any, ws_url: str | None, http_url: str | None) -> Any:
    if isinstance(addresses, dict):
        return {key: _redirect(value, ws_url, http_url) for key, value in addresses.items()}
    if not isinstance(addresses, str):
        return addresses
    origin = _ORIGIN.match(addresses)
    target = None if origin is None else http_url if origin[1].startswith("http") else ws_url
    return addresses if origin is None or target is None else target + addresses[origin.end() :]


def _ignore(*_arguments: Any) -> None:
    """Ignores messages that nobody reads."""
