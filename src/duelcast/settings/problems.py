"""Errors of a configuration, in sentences that contain no values."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ConfigurationError(Exception):
    """The configuration cannot be used. The text says what to set, on one line, and contains no secret."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name with the spelling closest to `name`."""
    return get_close_matches(name, list(known), n=1, cutoff=0.0)[0]
