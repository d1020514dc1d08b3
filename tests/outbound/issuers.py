"""A token issuer with public keys, served by a real HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

PrivateKey = Any
"""Of any of PyJWT's algorithms."""


def ed25519_key() -> PrivateKey:
    return Ed25519PrivateKey.generate()


def rsa_key(bits: int = 2048) -> PrivateKey:
    return generate_private_key(65537, bits)


def jwk(key: PrivateKey, key_id: str | None, **members: str) -> dict[str, Any]:
    """The public half of `key` (RFC 7517)."""
    family = jwt.algorithms.OKPAlgorithm if isinstance(key, Ed25519PrivateKey) else jwt.algorithms.RSAAlgorithm
    found: dict[str, Any] = family.to_jwk(key.public_key(), as_dict=True)
    return found | members | ({} if key_id is None else {"kid": key_id})


@dataclass
class KeyServer:
    """What it answers may be changed at any time. `answered` counts requests; `gate` holds answers back."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    body: bytes | None = None
    status: int = 200
    answered: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await self.gate.wait()
        self.answered += 1
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        head = f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()


@asynccontextmanager
async def key_server(*keys: dict[str, Any]) -> AsyncIterator[KeyServer]:
    """A JWKS URL on loopback that lists `keys`."""
    issuer = KeyServer(keys=list(keys))
    issuer.gate.set()
    server = await asyncio.start_server(issuer.serve, "127.0.0.1", 0)
    issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    async with server:
        yield issuer
