"""Prints the types of messages and of the HTTP API for TypeScript."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from duelcast.endpoints.documents.members import PARAMETER, Field, Schema, Shape, alternatives, pascal
from duelcast.endpoints.documents.operations import Operation, Operations
from duelcast.endpoints.documents.shapes import ChannelFamily, Command, EndpointShapes, Shapes

WIDTH = 120
_HEAD = """\
// The messages of the endpoints. Written by `make docs` from the AsyncAPI document; do not edit.
"""
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

_HELPERS = """\
/** The names of the endpoints. */
export type EndpointName = keyof Contract;

/** The `type` of each command of an endpoint. */
export type CommandOf<E extends EndpointName> = keyof Contract[E]["commands"] & string;

/** The members of a command besides `type` and `requestId`. */
export type BodyOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  body: infer Body;
}
  ? Body
  : never;

/** The message that answers a command. */
export type ReplyOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  reply: infer Reply;
}
  ? Reply
  : never;

/** The codes of the errors that may answer a command. */
export type ErrorCodeOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  errors: infer Code;
}
  ? Code
  : never;

/** The `type` of each message that the server sends on an endpoint. */
export type TypeOf<E extends EndpointName> = Contract[E]["message"]["type"];

/** The message with the `type` T. */
export type MessageOf<E extends EndpointName, T extends TypeOf<E>> = Extract<Contract[E]["message"], { type: T }>;

type Families<E extends EndpointName> = Contract[E]["channels"][keyof Contract[E]["channels"]];

/** The names of the channels and groups of an endpoint. */
export type ChannelOf<E extends EndpointName> = Families<E> extends { name: infer Name } ? Name : never;

/** The messages that are published on a channel or to a group. */
export type PushOf<E extends EndpointName, Channel extends ChannelOf<E>> =
  Families<E> extends infer Family
    ? Family extends { name: infer Name; push: infer Push }
      ? Channel extends Name
        ? Push
        : never
      : never
    : never;
"""


def messages(shapes: Shapes) -> str:
    """The file `messages.ts`: an interface for each record, message and command, and the contract of each endpoint."""
    sent = {message.shape.name: message for endpoint in shapes.endpoints for message in endpoint.messages}
    commands = {command.shape.name: command for endpoint in shapes.endpoints for command in endpoint.commands}
    parts = [
        _HEAD,
        *(interface(record) for record in shapes.records),
        *(interface(sent[name].shape, type_=sent[name].type) for name in sorted(sent)),
        *(interface(commands[name].shape) for name in sorted(commands)),
        _error_codes(shapes),
        *(_message_union(endpoint) for endpoint in shapes.endpoints),
        _contract(shapes.endpoints, _of_every_command(shapes)),
        _HELPERS,
    ]
    return "\n".join(parts)


def operations(http: Operations) -> str:
    """The file `http.ts`: an interface for each record that messages do not have, and the operations."""
    lines = ["/** The operations of the HTTP API by name. */", "export interface HttpOperations {"]
    for operation in http.operations:
        lines += (f"  {line}" for line in _operation(operation))
    parts = [
        "// The HTTP API. Written by `make docs` from the OpenAPI document; do not edit.\n",
        _import(sorted(http.shared)),
        *(interface(record) for record in http.records),
        "\n".join([*lines, "}", ""]),
    ]
    return "\n".join(parts)


def _import(names: Sequence[str]) -> str:
    line = f'import type {{ {", ".join(names)} }} from "./messages.js";\n'
    if len(line) <= WIDTH:
        return line
    return "\n".join(["import type {", *(f"  {name}," for name in names), '} from "./messages.js";', ""])


# ── records and messages ──────────────────────────────────────────────────────────────────────────────────────────────


def interface(shape: Shape, *, type_: str | None = None) -> str:
    """The interface of a record or message."""
    lines = comment(shape.description)
    if not shape.fields and type_ is None:
        return "\n".join([*lines, f"export type {shape.name} = Record<string, never>;", ""])
    lines.append(f"export interface {shape.name} {{")
    if type_ is not None:
        lines.append(f"  type: {json.dumps(type_)};")
    for field in shape.fields:
        lines += (f"  {line}" for line in member(field, asked=shape.asked))
    return "\n".join([*lines, "}", ""])


def member(field: Field, *, asked: bool, width: int = WIDTH - 2) -> Iterator[str]:
    """The lines of a member."""
    yield from comment(field.description, width)
    schema, mark, end = field.schema, "", ""
    if not field.always:
        mark = "?"
        if asked:
            schema, end = _without_default(schema), " | undefined"
    yield from broken(f"{property_name(field.name)}{mark}: ", _parts(schema, asked=asked), f"{end};", width)


def type_text(schema: Schema, *, asked: bool) -> str:
    """The type of a value. If not `asked`, enumerations accept further values."""
    return " | ".join(_parts(schema, asked=asked))


def _parts(schema: Schema, *, asked: bool) -> list[str]:
    """The alternatives of a type."""
    parts = (part for each in alternatives(schema) for part in _parts_of_one(each, asked=asked))
    return list(dict.fromkeys(parts))


def _parts_of_one(schema: Schema, *, asked: bool) -> list[str]:
    """Those of a type that is no union."""
    if "$ref" in schema:
        return [schema["$ref"]]
    if "const" in schema:
        return [json.dumps(schema["const"])]
    if "enum" in schema:
        choices = [json.dumps(choice) for choice in schema["enum"]]
        is_open = not asked and any(isinstance(choice, str) for choice in schema["enum"])
        return [*choices, "(string & {})"] if is_open else choices
    kind = schema.get("type")
    if kind == "array":
        items = type_text(schema.get("items", {}), asked=asked)
        text = f"({items})[]" if " | " in items else f"{items}[]"
        return [f"readonly {text}" if asked else text]
    if kind == "object":
        values = schema.get("additionalProperties")
        return [f"Record<string, {type_text(values, asked=asked) if isinstance(values, dict) else 'unknown'}>"]
    return [_SCALARS[kind]] if kind is not None else ["unknown"]


def _without_default(schema: Schema) -> Schema:
    """`schema` without null if that means the same as leaving the member out."""
    if "default" not in schema or "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [part for part in schema["anyOf"] if part != {"type": "null"}]}


# ── endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _error_codes(shapes: Shapes) -> str:
    every = sorted(_of_every_command(shapes))
    return "\n".join(
        [
            "/** The codes of errors; the server may add some. */",
            *broken("export type ErrorCode = ", [json.dumps(each["code"]) for each in shapes.error_codes]),
            "",
            "/** The codes with which the server may refuse any command. */",
            *broken("export type CommonErrorCode = ", [json.dumps(code) for code in every]),
            "",
        ]
    )


def _of_every_command(shapes: Shapes) -> set[str]:
    return set.intersection(*(set(command.errors) for endpoint in shapes.endpoints for command in endpoint.commands))


def _message_union(endpoint: EndpointShapes) -> str:
    names = [message.shape.name for message in endpoint.messages]
    return "\n".join(
        [
            f"/** Everything that the server sends on `{endpoint.name}`. */",
            *broken(f"export type {pascal(endpoint.name)}Message = ", names),
            "",
        ]
    )


def _contract(endpoints: Sequence[EndpointShapes], common: set[str]) -> str:
    lines = ["/** By endpoint: the commands with their answers, the messages of the server, and the channels. */"]
    lines.append("export interface Contract {")
    for endpoint in endpoints:
        lines.append(f"  {property_name(endpoint.name)}: {{")
        lines.append("    commands: {")
        for command in endpoint.commands:
            lines += _command(command, common)
        lines += ["    };", f"    message: {pascal(endpoint.name)}Message;", "    channels: {"]
        for family in endpoint.channels:
            lines += _channels(family)
        lines += ["    };", "  };"]
    return "\n".join([*lines, "}", ""])


def _command(command: Command, common: set[str]) -> Iterator[str]:
    codes = [json.dumps(code) for code in command.errors if code not in common]
    yield f"      {property_name(command.type)}: {{"
    yield f"        body: {command.shape.name};"
    yield f"        reply: {command.reply};"
    yield from (f"        {line}" for line in broken("errors: ", ["CommonErrorCode", *codes], width=WIDTH - 8))
    yield "      };"


def _channels(family: ChannelFamily) -> Iterator[str]:
    names = [template(family.name), *([template(family.group)] if family.group is not None else [])]
    yield f"      {property_name(family.name)}: {{"
    yield f"        name: {' | '.join(dict.fromkeys(names))};"
    pushes = [*family.pushes, *(family.group_pushes if family.group is not None else [])]
    yield from (f"        {line}" for line in broken("push: ", dict.fromkeys(pushes), width=WIDTH - 8))
    yield "      };"


# ── operations ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _operation(operation: Operation) -> Iterator[str]:
    yield from comment(operation.description, WIDTH - 2)
    yield f"{operation.name}: {{"
    yield f"  method: {json.dumps(operation.method)};"
    yield f"  path: {json.dumps(operation.path)};"
    if operation.parameters:
        yield "  parameters: {"
        for parameter in operation.parameters:
            yield from (f"    {line}" for line in member(parameter, asked=True, width=WIDTH - 6))
        yield "  };"
    else:
        yield "  parameters: Record<string, never>;"
    body = "undefined" if operation.body is None else type_text(operation.body, asked=True)
    yield f"  body: {body}{' | undefined' if operation.body is not None and operation.body_is_optional else ''};"
    yield f"  response: {'undefined' if operation.response is None else type_text(operation.response, asked=False)};"
    yield "};"


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def template(name: str) -> str:
    """The type of names such as `chat.{contestId}`."""
    text, parameters = PARAMETER.subn("${string}", name)
    return f"`{text}`" if parameters else json.dumps(name)


def property_name(name: str) -> str:
    """The name of a member, in quotes if it needs them."""
    return name if name.isidentifier() else json.dumps(name)


def comment(text: str, width: int = WIDTH) -> list[str]:
    """A text as a comment for readers of types."""
    paragraphs = [" ".join(part.split()).replace("*/", "*\\/") for part in text.split("\n\n") if part.strip()]
    if not paragraphs:
        return []
    if len(paragraphs) == 1 and len(paragraphs[0]) + len("/**  */") <= width:
        return [f"/** {paragraphs[0]} */"]
    wrapped = [textwrap.wrap(part, width - 3, break_long_words=False, break_on_hyphens=False) for part in paragraphs]
    lines = [line for number, part in enumerate(wrapped) for line in ([""] if number else []) + part]
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]


def broken(start: str, parts: Iterable[str], end: str = ";", width: int = WIDTH) -> list[str]:
    """`start`, the union of `parts`, and `end`; one part a line if one line would be too long."""
    alternatives = list(parts)
    line = f"{start}{' | '.join(alternatives)}{end}"
    if len(line) <= width or len(alternatives) == 1:
        return [line]
    lines = [f"  | {part}" for part in alternatives]
    return [start.rstrip(), *lines[:-1], f"{lines[-1]}{end}"]
