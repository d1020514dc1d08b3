"""The attempts: every command and every route of the API documents, with small, large and invalid input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from benchmarks.abuse.samples import KNOWN, Samples

KIB = 1024
BODY_BYTES = 1024 * KIB
"""No route accepts a larger body."""
CONNECT = "connect"
CACHED = frozenset({"/asyncapi.json", "/openapi.json", "/docs", "/docs/clients", "/"})
"""Documents that the server creates only once."""


@dataclass(frozen=True)
class Attempt:
    """One message or request. `surface` is a WebSocket endpoint or `http`; `text` is the message or the body.

    `is_promised` says that the contract promises a snapshot, a replay or a list as the answer. Such an answer may be
    large; the caller is charged for its rows.
    """

    surface: str
    title: str
    text: str = ""
    method: str = ""
    path: str = ""
    is_promised: bool = False


def messages(document: Mapping[str, Any]) -> Iterator[Attempt]:
    """The attempts for each endpoint in the AsyncAPI document."""
    samples = Samples(document)
    for operation_id, operation in document["operations"].items():
        endpoint, _, name = operation_id.partition(".")
        if operation["action"] != "receive":
            continue
        if name == CONNECT:
            yield Attempt(endpoint, CONNECT, is_promised=True)
            continue
        for reference in operation["messages"]:
            message = _resolve(document, _resolve(document, reference["$ref"])["$ref"])
            schema = message["payload"]
            replies = operation.get("reply", {}).get("messages", [])
            is_promised = _joins(name, replies) or "x-successor" in message
            for title, text in _texts(samples, schema, message["name"], _limit(document, endpoint)):
                yield Attempt(endpoint, f"{message['name']}, {title}", text, is_promised=is_promised)


def _joins(name: str, replies: list[Any]) -> bool:
    return name.lower().startswith(("subscribe", "get_", "join_")) or name == "auth" or not replies


def _limit(document: Mapping[str, Any], endpoint: str) -> int:
    limit: int = document["channels"][endpoint].get("x-max-message-bytes", 64 * KIB)
    return limit


def _texts(samples: Samples, schema: Any, name: str, limit: int) -> Iterator[tuple[str, str]]:
    least, most = samples.least(schema), samples.most(schema)
    yield "least", json.dumps(least)
    yield "most", _fitting(most, limit)
    yield "many values", _filled(least, "_own", "{},", limit)
    yield "many unknown values", _filled(least, "own", "{},", limit)
    yield "deep values", _filled(least, "own", "[", limit)
    yield "a long text", _filled(least, "own", "a", limit, quote_it=True)
    yield "many fields", _fields(least, limit)
    yield "escapes", _filled(least, "own", "\\u0041", limit, quote_it=True)
    yield "digits", _filled(least, "own", "9", limit, bare=True)
    if isinstance(most, dict):
        for key, value in most.items():
            if isinstance(value, list) and value:
                yield f"{key} repeated", _fitting({**least, key: [value[0]] * len(value)}, limit)


def _fitting(value: Any, limit: int) -> str:
    """`value` as JSON. The lists and texts of an object are halved until the JSON has at most `limit` bytes."""
    text = json.dumps(value)
    while len(text) > limit and isinstance(value, dict):
        value = {name: one[: len(one) // 2] if isinstance(one, list | str) else one for name, one in value.items()}
        text = json.dumps(value)
    return text


def _filled(least: Any, name: str, unit: str, limit: int, *, quote_it: bool = False, bare: bool = False) -> str:
    head = json.dumps(least)[:-1] if isinstance(least, dict) else "{"
    head += f'{"," if len(head) > 1 else ""}"{name}":'
    opening, closing = ('"', '"}') if quote_it else ("", "}") if bare else ("[", "0]}")
    count = (limit - len(head) - len(opening) - len(closing)) // len(unit)
    return head + opening + unit * count + closing


def _fields(least: Any, limit: int) -> str:
    head = json.dumps(least)[:-1] if isinstance(least, dict) else "{"
    fields = (f',"x{number}":0' for number in range(limit))
    text, size = [head], len(head) + 1
    for field in fields:
        size += len(field)
        if size > limit:
            break
        text.append(field if len(text) > 1 or len(head) > 1 else field[1:])
    return "".join(text) + "}"


def requests(document: Mapping[str, Any]) -> Iterator[Attempt]:
    """The attempts for each route in the OpenAPI document, and some for paths and methods that do not exist."""
    samples = Samples(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield from _requests_of(samples, path, method.upper(), operation)
    yield Attempt("http", "an unknown path", method="GET", path="/api/v69/nothing")
    yield Attempt("http", "a long unknown path", method="GET", path="/" + "a" * 8_000)
    yield Attempt("http", "a long query", method="GET", path="/api/v69/tokens?" + "a=1&" * 2_000)
    yield Attempt("http", "a WebSocket endpoint without an upgrade", method="GET", path="/api/v69/ws/contest")
    yield Attempt("http", "an unknown method", method="BREW", path="/api/v69/tokens")


def _requests_of(samples: Samples, path: str, method: str, operation: Mapping[str, Any]) -> Iterator[Attempt]:
    filled, query = path, []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            value = KNOWN.get(parameter["name"], 1)
            filled = filled.replace(f"{{{parameter['name']}}}", quote(str(value)))
        elif parameter["in"] == "query" and parameter["name"] != "cursor":
            query.append(f"{parameter['name']}={quote(str(samples.most(parameter['schema'])))}")
    is_promised = method == "GET"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is None:
        yield Attempt("http", f"{method} {path}", method=method, path=filled, is_promised=is_promised)
        if query:
            asked = f"{filled}?{'&'.join(query)}"
            yield Attempt(
                "http", f"{method} {path}, all parameters", method=method, path=asked, is_promised=is_promised
            )
        return
    for title, text in _texts(samples, body, "", BODY_BYTES):
        yield Attempt("http", f"{method} {path}, {title}", text, method=method, path=filled)


def _resolve(document: Mapping[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
