"""An upgrade is read as any parser of HTTP reads it, or not at all."""

from __future__ import annotations

import contextlib

import pytest
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from hypothesis import example, given
from hypothesis import strategies as st

from duelcast.gateway.first_request import upgrade_request
from duelcast.gateway.refusals import RefusedRequest
from duelcast.gateway.upgrade import UpgradeRequest

USUAL = [
    b"Host: 127.0.0.1:8069",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
]
FIREFOX = [
    b"Host: localhost:8069",
    b"Accept: */*",
    b"Accept-Language: en-US,en;q=0.5",
    b"Sec-WebSocket-Extensions: permessage-deflate",
    b"Cookie: session=abc; theme=dark",
    b"Connection: keep-alive, Upgrade",
    b"Pragma: no-cache",
    *USUAL[3:],
    b"Upgrade: websocket",
]


def request(headers: list[bytes], line: bytes = b"GET /api/v69/ws/market-data?a=b HTTP/1.1") -> bytes:
    return b"\r\n".join([line, *headers]) + b"\r\n\r\n"


class Reader:
    """Reads a head with another parser, for comparison."""

    def __init__(self, data: bytes) -> None:
        self.target = b""
        self.headers: dict[str, str] = {}
        self.complete = False
        self.parser = HttpRequestParser(self)
        with contextlib.suppress(HttpParserError, HttpParserUpgrade):
            self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode().lower(), value.decode("latin-1").strip(" \t")
        separator = "; " if key == "cookie" else ", "
        self.headers[key] = f"{self.headers[key]}{separator}{text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        self.complete = self.parser.should_upgrade() and self.parser.get_http_version() == "1.1"


def as_another_parser_reads(data: bytes) -> UpgradeRequest | None:
    reader = Reader(data)
    return UpgradeRequest(reader.target.decode(), reader.headers) if reader.complete else None


@pytest.mark.parametrize("headers", [USUAL, FIREFOX], ids=["usual", "firefox"])
def test_what_clients_send_is_read_as_another_parser_does(headers: list[bytes]) -> None:
    read = upgrade_request(request(headers))
    assert read is not None
    assert read == as_another_parser_reads(request(headers))


def test_repeated_headers_are_joined_and_blanks_around_values_are_none_of_them() -> None:
    more = [b"X: a \t", b"x:\tb", b"Cookie: a=b", b"cookie: c=d", b"Connection:keep-alive"]
    read = upgrade_request(request([*USUAL, *more]))
    assert read is not None
    assert (read.headers["x"], read.headers["cookie"]) == ("a, b", "a=b; c=d")
    assert read.headers["connection"] == "Upgrade, keep-alive"


@pytest.mark.parametrize("header", [b"Content-Length: 1", b"Content-Length: 0, 0", b"Transfer-Encoding: identity"])
def test_an_upgrade_with_a_body_is_refused(header: bytes) -> None:
    with pytest.raises(RefusedRequest):
        upgrade_request(request([*USUAL, header]))


@pytest.mark.parametrize(
    "data",
    [
        request(USUAL)[:-1],
        request(USUAL) + b"\x81\x80\0\0\0\0",
        request(USUAL, b"POST / HTTP/1.1"),
        request(USUAL, b"GET / HTTP/1.0"),
        request(USUAL, b"GET  / HTTP/1.1"),
        request(USUAL, b"GET /a b HTTP/1.1"),
        request(USUAL, b"GET evil:80 HTTP/1.1"),
        request([*USUAL[:2], b"Connection: \xa0Upgrade", *USUAL[3:]]),
        request(USUAL[:1]),
        request([*USUAL, b" folded"]),
        request([*USUAL, b"Bad Name: x"]),
        request([*USUAL, b"Name : x"]),
        request([*USUAL, b"X: a\0b"]),
        request([*USUAL, b"X: a\nY: b"]),
        request([b"Upgrade: h2c", *USUAL[:1], *USUAL[2:]]),
        request([b"Connection: close", *USUAL[:2], *USUAL[3:]]),
        request(USUAL).replace(b"\r\n", b"\n"),
        b"",
        b"\x16\x03\x01",
    ],
)
def test_whatever_is_no_upgrade_is_left_to_http(data: bytes) -> None:
    assert upgrade_request(data) is None


header_lines = st.one_of(
    st.sampled_from(USUAL + FIREFOX),
    st.builds(
        lambda name, space, value: name + b":" + space + value,
        st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}", fullmatch=True),
        st.sampled_from([b"", b" ", b"\t", b"  \t"]),
        st.binary(max_size=8),
    ),
    st.binary(max_size=12),
)


@given(st.permutations(USUAL), st.lists(header_lines, max_size=3), st.integers(0, 5))
@example(USUAL, [b"X: \xff\x80"], 0)
@example(USUAL, [b"X:\t a \t"], 0)
@example(USUAL, [b"X:"], 0)
def test_whatever_is_taken_is_read_as_another_parser_does(usual: list[bytes], more: list[bytes], at: int) -> None:
    data = request([*usual[:at], *more, *usual[at:]])
    try:
        read = upgrade_request(data)
    except RefusedRequest:
        return
    if read is not None:
        assert read == as_another_parser_reads(data)


def test_a_head_that_does_not_match_at_its_end_is_found_out_in_linear_time() -> None:
    lines = [b"X%d:%b" % (number, b" \t" * 100) for number in range(300)]
    assert upgrade_request(request([*lines, b"\0"])) is None
