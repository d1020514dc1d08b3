"""What is wrong with a configuration, said in sentences that hold no value."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ConfigurationError(Exception):
    """The configuration cannot be used. The text says what to set, on one line, and holds no secret."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is spelled most like `name`."""
    return get_close_matches(name, list(known), n=1, cutoff=0.0)[0]
