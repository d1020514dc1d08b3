"""The identity of a PostgreSQL database, and its texts.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXTS = """
select table_name, column_name, data_type from information_schema.columns
where table_schema = current_schema() and data_type in ('character varying', 'text')
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
        _treat_texts_as_sqlite_does()


def _treat_texts_as_sqlite_does() -> None:
    """Give all texts the order of their code points, whatever the locale of the database, and any length: what is too
    long is refused before it comes to the database."""
    for table, column, kind in op.get_bind().execute(sa.text(_TEXTS)).all():
        op.execute(f'alter table "{table}" alter column "{column}" type {kind} collate "C"')
