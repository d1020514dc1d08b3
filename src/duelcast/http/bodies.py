"""Request bodies, decoded as strictly as messages (protocol §1.1).

As with messages, msgspec decodes valid bodies in one pass, and a slow path decides about the rest.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from msgspec import Raw, Struct, inspect

from duelcast.domain.accounts.identity import Identity
from duelcast.errors import ContentTooLarge, InvalidMessage, InvalidRequest
from duelcast.wire.json_rules import MAX_VALUES, check_values, demand_few_values, has_more_values, read_json
from duelcast.wire.refusals import invalid_request

KIB = 1024
SHORT_BODY_BYTES = 16 * KIB
"""The limit for bodies with a few fields."""
BODY_BYTES = 64 * KIB
"""The limit for routes that set none of their own."""
TEXTS_BODY_BYTES = 256 * KIB
"""The limit for bodies with texts of thousands of characters, which may be escaped."""
BULK_BODY_BYTES = 1024 * KIB
"""The limit for lists, and for values of any form."""

MAX_ROWS = 10_000
"""A body that is a list may have at most this many rows."""
ROWS_PER_TURN = 100
"""How many rows are decoded in one turn of the event loop."""

VALUES_OPTION = "most_values"
"""The route option that sets how many values a body may have (default: `MAX_VALUES`)."""

_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAX_ROW_VALUES = 12
"""No row has more values than this."""
_DIGITS_ALIKE = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_SIXTEEN_DIGITS = b"0" * 16
_BEFORE_A_NUMBER = (b"", b":", b",", b"[", b" ", b"\t", b"\r", b"\n")
_NO_JSON = "Send a JSON body (RFC 8259, UTF-8)."


class StrictRequest(Request[Identity | None, Any, State]):
    """Decodes the body strictly into the type that the handler declares for `data`."""

    async def json(self) -> Any:
        """The body; None if there is none and the handler does not need it. Raises `InvalidMessage`, `InvalidRequest`,
        or `HTTPException` with status 415 if the body is not declared as JSON."""
        handler = self.route_handler
        assert isinstance(handler, HTTPRouteHandler)
        field = handler.parsed_data_field
        assert field is not None, "only a handler that takes `data` reads a body"
        body = await self.body()
        if not body and field.is_optional:
            return None
        if self.content_type[0] != "application/json":
            raise HTTPException(status_code=415)
        if get_origin(field.annotation) is list:
            return await decode_rows(body, get_args(field.annotation)[0])
        return decode_body(body, field.annotation, handler.opt.get(VALUES_OPTION, MAX_VALUES))


async def take_body(request: Request[Any, Any, Any]) -> None:
    """Wait for the body; `request` keeps it. Raises `ContentTooLarge` as soon as the body turns out to be too big, and
    `InvalidRequest` if a required body is missing."""
    try:
        body = await request.body()
    except RequestEntityTooLarge:
        most = request.route_handler.resolve_request_max_body_size()
        assert most is not None, "the application sets a limit for all routes"
        raise ContentTooLarge(f"The body is too big: send at most {most // KIB:,} KiB here.") from None
    field = request.route_handler.parsed_data_field
    if not body and field is not None and not field.is_optional:
        raise InvalidRequest("Send a JSON body, declared as application/json.")


def decode_body(body: bytes, body_type: Any, most_values: int = MAX_VALUES) -> Any:
    """`body` as the struct `body_type`.

    Raises `InvalidMessage` if it is not JSON or has too many values, and `InvalidRequest` if it does not match the
    type.
    """
    demand_few_values(body, most_values)
    if not (_has_free_form(body_type) or _is_looser_in_msgspec(body)):
        try:
            return msgspec.json.decode(body, type=body_type)
        except _REFUSALS:
            pass
    return _decode_slowly(body, body_type)


async def decode_rows(body: bytes, row_type: type[Struct]) -> list[Any]:
    """`body` as a list of structs, decoded in several turns of the event loop if it is long.

    Raises `InvalidMessage` if it is not JSON or has too many rows, and `InvalidRequest` for the first invalid row.
    """
    try:
        # A body with more values than the allowed rows can have is not split, because that would take too long.
        rows = None if has_more_values(body, MAX_ROWS * _MAX_ROW_VALUES) else msgspec.json.decode(body, type=list[Raw])
    except _REFUSALS:
        demand_few_values(body)
        whole: list[Any] = _decode_slowly(body, list[row_type])  # type: ignore[valid-type]  # made at run time
        return whole
    if rows is None or len(rows) > MAX_ROWS:
        raise InvalidMessage(f"Send at most {MAX_ROWS:,} rows at a time: split them into several requests.")
    decode, may_be_looser = msgspec.json.Decoder(row_type).decode, _is_looser_in_msgspec(body)
    found: list[Any] = []
    for index, row in enumerate(rows):
        if index % ROWS_PER_TURN == ROWS_PER_TURN - 1:
            await asyncio.sleep(0)
        if not (may_be_looser and _is_looser_in_msgspec(bytes(row))):
            try:
                found.append(decode(row))
                continue
            except _REFUSALS:
                pass
        found.append(_decode_slowly(bytes(row), row_type, at=f"[{index}]"))
    return found


@cache
def _has_free_form(body_type: Any) -> bool:
    """Whether `body_type` has a field that accepts any JSON. In such a field, msgspec checks neither the depth nor the
    numbers."""
    declared = inspect.type_info(body_type)
    if not isinstance(declared, inspect.StructType):
        return False
    return any(isinstance(_plain(each.type), inspect.AnyType) for each in declared.fields)


def _plain(declared: inspect.Type) -> inspect.Type:
    return declared.type if isinstance(declared, inspect.Metadata) else declared


def _is_looser_in_msgspec(body: bytes) -> bool:
    """Whether the body may contain something that msgspec accepts but the contract does not: U+0000, or an integer of
    more than 53 bits, that is, at least 16 digits where a number may begin. Digits after a decimal point do not count,
    because prices often have that many."""
    if b"\\u0000" in body:
        return True
    digits = body.translate(_DIGITS_ALIKE)
    place = digits.find(_SIXTEEN_DIGITS)
    while place >= 0:
        if digits[max(place - 2, 0) : place].removesuffix(b"-")[-1:] in _BEFORE_A_NUMBER:
            return True
        place = digits.find(_SIXTEEN_DIGITS, place + len(_SIXTEEN_DIGITS))
    return False


def _decode_slowly(body: bytes, body_type: Any, *, at: str = "") -> Any:
    try:
        value = read_json(body)
    except ValueError:
        raise InvalidMessage(_NO_JSON) from None
    value = _without_private(value)
    check_values(value if isinstance(value, dict) and not at else {at: value})
    try:
        return msgspec.convert(value, body_type)
    except msgspec.ValidationError as error:
        raise invalid_request(body_type, error, at=at) from None


def _without_private(value: Any) -> Any:
    """`value` without the fields whose names begin with `_`, which are the client's own."""
    if isinstance(value, list):
        return [_without_private(row) for row in value]
    if isinstance(value, dict):
        return {name: member for name, member in value.items() if not name.startswith("_")}
    return value
