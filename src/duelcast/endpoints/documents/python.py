"""Prints the types of messages and of the HTTP API for Python, as modules of msgspec structs."""

from __future__ import annotations

import ast
import json
import keyword
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from duelcast.endpoints.documents.members import Field, Schema, Shape, alternatives, pascal, signature
from duelcast.endpoints.documents.operations import Operation, Operations
from duelcast.endpoints.documents.shapes import Command, EndpointShapes, Message, Shapes

_WIDTH = 120
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_KEYWORDS = "frozen=True, kw_only=True"
"""Type checkers want them repeated in every class."""
_STANDARD = {
    "collections.abc": {"Mapping", "Sequence"},
    "typing": {"Any", "ClassVar", "Literal", "NamedTuple", "TypeAlias"},
}
_INSTALLED = {"msgspec": {"UNSET", "UnsetType", "field"}}
_BASES = {"..messages": {"Channel", "Command", "Message", "Operation", "Record"}}
_INHERITED = frozenset({"requestId", "channel", "seq"})
"""The members of the base class of messages, all of which are optional."""


def modules(shapes: Shapes) -> dict[str, str]:
    """The text of each module by its name: `records`, `common` with what several endpoints share, and one for each
    endpoint, which exports its part of `common` again. The texts are not formatted."""
    endpoints, homes = shapes.endpoints, homes_of(shapes)
    messages = {message.shape.name: message for endpoint in endpoints for message in endpoint.messages}
    commands = {command.shape.name: command for endpoint in endpoints for command in endpoint.commands}
    error = messages[Counter(endpoint.error for endpoint in endpoints).most_common(1)[0][0]]
    takers = _takers(endpoints)

    def classes(home: str) -> list[str]:
        """The messages of a module, and then its commands."""
        names = sorted(name for name in homes if homes[name] == home)
        return [
            *(_message(messages[name], error) for name in names if name in messages),
            *(_command(commands[name], takers[name]) for name in names if name in commands),
        ]

    return {
        "records": module("Records in the messages of the endpoints.", map(record, shapes.records), {}),
        "common": module("Messages that several endpoints have.", classes("common"), homes),
    } | {
        module_name(endpoint.name): module(
            f"The messages of `{endpoint.name}`.",
            [*classes(module_name(endpoint.name)), *_everything_sent(endpoint)],
            homes,
            again={shape.name for shape in endpoint.shapes() if homes[shape.name] == "common"},
        )
        for endpoint in endpoints
    }


def homes_of(shapes: Shapes) -> dict[str, str]:
    """The module of each record, message and command, by the name of its class."""
    homes: dict[str, str] = {record.name: "records" for record in shapes.records}
    for endpoint in shapes.endpoints:
        for shape in endpoint.shapes():
            homes[shape.name] = "common" if shape.name in homes else module_name(endpoint.name)
    return homes


def module_name(endpoint: str) -> str:
    """`market-data` → `market_data`"""
    return endpoint.replace("-", "_")


def _takers(endpoints: Sequence[EndpointShapes]) -> dict[str, str]:
    """The type of the names of the endpoints that take a command, by the name of its class; `str` if all do."""
    found: dict[str, list[str]] = defaultdict(list)
    for endpoint in endpoints:
        for command in endpoint.commands:
            found[command.shape.name].append(endpoint.name)
    return {name: "str" if 1 < len(takers) == len(endpoints) else literal(takers) for name, takers in found.items()}


def _everything_sent(endpoint: EndpointShapes) -> Iterator[str]:
    """The messages of an endpoint as a union, and by type."""
    union = " | ".join(message.shape.name for message in endpoint.messages)
    yield f"{pascal(endpoint.name)}Message: TypeAlias = ({union})\n"
    yield "\n".join(
        [
            "MESSAGES: dict[str, type[Message]] = {",
            *(f"    {json.dumps(message.type)}: {message.shape.name}," for message in endpoint.messages),
            "}",
            f'"""The messages of the server on `{endpoint.name}`, by `type`."""',
            "",
        ]
    )


def operations(http: Operations) -> str:
    """The module `http`: the records that messages do not have, and a class for each operation."""
    names = {record.name for record in http.records} | http.shared
    parts = [record(each) for each in http.records]
    for operation in http.operations:
        if pascal(operation.name) in names:
            raise ValueError(f"an operation and a record are called {pascal(operation.name)}")
        parts.append(_operation(operation))
    return module("The HTTP API.", parts, dict.fromkeys(http.shared, "records"))


# ── classes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def record(shape: Shape) -> str:
    """The class of a record."""
    return _class(f"{shape.name}(Record, {_KEYWORDS})", shape.description, shape.fields, asked=shape.asked)


def _message(message: Message, error: Message) -> str:
    """The class of a message of the server. An error with another `type` is a subclass of the common error."""
    shape, tag = message.shape, json.dumps(message.type)
    if shape.name != error.shape.name and signature(shape.fields) == signature(error.shape.fields):
        return _class(f"{shape.name}({error.shape.name}, {_KEYWORDS}, tag={tag})", shape.description, (), asked=False)
    fields = [field for field in shape.fields if field.always or field.name not in _INHERITED]
    return _class(f"{shape.name}(Message, {_KEYWORDS}, tag={tag})", shape.description, fields, asked=False)


def _command(command: Command, takers: str) -> str:
    """The class of a command. `takers` is the type of the names of the endpoints that take it."""
    shape = command.shape
    head = f"{shape.name}(Command[{command.reply}, {takers}], {_KEYWORDS}, tag={json.dumps(command.type)})"
    return _class(head, shape.description, shape.fields, asked=True)


def _class(head: str, description: str, fields: Iterable[Field], *, asked: bool) -> str:
    lines = [f"class {head}:", *_indented(docstring(description))]
    for field in fields:
        lines += _indented([declared(field, asked=asked), *docstring(_field_text(field, asked=asked))])
    return "\n".join([*lines, *([] if len(lines) > 1 else ["    pass"]), ""])


def _operation(operation: Operation) -> str:
    answer = "None" if operation.response is None else type_text(operation.response, asked=False)
    name = pascal(operation.name)
    lines = [f"class {name}(Operation[{answer}], {_KEYWORDS}):", *_indented(docstring(operation.description))]
    lines += _indented(
        [
            f"method: ClassVar[str] = {json.dumps(operation.method)}",
            f"path: ClassVar[str] = {json.dumps(operation.path)}",
            f"response: ClassVar[Any] = {answer}",
        ]
    )
    for parameter in operation.parameters:
        lines += _indented([_parameter(parameter), *docstring(parameter.description)])
    if operation.body is not None:
        body = type_text(operation.body, asked=True)
        lines += _indented([f"body: {body} | None = None" if operation.body_is_optional else f"body: {body}"])
    return "\n".join([*lines, ""])


def _parameter(parameter: Field) -> str:
    """The declaration of a parameter, by a name that Python permits."""
    name = re.sub(r"\W", "_", parameter.name).lower()
    name = f"{name}_" if keyword.iskeyword(name) else name
    type_ = type_text(parameter.schema, asked=True)
    if name == parameter.name:
        return f"{name}: {type_}" if parameter.always else f"{name}: {type_} | None = None"
    wire = f"name={json.dumps(parameter.name)}"
    return (
        f"{name}: {type_} = field({wire})"
        if parameter.always
        else f"{name}: {type_} | None = field(default=None, {wire})"
    )


def declared(field: Field, *, asked: bool) -> str:
    """The declaration of a member."""
    if keyword.iskeyword(field.name):
        raise ValueError(f"`{field.name}` cannot be the name of a member")
    parts = _parts(field.schema, asked=asked)
    if field.always:
        return f"{field.name}: {' | '.join(parts)}"
    if asked and "None" in parts and "default" not in field.schema:
        return f"{field.name}: {' | '.join(['UnsetType', *parts])} = UNSET"
    return f"{field.name}: {' | '.join(dict.fromkeys([*parts, 'None']))} = None"


def _field_text(field: Field, *, asked: bool) -> str:
    """The description of a member. If it has a known set of values that may grow, its type is `str`, and the text lists
    them."""
    values = [] if asked else list(_values(field.schema))
    listed = f"Known values: {', '.join(f'`{value}`' for value in values)}." if values else ""
    return " ".join(filter(None, [field.description, listed]))


def _values(schema: Schema) -> Iterator[str]:
    for each in alternatives(schema):
        yield from (value for value in each.get("enum", ()) if isinstance(value, str))
        if "items" in each:
            yield from _values(each["items"])


# ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return _choice(choices, asked=asked)
    kind = schema.get("type")
    if kind == "array":
        return [f"{'Sequence' if asked else 'list'}[{type_text(schema.get('items', {}), asked=asked)}]"]
    if kind == "object":
        values = schema.get("additionalProperties")
        inner = type_text(values, asked=asked) if isinstance(values, dict) else "Any"
        return [f"{'Mapping' if asked else 'dict'}[str, {inner}]"]
    return [_SCALARS[kind]] if kind is not None else ["Any"]


def literal(values: Iterable[object]) -> str:
    """The type of these values."""
    return f"Literal[{', '.join(map(json.dumps, values))}]"


def _choice(choices: Sequence[object], *, asked: bool) -> list[str]:
    if all(isinstance(choice, bool) for choice in choices):
        return ["bool"]
    texts = [choice for choice in choices if choice is not None]
    known = literal(texts) if asked else "str"
    return [known, "None"] if None in choices else [known]


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def module(description: str, parts: Iterable[str], homes: Mapping[str, str], *, again: Set[str] = frozenset()) -> str:
    """A module with `parts`, which imports what they use and do not define. `homes` has the module of each class that
    may be imported. The names in `again` are imported in the form in which type checkers take them for exports."""

    def listed(name: str) -> str:
        return f"{name} as {name}" if name in again else name

    body = "\n\n".join(parts)
    nodes = list(ast.walk(ast.parse(body)))
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    used |= again
    used -= {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    own = {f".{home}": {name for name in homes if homes[name] == home} for home in sorted(set(homes.values()))}
    groups = [
        [
            f"from {source} import {', '.join(map(listed, sorted(used & names, key=_import_order)))}"
            for source, names in group.items()
            if used & names
        ]
        for group in (_STANDARD, _INSTALLED, _BASES | own)
    ]
    head = f'"""{description}\n\nWritten by `make docs`; do not edit.\n"""'
    return "\n\n".join(
        [head, "from __future__ import annotations", *("\n".join(group) for group in groups if group), body]
    )


def _import_order(name: str) -> tuple[bool, bool, str]:
    """The order that `ruff` wants: constants, classes, functions."""
    return name[0].islower(), not name.isupper(), name.lower()


def docstring(text: str) -> list[str]:
    """A text as a docstring that fits into an indented block."""
    paragraphs = [" ".join(part.split()) for part in text.replace("\\", "\\\\").split("\n\n") if part.strip()]
    if not paragraphs:
        return []
    # Room for the indentation, and for three quotes.
    wrapped = (
        textwrap.fill(part, _WIDTH - 4 - 6, break_long_words=False, break_on_hyphens=False) for part in paragraphs
    )
    end = '\n"""' if len(paragraphs) > 1 else '"""'
    return ['"""' + "\n\n".join(wrapped) + end]


def _indented(lines: Iterable[str]) -> list[str]:
    return textwrap.indent("\n".join(lines), "    ").split("\n")
