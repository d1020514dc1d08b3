"""The facts of the contract that clients need at run time, printed for TypeScript and for Python.

Web pages load the TypeScript file, so it contains only what differs from the usual.
"""

from __future__ import annotations

import json
from typing import Any

from duelcast.endpoints.documents.python import module
from duelcast.endpoints.documents.shapes import EndpointShapes, Shapes
from duelcast.endpoints.documents.typescript import WIDTH, property_name

_TYPESCRIPT = """\
// The facts of the contract that the client needs at run time. Written by `make docs`; do not edit.

import type { EndpointName } from "./messages.js";

/** The facts about an endpoint. Templates of channels have the names of a command's fields in braces. */
export interface EndpointFacts {
  /** The clients that may connect: all, those with a token, or those of admins. */
  readonly auth: "public" | "token" | "admin";
  /** With this name as `endpoint`, a client may connect without a token. */
  readonly publicName?: string;
  /** The commands that must not be repeated after a lost connection, as they might take effect twice. */
  readonly once?: readonly string[];
  /** The commands that may be repeated if the named field is set. */
  readonly keys?: Readonly<Record<string, string>>;
  /** The channels that a command joins. */
  readonly joins?: Readonly<Record<string, readonly string[]>>;
  /** The channels that a command leaves. */
  readonly leaves?: Readonly<Record<string, readonly string[]>>;
}

"""
_PYTHON = """\
class EndpointFacts(NamedTuple):
    \"\"\"The facts about an endpoint. Templates of channels have the names of a command's fields in braces.\"\"\"

    auth: Literal["public", "token", "admin"]
    \"\"\"The clients that may connect: all, those with a token, or those of admins.\"\"\"
    public_name: str | None = None
    \"\"\"With this name as `endpoint`, a client may connect without a token.\"\"\"
    once: Sequence[str] = ()
    \"\"\"The commands that must not be repeated after a lost connection, as they might take effect twice.\"\"\"
    keys: Mapping[str, str] = {}
    \"\"\"The commands that may be repeated if the named field is set.\"\"\"
    joins: Mapping[str, Sequence[str]] = {}
    \"\"\"The channels that a command joins.\"\"\"
    leaves: Mapping[str, Sequence[str]] = {}
    \"\"\"The channels that a command leaves.\"\"\"
"""


def typescript_facts(shapes: Shapes) -> str:
    """The file `contract.ts`."""
    lines = ["export const ENDPOINTS: Readonly<Record<EndpointName, EndpointFacts>> = {"]
    for endpoint in shapes.endpoints:
        lines += _literal(endpoint.name, _facts(endpoint), "  ")
    lines += [
        "};",
        "",
        "/** The codes of errors after which the same command may succeed later. */",
        f"export const RETRIABLE: readonly string[] = {json.dumps(_retriable(shapes))};",
        "",
        "/** The codes of closures after which it is useless to connect again. */",
        f"export const FINAL: readonly number[] = {json.dumps(_final(shapes))};",
        "",
    ]
    return _TYPESCRIPT + "\n".join(lines)


def python_facts(shapes: Shapes) -> str:
    """The module `contract`."""
    names = {"publicName": "public_name"}
    lines = ["ENDPOINTS: Mapping[str, EndpointFacts] = {"]
    for endpoint in shapes.endpoints:
        values = {names.get(name, name): value for name, value in _facts(endpoint).items()}
        lines.append(
            f"{endpoint.name!r}: EndpointFacts({', '.join(f'{name}={value!r}' for name, value in values.items())}),"
        )
    lines += ["}", '"""The facts about each endpoint."""', ""]
    lines += [f"RETRIABLE: frozenset[str] = frozenset({tuple(_retriable(shapes))!r})"]
    lines += ['"""The codes of errors after which the same command may succeed later."""', ""]
    lines += [f"FINAL: frozenset[int] = frozenset({tuple(_final(shapes))!r})"]
    lines += ['"""The codes of closures after which it is useless to connect again."""', ""]
    return module("The facts of the contract that the client needs at run time.", [_PYTHON, "\n".join(lines)], {})


def _facts(endpoint: EndpointShapes) -> dict[str, Any]:
    """The facts about an endpoint, without those that are empty."""
    commands = endpoint.commands
    facts = {
        "auth": endpoint.auth,
        "publicName": endpoint.public_name,
        "once": [command.type for command in commands if not command.safe and command.idempotency_key is None],
        "keys": {command.type: command.idempotency_key for command in commands if command.idempotency_key is not None},
        "joins": {command.type: list(command.joins) for command in commands if command.joins},
        "leaves": {command.type: list(command.leaves) for command in commands if command.leaves},
    }
    return {name: value for name, value in facts.items() if value}


def _retriable(shapes: Shapes) -> list[str]:
    return [each["code"] for each in shapes.error_codes if each.get("x-retriable")]


def _final(shapes: Shapes) -> list[int]:
    return [each["code"] for each in shapes.close_codes if not each["reconnect"]]


def _literal(name: str, value: Any, indent: str) -> list[str]:
    """A member of an object as TypeScript, on one line if it fits."""
    line = f"{indent}{property_name(name)}: {_inline(value)},"
    if len(line) <= WIDTH:
        return [line]
    start, end = "[]" if isinstance(value, list) else "{}"
    lines = [f"{indent}{property_name(name)}: {start}"]
    if isinstance(value, dict):
        for key, each in value.items():
            lines += _literal(key, each, f"{indent}  ")
    else:
        lines += [f"{indent}  {json.dumps(each)}," for each in value]
    return [*lines, f"{indent}{end},"]


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{property_name(key)}: {_inline(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
