"""A definition is read with clear errors, which repeat nothing of the URL."""

from __future__ import annotations

import msgspec
import pytest

from duelcast.domain.operations.check import CheckDefinition, CheckType
from duelcast.errors import InvalidRequest
from duelcast.outbound.checks.build import build_check
from duelcast.outbound.checks.targets import TargetRules


def build(type_: CheckType, url: str) -> None:
    build_check(CheckDefinition(type=type_, url=url, intervalMs=1_000), TargetRules())


@pytest.mark.parametrize(
    ("type_", "url"),
    [
        ("http", "http://example.com"),
        ("http", "HTTPS://user:pass@Example.com:8443/path?query#fragment"),
        ("http", "http://[2600:db8::1]:80/"),
        ("tcp", "tcp://10.0.0.1:22"),
        ("tls", "tls://example.com"),
        ("websocket", "ws://example.com/feed"),
        ("websocket", "wss://example.com"),
        ("postgres", "postgres://user:p%40ss@db:5433/app?sslmode=require"),
        ("postgres", "postgresql://db?sslmode=verify-full"),
        ("redis", "redis://:pass@cache/3"),
        ("redis", "rediss://user:pass@cache"),
    ],
)
def test_what_can_be_built(type_: CheckType, url: str) -> None:
    build(type_, url)


@pytest.mark.parametrize(
    ("type_", "url"),
    [
        ("http", "ftp://s3cret.example"),
        ("http", "s3cret.example"),
        ("http", "http://"),
        ("http", "http://s3cret:80:80/"),
        ("http", "http://s3cret:99999/"),
        ("http", "http://s3cret:0/"),
        ("http", "http://[::s3cret]/"),
        ("http", "http://[2001:db8::1%eth0]/"),
        ("http", "http://s3cret.example/ path"),
        ("http", "http://s3cret.example/\r\nHost: x"),
        ("http", "http://s3cret\N{LATIN SMALL LETTER E WITH ACUTE}.example/"),
        ("http", "http://a..s3cret\\.example/"),
        ("http", "http://169.254.169.254/s3cret"),
        ("http", "http://[::ffff:a9fe:a9fe]/s3cret"),
        ("http", "http://metadata.google.internal/s3cret"),
        ("tcp", "tcp://s3cret.example"),
        ("redis", "redis://s3cret.example/name"),
        ("redis", "redis://s3cret.example/1000000"),
        ("postgres", "postgres://s3cret.example/app?sslmode=maybe"),
        ("postgres", "postgres://s3cret.example/app?host=/run/postgresql"),
        ("postgres", "postgres://s3cret%00:x@db.example/app"),
        ("websocket", "http://s3cret.example"),
    ],
)
def test_what_is_refused(type_: CheckType, url: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        build(type_, url)
    assert refusal.value.field == "check.url"
    assert "s3cret" not in refusal.value.message


@pytest.mark.parametrize(
    "given",
    [
        {"type": "icmp"},
        {"url": ""},
        {"url": "http://" + "a" * 2_048},
        {"intervalMs": 999},
        {"intervalMs": 3_600_001},
        {"timeoutMs": 0},
        {"timeoutMs": 30_001},
        {"surprise": 1},
    ],
)
def test_a_definition_out_of_bounds_is_refused(given: dict[str, object]) -> None:
    whole = {"type": "http", "url": "http://example.com", "intervalMs": 1_000}
    assert msgspec.convert(whole, CheckDefinition).timeoutMs == 5_000
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(whole | given, CheckDefinition)
