"""Indexes that find users by role or ban.

Revision ID: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
oldest = "0009"


def upgrade() -> None:
    op.create_index("ix_users_role_wallet", "users", ["role", "wallet"])
    op.create_index("ix_users_banned_wallet", "users", ["banned", "wallet"])
