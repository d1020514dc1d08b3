"""The terms of a contest as an admin gives them (protocol §13, `POST` and `PATCH /contests`)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from duelcast.domain.contests.events import Payout
from duelcast.domain.contests.payout import DEFAULT_PAYOUT, check_payout, format_amount, parse_amount
from duelcast.domain.contests.valuation import VALUE_DECIMALS
from duelcast.domain.market.posted import HttpsUrl
from duelcast.errors import InvalidRequest, InvalidState
from duelcast.store.contests import PENDING, ContestRow
from duelcast.wire.messages import Symbol
from duelcast.wire.timestamps import format_ms, parse_time

MAX_PARTICIPANTS = 100_000
MAX_BALANCE = 1_000_000
MAX_PLACES = 1_000
MAX_ALLOWED_SYMBOLS = 1_000
CURRENCY = "SOL"
CODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"
CODE_CHARACTERS = 8

# No control characters, and no bidi embeddings, overrides or isolates, which affect the text that follows.
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*(?!\n)$"
_PAGE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE_PATTERN)]
Description = Annotated[str, Meta(max_length=2_000, pattern=_PAGE)]
Rules = Annotated[str, Meta(max_length=10_000, pattern=_PAGE)]
Time = Annotated[str, Meta(max_length=40, description="ISO-8601 with an offset.")]
Amount = Annotated[str | int | float, Meta(description="An amount with at most 9 decimals, as a string or a number.")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,16}(?!\n)$", description="1 to 16 characters of A-Z 0-9")]
Places = Annotated[int, Meta(ge=1, le=MAX_PARTICIPANTS)]
Balance = Annotated[float, Meta(ge=1, le=MAX_BALANCE)]
AllowedSymbols = Annotated[list[Symbol], Meta(max_length=MAX_ALLOWED_SYMBOLS)]


class PayoutInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A share of the prize pool."""

    place: int
    """The place, from 1; each place is named at most once."""
    percent: float
    """The percentage of the prize pool that goes to the place; all percentages sum to at most 100."""


Payouts = Annotated[list[PayoutInput], Meta(max_length=MAX_PLACES)]


class NewContest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of a new contest. Omitted fields get their defaults."""

    name: Name
    """The name, a line of plain text."""
    start_time: Time
    """When the contest starts, in the future."""
    end_time: Time
    """When the contest ends, after its start."""
    description: Description | None = None
    """A text about the contest, plain text."""
    image_url: HttpsUrl | None = None
    """The contest's image."""
    rules: Rules | None = None
    """The rules, plain text."""
    entry_fee: Amount | None = None
    """The fee to enter, in `currency`; 0 by default."""
    prize_pool: Amount | None = None
    """The sum that the winners share, in `currency`; 0 by default."""
    currency: Currency | None = None
    """The currency of the fee and the prizes; `SOL` by default."""
    payout: Payouts | None = None
    """The shares of the prize pool by place; by default 69, 20 and 11 percent for the first three places."""
    min_participants: Places | None = None
    """With fewer participants at `start_time`, the contest is cancelled; 1 by default."""
    max_participants: Places | None = None
    """At most this many may enter; up to 100,000 if it is null."""
    starting_balance: Balance | None = None
    """The value of every portfolio at the start; 1,000 by default."""
    allowed_symbols: AllowedSymbols | None = None
    """The symbols that portfolios may contain; empty, which is the default, means all."""


class ContestPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields to change. Null clears `description`, `image_url`, `rules` and `max_participants`; for other fields,
    null counts as absent."""

    name: Name | UnsetType | None = UNSET
    """The name, a line of plain text."""
    start_time: Time | UnsetType | None = UNSET
    """When the contest starts."""
    end_time: Time | UnsetType | None = UNSET
    """When the contest ends; after the start, it can only be moved to a later time."""
    description: Description | UnsetType | None = UNSET
    """A text about the contest, plain text."""
    image_url: HttpsUrl | UnsetType | None = UNSET
    """The contest's image."""
    rules: Rules | UnsetType | None = UNSET
    """The rules, plain text."""
    entry_fee: Amount | UnsetType | None = UNSET
    """The fee to enter, in `currency`."""
    prize_pool: Amount | UnsetType | None = UNSET
    """The sum that the winners share, in `currency`."""
    currency: Currency | UnsetType | None = UNSET
    """The currency of the fee and the prizes."""
    payout: Payouts | UnsetType | None = UNSET
    """The shares of the prize pool by place."""
    min_participants: Places | UnsetType | None = UNSET
    """With fewer participants at `start_time`, the contest is cancelled."""
    max_participants: Places | UnsetType | None = UNSET
    """At most this many may enter; up to 100,000 if it is null."""
    starting_balance: Balance | UnsetType | None = UNSET
    """The value of every portfolio at the start."""
    allowed_symbols: AllowedSymbols | UnsetType | None = UNSET
    """The symbols that portfolios may contain; empty means all."""


_DEFAULTS: dict[str, Any] = {
    "entry_fee": 0,
    "prize_pool": 0,
    "currency": CURRENCY,
    "payout": [PayoutInput(one.place, one.percent) for one in DEFAULT_PAYOUT],
    "min_participants": 1,
    "starting_balance": 1_000.0,
    "allowed_symbols": [],
}
_CLEARABLE = {"description", "image_url", "rules", "max_participants"}
_AFTER_THE_START = {"name", "description", "image_url", "end_ms"}
_WITHOUT_ENTRIES = {"starting_balance", "allowed_symbols"}
_FIELDS = {"start_ms": "start_time", "end_ms": "end_time"}


def places_of(contest: ContestRow) -> int:
    """The maximum number of participants."""
    return MAX_PARTICIPANTS if contest.max_participants is None else contest.max_participants


def new_code() -> str:
    """A random `contest_code`."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS))


def columns_of(given: NewContest, now_ms: int) -> dict[str, Any]:
    """The columns of a new contest. Raises `InvalidRequest`, which names the field at fault."""
    fields = {name: _DEFAULTS.get(name) if value is None else value for name, value in structs.asdict(given).items()}
    columns = _columns(fields)
    _check_times(columns["start_ms"], columns["end_ms"], now_ms)
    _check_places(columns["min_participants"], columns["max_participants"])
    return columns


def changes_of(
    patch: ContestPatch, contest: ContestRow, now_ms: int, *, participants: int, has_entries: bool
) -> dict[str, Any]:
    """The columns of `contest` that `patch` changes. Raises `InvalidRequest`, or `InvalidState` if a change is no
    longer possible; both name the field at fault."""
    fields = {
        name: value
        for name, value in structs.asdict(patch).items()
        if value is not UNSET and (value is not None or name in _CLEARABLE)
    }
    columns = {name: value for name, value in _columns(fields).items() if value != getattr(contest, name)}
    for name in columns:
        if contest.status != PENDING and name not in _AFTER_THE_START:
            raise InvalidState("The contest has begun: this can no longer be changed.", field=_FIELDS.get(name, name))
        if has_entries and name in _WITHOUT_ENTRIES:
            raise InvalidState("Somebody has entered: this can no longer be changed.", field=name)
    if contest.status != PENDING:
        if columns.get("end_ms", contest.end_ms) < contest.end_ms:
            raise InvalidRequest("The end can only be moved to a later time.", field="end_time")
    elif "start_ms" in columns or "end_ms" in columns:
        _check_times(columns.get("start_ms", contest.start_ms), columns.get("end_ms", contest.end_ms), now_ms)
    limit = columns.get("max_participants", contest.max_participants)
    if "min_participants" in columns or "max_participants" in columns:
        _check_places(columns.get("min_participants", contest.min_participants), limit)
    if "max_participants" in columns and limit is not None and limit < participants:
        raise InvalidState(f"The contest already has {participants} participants.", field="max_participants")
    return columns


def differences(contest: ContestRow, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The audit details of a change: the old and the new value of each field."""
    given = {}
    for name, value in columns.items():
        before_and_after = [getattr(contest, name), value]
        given[_FIELDS.get(name, name)] = list(map(format_ms, before_and_after)) if name in _FIELDS else before_and_after
    return given


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    columns = dict(fields)
    for name in ("start", "end"):
        if f"{name}_time" in columns:
            columns[f"{name}_ms"] = _time_ms(columns.pop(f"{name}_time"), f"{name}_time")
    for name in ("entry_fee", "prize_pool"):
        if name in columns:
            columns[name] = format_amount(parse_amount(columns[name], field=name))
    if "name" in columns and not columns["name"].strip():
        raise InvalidRequest("Give the contest a name.", field="name")
    if "payout" in columns:
        check_payout([Payout(place=one.place, percent=one.percent) for one in columns["payout"]])
        columns["payout"] = sorted([one.place, one.percent] for one in columns["payout"])
    if "starting_balance" in columns:
        # Values are ranked and sent with this many decimals, and the first value is the balance.
        columns["starting_balance"] = round(float(columns["starting_balance"]), VALUE_DECIMALS)
    if "allowed_symbols" in columns:
        columns["allowed_symbols"] = _distinct(columns["allowed_symbols"])
    return columns


def _distinct(symbols: Sequence[str]) -> list[str]:
    return sorted({symbol.upper() for symbol in symbols})


def _time_ms(text: str, field: str) -> int:
    try:
        return round(parse_time(text) * 1000)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"`{field}` must be an ISO-8601 time with an offset.", field=field) from None


def _check_times(start_ms: int, end_ms: int, now_ms: int) -> None:
    if start_ms <= now_ms:
        raise InvalidRequest("The contest must start in the future.", field="start_time")
    if end_ms <= start_ms:
        raise InvalidRequest("The contest must end after its start.", field="end_time")


def _check_places(least: int, most: int | None) -> None:
    if most is not None and least > most:
        raise InvalidRequest("`min_participants` must not be above `max_participants`.", field="min_participants")
