"""Bodies of requests, as strict as messages (protocol 1.1).

As with messages, one pass of msgspec is enough for what is right, and the slow way decides about the rest.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NoReturn, cast

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct, inspect

from duelcast.domain.accounts.identity import Identity
from duelcast.errors import InvalidMessage
from duelcast.wire.json_values import check_values
from duelcast.wire.refusals import invalid_request

MAX_BODY_BYTES = 1024 * 1024


_LOOSER_IN_MSGSPEC = re.compile(rb"\\u0000|(?<![.0-9])[0-9]{16}")
"""What msgspec takes and the contract may not: U+0000, and integers of more than 53 bits where a number may be. Digits
behind a point are neither, and prices often have as many."""
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


_read = json.JSONDecoder(parse_constant=_refuse_constant).decode


class StrictRequest(Request[Identity | None, Any, State]):
    """Decodes the body strictly into the type that the handler declares for `data`."""

    async def json(self) -> Any:
        """The body; None where there is none, and the handler can do without. Raises `InvalidMessage` or
        `InvalidRequest`; status 415 where it is not declared as JSON."""
        handler = self.route_handler
        assert isinstance(handler, HTTPRouteHandler)
        field = handler.parsed_data_field
        assert field is not None, "only a handler that takes `data` reads a body"
        body = await self.body()
        if not body and field.is_optional:
            return None
        if self.content_type[0] != "application/json":
            raise HTTPException(status_code=415)
        return decode_body(body, field.annotation)


def decode_body(body: bytes, body_type: Any) -> Any:
    """`body` as `body_type`, a struct or a list of structs.

    Raises `InvalidMessage` where it is not JSON, `InvalidRequest` where it is something else.
    """
    if _LOOSER_IN_MSGSPEC.search(body) is None and not _has_free_form(body_type):
        try:
            return msgspec.json.decode(body, type=body_type)
        except _REFUSALS:
            pass
    return _decode_slowly(body, body_type)


@cache
def _has_free_form(body_type: Any) -> bool:
    """Whether a field may be any JSON, of which msgspec checks neither depth nor numbers."""
    declared = inspect.type_info(body_type)
    if not isinstance(declared, inspect.StructType):
        return False
    return any(isinstance(_plain(each.type), inspect.AnyType) for each in declared.fields)


def _plain(declared: inspect.Type) -> inspect.Type:
    return declared.type if isinstance(declared, inspect.Metadata) else declared


def _decode_slowly(body: bytes, body_type: Any) -> Any:
    try:
        value = _read(str(body, "utf-8"))
    except (ValueError, RecursionError):
        raise InvalidMessage("Send a body of JSON (RFC 8259, UTF-8).") from None
    check_values(value if isinstance(value, dict) else {"": value})
    try:
        return msgspec.convert(_without_private(value), body_type)
    except msgspec.ValidationError as error:
        # It takes any type that msgspec can inspect; what it is declared for is its usual use.
        raise invalid_request(cast("type[Struct]", body_type), error) from None


def _without_private(value: Any) -> Any:
    """Fields whose name starts with `_` are the client's own."""
    if isinstance(value, list):
        return [_without_private(row) for row in value]
    if isinstance(value, dict):
        return {name: member for name, member in value.items() if not name.startswith("_")}
    return value
