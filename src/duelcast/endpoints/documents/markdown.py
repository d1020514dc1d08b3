"""Prints the contract as Markdown tables, the generated blocks of hand-written pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.endpoints.documents.channels import ChannelDescription
from duelcast.endpoints.documents.fields import field_list
from duelcast.endpoints.documents.model import (
    LIVENESS_PER_MINUTE,
    OF_EVERY_COMMAND,
    CommandDescription,
    Contract,
    EndpointDescription,
    MessageDescription,
)
from duelcast.endpoints.kit import KIB


def protocol_blocks(contract: Contract) -> dict[str, str]:
    """The tables of `docs/protocol.md`; those of an endpoint are under its name."""
    common_greeting = {message.key for message in contract.common.greeting}
    return {
        "limits": _limits(contract.endpoints),
        "common messages": _common_messages(contract.common),
        "error codes": _table(
            ("code", "HTTP status", "when"),
            [(f"`{each.code}`", str(each.http_status), each.description) for each in contract.error_codes],
        ),
        "close codes": _table(
            ("code", "when", "reconnect"),
            [(str(each.code), each.description, "yes" if each.reconnect else "no") for each in contract.close_codes],
        ),
        "records": "\n".join(
            f"### {record.name}\n\n{record.description}\n\n{field_list(record.fields)}\n" for record in contract.records
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
    return f"{table}\n`heartbeat` and `ping` are counted separately: {LIVENESS_PER_MINUTE} a minute.\n"


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
        parts.append(f"Refused, with the name to use instead: {', '.join(pairs)}.\n")
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
        field_list(message.fields),
        "–" if command.least_role is Role.ANONYMOUS else command.role_name,
        _codes(reply.type for reply in command.replies),
        _codes(command.own_errors),
    )


def _message_table(messages: Mapping[str, Iterable[MessageDescription]]) -> str:
    """A table of the server's messages with their occasions; a message with several is one row."""
    occasions: dict[type[Struct], dict[str, MessageDescription]] = {}
    for occasion, sent in messages.items():
        for message in sent:
            occasions.setdefault(message.struct, {})[occasion] = message
    return _table(("the server sends", "as", "what it says", "fields"), map(_message_row, occasions.values()))


def _message_row(occasions: Mapping[str, MessageDescription]) -> tuple[str, ...]:
    message = next(iter(occasions.values()))
    return f"`{message.type}`", ", ".join(occasions), message.description, field_list(message.fields)


def _channel_table(channels: Iterable[ChannelDescription]) -> str:
    return "Channels:\n\n" + _table(
        ("channel", "group", "kind", "key", "messages", "who", "what"),
        [
            (
                f"`{channel.name}`",
                "–" if channel.group is None else f"`{channel.group}`",
                channel.kind,
                channel.key or "–",
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
