"""The server signs the challenges of sign-ins, so that only used challenges need to be stored.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "used_challenges",
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_used_challenges")),
        comment="Challenges that somebody signed in with, until they would be over anyway.",
    )
    op.create_index("ix_used_challenges_expires_ms", "used_challenges", ["expires_ms"], unique=False)
    op.drop_index("ix_auth_challenges_expires_ms", table_name="auth_challenges")
    op.drop_table("auth_challenges")
