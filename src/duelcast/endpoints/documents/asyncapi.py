"""Prints the contract as an AsyncAPI 3.0 document, from the server's view: the server receives the messages of
clients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

import duelcast
from duelcast.endpoints.documents.fields import Schema
from duelcast.endpoints.documents.messages import Form
from duelcast.endpoints.documents.model import (
    LIVENESS_PER_MINUTE,
    CommandDescription,
    Contract,
    EndpointDescription,
    MessageDescription,
)
from duelcast.endpoints.documents.schemas import reference
from duelcast.endpoints.kit import Auth

_DESCRIPTION = """\
Every frame is one JSON object in a text message, with a string `type`. A command may carry a `requestId`, which its \
replies and errors return. A push carries the `channel` it belongs to and its `seq` in that channel.

Server messages, records and enumerations may grow: ignore members and values that you do not know. Errors leave the \
connection open unless a close code follows; `x-close-codes` says when to reconnect. Channels of kind `every` number \
each message without gaps and can be recovered with `since`; on channels of kind `latest`, only the newest message per \
key counts."""


def asyncapi(contract: Contract) -> dict[str, Any]:
    """The document of `contract`; its JSON is valid AsyncAPI 3.0.0.

    Extensions cover what AsyncAPI lacks. The document has `x-close-codes` and `x-error-codes`, each with
    `x-retriable`; an endpoint has `x-auth`, `x-limits`, `x-channels`, `x-error-codes` and `x-successors` (names that
    are refused, each with the name to use instead); a command has `x-least-role`, `x-error-codes`, `x-joins`,
    `x-leaves`, `x-safe` and perhaps `x-idempotency-key` (see `CommandSpec`); a deprecated message has `x-successor`.
    """
    messages = [message for endpoint in contract.endpoints for message in endpoint.messages]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Duelcast WebSocket API",
            "version": duelcast.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": any_server(),
        "channels": {endpoint.name: _channel(endpoint) for endpoint in contract.endpoints},
        "operations": {
            _key(f"{endpoint.name}.{name}"): operation
            for endpoint in contract.endpoints
            for name, operation in _operations(endpoint).items()
        },
        "components": {
            "messages": {_key(message.schema): _message(message) for message in messages},
            "schemas": dict(contract.schemas),
            "correlationIds": {"requestId": {"location": "$message.payload#/requestId"}},
            "securitySchemes": _security_schemes(),
        },
        "x-error-codes": msgspec.to_builtins(contract.error_codes),
        "x-close-codes": msgspec.to_builtins(contract.close_codes),
    }


def _key(name: str) -> str:
    """`name` with only the characters that are allowed in keys of components."""
    return re.sub(r"[^\w.-]", "_", name)


def server_at(host: str, path: str, *, tls: bool) -> dict[str, Any]:
    """The `servers` of a document that a server at this address serves; `path` is empty unless it is below one."""
    server = {"host": host, "protocol": "wss" if tls else "ws", "description": "The server that served this document."}
    return {"this": server | ({"pathname": path} if path else {})}


def any_server() -> dict[str, Any]:
    """The `servers` of a document for any server."""
    host = {"host": {"default": "127.0.0.1:8069", "description": "Host and port of the server."}}
    return {
        "plain": {"host": "{host}", "protocol": "ws", "variables": host, "description": "Without TLS."},
        "tls": {"host": "{host}", "protocol": "wss", "variables": host, "description": "With TLS."},
    }


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _channel(endpoint: EndpointDescription) -> dict[str, Any]:
    messages = {
        _key(message.key): {"$ref": f"#/components/messages/{_key(message.schema)}"} for message in endpoint.messages
    }
    return {
        "address": endpoint.path,
        "title": endpoint.name,
        "description": f"{endpoint.description} Open to: {endpoint.who}.",
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
        "x-channels": msgspec.to_builtins(endpoint.channels),
        "x-error-codes": list(endpoint.errors),
        "x-successors": dict(endpoint.successors),
    }


def _query(endpoint: EndpointDescription) -> Schema:
    """The query parameters of the upgrade (protocol §1.2)."""
    properties: Schema = {"token": {"type": "string", "description": "A JWT; the Authorization header is safer."}}
    if endpoint.auth is not Auth.PUBLIC:
        properties["auth"] = {"const": "message", "description": "The token is sent in the first message, an `auth`."}
    if endpoint.public_name is not None:
        properties["endpoint"] = {"const": endpoint.public_name, "description": "Connects without a token."}
    properties["channel"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Follow these channels from the start; one parameter per channel.",
    }
    properties["since"] = {
        "type": "array",
        "items": {"type": "string", "pattern": "^.+,[A-Za-z0-9_-]{1,32},[0-9]{1,16}$"},
        "description": "`<channel>,<epoch>,<seq>`: resume from that position; one parameter per channel.",
    }
    return {"type": "object", "properties": properties}


def _headers() -> Schema:
    return {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "description": "`Bearer` and a JWT."},
            "Sec-WebSocket-Protocol": {"type": "string", "description": "One of the entries may be a JWT."},
            "Cookie": {"type": "string", "description": "The cookie `session` may contain a JWT."},
        },
    }


def _security_schemes() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "query": {"type": "httpApiKey", "in": "query", "name": "token"},
        "cookie": {"type": "httpApiKey", "in": "cookie", "name": "session"},
    }


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _message(message: MessageDescription) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": message.type,
        "summary": message.summary,
        "payload": reference(message.schema),
    }
    if message.form in (Form.COMMAND, Form.REPLY, Form.EVERY_PUSH):
        described["correlationId"] = {"$ref": "#/components/correlationIds/requestId"}
    if message.examples:
        described["examples"] = [{"payload": frame} for frame in message.examples]
    if message.successor is not None:
        described["deprecated"] = True
        described["x-successor"] = message.successor
    return described


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _operations(endpoint: EndpointDescription) -> dict[str, Any]:
    received = {command.message.type: _command_operation(endpoint, command) for command in endpoint.commands}
    sent = {
        "connect": _send(endpoint, endpoint.greeting, "The first messages of a connection"),
        "push": _send(endpoint, endpoint.pushes, "Messages of the channels, sent to their followers"),
        "notice": _send(endpoint, endpoint.notices, "Messages about the connection itself"),
    }
    return received | {name: operation for name, operation in sent.items() if operation["messages"]}


def _command_operation(endpoint: EndpointDescription, command: CommandDescription) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "receive",
        "channel": _channel_reference(endpoint),
        "title": command.message.type,
        "messages": _references(endpoint, [command.message, *command.old]),
        "reply": {
            "channel": _channel_reference(endpoint),
            "messages": _references(endpoint, [*command.replies, command.error]),
        },
        "x-least-role": command.role_name,
        "x-error-codes": list(command.errors),
        "x-joins": list(command.joins),
        "x-leaves": list(command.leaves),
        "x-safe": command.is_safe,
    }
    if command.idempotency_key is not None:
        operation["x-idempotency-key"] = command.idempotency_key
    if command.needs_token:
        operation["security"] = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _security_schemes()]
    return operation


def _send(endpoint: EndpointDescription, messages: Iterable[MessageDescription], description: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": _channel_reference(endpoint),
        "description": description,
        "messages": _references(endpoint, messages),
    }


def _channel_reference(endpoint: EndpointDescription) -> dict[str, str]:
    return {"$ref": f"#/channels/{endpoint.name}"}


def _references(endpoint: EndpointDescription, messages: Iterable[MessageDescription]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{endpoint.name}/messages/{_key(message.key)}"} for message in messages]
