"""The leader of a cluster, which on PostgreSQL is also the single server, and the versions that may use the tables.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
oldest = "0009"


def upgrade() -> None:
    op.create_table(
        "leaders",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node", _text(), nullable=False, comment="The name of the server."),
        sa.Column("address", _text(), nullable=True, comment="Where it accepts links; null until it is ready."),
        sa.Column("epoch", _text(), nullable=True, comment="The epoch of positions; null until it is ready."),
        sa.Column("pid", sa.Integer(), nullable=False, comment="The session that has the lock of the leader."),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "log_reached_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a node that does not lead last reached the log.",
        ),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_leaders")),
        comment="On PostgreSQL, one row: the server that leads, or led last.",
    )
    op.create_table(
        "schema_users",
        sa.Column("oldest", _text(), nullable=False, comment="The newest migration that the oldest version has."),
        comment="One row: the oldest version that may use the tables as they are.",
    )
    op.execute("insert into schema_users (oldest) values ('0009')")


def _text() -> sa.Text:
    return sa.Text(collation="C" if op.get_bind().dialect.name == "postgresql" else None)
