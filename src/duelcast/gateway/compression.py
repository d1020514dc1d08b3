"""permessage-deflate with a context that many receivers share (RFC 7692).

All members of a cohort get the same messages, so one compressor serves all of them, with context takeover: a message
may refer back to any message since the last full flush. A client that lacks one of those would decode wrong text,
mostly without noticing. A member therefore joins only at a full flush, and messages to one member alone are not
compressed, which leaves the window of the receiver as it is.

The window has 12 bits: 15 bits compress prices 6 % better, and 9 bits four times worse.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Container, Sequence

from msgspec import Struct

from duelcast.wire.frames import compressed_frame, payload_of

WINDOW_BITS = 12
MEMORY_LEVEL = 5
"""With `WINDOW_BITS`, a compressor takes 40 KB (zlib's `deflateInit2`: 2^(bits + 2) + 2^(level + 9) bytes)."""
TAIL = b"\x00\x00\xff\xff"
"""The end of each compressed message, which is not sent (RFC 7692, 7.2.1)."""
LONG_FLUSH = 8
"""After a flush of this many messages, a full flush costs little."""
FULL_FLUSH_INTERVAL_S = 0.25
"""The interval of full flushes if flushes carry fewer messages."""

_PARAMETER = re.compile(r"\s*([a-z_]+)\s*(?:=\s*(?:([0-9]{1,2})|\"([0-9]{1,2})\")\s*)?")


class CompressionSettings(Struct, frozen=True):
    """`level` is zlib's, from 1 to 9; 0 turns compression off. Sets of channels with fewer than `min_followers` are not
    compressed, because that would cost more than it saves; at most `max_sets` are."""

    level: int = 3
    min_followers: int = 8
    max_sets: int = 500


NO_COMPRESSION = CompressionSettings(level=0)


class Agreement(Struct, frozen=True):
    """An agreement about compression. `answer` is the value of `Sec-WebSocket-Extensions`.

    Both sides may compress, but the server only if `is_shared`: a client that keeps no context cannot share one.
    """

    answer: str
    is_shared: bool


_ANSWER = f"permessage-deflate; server_max_window_bits={WINDOW_BITS}; client_no_context_takeover"
"""No connection keeps a decompressor."""
SHARED = Agreement(_ANSWER, is_shared=True)
ONE_WAY = Agreement(f"{_ANSWER}; server_no_context_takeover", is_shared=False)


def negotiate(header: str | None) -> Agreement | None:
    """The agreement about the first acceptable offer of permessage-deflate in a `Sec-WebSocket-Extensions` (RFC 7692,
    7.1), None if there is none. Offers of windows smaller than `WINDOW_BITS` are declined."""
    for offer in () if header is None else header.split(","):
        name, *parameters = offer.split(";")
        if name.strip() == "permessage-deflate":
            agreement = _agreement(parameters)
            if agreement is not None:
                return agreement
    return None


def _agreement(parameters: Sequence[str]) -> Agreement | None:
    agreement, seen = SHARED, set()
    for parameter in parameters:
        found = _PARAMETER.fullmatch(parameter)
        if found is None or found[1] in seen:
            return None
        seen.add(found[1])
        value = found[2] or found[3]
        if value is not None and (value.startswith("0") or not 8 <= int(value) <= 15):
            return None
        match found[1]:
            case "server_no_context_takeover" if value is None:
                agreement = ONE_WAY
            case "client_no_context_takeover" if value is None:
                pass
            case "client_max_window_bits":
                pass
            case "server_max_window_bits" if value is not None and int(value) >= WINDOW_BITS:
                pass
            case _:
                return None
    return agreement


class SharedCompressor:
    """A stream of compressed messages. Members join it at a full flush."""

    __slots__ = ("_deflate", "_has_context", "_is_long", "_restarted_at")

    def __init__(self, level: int) -> None:
        self._deflate = zlib.compressobj(level, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)
        self._has_context = False
        """Whether the next message may refer back to earlier ones."""
        self._is_long = True
        self._restarted_at = 0.0

    def compress(self, frames: Sequence[bytes], plain: Container[int] = ()) -> bytes:
        """The bytes of `frames` (text frames) for all members. Frames with an index in `plain` stay as they are."""
        deflate, parts = self._deflate, []
        for index, frame in enumerate(frames):
            if index in plain:
                parts.append(frame)
            else:
                compressed = deflate.compress(payload_of(frame)) + deflate.flush(zlib.Z_SYNC_FLUSH)
                parts.append(compressed_frame(compressed[: -len(TAIL)]))
        self._has_context = True
        self._is_long = len(frames) >= LONG_FLUSH
        return b"".join(parts)

    def may_restart(self, now: float) -> bool:
        """Whether a full flush costs little now: at most a few percent of what compression saves."""
        return not self._has_context or self._is_long or now - self._restarted_at >= FULL_FLUSH_INTERVAL_S

    def restart(self, now: float) -> None:
        """Refer back to nothing from now on. The bytes of a full flush between two messages need not be sent: they are
        an empty block."""
        if self._has_context:
            self._deflate.flush(zlib.Z_FULL_FLUSH)
            self._has_context = False
            self._restarted_at = now


def inflated(data: bytes, max_bytes: int) -> bytes | None:
    """The message that was compressed to `data`; None if it has more than `max_bytes`. Raises `zlib.error`."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    message = inflate.decompress(data + TAIL, max_bytes + 1)
    if len(message) > max_bytes:
        return None
    # A final block is followed by a zero byte (RFC 7692, 7.2.3.5).
    if inflate.eof and inflate.unused_data not in (TAIL, b"\0" + TAIL):
        raise zlib.error("data after the final block")
    return message
