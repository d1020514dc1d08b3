from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.peers.origins import OriginRules

PUBLIC = OriginRules(listens_on_loopback_only=False)
LOCAL = OriginRules(["https://play.example.org", "http://dev.example.org:3000"], listens_on_loopback_only=True)
LISTED = OriginRules(["https://play.example.org/", "capacitor://localhost"], listens_on_loopback_only=False)


def test_a_client_that_sends_no_origin_is_let_in() -> None:
    assert PUBLIC.origin_allowed(None, "trade.example.org")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://trade.example.org", "trade.example.org"),
        ("http://trade.example.org", "trade.example.org:80"),
        ("http://trade.example.org:80", "trade.example.org"),
        ("https://trade.example.org", "trade.example.org"),
        ("https://trade.example.org", "trade.example.org:443"),
        ("https://Trade.Example.org", "tRADE.example.org"),
        ("http://192.0.2.1:8069", "192.0.2.1:8069"),
        ("http://[2001:db8::1]:8069", "[2001:db8::1]:8069"),
    ],
)
def test_a_page_of_the_same_host_and_port_is_let_in(origin: str, host: str) -> None:
    assert PUBLIC.origin_allowed(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "trade.example.org"),
        ("http://trade.example.org:8069", "trade.example.org"),
        ("http://trade.example.org", "trade.example.org:443"),
        ("http://trade.example.org:443", "trade.example.org"),
        ("https://trade.example.org.evil.example", "trade.example.org"),
        ("ftp://trade.example.org", "trade.example.org"),
        ("http://trade.example.org", None),
        ("http://localhost:3000", "trade.example.org"),
    ],
)
def test_a_page_of_elsewhere_is_refused(origin: str, host: str | None) -> None:
    assert not PUBLIC.origin_allowed(origin, host)


def test_behind_tls_of_our_own_a_plain_page_is_elsewhere() -> None:
    rules = OriginRules(listens_on_loopback_only=False, default_scheme="https")
    for host in ("trade.example.org", "trade.example.org:443"):
        assert rules.origin_allowed("https://trade.example.org", host)
        assert not rules.origin_allowed("http://trade.example.org", host)
    assert rules.origin_allowed("https://trade.example.org:8443", "trade.example.org:8443")
    assert not rules.origin_allowed("http://trade.example.org:8443", "trade.example.org:8443")
    assert not rules.origin_allowed("http://trade.example.org:443", "trade.example.org:443")


@pytest.mark.parametrize("rules", [PUBLIC, LOCAL, LISTED])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "*",
        "http://",
        "//localhost",
        "http://localhost/",
        "http://localhost/path",
        "http://user@localhost",
        "http://localhost:port",
        "http://localhost:123456",
        "http://localhost\r\nX-Evil: 1",
        "http://localhost\n",
        "http://localhost http://localhost",
        "http://localhost\u0130",
        "http://" + "a" * 400,
    ],
)
def test_null_and_garbage_are_refused(rules: OriginRules, origin: str) -> None:
    assert not rules.origin_allowed(origin, "localhost")


@given(st.text())
def test_what_is_let_in_unlisted_is_an_origin_on_one_line(origin: str) -> None:
    assert not PUBLIC.origin_allowed(origin, origin) or (origin.isprintable() and "://" in origin)


@pytest.mark.parametrize(
    "origin", ["https://play.example.org", "https://play.example.org:443", "capacitor://localhost"]
)
def test_a_listed_origin_is_let_in(origin: str) -> None:
    assert LISTED.origin_allowed(origin, "api.example.org")


def test_a_listed_origin_lets_no_other_scheme_or_port_in() -> None:
    assert not LISTED.origin_allowed("http://play.example.org", "api.example.org")
    assert not LISTED.origin_allowed("https://play.example.org:8443", "api.example.org")


@pytest.mark.parametrize("text", ["play.example.org", "https://play.example.org/app", "*", ""])
def test_a_configured_origin_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        OriginRules([text], listens_on_loopback_only=True)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://app.localhost", "http://127.0.0.1:5173", "http://127.1.2.3", "http://[::1]:1"],
)
def test_a_loopback_server_takes_any_loopback_page(origin: str) -> None:
    assert LOCAL.origin_allowed(origin, "localhost:8069")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8069",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1:8069",
        "[::1]:8069",
        "app.localhost:1",
        "play.example.org",
        "play.example.org:443",
        "dev.example.org:3000",
    ],
)
def test_a_loopback_server_answers_to_loopback_names_and_those_of_listed_origins(host: str) -> None:
    assert LOCAL.host_allowed(host)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "0.0.0.0",
        "192.168.1.5:8069",
        "127.0.0.1.evil",
        "play.example.org:8069",
        "dev.example.org",
        "localhost:8069\r\nX: 1",
        "local host",
        "[::2]",
    ],
)
def test_a_loopback_server_does_not_answer_to_other_names(host: str | None) -> None:
    assert not LOCAL.host_allowed(host)


@pytest.mark.parametrize("host", ["anything.example", None])
def test_a_public_server_answers_to_every_name(host: str | None) -> None:
    assert PUBLIC.host_allowed(host)


@pytest.mark.parametrize(("scheme", "allowed"), [("http", True), ("https", False)])
def test_a_host_without_port_has_the_port_of_its_scheme(scheme: Literal["http", "https"], allowed: bool) -> None:
    rules = OriginRules(["http://dev.example.org"], listens_on_loopback_only=True, default_scheme=scheme)
    assert rules.host_allowed("dev.example.org") is allowed


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8069", True),
        ("127.0.0.1", True),
        ("play.example.org", True),
        ("Play.Example.Org:443", True),
        ("play.example.org:8443", False),
        ("evil.example", False),
        ("play.example.org.evil.example", False),
        ("play.example.org@evil.example", False),
        ("", False),
        (None, False),
    ],
)
def test_a_host_is_known_where_nobody_can_have_made_it_up(host: str | None, known: bool) -> None:
    assert LISTED.host_known(host) is known
