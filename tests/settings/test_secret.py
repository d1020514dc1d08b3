from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from duelcast.settings import (
    ConfigurationError,
    Settings,
    check_secret_reach,
    ensure_data_dir,
    ensure_secret,
    own_secret_file,
)


def secret_of(settings: Settings) -> str:
    assert settings.jwt_secret is not None
    return settings.jwt_secret.get_secret_value()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_server_without_keys_makes_a_secret_that_only_its_user_may_read() -> None:
    settings = ensure_secret(Settings())
    path = settings.data_dir / "jwt_secret"
    assert own_secret_file(Settings()) == path
    assert len(secret_of(settings)) >= 32
    assert path.read_text() == secret_of(settings)
    assert (mode_of(path), mode_of(settings.data_dir)) == (0o600, 0o700)
    assert list(settings.data_dir.iterdir()) == [path]


def test_the_secret_is_used_again() -> None:
    assert secret_of(ensure_secret(Settings())) == secret_of(ensure_secret(Settings()))


def test_two_data_directories_have_two_secrets() -> None:
    first, second = ensure_secret(Settings(data_dir=Path("a"))), ensure_secret(Settings(data_dir=Path("b")))
    assert secret_of(first) != secret_of(second)


@pytest.mark.parametrize(
    "configured",
    [
        {"jwt_secret": SecretStr("a secret for tests, of at least 32 bytes")},
        {"jwt_jwks_url": "https://keys.example.org"},
    ],
    ids=["secret", "url"],
)
def test_a_configured_key_is_left_alone(configured: dict[str, Any]) -> None:
    settings = Settings(host="0.0.0.0", **configured)
    assert own_secret_file(settings) is None
    assert ensure_secret(settings) == settings
    assert not settings.data_dir.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "server.example.org"])
def test_a_secret_of_its_own_making_does_not_reach_beyond_loopback(host: str) -> None:
    settings = Settings(host=host)
    with pytest.raises(ConfigurationError, match="DUELCAST_JWT_SECRET"):
        check_secret_reach(settings)
    with pytest.raises(ConfigurationError, match="DUELCAST_JWT_SECRET"):
        ensure_secret(settings)
    assert not settings.data_dir.exists()


def test_a_secret_that_others_may_read_is_refused() -> None:
    (ensure_secret(Settings()).data_dir / "jwt_secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="Others may read"):
        ensure_secret(Settings())


@pytest.mark.parametrize("content", ["", "short", "é" * 40])
def test_a_damaged_secret_is_refused(content: str) -> None:
    path = ensure_secret(Settings()).data_dir / "jwt_secret"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        ensure_secret(Settings())


@pytest.mark.parametrize("content", ["s" * 43, " " * 43 + "s" * 43, "password1" * 5])
def test_a_secret_in_its_file_that_can_be_guessed_is_refused(content: str) -> None:
    path = ensure_secret(Settings()).data_dir / "jwt_secret"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"characters.*delete it, and the server generates a new one"):
        ensure_secret(Settings())


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="DUELCAST_DATA_DIR"):
        ensure_data_dir(Settings(data_dir=tmp_path / "file" / "data"))
    with pytest.raises(ConfigurationError, match="DUELCAST_DATA_DIR"):
        ensure_data_dir(Settings(data_dir=tmp_path / "file"))
