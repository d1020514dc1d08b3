"""Interprets venues' answers to subscriptions: which of them are errors, and which request an error is about.

ccxt has no common form for refusals: it turns some into an error for everybody who waits on the connection, others into
an error for a request id that nobody waits for, and ignores the rest. But venues share a few conventions: an error is
marked as such in one of a few fields, and repeats the id of the request, or names its market and channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KIND_FIELDS = ("event", "type", "status", "op", "method", "result")
_ERROR_FIELDS = ("error", "errors", "errorMessage", "err-msg", "err_msg")
_CODE_FIELDS = ("code", "ret_code", "retCode", "errCode", "err-code")
_GOOD_CODES = frozenset({"", "200"})
"""Success codes without their leading zeros: 0, of which nothing remains, and HTTP's 200."""
_ID_FIELDS = ("id", "req_id", "reqid", "reqId", "request_id", "requestId", "cid")
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9/_\-]+")
_BETWEEN_PARTS = re.compile(r"[^A-Za-z0-9/\-]+")
_MAX_LEAVES = 100
"""Only this many texts of a frame are read: an answer is short, and anything longer is data."""


def is_error(message: object) -> bool:
    """Whether a decoded frame says that something was refused."""
    if not isinstance(message, dict):
        return False
    for field in _KIND_FIELDS:
        kind = message.get(field)
        if isinstance(kind, str) and kind.lower().endswith("error"):
            return True
    if message.get("success") is False or message.get("result") is False:
        return True
    if any(message.get(field) for field in _ERROR_FIELDS):
        return True
    return _says_why(message) and any(_is_bad_code(message.get(field)) for field in _CODE_FIELDS)


def request_id(message: object) -> str | None:
    """The id that matches an answer with its request; None if there is none."""
    if isinstance(message, dict):
        for field in _ID_FIELDS:
            value = message.get(field)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
    return None


def words(message: object) -> frozenset[str]:
    """The words in the texts of a frame, upper-case: whole values, their parts between characters other than letters,
    digits, `/`, `-` and `_`, and the parts of those between `_`."""
    found: set[str] = set()
    for number, text in enumerate(_texts(message)):
        if number == _MAX_LEAVES:
            break
        found.add(text.upper())
        for between in (_BETWEEN_WORDS, _BETWEEN_PARTS):
            found.update(word.upper() for word in between.split(text) if word)
    return frozenset(found)


def names_of(pair: str, market: Mapping[str, Any]) -> frozenset[str]:
    """The spellings that a venue may use for a pair, upper-case: ccxt's name, the venue's `market` id, and others."""
    names = {pair, market.get("id")}
    info = market.get("info")
    if isinstance(info, dict):
        names |= {info.get(field) for field in ("wsname", "altname")}
    return frozenset(name.upper() for name in names if isinstance(name, str) and name)


def _says_why(message: dict[str, Any]) -> bool:
    """Whether the text that accompanies a code says more than that all is well. A code other than 0 is not enough,
    because some venues have other success codes."""
    texts = (message.get(field) for field in ("message", "msg", "retMsg", "ret_msg", "desc"))
    return any(isinstance(text, str) and text.lower() not in ("", "ok", "success") for text in texts)


def _is_bad_code(code: object) -> bool:
    if isinstance(code, bool) or not isinstance(code, str | int):
        return False
    text = str(code).lstrip("-")
    return text.isascii() and text.isdigit() and text.lstrip("0") not in _GOOD_CODES


def _texts(message: object) -> Iterator[str]:
    if isinstance(message, str):
        yield message
    elif isinstance(message, dict):
        for value in message.values():
            yield from _texts(value)
    elif isinstance(message, list):
        for value in message:
            yield from _texts(value)
