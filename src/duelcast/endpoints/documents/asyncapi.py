"""The AsyncAPI 3.0 document. It describes the server: what it receives is what a client sends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

import duelcast
from duelcast.channels.names import Role
from duelcast.endpoints.documents.messages import (
    Form,
    Message,
    all_messages,
    commands,
    error,
    greeting,
    notices,
    pushes,
    replies,
)
from duelcast.endpoints.documents.schemas import Schema, Schemas
from duelcast.endpoints.documents.tables import (
    LIVENESS_PER_MINUTE,
    channel_rows,
    close_rows,
    command_errors,
    endpoint_errors,
    error_rows,
    role_name,
    who_may_connect,
)
from duelcast.endpoints.kit import Auth, CommandSpec, Endpoint

_DESCRIPTION = """\
Every frame is one JSON object in a text message, with a string `type`. A command may carry a `requestId`, which its \
replies and errors carry back. A push carries the `channel` it belongs to and its `seq` there.

Server messages, records and enumerations may grow: ignore what you do not know. Errors leave the connection open \
unless a close code follows; `x-close-codes` says when to come back. Channels of kind `every` number each message \
without gaps and can be recovered with `since`; of kind `latest` the newest message per key counts."""


def asyncapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of `endpoints`, the same for the same endpoints; JSON of it validates as AsyncAPI 3.0.0.

    Extensions say what AsyncAPI has no word for: of the document `x-close-codes` and `x-error-codes`; of an endpoint
    `x-auth`, `x-limits`, `x-channels`, `x-error-codes` and `x-successors` (names that are refused, with those to use);
    of a command `x-least-role` and `x-error-codes`; of a deprecated message `x-successor`.
    """
    described = sorted(endpoints, key=lambda endpoint: endpoint.name)
    messages = [message for endpoint in described for message in all_messages(endpoint)]
    schemas = _schemas(tuple(messages))
    codes = {code for endpoint in described for code in endpoint_errors(endpoint)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Duelcast WebSocket API",
            "version": duelcast.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {endpoint.name: _channel(endpoint, schemas) for endpoint in described},
        "operations": {
            _key(f"{endpoint.name}.{name}"): operation
            for endpoint in described
            for name, operation in _operations(endpoint).items()
        },
        "components": {
            "messages": {_key(schemas.name(message)): _message(message, schemas) for message in messages},
            "schemas": schemas.components,
            "correlationIds": {"requestId": {"location": "$message.payload#/requestId"}},
            "securitySchemes": _security_schemes(),
        },
        "x-error-codes": msgspec.to_builtins(error_rows(codes)),
        "x-close-codes": msgspec.to_builtins(close_rows()),
    }


@lru_cache(maxsize=4)
def _schemas(messages: tuple[Message, ...]) -> Schemas:
    """They are the larger part of the work, and the same for all servers of a process."""
    return Schemas(messages)


def _key(name: str) -> str:
    """`name` in the characters that keys of components may have."""
    return re.sub(r"[^\w.-]", "_", name)


def _servers() -> dict[str, Any]:
    host = {"host": {"default": "127.0.0.1:8069", "description": "Host and port of the server."}}
    return {
        "plain": {"host": "{host}", "protocol": "ws", "variables": host, "description": "Without TLS."},
        "tls": {"host": "{host}", "protocol": "wss", "variables": host, "description": "With TLS."},
    }


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _channel(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    messages = {
        _key(message.key): {"$ref": f"#/components/messages/{_key(schemas.name(message))}"}
        for message in all_messages(endpoint)
    }
    return {
        "address": endpoint.path,
        "title": endpoint.name,
        "description": f"{endpoint.description} Who may connect: {who_may_connect(endpoint)}.",
        "messages": messages,
        "bindings": {
            "ws": {
                "method": "GET",
                "query": _query(endpoint),
                "headers": _headers(),
                "bindingVersion": "0.1.0",
            }
        },
        "x-auth": endpoint.auth.value,
        "x-limits": {
            "maxMessageBytes": endpoint.max_message_bytes,
            "messagesPerMinute": endpoint.messages_per_minute,
            "heartbeatsPerMinute": LIVENESS_PER_MINUTE,
        },
        "x-channels": msgspec.to_builtins(channel_rows(endpoint)),
        "x-error-codes": endpoint_errors(endpoint),
        "x-successors": dict(endpoint.successors),
    }


def _query(endpoint: Endpoint) -> Schema:
    """The query parameters of the upgrade (protocol 1.2)."""
    properties: Schema = {"token": {"type": "string", "description": "A JWT; the Authorization header is safer."}}
    if endpoint.auth is not Auth.PUBLIC:
        properties["auth"] = {"const": "message", "description": "The token comes in the first message, an `auth`."}
    if endpoint.public_name is not None:
        properties["endpoint"] = {"const": endpoint.public_name, "description": "Come in without a token."}
    properties["channel"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Follow these channels from the start; one parameter each.",
    }
    properties["since"] = {
        "type": "array",
        "items": {"type": "string", "pattern": "^.+,[A-Za-z0-9_-]{1,32},[0-9]{1,16}$"},
        "description": "`<channel>,<epoch>,<seq>`: go on from that position; one parameter each.",
    }
    return {"type": "object", "properties": properties}


def _headers() -> Schema:
    return {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "description": "`Bearer` and a JWT."},
            "Sec-WebSocket-Protocol": {"type": "string", "description": "May have a JWT among its entries."},
            "Cookie": {"type": "string", "description": "`session` may hold a JWT."},
        },
    }


def _security_schemes() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "query": {"type": "httpApiKey", "in": "query", "name": "token"},
        "cookie": {"type": "httpApiKey", "in": "cookie", "name": "session"},
    }


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _message(message: Message, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": message.type,
        "summary": schemas.description(message).split("\n\n")[0].replace("\n", " "),
        "payload": schemas.payload(message),
    }
    if message.form in (Form.COMMAND, Form.REPLY, Form.EVERY_PUSH):
        described["correlationId"] = {"$ref": "#/components/correlationIds/requestId"}
    if message.successor is not None:
        described["deprecated"] = True
        described["x-successor"] = message.successor
    return described


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _operations(endpoint: Endpoint) -> dict[str, Any]:
    received = {name: _command_operation(endpoint, spec) for name, spec in endpoint.commands.items()}
    pushed = [message for opening in endpoint.openings.values() for message in pushes(opening)]
    sent = {
        "connect": _send(endpoint, greeting(endpoint), "What a connection begins with"),
        "push": _send(endpoint, pushed, "What the channels bring to those that follow them"),
        "notice": _send(endpoint, notices(endpoint), "What concerns the connection itself"),
    }
    return received | {name: operation for name, operation in sent.items() if operation["messages"]}


def _command_operation(endpoint: Endpoint, spec: CommandSpec) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "receive",
        "channel": _channel_reference(endpoint),
        "title": spec.name,
        "messages": _references(endpoint, commands(spec)),
        "reply": {
            "channel": _channel_reference(endpoint),
            "messages": _references(endpoint, [*replies(spec), error(endpoint)]),
        },
        "x-least-role": role_name(spec.least_role),
        "x-error-codes": command_errors(spec),
    }
    if spec.least_role > Role.ANONYMOUS or endpoint.auth is not Auth.PUBLIC:
        operation["security"] = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _security_schemes()]
    return operation


def _send(endpoint: Endpoint, messages: Iterable[Message], description: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": _channel_reference(endpoint),
        "description": description,
        "messages": _references(endpoint, dict.fromkeys(messages)),
    }


def _channel_reference(endpoint: Endpoint) -> dict[str, str]:
    return {"$ref": f"#/channels/{endpoint.name}"}


def _references(endpoint: Endpoint, messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{endpoint.name}/messages/{_key(message.key)}"} for message in messages]
