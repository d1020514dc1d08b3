from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from duelcast.settings import Settings, is_loopback_host

SECRET = SecretStr("a secret for tests, of at least 32 bytes")
JWKS = "https://keys.example.org/jwks.json"


def test_the_fixed_defaults_of_the_contract() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.feed, settings.broker_url) == (
        "127.0.0.1",
        8069,
        "simulated",
        "memory://",
    )
    assert (settings.max_connections, settings.max_connections_per_ip, settings.max_connections_per_user) == (
        20_000,
        1_000,
        100,
    )


def test_settings_made_by_hand_do_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_PORT", "1234")
    assert Settings().port == 8069


def test_the_data_directory_is_absolute(tmp_path: Path) -> None:
    assert Settings().data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    "values",
    [
        {"port": 65_536},
        {"host": ""},
        {"rate_limit_factor": float("inf")},
        {"rate_limit_factor": -1},
        {"flush_interval_ms": float("nan")},
        {"log_level": "loud"},
        {"root_path": "duelcast"},
        {"root_path": "/duelcast/"},
        {"tls_cert": "missing.pem", "tls_key": "missing.pem"},
        {"trusted_proxies": "proxy.example.org"},
        {"allowed_origins": "*"},
        {"allowed_origins": "null"},
        {"allowed_origins": "https://app.example.org/path"},
        {"allowed_origins": "https://app.example.org:99999"},
        {"jwt_secret": "s" * 31},
        {"jwt_jwks_url": "http://keys.example.org"},
        {"jwt_jwks_url": "file:///keys.json"},
        {"broker_url": "amqp://127.0.0.1"},
        {"heartbeat_interval_s": 60, "heartbeat_timeout_s": 60},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_used_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**values)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "fewer than 32 bytes"),
        ("0123456789abcdefghijklmnopqrstu", "fewer than 32 bytes"),
        ("s" * 64, "fewer than 8 different characters"),
        (" " * 64, "fewer than 8 different characters"),
        (" \t\n\u2003\u2028\x0b\x0c\r" * 8, "fewer than 8 different characters"),
        ("abcdefg" * 9, "fewer than 8 different characters"),
        ("changeme" * 4, "fewer than 8 different characters"),
        ("password1" * 4, "repeats the same few characters"),
        ("0123456789" * 4, "repeats the same few characters"),
        ("0123456789" * 4 + "012", "repeats the same few characters"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused_with_how_to_make_one(secret: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as refused:
        Settings(jwt_secret=SecretStr(secret))
    assert "openssl rand -base64 32" in str(refused.value)
    assert len(secret) < 8 or secret not in str(refused.value)


@given(st.binary(min_size=32, max_size=64))
@example(bytes(range(32)))
def test_random_bytes_make_a_secret_in_every_usual_spelling(material: bytes) -> None:
    digest = sha256(material).digest()
    for secret in (
        digest.hex(),
        b64encode(digest).decode(),
        urlsafe_b64encode(digest).decode().rstrip("="),
        "2" + str(int.from_bytes(digest)),
    ):
        assert Settings(jwt_secret=SecretStr(secret)).jwt_secret


def test_tls_needs_certificate_and_key(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.touch()
    with pytest.raises(ValidationError, match="need each other"):
        Settings(tls_cert=certificate)
    assert Settings(tls_cert=certificate, tls_key=certificate).tls_key == certificate


def test_a_list_is_separated_by_commas() -> None:
    values: dict[str, Any] = {"trusted_proxies": " 10.0.0.0/8, ::1 ,"}
    assert Settings(**values).trusted_proxies == ("10.0.0.0/8", "::1")


def test_origins_are_kept_as_browsers_send_them() -> None:
    settings = Settings(allowed_origins=("HTTPS://App.Example.org/", "http://[::1]:3000"))
    assert settings.allowed_origins == ("https://app.example.org", "http://[::1]:3000")


def test_a_key_set_may_be_plain_http_on_loopback() -> None:
    assert Settings(jwt_jwks_url="http://127.0.0.1:9000/keys").jwt_jwks_url


@pytest.mark.parametrize(
    ("values", "algorithms"),
    [
        ({}, ("HS256",)),
        ({"jwt_secret": SECRET}, ("HS256",)),
        ({"jwt_jwks_url": JWKS}, ("EdDSA", "RS256", "ES256")),
        ({"jwt_jwks_url": JWKS, "jwt_secret": SECRET}, ("HS256", "EdDSA", "RS256", "ES256")),
        ({"jwt_jwks_url": JWKS, "jwt_algorithms": "PS256"}, ("PS256",)),
    ],
    ids=["no key", "secret", "key set", "both", "named"],
)
def test_the_accepted_algorithms_go_with_the_keys(values: dict[str, Any], algorithms: tuple[str, ...]) -> None:
    assert Settings(**values).accepted_algorithms == algorithms


@pytest.mark.parametrize(
    "values",
    [
        {"jwt_algorithms": "none"},
        {"jwt_algorithms": "HS256,none"},
        {"jwt_algorithms": ()},
        {"jwt_algorithms": "RS256"},
        {"jwt_algorithms": "HS256", "jwt_jwks_url": JWKS},
    ],
    ids=["none", "none among others", "empty", "no key set", "no secret"],
)
def test_an_algorithm_without_its_key_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**values)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "LOCALHOST."]
)
def test_loopback_hosts(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "example.org", ""])
def test_other_hosts(host: str) -> None:
    assert not is_loopback_host(host)
