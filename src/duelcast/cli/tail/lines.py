"""Messages as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import msgspec

MAX_DETAIL_CHARACTERS = 240

_SHOWN_APART = ("type", "channel", "seq", "timestamp", "requestId")


def line(message: Mapping[str, Any]) -> str:
    """The time, type, channel and number of a message, and the rest as shortened JSON; prices have a format of their
    own.

    The line contains no character that controls a terminal.
    """
    head = [str(message.get("timestamp", ""))[11:23], str(message.get("type"))]
    data = message.get("data")
    if message.get("type") == "MARKET_PRICE" and isinstance(data, dict):
        return printable("  ".join([head[0], _price(data)]))
    if "channel" in message:
        head.append(f"{message['channel']}#{message['seq']}" if "seq" in message else str(message["channel"]))
    return printable("  ".join([*head, _detail(message)])).rstrip()


def number(value: object, *, digits: int | None = None) -> str:
    """`value` with thousands separators and `digits` decimals, by default as many as suit a price of that size.
    Returns – for null and other non-numbers."""
    if not is_number(value):
        return "–"
    if digits is None:
        digits = 2 if abs(value) >= 100 else 4 if abs(value) >= 0.1 else 10
    return f"{value:,.{digits}f}"


def signed(value: object, unit: str = "") -> str:
    """`value` with a sign, two decimals and `unit`; – for null and other non-numbers."""
    return f"{value:+.2f}{unit}" if is_number(value) else "–"


def is_number(value: object) -> TypeGuard[float]:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def printable(text: str) -> str:
    """`text` with control characters and other invisible characters replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _price(data: Mapping[str, Any]) -> str:
    parts = [
        str(data.get("symbol")).ljust(8),
        number(data.get("price")),
        signed(data.get("change_24h"), " %"),
        f"volume {number(data.get('volume_24h'), digits=0)}",
        str(data.get("source")),
    ]
    return "  ".join([*parts, "stale"] if data.get("stale") else parts)


def _detail(message: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in message.items() if name not in _SHOWN_APART}
    if not rest:
        return ""
    data = rest.get("data")
    if isinstance(data, list):
        rest["data"] = "1 record" if len(data) == 1 else f"{len(data)} records"
    text = msgspec.json.encode(rest).decode()
    return text if len(text) <= MAX_DETAIL_CHARACTERS else f"{text[:MAX_DETAIL_CHARACTERS]}…"
