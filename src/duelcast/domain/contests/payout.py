"""Prizes (protocol §5), and amounts as decimal strings (protocol §1.1)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from duelcast.domain.contests.events import Payout
from duelcast.errors import InvalidRequest

DEFAULT_PAYOUT = (Payout(place=1, percent=69.0), Payout(place=2, percent=20.0), Payout(place=3, percent=11.0))
AMOUNT_DECIMALS = 9
MAX_INTEGER_DIGITS = 18
"""With the decimals, an amount has at most 27 digits, which Python's default decimal context can represent exactly."""

_UNITS_PER_ONE = 10**AMOUNT_DECIMALS
_AMOUNT = re.compile(rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{AMOUNT_DECIMALS}}})?")

E = TypeVar("E")


def parse_amount(given: str | int | float, *, field: str) -> Decimal:
    """The amount `given` as a decimal string or as a number. A number stands for its shortest decimal form.

    Raises `InvalidRequest` with `field` if the amount has a sign, more than 9 decimals or more than 18 digits before
    the decimal point, or is a string with an exponent.
    """
    text = given if isinstance(given, str) else format(Decimal(repr(given)), "f")
    if not _AMOUNT.fullmatch(text):
        raise InvalidRequest(
            f"`{field}` must be 0 or more, with at most {MAX_INTEGER_DIGITS} digits before the decimal point, at most "
            f"{AMOUNT_DECIMALS} after it, and no exponent.",
            field=field,
        )
    return Decimal(text)


def format_amount(amount: Decimal) -> str:
    """`Decimal("1.500")` → `1.5`; no exponent, no trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_payout(payout: Sequence[Payout]) -> None:
    """Raises `InvalidRequest` if a place is below 1 or named twice, if a percentage is not above 0 and at most 100, or
    if the percentages sum to more than 100."""
    places: set[int] = set()
    for number, one in enumerate(payout):
        if one.place < 1 or one.place in places:
            raise InvalidRequest("Name each place once, starting at 1.", field=f"payout[{number}].place")
        if not 0 < one.percent <= 100:
            raise InvalidRequest(
                "Give each place a percentage above 0 and at most 100.", field=f"payout[{number}].percent"
            )
        places.add(one.place)
    if not sum(_exact(one.percent) for one in payout) <= 100:
        raise InvalidRequest("The percentages must sum to at most 100.", field="payout")


def prizes(pool: Decimal, payout: Sequence[Payout], standings: Iterable[tuple[E, int]]) -> dict[E, Decimal]:
    """The prizes above 0, by entry. `standings` are pairs of entry and rank, in listing order.

    Entries of equal rank share the prizes of their places equally. The sum of these prizes, and each share of it, are
    rounded down to 9 decimals; what the shares leave of the sum goes to the first of the tied entries. The prizes of
    places that nobody takes are not paid.
    """
    percents = {one.place: _exact(one.percent) for one in payout}
    last_place = max(percents, default=0)
    won: dict[E, Decimal] = {}
    for rank, group in groupby(standings, key=itemgetter(1)):
        if rank > last_place:
            break
        tied = [entry for entry, _ in group]
        held = range(rank, rank + len(tied))
        percent = sum(percent for place, percent in percents.items() if place in held)
        share, left = divmod(math.floor(Fraction(pool) * percent / 100 * _UNITS_PER_ONE), len(tied))
        first, other = (Decimal(units).scaleb(-AMOUNT_DECIMALS) for units in (share + left, share))
        shares = [first] + [other] * (len(tied) - 1)
        won |= {entry: prize for entry, prize in zip(tied, shares, strict=True) if prize}
    return won


def _exact(percent: float) -> Fraction:
    """The decimal number as it was written, not the double nearest to that number."""
    return Fraction(repr(percent))
