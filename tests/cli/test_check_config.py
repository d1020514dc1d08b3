"""`duelcast check-config`: what is in force, and whether a server would start with it."""

from __future__ import annotations

import asyncio
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop

from duelcast.store.settings import SettingRow, save_setting
from tests.cli.running import Finished, run
from tests.store.copies import execute, store
from tests.storing import opened

Command = Callable[..., Finished]
SECRET = "correct horse battery staple 123"


@pytest.fixture
def duelcast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return partial(run, capsys, monkeypatch)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database of the configuration lies, or will."""
    return tmp_path / "data" / "duelcast.db"


def put(database: Path, key: str, value: Any, **fields: Any) -> None:
    """Store a setting, as a server does for an admin."""
    given: dict[str, Any] = {
        "value_type": "json",
        "description": "",
        "visibility": "admin",
        "secret": False,
        "version": 1,
    }
    row = SettingRow(key=key, value=value, updated_ms=0, updated_by="boss", **given | fields)

    async def write() -> None:
        async with opened(database) as used:
            await used.write(lambda transaction: save_setting(transaction, row, is_new=True))

    uvloop.run(write())


def rows(shown: Finished) -> dict[str, list[str]]:
    """Value and source of each setting that is shown."""
    return {line.split("\t")[0]: line.split("\t")[1:3] for line in shown.out.splitlines()}


def test_settings_of_run_time_are_shown_with_where_they_come_from(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUELCAST_CHAT_MAX_CHARACTERS", "280")
    (tmp_path / "c.toml").write_text("feed_stale_s = 20\n")
    shown = duelcast("check-config", "--config", "c.toml")
    assert (shown.code, shown.err) == (0, "")
    found = rows(shown)
    assert found["chat.max_characters"] == ["280", "environment"]
    assert found["market.feed_stale_ms"] == ["20000", "file"]
    assert found["chat.messages_per_minute"] == ["10", "default"]
    assert found["maintenance_mode"] == ['{"enabled":false}', "default"]
    assert not (tmp_path / "data").exists()


def test_what_is_stored_wins_and_is_shown_as_the_value_of_its_variable_too(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.setenv("DUELCAST_CHAT_MAX_CHARACTERS", "280")
    put(database, "chat.max_characters", 100)
    put(database, "market.token_list_interval_ms", 2_500)
    found = rows(duelcast("check-config"))
    assert found["chat.max_characters"] == found["DUELCAST_CHAT_MAX_CHARACTERS"] == ["100", "database"]
    assert found["market.token_list_interval_ms"] == ["2500", "database"]
    assert found["DUELCAST_TOKEN_LIST_INTERVAL_S"] == ["2.5", "database"]


def test_a_stored_value_that_the_server_cannot_obey_is_not_in_force(duelcast: Command, database: Path) -> None:
    put(database, "chat.max_characters", "many")
    shown = duelcast("check-config")
    assert rows(shown)["chat.max_characters"] == rows(shown)["DUELCAST_CHAT_MAX_CHARACTERS"] == ["500", "default"]
    assert "stored_setting_ignored" in shown.err


def test_settings_of_the_platform_are_shown_but_for_secrets(duelcast: Command, database: Path) -> None:
    put(database, "theme.colour", {"name": "blue\tgreen"}, description="Line one\nof \x1b[31mtwo")
    put(database, "mail.key", "hunter2", secret=True)
    shown = duelcast("check-config")
    assert rows(shown)["theme.colour"] == ['{"name":"blue\\tgreen"}', "database"]
    assert rows(shown)["mail.key"] == ["********", "database"]
    assert "hunter2" not in shown.out
    assert "\x1b" not in shown.out


def test_a_server_may_use_the_database_meanwhile(duelcast: Command, database: Path) -> None:
    put(database, "chat.max_characters", 100)

    async def look() -> Finished:
        async with opened(database):
            return await asyncio.to_thread(duelcast, "check-config")

    shown = uvloop.run(look())
    assert (shown.code, rows(shown)["chat.max_characters"]) == (0, ["100", "database"])


def test_only_what_differs_from_the_default_on_demand(
    duelcast: Command, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", SECRET)
    monkeypatch.setenv("DUELCAST_PORT", "8069")
    monkeypatch.setenv("DUELCAST_CHAT_MESSAGES_PER_MINUTE", "20")
    put(database, "chat.max_characters", 100)
    put(database, "theme.colour", "blue")
    put(database, "market.price_interval_ms", 100)
    assert rows(duelcast("check-config", "--changed")) == {
        "DUELCAST_JWT_SECRET": ["********", "environment"],
        "DUELCAST_CHAT_MAX_CHARACTERS": ["100", "database"],
        "DUELCAST_CHAT_MESSAGES_PER_MINUTE": ["20", "environment"],
        "chat.max_characters": ["100", "database"],
        "chat.messages_per_minute": ["20", "environment"],
        "theme.colour": ['"blue"', "database"],
    }


def test_a_database_of_an_earlier_version_is_no_refusal_but_is_not_shown(duelcast: Command, database: Path) -> None:
    store(database)
    execute(database, "update alembic_version set version_num = '0001'")
    shown = duelcast("check-config")
    assert shown.code == 0
    assert shown.err.startswith("duelcast: Settings in the database are not shown. ")
    assert "chat.max_characters" in rows(shown)


# ── what serve refuses ──────────────────────────────────────────────────────────────────────────────────────────────

SERVICE = '[[services]]\nname = "web"\nkind = "reported"\nlayer = "data"\n'
REFUSED = {
    "a guessable secret": ('jwt_secret = "ssssssssssssssssssssssssssssssss"', "openssl rand"),
    "a feed that there is not": ('feed = "nonsense"', "DUELCAST_FEED"),
    "another database": ('database_url = "mysql://db/duelcast"', "DUELCAST_DATABASE_URL"),
    "targets that are none": ('probe_targets = ["*"]', "DUELCAST_PROBE_TARGETS"),
    "a service without a layer": ('[[services]]\nname = "web"\nkind = "reported"', "`web`"),
    "a service that depends on nothing": (SERVICE + 'dependencies = ["nothing"]', "`web` depends on `nothing`"),
    "a service of ours": (SERVICE.replace("web", "store"), "`store`"),
    "an address of another machine": (f'host = "192.0.2.1"\njwt_secret = "{SECRET}"', "DUELCAST_HOST"),
    "one port for two things": ("port = 9000\nops_port = 9000", "ops_port"),
    "an address of another machine for operators": ('ops_port = 9000\nops_host = "192.0.2.1"', "DUELCAST_OPS_HOST"),
    "a certificate that is none": ('tls_cert = "c.toml"\ntls_key = "c.toml"', "DUELCAST_TLS_CERT"),
    "beyond loopback without a secret": ('host = "0.0.0.0"', "DUELCAST_JWT_SECRET"),
    "a data directory that cannot be made": ('data_dir = "c.toml/data"', "DUELCAST_DATA_DIR"),
    "a data directory of everybody": ("", "mode 0777"),
    "a database of everybody": ("", "mode 0666"),
    "a secret of everybody": ("", "Others may read the secret"),
    "a database of a later version": ("", "later version"),
    "a foreign database": ("", "not a database of Duelcast"),
}


def prepare(case: str, database: Path) -> None:
    if case.startswith(("a database of", "a foreign")):
        store(database)
    if case == "a data directory of everybody":
        database.parent.mkdir()
        database.parent.chmod(0o777)
    elif case == "a database of everybody":
        database.chmod(0o666)
    elif case == "a database of a later version":
        execute(database, "update alembic_version set version_num = '9999'")
        execute(database, "update schema_users set oldest = '9999'")
    elif case == "a foreign database":
        database.unlink()
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("create table cats (name)")
    elif case == "a secret of everybody":
        database.parent.mkdir(mode=0o700)
        (database.parent / "jwt_secret").write_text("k2JwW8qvX1n0Zr5tYb7uLc3dEf6gHi9A")
        (database.parent / "jwt_secret").chmod(0o644)


@pytest.mark.parametrize("case", REFUSED)
def test_what_serve_refuses_is_refused_in_the_same_words(
    duelcast: Command, case: str, database: Path, tmp_path: Path
) -> None:
    text, named = REFUSED[case]
    (tmp_path / "c.toml").write_text(text)
    assert tomllib.loads(text) or case.endswith(("everybody", "version", "database"))
    prepare(case, database)
    before = {path for path in tmp_path.rglob("*") if path.name != "duelcast.db-shm"}
    told = duelcast("check-config", "--config", "c.toml")
    after = {path for path in tmp_path.rglob("*") if path.name != "duelcast.db-shm"}
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert named in told.err
    assert after == before
    refused = duelcast("serve", "--config", "c.toml")
    assert (refused.code, refused.err.splitlines()[-1]) == (2, told.err.rstrip("\n"))
