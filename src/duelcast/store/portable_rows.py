"""Checks that a row can be stored in SQLite and in PostgreSQL alike.

SQLite enforces neither the types of columns nor the ranges of integers, and it accepts U+0000 in texts. PostgreSQL
accepts NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import NamedTuple

import msgspec
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, LargeBinary, SmallInteger, String, Table

from duelcast.store.copy_port import Row

_BITS = {SmallInteger: 16, BigInteger: 64, Integer: 32}
_KINDS = {Boolean: bool, Double: float, JSON: str, String: str, LargeBinary: bytes}
_LIMIT = 1 << 63
_DIGITS = 21
_BEGIN_OF_NUMBER = frozenset("-0123456789")
_NAMES = {bool: "truth value", int: "integer", float: "number", str: "text in UTF-8", bytes: "blob"}


class Rule(NamedTuple):
    """The values that a column may have besides null. `limit` is that of integers: at least `-limit`, and less than
    `limit`."""

    name: str
    kind: type
    limit: int
    is_json: bool


def rules_of(table: Table) -> tuple[Rule, ...]:
    """The rules of the columns, in their order."""
    return tuple(_rule_of(column) for column in table.columns)


def fault_in(rules: Sequence[Rule], row: Row) -> str | None:
    """Why a row cannot be stored everywhere, as the rest of a sentence about the row; None if it can be."""
    for rule, value in zip(rules, row, strict=True):
        if value is not None:
            fault = _fault_of(rule, value)
            if fault is not None:
                return f"its `{rule.name}` {fault}"
    return None


def size_of(row: Iterable[object]) -> int:
    """About how many bytes the values of a row take."""
    return sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)


def number_in(text: str) -> int | float | None:
    """The number that a JSON text consists of, which SQLite stores as a number; None if it is something else."""
    text = text.strip()
    if text[:1] not in _BEGIN_OF_NUMBER:
        return None
    # The first digits suffice to see that an integer is too large for both databases.
    return int(text[:_DIGITS]) if text.removeprefix("-").isdecimal() else float(text)


def _rule_of(column: Column[object]) -> Rule:
    for kind, bits in _BITS.items():
        if isinstance(column.type, kind):
            return Rule(column.name, int, 1 << bits - 1, is_json=False)
    (found,) = (python for kind, python in _KINDS.items() if isinstance(column.type, kind))
    return Rule(column.name, found, 0, isinstance(column.type, JSON))


def _fault_of(rule: Rule, value: object) -> str | None:
    if type(value) is not rule.kind:
        return f"is no {_NAMES[rule.kind]}"
    if isinstance(value, str):
        if "\0" in value:
            return "contains U+0000, which PostgreSQL cannot store"
        return _fault_of_json(value) if rule.is_json else None
    if isinstance(value, int):
        fits = rule.kind is bool or -rule.limit <= value < rule.limit
        return None if fits else f"does not fit into {rule.limit.bit_length()} bits"
    return "is not a number" if isinstance(value, float) and isnan(value) else None


def _fault_of_json(text: str) -> str | None:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return "is no JSON"
    number = number_in(text)
    fits = number is None or (isfinite(number) if isinstance(number, float) else -_LIMIT <= number < _LIMIT)
    return None if fits else "does not fit into 64 bits"
