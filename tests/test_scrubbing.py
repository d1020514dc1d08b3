"""Secrets are removed, whatever surrounds them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import duelcast.scrubbing as module
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.scrubbing import (
    MAX_CHARACTERS,
    MAX_DETAILS_BYTES,
    REMOVED,
    TOO_MUCH,
    is_secret_name,
    scrub,
    scrub_value,
)

HOSTILE_CHARACTERS = 200_000

surroundings = st.text(
    st.sampled_from("aZ0 \n\t.:;,=/\\?&@()[]{}<>-_%#|\"'é\U0001f600") | st.characters(codec="utf-8"), max_size=30
)
passwords = st.from_regex(r"Hunter2[A-Za-z0-9!#$%*+./:@^_~-]{0,12}", fullmatch=True)
"""They begin with `Hunter2`, which hypothesis does not put into the surroundings by chance."""
keys = st.sampled_from(
    [
        "password",
        "PASSWD",
        "db_password",
        "pwd",
        "passphrase",
        "secret",
        "clientSecret",
        "client_secret",
        "token",
        "accessToken",
        "refresh-token",
        "api_key",
        "apikey",
        "API-KEY",
        "apiKey",
        "access_key",
        "privateKey",
        "session",
        "session_id",
        "sid",
        "pin",
        "user_pin",
    ]
)
pairs = st.sampled_from(
    [
        "{}={}",
        "{} = {}",
        "{}: {}",
        "{}:{}",
        '{}="{}"',
        "{}: '{}'",
        '{{"{}": "{}", "a": 1}}',
        '{{"{}":"{}"}}',
        "{{'{}': '{}'}}",
        "{} => {}",
        '{{\\"{}\\": \\"{}\\"}}',
        "?a=1&{}={}&b=2",
        "('{}', '{}')",
        "<{}>{}</a>",
        "{}:\n  {}",
        "{}: |\n  {}\n  {{}}",
        "- {}: {}",
    ]
)


@given(before=surroundings, key=keys, form=pairs, password=passwords, after=surroundings)
def test_the_value_of_a_secret_name_is_removed(before: str, key: str, form: str, password: str, after: str) -> None:
    # The space keeps the name from being part of a longer one, such as `spin`, which is not secret.
    text = scrub(f"{before} {form.format(key, password)}{after}")
    assert "Hunter2" not in text


@given(
    before=surroundings,
    key=st.sampled_from(["password", "Passphrase", "client_secret"]),
    separator=st.sampled_from([": ", "=", " = "]),
    words=st.lists(passwords, min_size=2, max_size=4),
)
def test_a_password_of_several_words_is_removed_as_a_whole(
    before: str, key: str, separator: str, words: list[str]
) -> None:
    scrubbed = scrub(f"{before}{key}{separator}{' '.join(words)}\nnext: 1")
    assert "Hunter2" not in scrubbed
    assert scrubbed.endswith("next: 1") or not before.isalnum()


@given(
    value=st.text(st.sampled_from("a \\\"'\n,}:"), max_size=12).map(lambda text: f"Hunter2 {text} Hunter2"),
    document=st.sampled_from([json.dumps, repr, lambda value: json.dumps(json.dumps(value))]),
    key=st.sampled_from(["password", "token"]),
)
def test_a_quoted_value_is_removed_up_to_its_own_end(
    value: str, document: Callable[[dict[str, str]], str], key: str
) -> None:
    assert "Hunter2" not in scrub(document({key: value, "a": "1"}))


@given(
    before=surroundings,
    wallet=st.text(st.sampled_from("abcXYZ_-019"), min_size=1, max_size=64),
    after=surroundings,
    parts=st.integers(1, 3),
)
def test_a_token_is_removed(before: str, wallet: str, after: str, parts: int) -> None:
    token = TokenIssuer(ManualClock(), "a secret of the tests, long enough for HS256").issue(wallet, Role.USER, None)
    text = scrub(before + ".".join(token.split(".")[:parts]) + after)
    assert not any(part in text for part in token.split("."))


@given(
    before=surroundings,
    header=st.sampled_from(
        [
            "Authorization: Bearer {}",
            "authorization: Basic {}",
            "Proxy-Authorization: Digest a={}, b={}",
            "Cookie: a=b; session={}; c={}",
            'Cookie: "a"; b={}',
            "Set-Cookie: x={}; HttpOnly",
            "Sec-WebSocket-Protocol: v1, {}",
            "Bearer {}",
            "bearer {}",
            "Basic {}",
            "{{'Cookie': 'a={}; b={}'}}",
            "[(b'authorization', b'Bearer {}')]",
        ]
    ),
    password=passwords,
    after=surroundings,
)
def test_credentials_in_headers_are_removed(before: str, header: str, password: str, after: str) -> None:
    encoded = base64.b64encode(f"bob:{password}".encode()).decode()
    for secret in (password, encoded):
        assert secret not in scrub(f"{before}{header.format(secret, secret)}\n{after}")


@given(
    before=surroundings,
    url=st.sampled_from(
        [
            "https://bob:{}@example.com/x",
            "postgresql+asyncpg://bob:{}@[::1]:5432/db",
            "redis://:{}@localhost:6379/0",
            "wss://example.com/ws?token={}&a=b",
            "/ws?x={}",
            "GET /a?b={} HTTP/1.1",
            "https://{}@example.com",
        ]
    ),
    password=passwords,
    after=surroundings,
)
def test_credentials_and_queries_in_urls_are_removed(before: str, url: str, password: str, after: str) -> None:
    assert "Hunter2" not in scrub(before + url.format(password) + after)


@given(
    before=st.sampled_from(["", " ", "<", '"', "mail:", "(", "é "]),
    person=st.from_regex(r"Hunter2[a-z0-9.+_'=-]{0,20}@([a-z0-9-]{1,10}\.){1,2}[a-z]{2,5}", fullmatch=True),
    after=st.sampled_from(["", " ", ">", '"', ", x", ".", ") y"]),
)
def test_addresses_of_people_are_removed(before: str, person: str, after: str) -> None:
    text = scrub(f"x {before}{person}{after}")
    assert "Hunter2" not in text
    assert "@" not in text


@given(
    before=st.sampled_from(["", " ", "[", "(", '"', "ip=", "peer:", "http://", "é "]),
    address=st.ip_addresses(v=4) | st.ip_addresses(v=6),
    port=st.none() | st.integers(1, 65535),
    after=st.sampled_from(["", " ", ", x", ".", "/x", '"', ": refused", ")"]),
)
def test_addresses_of_machines_are_removed(
    before: str, address: IPv4Address | IPv6Address, port: int | None, after: str
) -> None:
    text = str(address)
    if port is not None:
        text = f"{text}:{port}" if address.version == 4 else f"[{text}]:{port}"
    scrubbed = scrub(f"{before}{text}{after}")
    assert str(address) not in scrubbed
    assert port is None or f":{port}" not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "ValueError at domain.market.service:88, caused by KeyError at store.database:272",
        "The queue is full: 3 of 4 took 12:34:56.",
        "std::deque::push failed in foo::Bar at 2027-01-15T08:00:00.000Z",
        "ping: 30, mapping: x, spin=3, sidebar: left, insider=1",
        "duelcast.domain.operations.error_groups",
        "é \U0001f600 @ 3 %",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrub(text) == text


def test_a_private_key_is_removed_also_where_its_end_is_missing() -> None:
    begin, end = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n", "-----END EC PRIVATE KEY-----"
    assert scrub(f"a {begin}{end} b") == f"a {REMOVED} b"
    assert scrub(f"a {begin}") == f"a {REMOVED}"


def test_what_was_scrubbed_stays_as_it_is() -> None:
    text = scrub("login with password=hunter2\nof bob@example.com: ") + ": ValueError at clock:3"
    assert scrub(text) == text
    assert scrub("password=[removed]: ValueError at clock:3") == "password=[removed]: ValueError at clock:3"


@given(text=st.text(st.characters() | st.just("\0")))
def test_the_result_is_text_that_a_frame_may_hold(text: str) -> None:
    scrubbed = scrub(text)
    assert "\0" not in scrubbed
    scrubbed.encode()


@given(
    secret=st.sampled_from(["https://bob:Hunter2@x.yz", "eyJhbGciOi_Hunter2_J9.Hunter2.Hunter2", "bob@Hunter2.yz"]),
    data=st.data(),
)
def test_what_is_cut_off_leaves_no_half_of_a_secret(secret: str, data: st.DataObject) -> None:
    # `scrub` reads only so much. Removing the long secret moves what was at this cut to before `MAX_CHARACTERS`.
    read = 2 * MAX_CHARACTERS
    before = f"Bearer {'x' * (read - 1_000)} "
    begin = read - data.draw(st.integers(1, len(secret)))
    scrubbed = scrub(before + "y" * (begin - len(before) - 1) + f" {secret} tail" + " z" * 5_000)
    assert scrubbed.startswith("Bearer [removed] yyy")
    assert not any(part in scrubbed for part in ("bob", "eyJ", "Hun"))


def test_the_bound_is_exact() -> None:
    assert scrub("é" * MAX_CHARACTERS) == "é" * MAX_CHARACTERS
    assert scrub("x " * MAX_CHARACTERS) == ("x " * MAX_CHARACTERS)[:MAX_CHARACTERS]


@pytest.mark.parametrize("frame", ["{}", "password='{}", "{}!"])
@pytest.mark.parametrize(
    "evil",
    [
        "eyJ",
        "eyJ.",
        "password",
        "password=\\",
        "password='",
        "token",
        "://",
        "a@",
        "@",
        "-----BEGIN ",
        "cookie",
        "bearer ",
        "basic",
        "?",
        ":",
        "::",
        "1.",
        "1.1.1.1",
        "a:",
        '\\"',
        "pin'",
        "\n",
        "password=|\n ",
        "session_",
        " ",
    ],
)
def test_no_text_takes_longer_than_its_length(monkeypatch: pytest.MonkeyPatch, evil: str, frame: str) -> None:
    """If the time grew with the square of the length, this would take minutes."""
    monkeypatch.setattr(module, "MAX_CHARACTERS", HOSTILE_CHARACTERS)
    scrub(frame.format(evil * (HOSTILE_CHARACTERS // len(evil))))


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    name=keys | st.sampled_from(["Authorization", "Set-Cookie", "HTTP_COOKIE", "queryString"]),
    value=st.recursive(passwords, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
    path=st.lists(st.sampled_from(["list", "a", "b"]), max_size=4),
)
def test_what_stands_under_the_name_of_a_secret_is_removed(name: str, value: Any, path: list[str]) -> None:
    holder: Any = {name: value, "other": 1}
    for step in path:
        holder = [holder] if step == "list" else {step: holder}
    scrubbed = json.dumps(scrub_value(holder))
    assert "Hunter2" not in scrubbed
    assert '"other": 1' in scrubbed or TOO_MUCH in scrubbed


@pytest.mark.parametrize("name", ["ping", "mapping", "insider", "count", "token_count", "symbol", "path", "keyboard"])
def test_other_names_keep_their_values(name: str) -> None:
    assert not is_secret_name(name)
    assert scrub_value({name: "x"}) == {name: "x"}


def test_texts_and_names_are_scrubbed_wherever_they_stand() -> None:
    value = {"10.0.0.1": [{"to": ("bob@example.com",)}], "n": [1, 1.5, True, None]}
    assert scrub_value(value) == {REMOVED: [{"to": [REMOVED]}], "n": [1, 1.5, True, None]}


def test_what_is_no_json_is_told_by_its_type() -> None:
    value = {"at": IPv4Address("10.0.0.1"), "nan": float("nan"), "big": 2**53, "error": ValueError("hunter2")}
    assert scrub_value(value) == {"at": "IPv4Address", "nan": None, "big": TOO_MUCH, "error": "ValueError"}


@given(
    st.recursive(
        st.text() | st.integers() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_value_has_a_bound(value: Any) -> None:
    assert len(json.dumps(scrub_value(value), ensure_ascii=False).encode()) <= 2 * MAX_DETAILS_BYTES


def test_a_value_beyond_the_bound_is_replaced() -> None:
    fits = {"a": "x" * 4_000, "b": "y" * 4_000}
    assert scrub_value(fits) == fits
    assert scrub_value({"a": ["x"] * MAX_DETAILS_BYTES}) == TOO_MUCH
    assert scrub_value({"a": "x" * 1_000_000}) == TOO_MUCH
    assert scrub_value([{"é" * 2_000: "é" * 4_000}] * 2) == TOO_MUCH, "bytes count, not characters"


def test_a_value_that_holds_itself_is_told_up_to_a_bound() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    assert json.dumps(scrub_value(value)).count("self") == 16
