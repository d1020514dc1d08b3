"""Opening a PostgreSQL database: who may, and why not."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from duelcast.errors import Unavailable
from duelcast.settings import ConfigurationError, Settings
from duelcast.settings.table import masked
from duelcast.store.backend import Held
from duelcast.store.choosing import backend_of
from duelcast.store.postgres.address import parse_address
from tests.postgres_server import PostgresServer
from tests.store.facts import put
from tests.store.postgres.place import Place

pytestmark = pytest.mark.postgres

PASSWORD = "hunter2"


async def refusal(place: Place, url: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        async with place.opened(url):
            pass
    text = str(refused.value)
    assert PASSWORD not in text
    assert "\n" not in text
    return text


# ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://u:secret@db/duel", "postgresql://db/duel"),
        ("postgresql+asyncpg://u:secret@db:5433/duel?sslmode=require", "postgresql://db:5433/duel"),
        ("postgres://u@[::1]:5432/duel", "postgresql://[::1]:5432/duel"),
        ("postgresql://u:p%40%2F%3F%23@a:1,b:2/duel?target_session_attrs=primary", "postgresql://a:1,b:2/duel"),
        ("postgresql:///duel?host=/run/postgresql&password=secret", "postgresql:///duel"),
    ],
)
def test_an_address_is_named_without_user_password_and_options(url: str, name: str) -> None:
    assert parse_address(url).name == name


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://u:hunter2@db",
        "postgresql://u:hun/ter2@db/duel",
        "postgresql://u:hun?ter2@db/duel",
        "postgresql://u:hun#ter2@db/duel",
        "postgresql://u:hunter2@db:port/duel",
        "postgresql://u:hunter2@db/duel/more",
        "postgresql://u:hunter2@[db/duel",
        "postgresql://u:hunter2@db/duel?sslmode=perhaps",
    ],
)
async def test_an_address_that_cannot_be_used_is_refused_without_showing_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not that of a PostgreSQL database") as refused:
        await backend_of(Settings(database_url=url, data_dir=tmp_path)).examine()
    assert "ter2" not in str(refused.value)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith(("asyncpg", "duelcast.store.postgres")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'duelcast\[cluster\]'"):
        backend_of(Settings(database_url="postgresql://db/duel"))


# ── servers that refuse ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_server_that_is_not_there(place: Place) -> None:
    url = f"postgresql://postgres:{PASSWORD}@127.0.0.1:1/duel"
    expected = "The database postgresql://127.0.0.1:1/duel cannot be opened. The database server cannot be reached."
    assert await refusal(place, url) == expected


async def test_a_server_that_accepts_connections_and_never_answers(place: Place) -> None:
    async def never(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        writer.close()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    try:
        told = await refusal(place, f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/duel?sslmode=disable")
    finally:
        silent.close()
    assert told.endswith("The database server does not answer.")


async def test_a_database_that_does_not_exist(place: Place) -> None:
    told = await refusal(place, place.databases.url_of("nowhere"))
    assert told.endswith("The database server has no database of this name.")


async def test_a_user_that_may_not_connect(place: Place, server: PostgresServer) -> None:
    place.query("create role stranger nologin")
    url = f"postgresql://stranger:{PASSWORD}@127.0.0.1:{server.port}/{place.name}"
    assert (await refusal(place, url)).endswith("refuses the user or the password.")


async def test_a_user_that_may_not_write(place: Place, server: PostgresServer) -> None:
    place.query("create role reader login")
    place.query("grant select on all tables in schema public to reader")
    url = f"postgresql://reader:{PASSWORD}@127.0.0.1:{server.port}/{place.name}"
    assert (await refusal(place, url)).endswith("The user lacks a privilege in the database.")


async def test_a_user_that_owns_nothing_but_the_database_can_use_it(empty: Place, server: PostgresServer) -> None:
    empty.query("create role owner login")
    empty.query(f"alter database {empty.name} owner to owner")
    url = f"postgresql://owner@127.0.0.1:{server.port}/{empty.name}"
    await empty.backend(url).migrate()
    async with empty.opened(url) as database:
        await database.write(put("a"))
    assert empty.names() == ["a"]


async def test_a_server_without_a_connection_to_spare(place: Place, server: PostgresServer) -> None:
    place.query("create role single login connection limit 0")
    url = f"postgresql://single:{PASSWORD}@127.0.0.1:{server.port}/{place.name}"
    assert (await refusal(place, url)).endswith("The database server has no connection to spare.")


async def test_an_encoding_other_than_utf8(place: Place) -> None:
    place.query("create database latin encoding 'LATIN1' locale 'C' template template0")
    assert "Its encoding is not UTF8" in await refusal(place, place.databases.url_of("latin"))


# ── one server at a time ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_server_is_refused_and_the_first_goes_on(place: Place, tmp_path: Path) -> None:
    async with place.opened() as first:
        with pytest.raises(Held, match="Another server uses the database postgresql://127"):
            async with place.opened(data_dir=tmp_path / "other"):
                pass
        await first.write(put("a"))
    async with place.opened(data_dir=tmp_path / "other") as second:
        await second.write(put("b"))
    assert place.names() == ["a", "b"]


async def test_beside_a_server_the_database_is_examined(place: Place) -> None:
    async with place.opened():
        await place.backend().examine()
        assert await place.backend().migrate() == (), "nothing is to be done"


async def test_what_a_session_tells_the_server(place: Place) -> None:
    async with place.opened():
        names = place.query("select distinct application_name from pg_stat_activity where datname = $1", place.name)
    assert ("duelcast",) in names


async def test_a_reader_cannot_write(place: Place) -> None:
    async with place.opened() as database:
        with pytest.raises(Unavailable):
            async with database.read() as transaction:
                await put("a")(transaction)
    assert place.names() == []


def test_the_settings_that_are_printed_hide_the_password() -> None:
    for url in ("postgresql://u:hunter2@db/duel", "postgresql://u:hun/ter2@db/duel", "postgresql://u:h@unter2@db/d"):
        assert "ter2" not in masked("database_url", url)
    assert masked("jwt_secret", SecretStr(PASSWORD)) == "********"
