"""JSON as the contract defines it (protocol §1.1): stricter than RFC 8259 in depth, numbers and strings.

The standard library parses the JSON because, unlike msgspec, it accepts lone surrogates and numbers out of range. These
are found afterwards, so that the answer can name the field that contains them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

from duelcast.errors import InvalidMessage, InvalidRequest
from duelcast.wire.messages import MAX_SAFE_INTEGER

MAX_DEPTH = 32
MAX_VALUES = 10_000
"""One message may contain at most this many values: objects, arrays and their members."""
_MAX_NAME_CHARACTERS = 64
_MAX_INTEGER_CHARACTERS = len(str(-MAX_SAFE_INTEGER))

Path: TypeAlias = "tuple[Path, str | int] | None"
"""The path of a value: the path of its container, and its key or index there; None for the message itself."""


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _integer(digits: str) -> int:
    """Parse an integer. Parsing takes time quadratic in the length, so an integer that is too long becomes an
    out-of-range one, which is refused later."""
    return int(digits) if len(digits) <= _MAX_INTEGER_CHARACTERS else MAX_SAFE_INTEGER + 1


_read = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer).decode


def _all_but(kept: bytes) -> bytes:
    return bytes(set(range(256)).difference(kept))


_ALL_BUT_COMMAS = _all_but(b",")
_ALL_BUT_COMMAS_AND_BEGINNINGS = _all_but(b",[{")
_ALL_BUT_BEGINNINGS = _all_but(b"[{")
_ALL_BUT_BRACKETS = _all_but(b"[]{}")
_LONG_INTEGER = re.compile(rb"(?<![.\d])\d{%d}" % len(str(MAX_SAFE_INTEGER)))
_DIGITS_TO_ZEROS = bytes(ord("0") if chr(byte) in "0123456789" else byte for byte in range(256))
_MANY_ZEROS = b"0" * len(str(MAX_SAFE_INTEGER))


def has_more_values(data: bytes, most: int) -> bool:
    """Whether the JSON in `data` has more than `most` values, counting the outermost value and everything inside it.

    It counts without parsing, in a few passes over the bytes, so that a refusal costs less than parsing the message.
    The result is arbitrary if `data` is not JSON.
    """
    if len(data.translate(None, _ALL_BUT_COMMAS_AND_BEGINNINGS)) < most:
        return False
    if b'"' in data:
        # A value has at most four quotes: two of its own and two of its name.
        if data.count(b'"') - data.count(b'\\"') > 4 * most:
            return True
        data = _without_strings(data)
    commas = len(data.translate(None, _ALL_BUT_COMMAS))
    if commas >= most:
        return True
    data = data.translate(None, b" \t\r\n")
    # A container that is not empty has one value more than commas.
    beginnings = len(data.translate(None, _ALL_BUT_BEGINNINGS))
    return 1 + commas + beginnings - data.count(b"[]") - data.count(b"{}") > most


def is_shallow_and_small(data: bytes) -> bool:
    """Whether the JSON in `data` is certain to be at most `MAX_DEPTH` levels deep, and to have no integers beyond
    ±(2^53 − 1). Most messages are found to be so in a few passes over the bytes; False means that the values must be
    checked. The result is arbitrary if `data` is not JSON.
    """
    brackets = data.translate(None, _ALL_BUT_BRACKETS)
    if len(brackets) <= 2 * MAX_DEPTH and _MANY_ZEROS not in data.translate(_DIGITS_TO_ZEROS):
        return True  # even if all of it were outside of strings
    data = _without_strings(data)
    if _LONG_INTEGER.search(data) is not None:
        return False
    brackets = data.translate(None, _ALL_BUT_BRACKETS)
    if len(brackets) <= 2 * MAX_DEPTH:
        return True
    for _ in range(MAX_DEPTH):
        # Removing the innermost containers leaves those around them, so each pass removes at least one level.
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return not brackets


def _without_strings(data: bytes) -> bytes:
    """The JSON in `data` with empty strings in place of all strings."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b'""'.join(data.split(b'"')[::2])


def demand_few_values(data: bytes, most: int = MAX_VALUES) -> None:
    """Raise `InvalidMessage` if `data` has more than `most` values."""
    if has_more_values(data, most):
        raise InvalidMessage(f"Send at most {most:,} values at a time; split them into several messages or requests.")


def read_json(data: bytes) -> Any:
    """Parse the JSON in `data`; if a key is repeated, its last value counts.

    Raises `ValueError` if `data` is not JSON, or is nested too deeply to parse.
    """
    try:
        return _read(str(data, "utf-8"))
    except RecursionError:
        raise ValueError from None


def parse_object(data: bytes) -> dict[str, Any]:
    """Parse the JSON object in `data`.

    Raises `InvalidMessage` if `data` is not a JSON object. Call `demand_few_values` first, to bound the number of
    values.
    """
    try:
        value = read_json(data)
    except ValueError:
        raise InvalidMessage("Send one JSON object (RFC 8259, UTF-8) per text frame.") from None
    if not isinstance(value, dict):
        raise InvalidMessage("Send a JSON object: a message is not an array, a string or a number.")
    return value


def is_text(value: str) -> bool:
    """Whether `value` has neither U+0000 nor a lone surrogate."""
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(name: str) -> str:
    """Make a name that a client sent fit for an answer: short, without control characters, surrogates and
    back-ticks."""
    short = name[:_MAX_NAME_CHARACTERS]
    return "".join(character if character.isprintable() and character != "`" else "\ufffd" for character in short)


def field_path(path: Path) -> str:
    """The path as text, such as `data.rows[3]`."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{printable(step)}")
    return "".join(reversed(steps)).removeprefix(".")


def check_values(message: dict[str, Any], *, level: int = 1) -> None:
    """Check depth, numbers, strings and keys of everything in `message`. `level` is the depth of `message` itself; it
    is more than 1 if `message` will be forwarded within other objects.

    Raises `InvalidMessage` if `message` is too deep, or `InvalidRequest` naming the `field` if a value is invalid.
    Iterates instead of recursing, so that a deep message does not deepen the stack.
    """
    if not _are_right(message, level):
        _find_fault(message, level)


def _are_right(message: dict[str, Any], level: int) -> bool:
    """Whether all values are valid. Checks one level at a time, without paths, which only a refusal needs."""
    holders: list[dict[str, Any] | list[Any]] = [message]
    for _ in range(level, MAX_DEPTH + 1):
        values: list[Any] = []
        names: list[str] = []
        for holder in filter(None, holders):
            if type(holder) is dict:
                names += holder
                values += holder.values()
            else:
                values += holder
        if not is_text("".join(names)) or not _leaves_are_right(values):
            return False
        holders = [value for value in values if type(value) is dict or type(value) is list]
        if not holders:
            return True
    return False


def _leaves_are_right(values: list[Any]) -> bool:
    integers = [value for value in values if type(value) is int]
    if integers and not (min(integers) >= -MAX_SAFE_INTEGER and max(integers) <= MAX_SAFE_INTEGER):
        return False
    if not all(map(math.isfinite, [value for value in values if type(value) is float])):
        return False
    return is_text("".join([value for value in values if type(value) is str]))


def _find_fault(message: dict[str, Any], level: int) -> None:
    pending: list[tuple[dict[str, Any] | list[Any], int, Path]] = [(message, level, None)]
    while pending:
        holder, depth, path = pending.pop()
        for step, value in _items(holder, path):
            kind = type(value)
            if kind is dict or kind is list:
                if depth == MAX_DEPTH:
                    raise InvalidMessage(f"Nest objects and arrays at most {MAX_DEPTH} levels deep.")
                if value:
                    pending.append((value, depth + 1, (path, step)))
            elif kind is str:
                if not is_text(value):
                    raise _refusal((path, step), "must not contain U+0000 or a lone surrogate")
            elif kind is int:
                if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
                    raise _refusal((path, step), "must be an integer within ±(2^53 − 1); send larger ones as a string")
            elif kind is float and not math.isfinite(value):
                raise _refusal((path, step), "must be a finite number")


def _items(holder: dict[str, Any] | list[Any], path: Path) -> Iterable[tuple[str | int, Any]]:
    if isinstance(holder, list):
        return enumerate(holder)
    for key in holder:
        if not is_text(key):
            raise _refusal((path, key), "must have a name without U+0000 or a lone surrogate")
    return holder.items()


def _refusal(path: Path, sentence: str) -> InvalidRequest:
    field = field_path(path)
    return InvalidRequest(f"`{field}` {sentence}.", field=field)
