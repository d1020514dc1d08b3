"""The text of chat messages (protocol §5)."""

from __future__ import annotations

import unicodedata

import regex

from duelcast.domain.contests.errors import EmptyMessage, MessageTooLong
from duelcast.errors import InvalidRequest

MAX_BYTES = 4_000
"""The maximum length of a text in UTF-8."""

# Control, surrogate and private-use characters, line and paragraph separators, noncharacters, and the bidi embeddings,
# overrides and isolates; the last three affect text after the message. Unassigned characters are accepted because they
# may be emoji newer than our Unicode tables.
_REFUSED = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069]")
# U+2800 is a braille cell without dots; U+FFF9 to U+FFFB mark annotations.
_INVISIBLE = regex.compile(r"[\s\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]*")
_CHARACTER = regex.compile(r"\X")


def clean_text(text: str, max_characters: int) -> str:
    """Return `text` as it is stored: trimmed and in Unicode form NFC. Cleaning the result again changes nothing.

    `max_characters` counts grapheme clusters (UAX #29), so that a letter with its accents, or an emoji family, counts
    as one. Raises `MessageTooLong` if the trimmed text exceeds `max_characters`, or exceeds `MAX_BYTES` before or after
    the change to NFC; `InvalidRequest` if it contains a refused character, such as a line break; and `EmptyMessage` if
    nothing in it is visible.
    """
    text = text.strip()
    # Check the size first, because the cost of normalising grows with the square of the number of accents.
    if len(text) > MAX_BYTES:
        raise _too_long(max_characters)
    if _REFUSED.search(text):
        raise InvalidRequest(
            "A message is one line of text, without control, private-use or bidi override characters: remove them.",
            field="text",
        )
    if _INVISIBLE.fullmatch(text):
        raise EmptyMessage("There is nothing to read in the message: write something.")
    if len(text.encode()) > MAX_BYTES:
        raise _too_long(max_characters)
    text = unicodedata.normalize("NFC", text)
    if len(text.encode()) > MAX_BYTES or not _fits(text, max_characters):
        raise _too_long(max_characters)
    return text


def _fits(text: str, max_characters: int) -> bool:
    return len(text) <= max_characters or sum(1 for _ in _CHARACTER.finditer(text)) <= max_characters


def _too_long(max_characters: int) -> MessageTooLong:
    return MessageTooLong(f"A message has at most {max_characters} characters and {MAX_BYTES} bytes: shorten it.")
