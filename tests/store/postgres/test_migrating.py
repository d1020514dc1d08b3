"""The tables of a PostgreSQL database: made on demand, and refused if they are not ours."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from duelcast.settings import ConfigurationError
from duelcast.store import migrate
from duelcast.store.backend import Held
from duelcast.store.migrate import MIGRATIONS, REVISIONS, apply_migrations
from duelcast.store.postgres.session import IDLE_TIMEOUT_MS
from duelcast.store.tables import metadata
from tests.store.facts import put
from tests.store.postgres.place import Place

pytestmark = pytest.mark.postgres

LATER = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{REVISIONS[-1]}", None, None
oldest = "{REVISIONS[-1]}"


def upgrade() -> None:
    op.add_column("facts", sa.Column("later", sa.Integer()))
"""
"""A migration that only adds."""


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
    place.query("update schema_users set oldest = '9999'")
    assert "It was made by a later version of Duelcast" in await refusal(place)
    with pytest.raises(ConfigurationError, match="later version"):
        await place.backend().migrate()


async def test_a_later_version_that_only_added_is_used(place: Place) -> None:
    place.query("update alembic_version set version_num = '9999'")
    async with place.opened() as database:
        await database.write(put("a"))
    assert await place.backend().migrate() == ()


async def test_migrations_that_change_tables_wait_until_no_server_uses_them(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    copytree(MIGRATIONS, folder)
    (folder / "versions" / "v9999_later.py").write_text(LATER.replace("oldest =", "unused ="))
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    async with place.opened():
        monkeypatch.setattr(migrate, "REVISIONS", (*REVISIONS, "9999"))
        with pytest.raises(Held):
            await place.backend().migrate()
    assert await place.backend().migrate() == ("9999",)


async def test_migrations_that_only_add_are_applied_beside_a_server(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    copytree(MIGRATIONS, folder)
    (folder / "versions" / "v9999_later.py").write_text(LATER)
    async with place.opened() as server:
        with monkeypatch.context() as later:
            later.setattr(migrate, "MIGRATIONS", folder)
            later.setattr(migrate, "REVISIONS", (*REVISIONS, "9999"))
            assert "Migrations up to 9999 are pending" in await refusal(place)
            assert await place.backend().migrate() == ("9999",)
        await server.write(put("a"))
    async with place.opened() as server:
        await server.write(put("b"))
    assert place.query("select name, later from facts order by name") == [("a", None), ("b", None)]


async def test_migrations_may_take_longer_than_other_transactions(
    empty: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    copytree(MIGRATIONS, folder)
    slow = LATER.replace("    op.add_column", "    time.sleep(0.5)\n    op.add_column").replace(
        "import", "import time\nimport", 1
    )
    (folder / "versions" / "v9999_later.py").write_text(slow)
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    monkeypatch.setattr(migrate, "REVISIONS", (*REVISIONS, "9999"))
    monkeypatch.setitem(IDLE_TIMEOUT_MS, True, 100)
    assert await empty.backend().migrate() == (*REVISIONS, "9999")


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
