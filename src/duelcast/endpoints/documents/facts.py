"""The facts of the contract that clients need at run time, printed for TypeScript and for Python.

Web pages load the TypeScript file, so it contains only what differs from the usual, and the facts about commands stand
apart: a page that makes no requests leaves them out.
"""

from __future__ import annotations

import json
from typing import Any

from duelcast.endpoints.documents.members import PARAMETER
from duelcast.endpoints.documents.python import literal, module
from duelcast.endpoints.documents.shapes import ChannelFamily, Command, EndpointShapes, Shapes
from duelcast.endpoints.documents.typescript import WIDTH, property_name

_TYPESCRIPT = """\
// The facts of the contract that the client needs at run time. Written by `make docs`; do not edit.

import type { EndpointName } from "./messages.js";

/** The facts about an endpoint. */
export interface EndpointFacts {
  /** Whether a client needs no token. */
  readonly isPublic?: boolean;
  /** With this name as `endpoint`, a client may connect without a token. */
  readonly publicName?: string;
}

/**
 * The facts about the commands of an endpoint, but for those that the client handles by itself: channels and rooms.
 * Templates of channels have the names of a command's fields in braces.
 */
export interface CommandFacts {
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
_KNOWN = frozenset({"auth", "subscribe", "unsubscribe", "join_contest_room", "leave_contest_room"})
"""The commands that the client handles by itself."""

_PYTHON = """\
class CommandFacts(NamedTuple):
    \"\"\"The facts about a command. Templates of channels have the names of its fields in braces.\"\"\"

    safe: bool = False
    \"\"\"Whether it may be repeated after a lost connection.\"\"\"
    key: str | None = None
    \"\"\"The field that, if it is set, makes it safe to repeat the command.\"\"\"
    joins: tuple[str, ...] = ()
    \"\"\"The channels that the command joins.\"\"\"
    leaves: tuple[str, ...] = ()
    \"\"\"The channels that the command leaves.\"\"\"


class EndpointFacts(NamedTuple):
    \"\"\"The facts about an endpoint.\"\"\"

    path: str
    auth: Literal["public", "token", "admin"]
    \"\"\"The clients that may connect: all, those with a token, or those of admins.\"\"\"
    commands: Mapping[str, CommandFacts]
    public_name: str | None = None
    \"\"\"With this name as `endpoint`, a client may connect without a token.\"\"\"
    groups: Mapping[str, str] = {}
    \"\"\"The groups, each with the beginning of the names of its channels.\"\"\"
"""


def typescript_facts(shapes: Shapes) -> str:
    """The file `contract.ts`."""
    lines = ["export const ENDPOINTS: Readonly<Record<EndpointName, EndpointFacts>> = {"]
    for endpoint in shapes.endpoints:
        facts = _given({"isPublic": endpoint.auth == "public", "publicName": endpoint.public_name})
        lines += _literal(f"  {property_name(endpoint.name)}: ", facts, ",")
    lines += ["};", "", "export const COMMANDS: Readonly<Record<EndpointName, CommandFacts>> = {"]
    for endpoint in shapes.endpoints:
        lines += _literal(f"  {property_name(endpoint.name)}: ", _command_facts(endpoint), ",")
    lines += [
        "};",
        "",
        "/** The codes of errors after which the same command may succeed later. */",
        *_literal("export const RETRIABLE: readonly string[] = ", _retriable(shapes), ";"),
        "",
        "/** The codes of closures after which it is useless to connect again. */",
        *_literal("export const FINAL: readonly number[] = ", _final(shapes), ";"),
        "",
    ]
    return _TYPESCRIPT + "\n".join(lines)


def python_facts(shapes: Shapes) -> str:
    """The module `contract`."""
    endpoints = "".join(f"{endpoint.name!r}: {_python_endpoint(endpoint)}," for endpoint in shapes.endpoints)
    body = f'''\
EndpointName: TypeAlias = {literal(endpoint.name for endpoint in shapes.endpoints)}
"""The names of the endpoints."""

ENDPOINTS: Mapping[str, EndpointFacts] = {{{endpoints}}}
"""The facts about each endpoint."""

RETRIABLE: frozenset[str] = frozenset({tuple(_retriable(shapes))!r})
"""The codes of errors after which the same command may succeed later."""

FINAL: frozenset[int] = frozenset({tuple(_final(shapes))!r})
"""The codes of closures after which it is useless to connect again."""
'''
    return module("The facts of the contract that the client needs at run time.", [_PYTHON, body], {})


def _python_endpoint(endpoint: EndpointShapes) -> str:
    commands = "".join(f"{command.type!r}: {_python_command(command)}," for command in endpoint.commands)
    groups = {family.group: PARAMETER.split(family.name)[0] for family in endpoint.channels if _has_group(family)}
    optional = {"public_name": endpoint.public_name, "groups": groups}
    members = "".join(f"{name}={value!r}," for name, value in optional.items() if value)
    return f"EndpointFacts(path={endpoint.path!r}, auth={endpoint.auth!r}, {members} commands={{{commands}}})"


def _python_command(command: Command) -> str:
    facts = {
        "safe": command.safe,
        "key": command.idempotency_key,
        "joins": tuple(command.joins),
        "leaves": tuple(command.leaves),
    }
    return f"CommandFacts({', '.join(f'{name}={value!r}' for name, value in facts.items() if value)})"


def _has_group(family: ChannelFamily) -> bool:
    """Whether all channels of a family form one group."""
    return family.group is not None and not PARAMETER.search(family.group)


def _command_facts(endpoint: EndpointShapes) -> dict[str, Any]:
    commands = [command for command in endpoint.commands if command.type not in _KNOWN]
    return _given(
        {
            "once": [command.type for command in commands if not command.safe and command.idempotency_key is None],
            "keys": {command.type: command.idempotency_key for command in commands if command.idempotency_key},
            "joins": {command.type: list(command.joins) for command in commands if command.joins},
            "leaves": {command.type: list(command.leaves) for command in commands if command.leaves},
        }
    )


def _given(facts: dict[str, Any]) -> dict[str, Any]:
    """`facts` without those that are empty."""
    return {name: value for name, value in facts.items() if value}


def _retriable(shapes: Shapes) -> list[str]:
    return [each["code"] for each in shapes.error_codes if each["x-retriable"]]


def _final(shapes: Shapes) -> list[int]:
    return [each["code"] for each in shapes.close_codes if not each["reconnect"]]


def _literal(start: str, value: Any, end: str) -> list[str]:
    """`start`, a list or object as TypeScript, and `end`, on one line if it fits."""
    line = f"{start}{_inline(value)}{end}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(start) - len(start.lstrip()))
    if isinstance(value, dict):
        lines = [f"{start}{{"]
        for key, each in value.items():
            lines += _literal(f"{indent}  {property_name(key)}: ", each, ",")
        return [*lines, f"{indent}}}{end}"]
    return [f"{start}[", *(f"{indent}  {json.dumps(each)}," for each in value), f"{indent}]{end}"]


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{property_name(key)}: {_inline(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
