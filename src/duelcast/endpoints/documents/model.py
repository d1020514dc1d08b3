"""The contract as one model, made once from the declarations of the endpoints. Printers only select and format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.endpoints.common import add_common_commands
from duelcast.endpoints.documents import messages
from duelcast.endpoints.documents.channels import ChannelDescription, channels_of
from duelcast.endpoints.documents.codes import CloseCode, ErrorCode, close_codes, error_codes
from duelcast.endpoints.documents.example_frames import Frame, example_frames
from duelcast.endpoints.documents.fields import Schema
from duelcast.endpoints.documents.messages import Form, Message
from duelcast.endpoints.documents.schemas import Schemas
from duelcast.endpoints.kit import KIB, Auth, CommandSpec, Endpoint
from duelcast.errors import (
    InternalError,
    InvalidMessage,
    InvalidRequest,
    PermissionDenied,
    RateLimitExceeded,
    TokenExpired,
    TooManyConnections,
    Unauthorized,
    UnknownMessageType,
)

LIVENESS_PER_MINUTE = 60
"""A connection may send at most this many `heartbeat` and `ping` messages a minute; the gateway counts them apart from
other messages."""

OF_EVERY_COMMAND = (InvalidRequest.code, RateLimitExceeded.code, InternalError.code)
_OF_EVERY_CONNECTION = (
    InvalidMessage.code,
    UnknownMessageType.code,
    TooManyConnections.code,
    InternalError.code,
)
_OF_CONNECTIONS_WITH_TOKEN = (Unauthorized.code, PermissionDenied.code, TokenExpired.code)


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A field of a message or record. If `always`, the field is never missing."""

    name: str
    schema: Schema
    always: bool


@dataclass(frozen=True, slots=True)
class MessageDescription:
    """A message of an endpoint. `schema` is the name of the schema of its frames, and `key` is unique within the
    endpoint.

    `fields` are the message's own fields, without those that every message of the same form has. `successor` is the
    name to send today, if `type` is an old name. `examples` are whole frames.
    """

    key: str
    schema: str
    struct: type[Struct]
    type: str
    form: Form
    description: str
    fields: Sequence[FieldDescription]
    successor: str | None
    examples: Sequence[Frame]

    @property
    def summary(self) -> str:
        """The first paragraph of the description, in one line."""
        return self.description.split("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True, slots=True)
class CommandDescription:
    """A command with its answers.

    `old` is the same command under its former names. `replies` are its answers other than errors. `errors` are all its
    error codes, and `own_errors` those that not every command has. If `is_common`, every endpoint has the command. The
    last four fields are those of its `CommandSpec`.
    """

    message: MessageDescription
    old: Sequence[MessageDescription]
    replies: Sequence[MessageDescription]
    error: MessageDescription
    errors: Sequence[str]
    own_errors: Sequence[str]
    least_role: Role
    needs_token: bool
    is_common: bool
    joins: Sequence[str]
    leaves: Sequence[str]
    is_safe: bool
    idempotency_key: str | None

    @property
    def role_name(self) -> str:
        """`least_role` as it is on the wire."""
        return self.least_role.name.lower()


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """An endpoint. `who` describes who may connect, and `errors` are all codes that a client may receive.

    `greeting` has the messages that are sent unasked up to `connection_established`, `notices` those sent later, and
    `pushes` those sent on channels. `messages` has every message once.
    """

    name: str
    path: str
    description: str
    auth: Auth
    who: str
    public_name: str | None
    max_message_bytes: int
    messages_per_minute: int
    error_type: str
    successors: Mapping[str, str]
    commands: Sequence[CommandDescription]
    greeting: Sequence[MessageDescription]
    notices: Sequence[MessageDescription]
    pushes: Sequence[MessageDescription]
    messages: Sequence[MessageDescription]
    channels: Sequence[ChannelDescription]
    errors: Sequence[str]


@dataclass(frozen=True, slots=True)
class RecordDescription:
    """A record used in messages."""

    name: str
    description: str
    fields: Sequence[FieldDescription]


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that a client may send and receive. `common` describes the commands and messages that all endpoints
    share; it has no channels.

    `schemas` has the schemas of all frames and records by name; references begin with `#/components/schemas/`.
    """

    endpoints: Sequence[EndpointDescription]
    common: EndpointDescription
    records: Sequence[RecordDescription]
    error_codes: Sequence[ErrorCode]
    close_codes: Sequence[CloseCode]
    schemas: Mapping[str, Schema]


def describe(endpoints: Iterable[Endpoint]) -> Contract:
    """The contract of `endpoints`, independent of their order."""
    described = sorted(endpoints, key=lambda endpoint: endpoint.name)
    common = Endpoint("common", "", auth=Auth.PUBLIC, max_message_bytes=KIB, messages_per_minute=0)
    add_common_commands(common)
    found = [message for endpoint in (*described, common) for message in messages.all_messages(endpoint)]
    schemas = _schemas(tuple(found))
    builder = _Builder(schemas, common)
    descriptions = [builder.endpoint(endpoint) for endpoint in described]
    return Contract(
        endpoints=descriptions,
        common=builder.endpoint(common),
        records=_records(schemas, found),
        error_codes=error_codes({code for endpoint in descriptions for code in endpoint.errors}),
        close_codes=close_codes(),
        schemas=schemas.components,
    )


@lru_cache(maxsize=4)
def _schemas(found: tuple[Message, ...]) -> Schemas:
    """The schemas of `found`, cached, because making them is most of the work, and they are the same for all servers of
    a process."""
    return Schemas(found)


class _Builder:
    """Describes endpoints. A message that occurs several times is described once."""

    def __init__(self, schemas: Schemas, common: Endpoint) -> None:
        self._schemas = schemas
        self._common_handlers: set[Callable[..., object]] = {spec.handler for spec in common.commands.values()}
        self._described: dict[Message, MessageDescription] = {}

    def endpoint(self, endpoint: Endpoint) -> EndpointDescription:
        """The description of an endpoint."""
        commands = [self._command(endpoint, spec) for spec in endpoint.commands.values()]
        pushes = [message for rule in endpoint.access_rules.values() for message in messages.pushes(rule)]
        return EndpointDescription(
            name=endpoint.name,
            path=endpoint.path,
            description=endpoint.description,
            auth=endpoint.auth,
            who=_who_may_connect(endpoint),
            public_name=endpoint.public_name,
            max_message_bytes=endpoint.max_message_bytes,
            messages_per_minute=endpoint.messages_per_minute,
            error_type=endpoint.error_type,
            successors=dict(endpoint.successors),
            commands=commands,
            greeting=self._all(messages.greeting(endpoint)),
            notices=self._all(messages.notices(endpoint)),
            pushes=self._all(dict.fromkeys(pushes)),
            messages=self._all(messages.all_messages(endpoint)),
            channels=channels_of(endpoint),
            errors=_endpoint_errors(endpoint, commands),
        )

    def _command(self, endpoint: Endpoint, spec: CommandSpec) -> CommandDescription:
        named, *old = messages.commands(spec)
        errors = _command_errors(spec)
        return CommandDescription(
            message=self._message(named),
            old=self._all(old),
            replies=self._all(messages.replies(spec)),
            error=self._message(messages.error(endpoint)),
            errors=errors,
            own_errors=[code for code in errors if code not in OF_EVERY_COMMAND],
            least_role=spec.least_role,
            needs_token=spec.least_role > Role.ANONYMOUS or endpoint.auth is not Auth.PUBLIC,
            is_common=spec.handler in self._common_handlers,
            joins=spec.joins,
            leaves=spec.leaves,
            is_safe=spec.is_safe,
            idempotency_key=spec.idempotency_key,
        )

    def _all(self, found: Iterable[Message]) -> list[MessageDescription]:
        return [self._message(message) for message in found]

    def _message(self, message: Message) -> MessageDescription:
        known = self._described.get(message)
        if known is None:
            schemas = self._schemas
            known = self._described[message] = MessageDescription(
                key=message.key,
                schema=schemas.name(message),
                struct=message.struct,
                type=message.type,
                form=message.form,
                description=schemas.description(message),
                fields=_fields(schemas.members(message), schemas.required(message)),
                successor=message.successor,
                examples=example_frames(message),
            )
        return known


def _records(schemas: Schemas, found: Iterable[Message]) -> list[RecordDescription]:
    of_messages = {schemas.name(message) for message in found}
    return [
        RecordDescription(name, str(schema["description"]), _fields(schema["properties"], schema["required"]))
        for name, schema in schemas.components.items()
        if name not in of_messages and "properties" in schema
    ]


def _fields(properties: Mapping[str, Schema], required: Iterable[str]) -> list[FieldDescription]:
    always = set(required)
    return [FieldDescription(name, schema, name in always) for name, schema in properties.items()]


def _who_may_connect(endpoint: Endpoint) -> str:
    if endpoint.auth is Auth.PUBLIC:
        return "anyone"
    who = "admins" if endpoint.auth is Auth.ADMIN else "clients with a token"
    return who if endpoint.public_name is None else f"{who}, or with `endpoint={endpoint.public_name}`"


def _command_errors(spec: CommandSpec) -> list[str]:
    rights: tuple[str, ...] = ()
    if spec.least_role > Role.ANONYMOUS:
        rights = (Unauthorized.code,)
    if spec.least_role > Role.USER:
        rights = (Unauthorized.code, PermissionDenied.code)
    return list(dict.fromkeys((*OF_EVERY_COMMAND, *rights, *spec.errors)))


def _endpoint_errors(endpoint: Endpoint, commands: Iterable[CommandDescription]) -> list[str]:
    codes = {*_OF_EVERY_CONNECTION}
    if endpoint.auth is not Auth.PUBLIC:
        codes |= {*_OF_CONNECTIONS_WITH_TOKEN}
    for command in commands:
        codes |= {*command.errors}
    return sorted(codes)
