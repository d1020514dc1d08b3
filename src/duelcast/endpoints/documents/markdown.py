"""Prints the contract as Markdown tables, and puts them into hand-written pages as blocks between marks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.endpoints.documents.channels import ChannelDescription
from duelcast.endpoints.documents.fields import Schema
from duelcast.endpoints.documents.model import (
    LIVENESS_PER_MINUTE,
    OF_EVERY_COMMAND,
    CommandDescription,
    Contract,
    EndpointDescription,
    FieldDescription,
    MessageDescription,
)
from duelcast.endpoints.kit import KIB
from duelcast.wire.messages import MAX_SAFE_INTEGER


def protocol_blocks(contract: Contract) -> dict[str, str]:
    """The tables of `docs/protocol.md`; the tables of an endpoint are under its name."""
    common_greeting = {message.key for message in contract.common.greeting}
    return {
        "limits": _limits(contract.endpoints),
        "common messages": _common_messages(contract.common),
        "error codes": _table(
            ("code", "HTTP status", "when", "may succeed later"),
            [
                (f"`{each.code}`", str(each.http_status), each.description, "yes" if each.retriable else "no")
                for each in contract.error_codes
            ],
        ),
        "close codes": _table(
            ("code", "when", "reconnect"),
            [(str(each.code), each.description, "yes" if each.reconnect else "no") for each in contract.close_codes],
        ),
        "records": "\n".join(
            f"### {record.name}\n\n{record.description}\n\n{_bullets(record.fields)}" for record in contract.records
        ),
    } | {endpoint.name: _endpoint(endpoint, common_greeting) for endpoint in contract.endpoints}


def readme_blocks(contract: Contract) -> dict[str, str]:
    """The table of the README."""
    rows = [
        (f"[`{endpoint.name}`](docs/protocol.md#{endpoint.name})", endpoint.description, endpoint.who)
        for endpoint in contract.endpoints
    ]
    return {"endpoints": _table(("endpoint", "what it carries", "who may connect"), rows)}


def _limits(endpoints: Iterable[EndpointDescription]) -> str:
    table = _table(
        ("endpoint", "purpose", "who may connect", "largest message", "messages a minute"),
        [
            (
                f"[`{endpoint.path}`](#{endpoint.name})",
                endpoint.description,
                endpoint.who,
                f"{endpoint.max_message_bytes // KIB} KiB",
                str(endpoint.messages_per_minute),
            )
            for endpoint in endpoints
        ],
    )
    return f"{table}\n`heartbeat` and `ping` have a limit of their own: together {LIVENESS_PER_MINUTE} a minute.\n"


def _common_messages(common: EndpointDescription) -> str:
    """The messages that every endpoint has."""
    answers = [message for command in common.commands for message in command.replies]
    errors = [command.error for command in common.commands]
    parts = [
        _command_table(common.commands),
        f"Any command may be answered with {_codes(OF_EVERY_COMMAND, ', ')}; the tables list only further codes.\n",
        _message_table({"reply": [*answers, *errors], "by itself": [*common.greeting, *common.notices]}),
    ]
    return "\n".join(parts)


def _endpoint(endpoint: EndpointDescription, common_greeting: set[str]) -> str:
    """The messages that only this endpoint has."""
    own_commands = [command for command in endpoint.commands if not command.is_common]
    parts = [f"`{endpoint.path}` – {endpoint.description}\n"]
    if endpoint.error_type != "error":
        parts.append(f"Errors have the type `{endpoint.error_type}`.\n")
    if own_commands:
        parts.append(_command_table(own_commands))
    if endpoint.successors:
        pairs = (f"`{old}` → `{new}`" for old, new in endpoint.successors.items())
        parts.append(f"Refused names, each with the name to use instead: {', '.join(pairs)}.\n")
    answers = [message for command in own_commands for message in command.replies]
    greeted = [message for message in endpoint.greeting if message.key not in common_greeting]
    if answers or greeted or endpoint.pushes:
        parts.append(_message_table({"reply": answers, "on connect": greeted, "push": endpoint.pushes}))
    if endpoint.channels:
        parts.append(_channel_table(endpoint.channels))
    return "\n".join(parts)


def _command_table(commands: Iterable[CommandDescription]) -> str:
    """A table of commands with their fields, rights, answers and errors."""
    titles = ("command", "what it does", "fields", "least role", "replies", "errors")
    return _table(titles, map(_command_row, commands))


def _command_row(command: CommandDescription) -> tuple[str, ...]:
    message = command.message
    deprecated = " (deprecated)" if message.successor is not None else ""
    return (
        f"`{message.type}`{deprecated}" + "".join(f"; old: `{old.type}`" for old in command.old),
        message.description,
        _cell_list(message.fields),
        "–" if command.least_role is Role.ANONYMOUS else command.role_name,
        _codes(reply.type for reply in command.replies),
        _codes(command.own_errors),
    )


def _message_table(messages: Mapping[str, Iterable[MessageDescription]]) -> str:
    """A table of the server's messages with their occasions; a message with several occasions is one row."""
    occasions: dict[type[Struct], dict[str, MessageDescription]] = {}
    for occasion, sent in messages.items():
        for message in sent:
            occasions.setdefault(message.struct, {})[occasion] = message
    return _table(("the server sends", "as", "what it says", "fields"), map(_message_row, occasions.values()))


def _message_row(occasions: Mapping[str, MessageDescription]) -> tuple[str, ...]:
    message = next(iter(occasions.values()))
    return f"`{message.type}`", ", ".join(occasions), message.description, _cell_list(message.fields)


def _channel_table(channels: Iterable[ChannelDescription]) -> str:
    return "Channels:\n\n" + _table(
        ("channel", "group", "kind", "key", "messages", "who", "what"),
        [
            (
                f"`{channel.name}`",
                "–" if channel.group is None else f"`{channel.group}`",
                channel.kind,
                _codes(channel.key, ", "),
                _codes(channel.events),
                channel.who,
                channel.description,
            )
            for channel in channels
        ],
    )


def _codes(codes: Iterable[str], separator: str = " ") -> str:
    return separator.join(f"`{code}`" for code in codes)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(_cell(text) for text in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"


# ── fields ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bullets(fields: Iterable[FieldDescription]) -> str:
    return "".join(f"- {' '.join(field_text(field).split())}\n" for field in fields)


def _cell_list(fields: Iterable[FieldDescription]) -> str:
    """`fields` as lines within a cell."""
    return "<br>".join(map(field_text, fields))


def field_text(field: FieldDescription) -> str:
    """The name, type and description of a field; a question mark means that it may be missing."""
    bare = {name: value for name, value in field.schema.items() if name != "description"}
    text = f"`{field.name}`{'' if field.always else '?'}: {type_text(bare)}"
    description = field.schema.get("description")
    return f"{text} – {description}" if description else text


def type_text(schema: Schema) -> str:
    """The type of a value. A record is named, as a link to its heading."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        anchor = re.sub(r"[^\w-]", "", name.lower())  # as readers of Markdown make it from the heading
        return f"[{name}](#{anchor})"
    if "anyOf" in schema:
        return _alternatives(schema)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " ".join(f"`{_choice(choice)}`" for choice in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list{_among(_range(schema, 'minItems', 'maxItems'))} of {type_text(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_text(schema['additionalProperties'])}"
    return kind + _among(_limit(schema))


def _choice(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _alternatives(schema: Schema) -> str:
    """The alternatives of a union, without the null of an optional field, because the question mark of the field
    already shows it."""
    optional = "default" in schema and schema["default"] is None
    parts = [part for part in schema["anyOf"] if not (optional and part == {"type": "null"})]
    return " or ".join(type_text(part) for part in parts)


def _limit(schema: Schema) -> str:
    """The limits of a string or number: its description, else its bounds."""
    if "description" in schema:
        return str(schema["description"]).rstrip(".")
    length = _range(schema, "minLength", "maxLength")
    return f"{length} characters" if length else _range(schema, "minimum", "maximum")


def _range(schema: Schema, least: str, most: str) -> str:
    """`1–500`, `≥ 1` or `≤ 500`; the bounds that every integer has are left out."""
    low, high = (schema.get(name) for name in (least, most))
    low = None if low == -MAX_SAFE_INTEGER else low
    high = None if high == MAX_SAFE_INTEGER else high
    if low is not None and high is not None:
        return f"{low}–{high}"
    if low is not None:
        return f"≥ {low}"
    return "" if high is None else f"≤ {high}"


def _among(text: str) -> str:
    return f" ({text})" if text else ""


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_BLOCK = re.compile(
    r"(?P<begin><!-- (?P<name>[a-z -]+): written by `make docs` -->\n).*?(?P<end><!-- end of (?P=name) -->\n)",
    re.DOTALL,
)


def refreshed(page: str, blocks: Mapping[str, str]) -> str:
    """Return `page` with the generated `blocks` between their marks.

    Raises `ValueError` if the marks of a block are missing or repeated, or a mark names an unknown block.
    """
    marked = [found["name"] for found in _BLOCK.finditer(page)]
    for name in dict.fromkeys([*blocks, *marked]):
        if name not in blocks:
            raise ValueError(f"no block is called `{name}`: remove its marks")
        if marked.count(name) != 1:
            raise ValueError(f"the page needs the marks of `{name}` once: {begin_mark(name)} {end_mark(name)}")
    return _BLOCK.sub(lambda found: found["begin"] + blocks[found["name"]] + found["end"], page)


def begin_mark(name: str) -> str:
    """The line before a block."""
    return f"<!-- {name}: written by `make docs` -->"


def end_mark(name: str) -> str:
    """The line after a block."""
    return f"<!-- end of {name} -->"
