"""Removes secrets from texts that others wrote: tokens, passwords, and addresses of people and machines.

It prefers removing too much to removing too little. Each pattern takes linear time on any text, because every
repetition is possessive or bounded.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

REMOVED = "[removed]"
TOO_MUCH = "[too much]"
MAX_CHARACTERS = 4_000
MAX_DETAILS_BYTES = 16 * 1024
_MARGIN_CHARACTERS = 4_000
"""The number of characters read beyond the limit, so that a secret that begins before the limit is recognised."""
_MAX_DEPTH = 16
_MAX_SAFE_INTEGER = 2**53 - 1

# ── patterns ────────────────────────────────────────────────────────────────────────────────────────────────────────

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_PEM = re.compile(r"-----BEGIN [A-Z ]*+(?<=PRIVATE KEY)-----.*?(?:-----END [A-Z ]*+-----|\Z)", re.DOTALL)
_HEADER = re.compile(r"((?:authori[sz]ation|cookie2?|sec-websocket-protocol)\s*+[:=]\s*+)[^\r\n]++", re.IGNORECASE)
_SCHEME = re.compile(r"((?:bearer|basic)[\"']?[\s:=]++)\S++", re.IGNORECASE)
_PAIR = re.compile(
    r"""
    (?P<name>
        # A phrase that somebody chose may contain spaces, so an unquoted one extends to the end of the line.
        (?P<phrase>
            (?:passw(?:or)?d|passphrase|secret|mnemonic|credential|authori[sz]ation|cookie)[\w\-]{0,32}+
            | (?<![A-Za-z0-9])(?:pass|pwd|pin|seed)(?![A-Za-z0-9])[\w\-]{0,32}+
        )
        | (?:token|jwt|(?:api|access|private|signing|encryption)[ _\-]?key)s?[0-9]{0,3}+
        | (?<![A-Za-z0-9])(?:sid|session(?:[_\-]?(?:id|key))?)(?![A-Za-z0-9])
    )
    (?P<separator> \\*+["']\s*+(?:=>|[:=,])\s*+ | \s*+(?:=>|:=|[:=>])\s*+ )
    (?:
        \[removed\](?=[\s,;:)}\]]|\Z)  # an earlier pattern has removed the value
        | \\*+b?"(?:[^"\\]|\\.|"")*+"?[^\s,;\}\])]*+
        | \\*+b?'(?:[^'\\]|\\.|'')*+'?[^\s,;\}\])]*+
        | [|>][+\-0-9]*+[\ \t]*+\r?\n(?:[\ \t]++[^\n]*+\n?)*+  # a block of YAML
        | (?(phrase)[^\r\n]*+|\S*+)
    )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_DOTTED = re.compile(r"[A-Za-z0-9_\-]++(?:\.[A-Za-z0-9_\-]*+)*+")
_BEGINS_TOKEN = re.compile(r"ey[A-DI-L][A-Za-z0-9_\-]{13}")
"""The beginning of a JSON object in Base64."""
_MIN_PART_CHARACTERS = 16
"""The minimum length of each of the three parts by which other tokens are recognised; parts of module names are
shorter."""
_URL = re.compile(r"://\S*+")
_QUERY = re.compile(r"\?\S++")
_AT_RUN = re.compile(r"[^\s\"<>(){}\[\],;@]++(?:@[^\s\"<>(){}\[\],;@]++)*+")
_IPV6_RUN = re.compile(r"[0-9A-Fa-f:.]++")
_IPV6_IN_BRACKETS = re.compile(rf"\[{re.escape(REMOVED)}(?:%\w{{1,32}})?\](?::[0-9]{{1,5}})?")
_IPV4 = re.compile(r"(?<![0-9])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])(?::[0-9]{1,5})?")

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SECRET_NAME = re.compile(
    r"passw(?:or)?d|passphrase|secret|mnemonic|credential|authori[sz]ation|cookie|sec_websocket_protocol"
    r"|(?:api|access|private|signing|encryption)_?key"
    r"|(?:^|_)(?:pass|pwd|pin|seed|sid|jwt|session|session_id|query|query_string)$|tokens?$"
)

# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def scrub(text: str) -> str:
    """Return at most 4,000 characters of `text`, without secrets and fit for a frame (no U+0000, no lone surrogates).

    JWTs, private keys, credentials in headers and URLs, query strings, the values of names like `password`, and e-mail
    and IP addresses become `[removed]`.
    """
    text = _NO_TEXT.sub("\ufffd", _shortened(text))
    text = _PEM.sub(REMOVED, text)
    text = _HEADER.sub(rf"\1{REMOVED}", text)
    text = _SCHEME.sub(rf"\1{REMOVED}", text)
    text = _PAIR.sub(rf"\g<name>\g<separator>{REMOVED}", text)
    text = _DOTTED.sub(_unless_token, text)
    text = _URL.sub(_without_credentials, text)
    text = _QUERY.sub(f"?{REMOVED}", text)
    if "@" in text:
        text = _AT_RUN.sub(_unless_address_of_person, text)
    if text.count(":") > 1:
        text = _IPV6_IN_BRACKETS.sub(REMOVED, _IPV6_RUN.sub(_unless_ipv6, text))
    return _IPV4.sub(REMOVED, text)[:MAX_CHARACTERS]


def _shortened(text: str) -> str:
    """Cut a long text. The word at the cut is removed too, because half a secret would not be recognised."""
    limit = MAX_CHARACTERS + _MARGIN_CHARACTERS
    if len(text) <= limit:
        return text
    words = text[:limit].rsplit(None, 1)
    return f"{words[0]} {REMOVED}" if len(words) == 2 else REMOVED


def _unless_token(found: re.Match[str]) -> str:
    run = found[0]
    if _BEGINS_TOKEN.search(run):
        return REMOVED
    parts = run.split(".")
    return REMOVED if len(parts) > 2 and min(map(len, parts[:3])) >= _MIN_PART_CHARACTERS else run


def _without_credentials(found: re.Match[str]) -> str:
    credentials, at, rest = found[0].rpartition("@")
    return f"://{REMOVED}@{rest}" if at and credentials != "://" else found[0]


def _unless_address_of_person(found: re.Match[str]) -> str:
    return REMOVED if "@" in found[0] else found[0]


def _unless_ipv6(found: re.Match[str]) -> str:
    """Remove a run if it is an address, or contains one. The part before its first colon and the part after its last
    one may not belong to the address, as in `peer:2001:db8::1:`."""
    run = found[0]
    if run.count(":") < 2:
        return run
    text, begin, end = found.string, found.start(), found.end()
    # If a word continues before or after the run, the first or last part belongs to that word, as in `std::deque`.
    begins = [run.partition(":")[2], *([] if _in_word(text[begin - 1 : begin]) else [run])]
    candidates = [
        candidate.strip(".")
        for beginning in begins
        for candidate in [beginning.rpartition(":")[0], *([] if _in_word(text[end : end + 1]) else [beginning])]
    ]
    return REMOVED if any(map(_is_ipv6, candidates)) else run


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _TooMuch(Exception):
    """The value is too large."""


class _Budget:
    __slots__ = ("left",)

    def __init__(self, characters: int) -> None:
        self.left = characters

    def spend(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise _TooMuch


def scrub_value(value: Any) -> Any:
    """Return a JSON value without secrets: every text and name is scrubbed, and the value of a member named like a
    secret becomes `[removed]`.

    `[too much]` replaces the whole value if it has more than 16 KiB of JSON, and within it, members nested more than 16
    deep and integers beyond ±(2^53 − 1). A value that is not JSON is replaced by the name of its type.
    """
    try:
        scrubbed = _scrubbed(value, _MAX_DEPTH, _Budget(MAX_DETAILS_BYTES))
    except _TooMuch:
        return TOO_MUCH
    return scrubbed if len(msgspec.json.encode(scrubbed)) <= MAX_DETAILS_BYTES else TOO_MUCH


def is_secret_name(name: str) -> bool:
    """Whether a member named `name` is a secret, in any spelling (`apiKey`, `API_KEY`, `api-key`)."""
    return _SECRET_NAME.search(_HUMP.sub("_", name[:MAX_CHARACTERS]).lower()) is not None


def _scrubbed(value: Any, depth: int, budget: _Budget) -> Any:
    budget.spend(1)
    if isinstance(value, str):
        budget.spend(len(value))
        return scrub(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -_MAX_SAFE_INTEGER <= value <= _MAX_SAFE_INTEGER else TOO_MUCH
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth == 0:
        return TOO_MUCH
    if isinstance(value, Mapping):
        return dict(_member(str(name), member, depth, budget) for name, member in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(member, depth - 1, budget) for member in value]
    return type(value).__name__


def _member(name: str, value: Any, depth: int, budget: _Budget) -> tuple[str, Any]:
    budget.spend(len(name))
    return scrub(name), REMOVED if is_secret_name(name) else _scrubbed(value, depth - 1, budget)
