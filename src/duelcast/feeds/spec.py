"""Parses `DUELCAST_FEED`: feeds separated by `;`, each `kind[:rest][?option=value&…]`."""

from __future__ import annotations

import re
from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.feeds import dexscreener, exchange, replay, simulated
from duelcast.feeds.options import FeedOptions, nearest
from duelcast.feeds.source import Feed

Builder = Callable[[str, str, FeedOptions, Clock], Feed]
"""Takes the feed's name, the text between `:` and `?`, the options and the clock. Raises ValueError."""

_BUILDERS: dict[str, Builder] = {
    "simulated": simulated.build,
    "replay": replay.build,
    "exchange": exchange.build,
    "dexscreener": dexscreener.build,
}
NO_FEED = "none"
KINDS = (*_BUILDERS, NO_FEED)
_NAME = re.compile(r"[a-z0-9_-]{1,64}")


def build_feeds(text: str, clock: Clock) -> list[Feed]:
    """The feeds named in `text`, in the same order. Nothing is started, and no venue is contacted.

    Raises ValueError with a sentence that says what is wrong and which names exist.
    """
    feeds: list[Feed] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        feed = _build(part, clock)
        if feed is None:
            continue
        if any(feed.name == other.name for other in feeds):
            raise ValueError(f"Two feeds are named '{feed.name}': give one of them another name with ?name=….")
        feeds.append(feed)
    return feeds


def _build(part: str, clock: Clock) -> Feed | None:
    head, _, query = part.partition("?")
    kind, _, rest = head.partition(":")
    if kind == NO_FEED:
        if rest or query:
            raise ValueError(f"Feed '{NO_FEED}' takes no arguments.")
        return None
    builder = _BUILDERS.get(kind)
    if builder is None:
        raise ValueError(f"There is no feed '{kind}'.{nearest(kind, KINDS)} Feeds: {', '.join(KINDS)}.")
    options = FeedOptions(kind, query)
    feed = builder(_name(kind, rest, options), rest, options, clock)
    options.refuse_unknown()
    return feed


def _name(kind: str, rest: str, options: FeedOptions) -> str:
    """The option `name`; without it, an exchange is named after its venue, and every other feed after its kind."""
    # A venue in upper case is accepted here, because building the feed refuses it and suggests the right spelling.
    usual = rest.partition(":")[0].lower() if kind == "exchange" else kind
    name = options.text("name") or usual or kind
    if not _NAME.fullmatch(name):
        raise ValueError(f"Feed '{kind}': its name must be 1–64 of a-z, 0-9, _ and -.")
    return name
