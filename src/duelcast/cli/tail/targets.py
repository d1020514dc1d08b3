"""The channels that the arguments of `duelcast tail` stand for (protocol §1.3, §3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SYMBOL = re.compile(r"[A-Za-z0-9_$-]{1,32}|\*")
_FAMILIES = {"market-data": ("market", "metadata"), "token-data": ("market", "token")}
"""Endpoints that accept symbols, and the families of channels that a symbol stands for."""


def channels_of(endpoint: str, arguments: Sequence[str]) -> list[str]:
    """The channels to follow, each once.

    On an endpoint with symbols, a name with a dot, or after `channel:`, is a channel, and any other is a symbol.
    Without arguments, all symbols are followed. On other endpoints, every name is a channel.
    """
    families = _FAMILIES.get(endpoint, ())
    channels: list[str] = []
    for argument in arguments or (families and ("*",)):
        is_symbol = families and _SYMBOL.fullmatch(argument)
        names = [f"{family}.{argument.upper()}" for family in families]
        channels += names if is_symbol else [argument.removeprefix("channel:")]
    return list(dict.fromkeys(channels))
