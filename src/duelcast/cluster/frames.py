"""Frames between two nodes that share a secret.

A frame is its length (4 bytes, big-endian, of what follows), a tag (16 bytes) and the payload. The tag is a keyed
BLAKE2b (RFC 7693) of a counter and the payload; each direction of each connection has its own key, derived from the
secret and from a nonce of either side. So a peer without the secret, and a frame that is changed, repeated, reordered
or from an earlier connection, are refused. The frames are not encrypted: use TLS on networks that others can read.

Before the first tagged frame, the listening side sends `nonce`, the connecting side `[version, node, nonce, proof]`,
and the listening side its `proof`; these three are MessagePack, and have no tag.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Literal, NamedTuple, cast

import msgspec

VERSION = 1
NONCE_BYTES = 32
TAG_BYTES = 16
MAX_FRAME_BYTES = 8 * 1024 * 1024
MAX_GREETING_BYTES = 512
MAX_UNSENT_BYTES = 32 * 1024 * 1024
"""If a peer takes its frames so slowly that more wait, the connection ends."""
DRAINED_BYTES = 1024 * 1024
DRAIN_TIMEOUT_S = 10.0
"""If a peer takes so little for so long that `DRAINED_BYTES` wait all the time, the connection ends."""
GREETING_TIMEOUT_S = 5.0

Fault = Literal["size", "tag", "greeting", "secret", "version", "late", "slow", "payload", "silent"]


class Greeting(msgspec.Struct, array_like=True, frozen=True):
    """Sent by the connecting side."""

    version: int
    node: str
    nonce: bytes
    proof: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode_nonce = msgspec.msgpack.Decoder(bytes).decode
_decode_greeting = msgspec.msgpack.Decoder(Greeting).decode


class Keys(NamedTuple):
    """The keys of a connection, by the side that sends."""

    connecting: bytes
    listening: bytes


class FrameProtocol(asyncio.Protocol):
    """One end of a link. `made` is called once there is a connection (with TLS, after its handshake), `connected` once
    both ends have proved that they know the secret, then `received` for each payload, and once at the end of every
    connection that was made `lost`. `faults` counts why connections were cut off."""

    def __init__(self, secret: bytes, node: str, *, listens: bool, faults: Counter[Fault]) -> None:
        self.peer = ""
        """The name of the other node; empty until it is known."""
        self.fault: Fault | None = None
        """Why the connection was cut off."""
        self.made: Callable[[], None] = lambda: None
        self.connected: Callable[[], None] = lambda: None
        self.received: Callable[[bytes], None] = lambda _payload: None
        self.lost: Callable[[], None] = lambda: None
        self.is_connected = False
        self._secret = secret
        self._node = node
        self._listens = listens
        self._faults = faults
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._nonces = b""
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._keys: Keys | None = None
        self._sent = self._taken = 0
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._ended = False
        self._drained = asyncio.Event()
        self._drained.set()
        self._draining: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """The IP address of the other node; empty if there is none."""
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    # ── the connection ──────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=DRAINED_BYTES)
        self._deadline = asyncio.get_running_loop().call_later(GREETING_TIMEOUT_S, self.cut_off, "late")
        self.made()
        if self._listens and not self._ended:
            self._write_greeting(_encode(self._nonce))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._ended and len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4])
            if size > (MAX_FRAME_BYTES if self.is_connected else MAX_GREETING_BYTES):
                self.cut_off("size")
                return
            if len(self._buffer) < 4 + size:
                return
            frame = bytes(self._buffer[4 : 4 + size])
            del self._buffer[: 4 + size]
            if self.is_connected:
                self._take(frame)
            else:
                self._take_greeting(frame)

    def pause_writing(self) -> None:
        self._drained.clear()
        self._draining = asyncio.get_running_loop().call_later(DRAIN_TIMEOUT_S, self.cut_off, "slow")

    def resume_writing(self) -> None:
        self._drained.set()
        self._stop_draining()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._stop_draining()
        self._ended = True
        self.is_connected = False
        self._drained.set()
        self.lost()

    def close(self) -> None:
        """Send what is waiting, and end the connection."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._ended = True
        self._transport.abort()

    def cut_off(self, fault: Fault) -> None:
        """End the connection at once because of a fault of the peer, and count it."""
        if not self._ended:
            self.fault = fault
            self._faults[fault] += 1
            self.abort()

    # ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, payload: bytes) -> None:
        """Send a payload of at most `MAX_FRAME_BYTES` - `TAG_BYTES`. Small payloads of one loop iteration are written
        together."""
        if not self.is_connected:
            return
        assert len(payload) <= MAX_FRAME_BYTES - TAG_BYTES
        assert self._keys is not None
        key = self._keys.listening if self._listens else self._keys.connecting
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        tag = _tag(key, self._sent, payload)
        self._sent += 1
        self._unsent += ((len(payload) + TAG_BYTES).to_bytes(4), tag, payload)
        self._unsent_bytes += len(payload)
        if self._unsent_bytes > DRAINED_BYTES:
            self._flush()

    async def drained(self) -> None:
        """Return once the peer has taken most of what was sent, or the connection has ended. Senders of anything large
        wait here before each payload."""
        while not self._drained.is_set():  # again, if another sender was faster
            await self._drained.wait()

    def _stop_draining(self) -> None:
        if self._draining is not None:
            self._draining.cancel()

    def _flush(self) -> None:
        if self._unsent and not self._ended:
            data, self._unsent, self._unsent_bytes = b"".join(self._unsent), [], 0
            self._transport.write(data)
            if not self._drained.is_set() and self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                self.cut_off("slow")

    def _take(self, frame: bytes) -> None:
        assert self._keys is not None
        key = self._keys.connecting if self._listens else self._keys.listening
        payload = frame[TAG_BYTES:]
        if not hmac.compare_digest(frame[:TAG_BYTES], _tag(key, self._taken, payload)):
            self.cut_off("tag")
            return
        self._taken += 1
        self.received(payload)

    # ── greeting ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_greeting(self, frame: bytes) -> None:
        try:
            if self._listens:
                self._take_proof_of_client(_decode_greeting(frame))
            elif not self._nonces:
                self._answer_nonce(_decode_nonce(frame))
            else:
                self._take_proof_of_server(_decode_nonce(frame))
        except (msgspec.DecodeError, ValueError):
            self.cut_off("greeting")

    def _answer_nonce(self, nonce: bytes) -> None:
        if len(nonce) != NONCE_BYTES:
            raise ValueError("a nonce has another length")
        self._nonces = nonce + self._nonce
        proof = self._proof(b"connecting", self._node)
        self._write_greeting(_encode(Greeting(VERSION, self._node, self._nonce, proof)))

    def _take_proof_of_client(self, greeting: Greeting) -> None:
        if greeting.version != VERSION:
            self.cut_off("version")
            return
        self._nonces = self._nonce + greeting.nonce
        if len(greeting.nonce) != NONCE_BYTES:
            raise ValueError("a nonce has another length")
        if not hmac.compare_digest(greeting.proof, self._proof(b"connecting", greeting.node)):
            self.cut_off("secret")
            return
        self.peer = greeting.node
        self._write_greeting(_encode(self._proof(b"listening", greeting.node)))
        self._connect()

    def _take_proof_of_server(self, proof: bytes) -> None:
        if not hmac.compare_digest(proof, self._proof(b"listening", self._node)):
            self.cut_off("secret")
            return
        self._connect()

    def _connect(self) -> None:
        self._deadline.cancel()
        self._keys = Keys(
            *(blake2b(self._nonces, key=self._key(), person=side).digest() for side in (b"connecting", b"listening"))
        )
        self.is_connected = True
        self.connected()

    def _proof(self, side: bytes, node: str) -> bytes:
        return blake2b(self._nonces + node.encode(), key=self._key(), person=side, salt=b"proof").digest()

    def _key(self) -> bytes:
        # A key of BLAKE2b has at most 64 bytes.
        return blake2b(self._secret, person=b"duelcast-link").digest()

    def _write_greeting(self, payload: bytes) -> None:
        self._transport.write(len(payload).to_bytes(4) + payload)


def _tag(key: bytes, number: int, payload: bytes) -> bytes:
    return blake2b(number.to_bytes(8) + payload, key=key, digest_size=TAG_BYTES).digest()
