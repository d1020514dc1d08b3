from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jwt
import pytest

from duelcast import __version__, cli
from tests.cli.running import Finished, run

Command = Callable[..., Finished]
SECRET = "correct horse battery staple 123"


@pytest.fixture
def duelcast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return partial(run, capsys, monkeypatch)


def test_without_arguments_the_commands_are_listed(duelcast: Command) -> None:
    shown = duelcast()
    names = ("serve", "demo", "token", "tail", "record", "check-config", "backup", "restore", "achievements", "events")
    for name in (*names, "asyncapi"):
        assert name in shown.out


def test_the_version_is_that_of_the_package(duelcast: Command) -> None:
    printed = duelcast("--version")
    assert (printed.code, printed.out) == (0, f"duelcast {__version__}\n")


def test_a_configuration_error_is_one_line_and_exit_code_2(duelcast: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_PROT", "1")
    commands = (
        ["serve"],
        ["demo"],
        ["token", "--wallet", "W"],
        ["tail", "market-data"],
        ["record", "f"],
        ["check-config"],
        ["backup", "f"],
        ["restore", "f"],
        ["events", "export"],
    )
    for name in commands:
        ended = duelcast(*name)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "duelcast: DUELCAST_PROT is not a setting; did you mean DUELCAST_PORT?\n"


def test_a_defect_is_shown_with_its_frames_and_without_its_text(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr(cli, "application", broken)
    ended = duelcast("serve")
    assert (ended.code, ended.out) == (1, "")
    head, *frames = ended.err.splitlines()
    assert head.startswith("duelcast: a defect: KeyError at ")
    assert frames[-1] == f"  tests/cli/test_commands.py:{broken.__code__.co_firstlineno + 1} in {broken.__qualname__}"
    assert "hunter2" not in ended.err


def test_services_are_shown_by_name_alone(duelcast: Command, tmp_path: Path) -> None:
    config = tmp_path / "duelcast.toml"
    config.write_text(
        '[[services]]\nname = "cache"\nkind = "probe"\nlayer = "data"\n'
        'check = { type = "redis", url = "redis://user:hunter2@cache.example", intervalMs = 5000 }\n'
        '[[services]]\nname = "wallets"\nkind = "reported"\nlayer = "wallet"\n'
    )
    shown = duelcast("check-config", "--config", str(config)).out
    row = next(line for line in shown.splitlines() if line.startswith("DUELCAST_SERVICES\t"))
    assert row.split("\t")[1:3] == ["cache, wallets", "file"]
    assert "cache.example" not in shown
    assert "hunter2" not in shown


def test_serve_refuses_to_listen_beyond_loopback_without_a_secret(duelcast: Command) -> None:
    ended = duelcast("serve", "--host", "0.0.0.0")
    assert ended.code == 2
    assert "set DUELCAST_JWT_SECRET" in ended.err
    assert ended.err.count("\n") == 1


def test_a_token_has_the_claims_of_its_wallet_and_the_life_that_was_asked_for(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", SECRET)
    before_s = int(time.time())
    printed = duelcast("token", "--wallet", "W-1", "--role", "admin", "--nickname", "early bird", "--ttl", "15m")
    claims = jwt.decode(printed.out.strip(), SECRET, algorithms=["HS256"])
    assert claims.pop("exp") - claims["iat"] == 15 * 60
    assert before_s <= claims.pop("iat") <= time.time()
    assert claims == {"wallet_address": "W-1", "sub": "W-1", "role": "admin", "nickname": "early bird"}


def test_a_token_has_the_issuer_the_audience_and_the_scopes(duelcast: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", SECRET)
    monkeypatch.setenv("DUELCAST_JWT_ISSUER", "platform")
    monkeypatch.setenv("DUELCAST_JWT_AUDIENCE", "duelcast")
    printed = duelcast("token", "--wallet", "W", "--scope", "prices", "--scope", "errors")
    claims = jwt.decode(printed.out.strip(), SECRET, algorithms=["HS256"], issuer="platform", audience="duelcast")
    assert claims["scope"] == "prices errors"


def test_a_token_is_signed_with_the_secret_that_the_server_makes(duelcast: Command, tmp_path: Path) -> None:
    printed = duelcast("token", "--wallet", "W")
    jwt.decode(printed.out.strip(), (tmp_path / "data" / "jwt_secret").read_text(), algorithms=["HS256"])


def test_a_secret_that_a_token_was_the_first_to_need_is_told_apart_from_it(duelcast: Command, tmp_path: Path) -> None:
    first, second = duelcast("token", "--wallet", "W"), duelcast("token", "--wallet", "W")
    assert first.out.count(".") == 2
    assert first.out.count("\n") == 1
    assert str(tmp_path / "data" / "jwt_secret") in first.err
    assert f"DUELCAST_DATA_DIR={tmp_path / 'data'}" in first.err
    assert second.err == ""


def test_no_secret_is_told_of_where_one_is_configured(duelcast: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", SECRET)
    assert duelcast("token", "--wallet", "W").err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--wallet", "no spaces"],
        ["--wallet", "W", "--scope", "everything"],
        ["--wallet", "W", "--role", "owner"],
        ["--wallet", "W", "--ttl", "1w"],
        ["--wallet", "W", "--ttl", "0s"],
        [],
    ],
    ids=" ".join,
)
def test_a_token_that_makes_no_sense_is_refused(duelcast: Command, arguments: list[str]) -> None:
    ended = duelcast("token", *arguments)
    assert (ended.code, ended.out) == (2, "")


def test_no_token_is_issued_where_another_server_holds_the_keys(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUELCAST_JWT_JWKS_URL", "https://keys.example.org")
    ended = duelcast("token", "--wallet", "W")
    assert (ended.code, ended.out) == (2, "")
    assert "DUELCAST_JWT_SECRET" in ended.err


def test_no_token_is_issued_that_the_server_would_refuse(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUELCAST_JWT_ALGORITHMS", "HS512")
    ended = duelcast("token", "--wallet", "W")
    assert (ended.code, ended.out) == (2, "")
    assert "DUELCAST_JWT_ALGORITHMS" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_check_config_shows_value_and_source_and_masks_secrets(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", SECRET)
    (tmp_path / "c.toml").write_text("port = 9000\n")
    shown = duelcast("check-config", "--config", "c.toml")
    rows = {line.split("\t")[0]: line.split("\t")[1:3] for line in shown.out.splitlines()}
    assert shown.code == 0
    assert rows["DUELCAST_PORT"] == ["9000", "file"]
    assert rows["DUELCAST_JWT_SECRET"] == ["********", "environment"]
    assert rows["DUELCAST_HOST"] == ["127.0.0.1", "default"]
    assert SECRET not in shown.out


def test_check_config_tells_what_serve_would_refuse_and_makes_nothing(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUELCAST_HOST", "0.0.0.0")
    assert duelcast("check-config").code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("feed", ["none", "simulated;simulated?name=other", "nonsense"])
def test_record_wants_one_feed(duelcast: Command, feed: str) -> None:
    ended = duelcast("record", "ticks.jsonl", "--feed", feed)
    assert ended.code == 2
    assert ended.err.count("\n") == 1


def test_record_says_where_it_cannot_write(duelcast: Command) -> None:
    ended = duelcast("record", "missing/ticks.jsonl", "--feed", "simulated")
    assert (ended.code, ended.err) == (2, "duelcast: The file missing/ticks.jsonl cannot be written.\n")


def test_tail_lists_the_endpoints_if_it_is_given_another_name(duelcast: Command) -> None:
    ended = duelcast("tail", "no-such")
    assert ended.code == 2
    for name in ("analytics", "market-data", "token-data"):
        assert name in ended.err


@pytest.mark.parametrize("url", ["127.0.0.1:8069", "ftp://127.0.0.1", "ws:///path", "ws://127.0.0.1/?token=a"])
def test_tail_refuses_what_is_not_the_address_of_a_server(duelcast: Command, url: str) -> None:
    assert duelcast("tail", "market-data", "--url", url).code == 2
