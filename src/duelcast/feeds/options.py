"""Parses what follows the `?` of a feed: `name=value` pairs. Each name may be given once; unknown names are refused."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from urllib.parse import parse_qsl

_TRUE, _FALSE = ("1", "true"), ("0", "false")


def nearest(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the known word nearest to `word`, or an empty string if none is near."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{found[0]}'?" if found else ""


class FeedOptions:
    """The options of one feed. For an invalid value, methods raise ValueError, naming the feed, option and range."""

    def __init__(self, feed: str, query: str) -> None:
        self.feed = feed
        pairs = parse_qsl(query, keep_blank_values=True)
        self._given = dict(pairs)
        self._asked: list[str] = []
        if len(self._given) != len(pairs):
            raise ValueError(f"Feed '{feed}': an option is given twice.")

    def text(self, option: str) -> str | None:
        """The value as written; None if it is not given."""
        self._asked.append(option)
        return self._given.get(option)

    def number(self, option: str, default: float, *, least: float = 0.0) -> float:
        """A finite number of at least `least`; `default` if it is not given."""
        text = self.text(option)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= least):
            raise ValueError(f"Feed '{self.feed}': {option} must be a number of at least {least:g}.")
        return value

    def integer(self, option: str, *, least: int, most: int) -> int | None:
        """An integer within the bounds; None if it is not given."""
        text = self.text(option)
        if text is None:
            return None
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 16 and least <= int(text) <= most):
            raise ValueError(f"Feed '{self.feed}': {option} must be an integer from {least} to {most}.")
        return int(text)

    def flag(self, option: str, default: bool) -> bool:
        """True for `1` or `true`, False for `0` or `false`; `default` if it is not given."""
        text = self.text(option)
        if text is None:
            return default
        if text not in (*_TRUE, *_FALSE):
            raise ValueError(f"Feed '{self.feed}': {option} must be 1 or 0.")
        return text in _TRUE

    def url(self, option: str, schemes: tuple[str, ...]) -> str | None:
        """A URL of one of `schemes`, without a trailing slash; None if it is not given."""
        text = self.text(option)
        if text is None:
            return None
        scheme, separator, rest = text.partition("://")
        if scheme not in schemes or not separator or not rest:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"Feed '{self.feed}': {option} must be a URL that begins with {wanted}.")
        return text.rstrip("/")

    def refuse_unknown(self) -> None:
        """Raise ValueError if an option was given that was never read."""
        for option in self._given:
            if option not in self._asked:
                hint = nearest(option, self._asked)
                listed = ", ".join(sorted(self._asked))
                raise ValueError(f"Feed '{self.feed}' has no option '{option}'.{hint} Its options: {listed}.")
