"""The tables of a PostgreSQL database: made on demand, and refused if they are not ours."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from duelcast.settings import ConfigurationError
from duelcast.store.migrate import REVISIONS, apply_migrations
from duelcast.store.tables import metadata
from tests.store.facts import put
from tests.store.postgres.place import Place

pytestmark = pytest.mark.postgres


async def refusal(place: Place) -> str:
    with pytest.raises(ConfigurationError) as refused:
        async with place.opened():
            pass
    return str(refused.value)


async def run_in(place: Place, work: Any) -> Any:
    """The result of `work`, a function of a connection."""
    engine = create_async_engine(place.url.replace("postgresql:", "postgresql+asyncpg:"))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def test_an_empty_database_names_the_command_that_makes_its_tables(empty: Place) -> None:
    assert "It has no tables yet: run `duelcast migrate`" in await refusal(empty)
    assert await empty.backend().migrate() == REVISIONS
    async with empty.opened() as database:
        await database.write(put("a"))
    assert empty.names() == ["a"]
    assert await empty.backend().migrate() == ()


@pytest.mark.parametrize("revision", ["0001", REVISIONS[-2]])
async def test_pending_migrations_are_named_and_applied_by_the_command(empty: Place, revision: str) -> None:
    await run_in(empty, lambda connection: apply_migrations(connection, revision))
    assert f"Migrations up to {REVISIONS[-1]} are pending: run `duelcast migrate`" in await refusal(empty)
    assert await empty.backend().migrate() == REVISIONS[REVISIONS.index(revision) + 1 :]
    async with empty.opened():
        pass


async def test_a_later_version_is_refused(place: Place) -> None:
    place.query("update alembic_version set version_num = '9999'")
    assert "It was made by a later version of Duelcast" in await refusal(place)
    with pytest.raises(ConfigurationError, match="later version"):
        await place.backend().migrate()


async def test_the_tables_of_another_program_are_left_alone(empty: Place) -> None:
    empty.query("create table bookmarks (url text)")
    assert "It is not a database of Duelcast." in await refusal(empty)
    with pytest.raises(ConfigurationError, match="not a database of Duelcast"):
        await empty.backend().migrate()
    tables = empty.query("select tablename from pg_tables where schemaname = 'public'")
    assert tables == [("bookmarks",)]


async def test_a_migration_that_fails_leaves_nothing(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import duelcast.store.postgres.database as module

    def half(connection: Connection) -> None:
        apply_migrations(connection, "0001")
        raise ZeroDivisionError

    monkeypatch.setattr(module, "upgrade", half)
    with pytest.raises(ZeroDivisionError):
        await empty.backend().migrate()
    assert empty.query("select tablename from pg_tables where schemaname = 'public'") == []


async def test_the_migrations_make_the_tables_as_the_code_knows_them(place: Place) -> None:
    def differences(connection: Connection) -> Any:
        def compare_type(_context: Any, _in: Any, _meta: Any, found: Any, wanted: Any) -> bool:
            return type(found)._type_affinity is not type(wanted)._type_affinity

        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": compare_type}), metadata)
        flat = [one for step in found for one in (step if isinstance(step, list) else [step])]
        # The wording of a comment may become better; SQLite keeps none.
        return [step for step in flat if not step[0].endswith("_comment")]

    assert await run_in(place, differences) == []


async def test_all_texts_have_the_order_of_code_points_and_any_length(place: Place) -> None:
    columns = place.query(
        "select table_name, column_name, collation_name, character_maximum_length from information_schema.columns "
        "where table_schema = 'public' and data_type in ('character varying', 'text', 'character')"
    )
    assert columns
    assert {(collation, length) for _, _, collation, length in columns} == {("C", None)}
