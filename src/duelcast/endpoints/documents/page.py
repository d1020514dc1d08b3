"""The protocol reference for people, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.endpoints.common import add_common_commands
from duelcast.endpoints.documents.fields import field_list
from duelcast.endpoints.documents.messages import (
    Message,
    all_messages,
    commands,
    error,
    greeting,
    notices,
    pushes,
    replies,
)
from duelcast.endpoints.documents.schemas import Schemas
from duelcast.endpoints.documents.tables import (
    LIVENESS_PER_MINUTE,
    OF_EVERY_COMMAND,
    channel_rows,
    close_rows,
    endpoint_errors,
    error_rows,
    own_errors,
    role_name,
    who_may_connect,
)
from duelcast.endpoints.kit import KIB, Auth, CommandSpec, Endpoint

_INTRODUCTION = """\
# Protocol reference

Generated from the declarations of the endpoints by `make docs`; `duelcast asyncapi` prints the same for tools.

Every frame is one JSON object in a text message, with a string `type`. A command may carry a `requestId` (1–64
characters), which its replies and errors carry back, and a `timestamp`. Every server message carries `timestamp`. A
push also carries the `channel` it belongs to, and its `seq` there. A question mark is behind fields that may be
missing. Server messages and records may grow: ignore what you do not know.
"""


def protocol_page(endpoints: Iterable[Endpoint]) -> str:
    """The page of `endpoints`, the same for the same endpoints."""
    described = sorted(endpoints, key=lambda endpoint: endpoint.name)
    messages = [message for endpoint in described for message in all_messages(endpoint)]
    page = _Page(Schemas(messages))
    common = _common_commands()
    shared = {
        name: spec
        for endpoint in described
        for name, spec in endpoint.commands.items()
        if name in common.commands and spec.handler is common.commands[name].handler
    }
    answers = [*(message for spec in shared.values() for message in replies(spec)), error(common)]
    parts = [
        _INTRODUCTION,
        _endpoint_table(described),
        "## Every endpoint\n",
        page.command_table(shared.values()),
        f"Any command may be answered with {_codes(OF_EVERY_COMMAND, ', ')}; the tables have the codes beyond those.\n",
        page.message_table({"reply": answers, "by itself": [*greeting(common), *notices(common)]}),
    ]
    for endpoint in described:
        handlers = {spec.handler for spec in shared.values()}
        parts += page.endpoint(endpoint, [spec for spec in endpoint.commands.values() if spec.handler not in handlers])
    codes = {code for endpoint in described for code in endpoint_errors(endpoint)}
    parts += [page.records(messages), _error_table(codes), _close_table()]
    return "\n".join(parts)


def _common_commands() -> Endpoint:
    """An endpoint of nothing but what all have."""
    endpoint = Endpoint("common", "", auth=Auth.PUBLIC, max_message_bytes=KIB, messages_per_minute=0)
    add_common_commands(endpoint)
    return endpoint


class _Page:
    """The parts of the page that need the schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def endpoint(self, endpoint: Endpoint, own_commands: Sequence[CommandSpec]) -> list[str]:
        """The section of an endpoint: what it has beyond the others."""
        parts = [f"## {endpoint.name}\n", f"`{endpoint.path}` – {endpoint.description}\n"]
        if endpoint.error_type != "error":
            parts.append(f"Errors have the type `{endpoint.error_type}`.\n")
        if own_commands:
            parts.append(self.command_table(own_commands))
        if endpoint.successors:
            pairs = (f"`{old}` → `{new}`" for old, new in endpoint.successors.items())
            parts.append(f"Refused, with the name to use instead: {', '.join(pairs)}.\n")
        common = greeting(_common_commands())
        answers = [message for spec in own_commands for message in replies(spec)]
        greeted = [message for message in greeting(endpoint) if message not in common]
        pushed = [message for opening in endpoint.openings.values() for message in pushes(opening)]
        if answers or greeted or pushed:
            parts.append(self.message_table({"reply": answers, "on connect": greeted, "push": pushed}))
        return [*parts, _channel_table(endpoint)] if endpoint.openings else parts

    def command_table(self, specs: Iterable[CommandSpec]) -> str:
        """Commands with their fields, rights, answers and errors."""
        return _table(
            ("command", "what it does", "fields", "least role", "replies", "errors"),
            [self._command_row(spec) for spec in specs],
        )

    def _command_row(self, spec: CommandSpec) -> tuple[str, ...]:
        command, *old = commands(spec)
        deprecated = " (deprecated)" if spec.successor is not None else ""
        name = f"`{command.type}`{deprecated}" + "".join(f"; old: `{message.type}`" for message in old)
        least_role = "–" if spec.least_role is Role.ANONYMOUS else role_name(spec.least_role)
        answers = " ".join(f"`{message.type}`" for message in replies(spec))
        return (
            name,
            self._schemas.description(command),
            self._fields(command),
            least_role,
            answers,
            _codes(own_errors(spec)),
        )

    def message_table(self, messages: Mapping[str, Iterable[Message]]) -> str:
        """What the server sends, by occasion; a message that has several is one row."""
        occasions: dict[type[Struct], dict[str, Message]] = {}
        for occasion, sent in messages.items():
            for message in sent:
                occasions.setdefault(message.struct, {})[occasion] = message
        return _table(("the server sends", "as", "what it says", "fields"), map(self._message_row, occasions.values()))

    def _message_row(self, occasions: Mapping[str, Message]) -> tuple[str, ...]:
        message = next(iter(occasions.values()))
        described = self._schemas.description(message)
        return f"`{message.type}`", ", ".join(occasions), described, self._fields(message)

    def records(self, messages: Iterable[Message]) -> str:
        """The records that messages are made of, each under its own heading."""
        of_messages = {self._schemas.name(message) for message in messages}
        sections = [
            f"### {name}\n\n{schema['description']}\n\n{field_list(schema['properties'], schema['required'])}\n"
            for name, schema in self._schemas.components.items()
            if name not in of_messages and "properties" in schema
        ]
        return "\n".join(["## Records\n", *sections])

    def _fields(self, message: Message) -> str:
        return field_list(self._schemas.members(message), self._schemas.required(message))


def _endpoint_table(endpoints: Iterable[Endpoint]) -> str:
    table = _table(
        ("endpoint", "what for", "who may connect", "largest message", "messages a minute"),
        [
            (
                f"[`{endpoint.path}`](#{endpoint.name})",
                endpoint.description,
                who_may_connect(endpoint),
                f"{endpoint.max_message_bytes // KIB} KiB",
                str(endpoint.messages_per_minute),
            )
            for endpoint in endpoints
        ],
    )
    return f"## Endpoints\n\n{table}\n`heartbeat` and `ping` are counted apart: {LIVENESS_PER_MINUTE} a minute.\n"


def _channel_table(endpoint: Endpoint) -> str:
    return "Channels:\n\n" + _table(
        ("channel", "group", "kind", "key", "messages", "who", "what"),
        [
            (
                f"`{row.name}`",
                "–" if row.group is None else f"`{row.group}`",
                row.kind,
                row.key or "–",
                " ".join(f"`{event}`" for event in row.events),
                row.who,
                row.description,
            )
            for row in channel_rows(endpoint)
        ],
    )


def _error_table(codes: set[str]) -> str:
    rows = [(f"`{row.code}`", str(row.http_status), row.description) for row in error_rows(codes)]
    return "## Error codes\n\n" + _table(("code", "HTTP status", "when"), rows)


def _close_table() -> str:
    rows = [(str(row.code), row.description, "yes" if row.reconnect else "no") for row in close_rows()]
    return "## Close codes\n\n" + _table(("code", "when", "reconnect"), rows)


def _codes(codes: Iterable[str], separator: str = " ") -> str:
    return separator.join(f"`{code}`" for code in codes)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(_cell(text) for text in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"
