"""Compression: what is negotiated, what is inflated, and when a shared context begins anew."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.gateway.compression import (
    FULL_FLUSH_INTERVAL_S,
    LONG_FLUSH,
    ONE_WAY,
    SHARED,
    SharedCompressor,
    inflated,
    negotiate,
)
from duelcast.wire.frames import text_frame
from tests.examples import examples
from tests.gateway.wire_client import messages_in


@pytest.mark.parametrize(
    "header",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=15; server_max_window_bits=12",
        'permessage-deflate; server_max_window_bits="15"',
        "permessage-deflate; client_no_context_takeover",
        "x-unknown; a=1, permessage-deflate",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    ],
)
def test_a_context_is_shared_if_the_client_keeps_one(header: str) -> None:
    assert negotiate(header) is SHARED


@pytest.mark.parametrize(
    "header",
    [
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits, permessage-deflate",
    ],
)
def test_a_client_without_context_may_compress_and_gets_nothing_compressed(header: str) -> None:
    assert negotiate(header) is ONE_WAY


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x-unknown",
        "permessage-deflate2",
        "permessage-deflate; server_max_window_bits=11",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=012",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
        "permessage-deflate; nonsense",
        "permessage-deflate; ",
        "permessage-deflate; client_max_window_bits=7",
    ],
)
def test_other_offers_are_declined(header: str | None) -> None:
    assert negotiate(header) is None


def deflated(message: bytes, mode: int = zlib.Z_SYNC_FLUSH) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    data = compressor.compress(message) + compressor.flush(mode)
    return data.removesuffix(b"\x00\x00\xff\xff") if mode == zlib.Z_SYNC_FLUSH else data + b"\x00"


@settings(max_examples=examples(100))
@given(st.binary(max_size=2000), st.sampled_from([zlib.Z_SYNC_FLUSH, zlib.Z_FINISH]))
def test_a_message_is_inflated_up_to_the_limit(message: bytes, mode: int) -> None:
    data = deflated(message, mode)
    assert inflated(data, len(message)) == message
    if message:
        assert inflated(data, len(message) - 1) is None


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", deflated(b"x", zlib.Z_FINISH) + b"more"])
def test_a_message_that_is_not_deflate_is_an_error(data: bytes) -> None:
    with pytest.raises(zlib.error):
        inflated(data, 100)


def test_restarts_are_as_frequent_as_they_are_cheap() -> None:
    compressor = SharedCompressor(3)
    assert compressor.may_restart(0.0)
    compressor.compress([text_frame(b"a")] * LONG_FLUSH)
    assert compressor.may_restart(0.0)
    compressor.compress([text_frame(b"a")])
    compressor.restart(10.0)
    compressor.compress([text_frame(b"a")])
    assert not compressor.may_restart(10.0 + FULL_FLUSH_INTERVAL_S / 2)
    assert compressor.may_restart(10.0 + FULL_FLUSH_INTERVAL_S)


@settings(max_examples=examples(100))
@given(st.lists(st.lists(st.binary(max_size=300), max_size=12), max_size=8), st.sets(st.integers(0, 11)))
def test_who_joins_at_a_restart_decodes_everything_after_it(flushes: list[list[bytes]], plain: set[int]) -> None:
    compressor = SharedCompressor(3)
    windows: list[zlib._Decompress] = []
    for flush in flushes:
        compressor.restart(0.0)
        windows.append(zlib.decompressobj(-12))
        data = compressor.compress(list(map(text_frame, flush)), plain)
        for window in windows:
            assert messages_in(data, window) == flush
