"""Valid nicknames, and when two are the same (protocol 13, `PUT /users`); `lookalikes` finds similar ones."""

from __future__ import annotations

import unicodedata

from duelcast.domain.accounts.lookalikes import strip_invisible

MAX_NICKNAME_CHARACTERS = 32
MAX_KEY_CHARACTERS = 128

_REFUSED_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, surrogate, private, unassigned, line and paragraph separators."""
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORMAT = "Cf"


def is_nickname(text: str) -> bool:
    """Whether `text` has 1–32 characters, something to see, and no control or bidi characters.

    The format characters that emoji and scripts need, such as the zero-width joiner, are allowed.
    """
    if not 1 <= len(text) <= MAX_NICKNAME_CHARACTERS:
        return False
    if any(c in _BIDI_CONTROLS or unicodedata.category(c) in _REFUSED_CATEGORIES for c in text):
        return False
    return strip_invisible(text) != ""


def nickname_key(text: str) -> str:
    """Equal for nicknames that differ only in case, width, spaces at the ends, or format characters (NFKC, casefolded):
    no two wallets store the same. At most 128 characters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(c for c in folded if unicodedata.category(c) != _FORMAT)
    # Compatibility forms make up to 18 characters of one; names that differ only beyond the limit count as the same.
    return " ".join(seen.split())[:MAX_KEY_CHARACTERS]
