"""Error codes and close codes, read from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from duelcast.errors import AppError, Disconnect, InternalError

E = TypeVar("E", AppError, Disconnect)


class ErrorCode(Struct, frozen=True, rename={"http_status": "httpStatus", "retriable": "x-retriable"}):
    """A code of an error message. If it is `retriable`, the same request may succeed later."""

    code: str
    http_status: int
    description: str
    retriable: bool


class CloseCode(Struct, frozen=True, rename="camel"):
    """A code with which a connection ends, and whether a client should reconnect."""

    code: int
    description: str
    reconnect: bool


def error_codes(codes: set[str] | None = None) -> list[ErrorCode]:
    """The descriptions of `codes`, by default of all codes. Raises `LookupError` for a code that no error of the server
    has."""
    known = {error.code: error for error in _declared(AppError) if "code" in vars(error)}
    known[InternalError.code] = InternalError
    shown = known if codes is None else codes
    return [_described(known[code]) for code in sorted(shown)]


def _described(error: type[AppError]) -> ErrorCode:
    return ErrorCode(error.code, error.http_status, _meaning(error), error.retriable)


def close_codes() -> list[CloseCode]:
    """Every close code, in ascending order."""
    known = {end.close_code: end for end in _declared(Disconnect) if "close_code" in vars(end)}
    declared = [CloseCode(code, _meaning(end), end.reconnect) for code, end in known.items()]
    return sorted([*_CLOSED_BY_CLIENTS, *declared], key=lambda each: each.code)


_CLOSED_BY_CLIENTS = (
    CloseCode(1000, "The client is done; its close frame is answered with the same code.", False),
    CloseCode(1001, "One side goes away, for example because the user leaves the page.", True),
)
"""Codes of RFC 6455, section 7.4.1, that the server never sends first."""


def _declared(base: type[E]) -> Iterator[type[E]]:
    """The server's own subclasses of `base`, without those that tests declare."""
    for found in base.__subclasses__():
        if found.__module__.startswith("duelcast."):
            yield found
        yield from _declared(found)


def _meaning(declared: type[Exception]) -> str:
    return inspect.getdoc(declared) or ""
