"""INSERT … ON CONFLICT DO UPDATE by the primary key, which SQLite and PostgreSQL share."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects.sqlite import Insert, insert


def upsert(table: Table, *columns: str) -> Insert:
    """Insert a row, or replace the stored one of the same key: all of it, or only `columns`."""
    statement = insert(table)
    names = columns or [column.name for column in table.columns if not column.primary_key]
    return _on_conflict(statement, table, {name: statement.excluded[name] for name in names})


def upsert_sum(table: Table, column: str) -> Insert:
    """Insert a row, or add its `column` to that of the stored one of the same key."""
    statement = insert(table)
    return _on_conflict(statement, table, {column: table.c[column] + statement.excluded[column]})


def _on_conflict(statement: Insert, table: Table, changed: dict[str, ColumnElement[object]]) -> Insert:
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)
