"""Shapes of nicknames. The server adds the rows, because they depend on data that grows with Unicode.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nickname_shapes",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("shape", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet"], ["users.wallet"], name=op.f("fk_nickname_shapes_wallet"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wallet", "shape", name=op.f("pk_nickname_shapes")),
        comment="What the nicknames look like; of those of before several may have one. "
        "Made anew when the method changes.",
    )
    op.create_index("ix_nickname_shapes_shape", "nickname_shapes", ["shape"], unique=False)
