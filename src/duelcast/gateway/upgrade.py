"""The requirements for an upgrade request, and the refusals of requests that do not meet them."""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl

from duelcast.channels.broker import Position
from duelcast.gateway.admission import ConnectRequest
from duelcast.gateway.compression import negotiate
from duelcast.gateway.connection import Connection
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.handshake import upgrade
from duelcast.gateway.refusals import RefusedRequest, bad_request
from duelcast.gateway.runtime import EndpointRuntime
from duelcast.peers.addresses import Network, address_bucket, client_address
from duelcast.peers.origins import LOOPBACK_ALONE, ORIGIN_REFUSED, OriginRules
from duelcast.wire.messages import MAX_SAFE_INTEGER

MAX_QUERY_FIELDS = 1_000

_PROTOCOL_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_EPOCH = re.compile(r"[A-Za-z0-9_\-]{1,32}")
_SEQ = re.compile(r"[0-9]{1,16}")


class UpgradeRequest(NamedTuple):
    """A GET request for a WebSocket. `target` is in origin form (RFC 9112, 3.2.1), as received.

    Header names are in lower case; repeated headers are joined.
    """

    target: str
    headers: dict[str, str]


class UpgradeRules:
    """The requirements that an upgrade must meet to become a connection."""

    def __init__(
        self,
        gateway: Gateway,
        origins: OriginRules,
        *,
        trusted_proxies: Sequence[Network] = (),
        root_path: str = "",
        query_token: bool = True,
    ) -> None:
        self.gateway = gateway
        self._origins = origins
        self._trusted_proxies = trusted_proxies
        self._root_path = root_path
        self._query_token = query_token

    def accept(self, transport: asyncio.Transport, request: UpgradeRequest) -> asyncio.BufferedProtocol:
        """Return the protocol that takes over `transport`. Raises `RefusedRequest`."""
        headers = request.headers
        path, _, query = request.target.partition("?")
        runtime = self._endpoint(path)
        self._check_origin(headers)
        key = _check_handshake(headers)
        offered = _offered_protocols(headers)
        connect = self._connect_request(transport, runtime, query, headers, offered)
        answer = _answer_headers(offered)
        if connect.compression is not None:
            answer["Sec-WebSocket-Extensions"] = connect.compression.answer
        transport.set_write_buffer_limits(high=0)
        return upgrade(transport, Connection(self.gateway, runtime, connect), key=key, headers=answer)

    def _endpoint(self, path: str) -> EndpointRuntime:
        """The endpoint at exactly this path, with or without the prefix `root_path`. No other spelling of the path is
        accepted, because a proxy's rules may name only this one."""
        if "//" in path or "%2f" in path.lower():
            raise bad_request("The path of a WebSocket must contain neither `//` nor `%2F`.")
        if self._root_path and path.startswith(self._root_path + "/"):
            path = path[len(self._root_path) :]
        runtime = self.gateway.endpoints.get(path)
        if runtime is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no WebSocket endpoint at this path.")
        if self.gateway.draining:
            raise RefusedRequest(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The server is stopping.",
                [f"Retry-After: {self.gateway.return_floor_ms // 1000 + 5}"],
            )
        return runtime

    def _check_origin(self, headers: dict[str, str]) -> None:
        host = headers.get("host")
        if not self._origins.host_allowed(host):
            raise RefusedRequest(HTTPStatus.FORBIDDEN, LOOPBACK_ALONE)
        if not self._origins.origin_allowed(headers.get("origin"), host):
            raise RefusedRequest(HTTPStatus.FORBIDDEN, ORIGIN_REFUSED)

    def _connect_request(
        self,
        transport: asyncio.Transport,
        runtime: EndpointRuntime,
        query_string: str,
        headers: dict[str, str],
        offered: Sequence[str],
    ) -> ConnectRequest:
        peer = transport.get_extra_info("peername")
        address = client_address(peer[0] if peer else None, headers.get("x-forwarded-for"), self._trusted_proxies)
        query = _parse_query(query_string) if query_string else []
        first = dict(reversed(query))
        token, is_cookie = self._token(headers, offered, first)
        public_name = runtime.endpoint.public_name
        return ConnectRequest(
            address_bucket=address_bucket(address),
            token=token,
            token_is_cookie=is_cookie,
            auth_by_message=first.get("auth") == "message",
            by_public_name=public_name is not None and first.get("endpoint") == public_name,
            channels=[value for name, value in query if name == "channel"],
            since=[_position(value) for name, value in query if name == "since"],
            compression=negotiate(headers.get("sec-websocket-extensions")) if self.gateway.compresses else None,
        )

    def _token(self, headers: dict[str, str], offered: Sequence[str], query: dict[str, str]) -> tuple[str | None, bool]:
        """The token, and whether it comes from the cookie. The first non-empty source is used."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credentials.strip():
            return credentials.strip(), False
        for protocol in offered:
            if _is_token(protocol):
                return protocol, False
        if self._query_token and query.get("token"):
            return query["token"], False
        for cookie in headers.get("cookie", "").split(";"):
            name, _, value = cookie.strip().partition("=")
            if name == "session" and value:
                return value, True
        return None, False


def _parse_query(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise bad_request("The query string has too many fields.") from None


def _check_handshake(headers: dict[str, str]) -> str:
    """The key of a valid opening handshake (RFC 6455, 4.2.1)."""
    if headers.get("sec-websocket-version") != "13":
        raise RefusedRequest(
            HTTPStatus.UPGRADE_REQUIRED,
            "This server speaks version 13 of the WebSocket protocol.",
            ["Sec-WebSocket-Version: 13", "Upgrade: websocket"],
        )
    key = headers.get("sec-websocket-key", "")
    try:
        valid = len(b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise bad_request("`Sec-WebSocket-Key` must be 16 bytes in base64.")
    return key


def _offered_protocols(headers: dict[str, str]) -> Sequence[str]:
    header = headers.get("sec-websocket-protocol")
    if header is None:
        return ()
    offered = [entry.strip() for entry in header.split(",")]
    return [entry for entry in offered if _PROTOCOL_TOKEN.fullmatch(entry)]


def _is_token(protocol: str) -> bool:
    return protocol.count(".") == 2 and all(protocol.split("."))


def _answer_headers(offered: Sequence[str]) -> dict[str, str]:
    """Headers that select the first offered protocol that is not the token, or the token if it is the only one."""
    if not offered:
        return {}
    others = [protocol for protocol in offered if not _is_token(protocol)]
    return {"Sec-WebSocket-Protocol": (others or offered)[0]}


def _position(text: str) -> tuple[str, Position] | None:
    """The channel and position in a text `<channel>,<epoch>,<seq>`; None for any other text."""
    parts = text.rsplit(",", 2)
    if len(parts) != 3 or not _EPOCH.fullmatch(parts[1]) or not _SEQ.fullmatch(parts[2]):
        return None
    seq = int(parts[2])
    return (parts[0], Position(parts[1], seq)) if seq <= MAX_SAFE_INTEGER else None
