"""Nicknames (protocol §13, `PUT /users`): which ones are valid, and when two are the same or look alike.

Names that look alike share a skeleton (Unicode Technical Standard 39, Unicode Security Mechanisms, section 4).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files

import msgspec
import regex

MAX_NICKNAME_CHARACTERS = 32
MAX_KEY_CHARACTERS = 128

_REFUSED_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, surrogate, private-use and unassigned characters, and line and paragraph separators."""
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORMAT = "Cf"


def is_nickname(text: str) -> bool:
    """Whether `text` has 1–32 characters, something visible, no bidi controls, and none of `_REFUSED_CATEGORIES`.

    The format characters that emoji and scripts need, such as the zero-width joiner, are allowed.
    """
    if not 1 <= len(text) <= MAX_NICKNAME_CHARACTERS:
        return False
    if any(c in _BIDI_CONTROLS or unicodedata.category(c) in _REFUSED_CATEGORIES for c in text):
        return False
    return strip_invisible(text) != ""


def nickname_key(text: str) -> str:
    """A key that is equal for nicknames that differ only in case, width, spaces at the ends, or format characters
    (NFKC, casefolded). No two wallets may store nicknames with the same key. The key has at most 128 characters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(c for c in folded if unicodedata.category(c) != _FORMAT)
    # The compatibility form of one character may have up to 18 characters, so long keys are cut off. Names that differ
    # only beyond the limit count as the same.
    return " ".join(seen.split())[:MAX_KEY_CHARACTERS]


# ── look-alikes ───────────────────────────────────────────────────────────────────────────────────────────────────────

MAX_SHAPE_CHARACTERS = 128
_METHOD = 1
"""The version of the code of `shapes`: increase it with each change that alters the result for any name."""
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
_BRAILLE_BLANK = "\u2800"
_LEFT_TO_RIGHT_MARK = "\u200e"
"""The mark (U+200E) that the data has around characters that are written from right to left."""


def strip_invisible(text: str) -> str:
    """`text` without invisible (default-ignorable and format) characters, and with a single blank between words."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text).replace(_BRAILLE_BLANK, " ")
    return " ".join(text.split())


@lru_cache(maxsize=4_096)
def shapes(name: str) -> frozenset[str]:
    """The shapes of a name. Names that share a shape look alike. Only the first 128 characters of a name are compared.

    The skeleton of a name depends on its case (`I` looks like `l`, `i` does not), but names are compared without regard
    to case. So there are three skeletons: of the name in lower case, of the name in capitals, and of the name as it is.
    """
    text = strip_invisible(unicodedata.normalize("NFKC", strip_invisible(name)))[:MAX_SHAPE_CHARACTERS]
    lower = unicodedata.normalize("NFKC", text.casefold())
    upper = unicodedata.normalize("NFKC", text.upper())
    return frozenset(
        shape[:MAX_SHAPE_CHARACTERS] for shape in (_skeleton(lower), _skeleton(upper), _skeleton(text).casefold())
    )


@cache
def version() -> str:
    """The version of `shapes` and of its data. While this version stays the same, the shapes of a name do not
    change."""
    digest = sha256(_data()).hexdigest()[:16]
    return f"{_METHOD}-{unicodedata.unidata_version}-{digest}"


def _skeleton(text: str) -> str:
    """The skeleton of `text` (UTS 39, 4): decompose it, replace each character by its prototype, and decompose it
    again."""
    if text.isascii():
        return text.translate(_prototypes())
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", decomposed.translate(_prototypes()))


@cache
def _prototypes() -> dict[int, str]:
    """The prototype of each character, by code point.

    The data lists pairs of a character and its prototype, each pair in both directions. Each character has at most one
    prototype, and a prototype has none itself. So in a group of look-alikes, the prototype is the only neighbour of
    every other character. In a group of two, either may be the prototype.
    """
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for one, its in msgspec.json.decode(_data(), type=dict[str, list[str]]).items():
        for other in its:
            pair = one.strip(_LEFT_TO_RIGHT_MARK), other.strip(_LEFT_TO_RIGHT_MARK)
            alike[pair[0]].add(pair[1])
            alike[pair[1]].add(pair[0])
    found: dict[int, str] = {}
    for character, others in alike.items():
        if len(character) == 1:
            prototype = _prototype(character, others, alike)
            if prototype != character:
                found[ord(character)] = prototype
    return found


def _prototype(character: str, others: set[str], alike: dict[str, set[str]]) -> str:
    for other in others:
        if len(other) > 1:
            return other
    if len(others) > 1:
        return character
    (other,) = others
    return other if len(alike[other]) > 1 else min(character, other)


def _data() -> bytes:
    return files("homoglyphs_fork").joinpath("confusables.json").read_bytes()
