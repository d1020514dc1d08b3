"""The identity of a PostgreSQL database, and the collation of its texts.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = """
select table_name, column_name, character_maximum_length from information_schema.columns
where table_schema = current_schema() and data_type in ('character varying', 'text') and collation_name is null
order by table_name, ordinal_position
"""


def upgrade() -> None:
    op.add_column(
        "epochs",
        sa.Column(
            "cluster_id",
            sa.BigInteger(),
            nullable=True,
            comment="On PostgreSQL, the system identifier at the last start.",
        ),
    )
    op.add_column(
        "epochs",
        sa.Column(
            "database_oid",
            sa.BigInteger(),
            nullable=True,
            comment="On PostgreSQL, the OID of the database at the last start.",
        ),
    )
    op.add_column(
        "epochs",
        sa.Column(
            "table_oid",
            sa.BigInteger(),
            nullable=True,
            comment="On PostgreSQL, the OID of this table at the last start.",
        ),
    )
    op.add_column(
        "epochs",
        sa.Column("timeline", sa.BigInteger(), nullable=True, comment="On PostgreSQL, the timeline at the last start."),
    )
    if op.get_bind().dialect.name == "postgresql":
        _compare_texts_by_code_points()


def _compare_texts_by_code_points() -> None:
    """Give all texts the order that they have in SQLite, whatever the locale of the database."""
    for table, column, length in op.get_bind().execute(sa.text(_TEXTS)).all():
        kind = "text" if length is None else f"varchar({length})"
        op.execute(f'alter table "{table}" alter column "{column}" type {kind} collate "C"')
