"""Building a ccxt exchange for reading: which there are, where it connects, what it leaves out.

The only file that imports ccxt, and only when an exchange is asked for.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

import structlog

from duelcast.feeds.options import nearest

INSTALL_COMMAND = "pip install 'duelcast[exchanges]'"
_log = structlog.get_logger()
_ORIGIN = re.compile(r"(https?|wss?)://[^/]*")

Exchange = Any
"""An instance of a class of `ccxt.pro`, which has no type annotations that fit."""


def load_ccxt() -> Any:
    """The module `ccxt.pro`. Raises ValueError with the install command where it is absent."""
    try:
        return importlib.import_module("ccxt.pro")
    except ModuleNotFoundError as missing:
        raise ValueError(f"The feed 'exchange' needs ccxt. Install it with: {INSTALL_COMMAND}") from missing


def require_exchange(venue: str) -> None:
    """Raise ValueError where ccxt has no exchange `venue`, or none of its tickers over websockets."""
    ccxt = load_ccxt()
    known: list[str] = ccxt.exchanges
    if venue not in known:
        raise ValueError(f"ccxt has no exchange '{venue}' with websockets.{nearest(venue, known)}")
    has = getattr(ccxt, venue)().has
    if not (has.get("watchTicker") or has.get("watchTickers")):
        raise ValueError(f"ccxt cannot follow the tickers of '{venue}'.")


def open_exchange(venue: str, *, ws_url: str | None, http_url: str | None) -> Exchange:
    """A new exchange, to be closed by the caller, that reads spot markets and no order books.

    Scheme, host and port of each of its addresses are replaced by `ws_url` or `http_url` where those are given.
    """
    exchange = getattr(load_ccxt(), venue)({"enableRateLimit": True})
    exchange.urls["api"] = _redirect(exchange.urls["api"], ws_url, http_url)
    # A proxy or a recorded session may send order books, of which every update would be parsed and kept.
    exchange.handle_order_book = _ignore
    _guard_reading(exchange, venue)
    kinds = exchange.options.get("fetchMarkets")
    if isinstance(kinds, dict) and isinstance(kinds.get("types"), list) and "spot" in kinds["types"]:
        kinds["types"] = ["spot"]
    return exchange


def forget_dial_delay(exchange: Exchange) -> None:
    """Let the next attempt dial at once: the feed has waited already, and ccxt would wait a second time."""
    exchange.ws_dial_backoff = {}


def _redirect(addresses: Any, ws_url: str | None, http_url: str | None) -> Any:
    if isinstance(addresses, dict):
        return {key: _redirect(value, ws_url, http_url) for key, value in addresses.items()}
    if not isinstance(addresses, str):
        return addresses
    origin = _ORIGIN.match(addresses)
    target = None if origin is None else http_url if origin[1].startswith("http") else ws_url
    return addresses if origin is None or target is None else target + addresses[origin.end() :]


def _guard_reading(exchange: Exchange, venue: str) -> None:
    """Pass over frames that ccxt cannot read. By itself it would stop reading that connection, and asyncio would log
    the error with its text."""
    make_client = exchange.client

    def make_guarded_client(url: str) -> Any:
        is_new = url not in (exchange.clients or {})
        client = make_client(url)
        if is_new:
            client.handle_text_or_binary_message = _guarded(client.handle_text_or_binary_message, venue)
        return client

    exchange.client = make_guarded_client


def _guarded(read: Callable[[Any], None], venue: str) -> Callable[[Any], None]:
    unreadable = 0

    def read_or_skip(data: Any) -> None:
        nonlocal unreadable
        try:
            read(data)
        except Exception as error:
            unreadable += 1
            # At 1, 2, 4, 8, …: each is known, and a venue that sends nothing else cannot flood the log.
            if unreadable & (unreadable - 1) == 0:
                _log.warning(
                    "exchange_frames_unreadable", venue=venue, frames=unreadable, error_type=type(error).__name__
                )

    return read_or_skip


def _ignore(*_arguments: Any) -> None:
    """In place of a handler of messages that nobody reads."""
