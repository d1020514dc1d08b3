"""What may be a nickname (protocol 13, `PUT /users`)."""

from __future__ import annotations

import unicodedata

MAX_NICKNAME_CHARACTERS = 32

_REFUSED_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, surrogate, private, unassigned, line and paragraph separators."""
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_nickname(text: str) -> bool:
    """Whether `text` has 1–32 characters, something to see, and no control or bidi characters.

    The format characters that emoji and scripts need, such as the zero-width joiner, are allowed.
    """
    if not 1 <= len(text) <= MAX_NICKNAME_CHARACTERS or not text.strip():
        return False
    return not any(c in _BIDI_CONTROLS or unicodedata.category(c) in _REFUSED_CATEGORIES for c in text)
