"""Notifications, achievements and tracked events.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_days",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False, comment="Days since the Unix epoch (UTC)."),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "event", name=op.f("pk_analytics_days")),
    )
    op.create_table(
        "analytics_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False, comment="A UUID, unique per wallet."),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=True, comment="A JSON object."),
        sa.Column("occurred_ms", sa.BigInteger(), nullable=True, comment="What the client says."),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_events")),
        sa.UniqueConstraint("wallet", "event_id", name=op.f("uq_analytics_events_wallet_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_analytics_events_received_ms"), "analytics_events", ["received_ms"], unique=False)
    op.create_table(
        "analytics_minutes",
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False, comment="Minutes since the Unix epoch."),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "event", name=op.f("pk_analytics_minutes")),
        comment="Stored events by the time of receipt; written with them, and rolled up into days.",
    )
    op.create_table(
        "contest_progress",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column(
            "entered", sa.Integer(), nullable=False, comment="Completed contests that it was not disqualified in."
        ),
        sa.Column("won", sa.Integer(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False, comment="Of wins, up to the last one that counts."),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_contest_progress")),
        comment="What the completions up to the notifier's position say of a wallet.",
    )
    op.create_table(
        "inboxes",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="Grows with each change of what the wallet has."),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_inboxes")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False, comment="Empty: for everybody."),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="This and what follows is empty once it was removed."),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=6), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=128), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("read_ms", sa.BigInteger(), nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True, comment="Null too once it was removed."),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True, comment="Its dedupe key still counts."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("wallet", "dedupe_key", name=op.f("uq_notifications_wallet_dedupe_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_notifications_expires_ms",
        "notifications",
        ["expires_ms"],
        unique=False,
        sqlite_where=sa.text("expires_ms is not null"),
        postgresql_where=sa.text("expires_ms is not null"),
    )
    op.create_index("ix_notifications_read_ms_created_ms", "notifications", ["read_ms", "created_ms"], unique=False)
    op.create_index(
        "ix_notifications_removed_ms",
        "notifications",
        ["removed_ms"],
        unique=False,
        sqlite_where=sa.text("removed_ms is not null"),
        postgresql_where=sa.text("removed_ms is not null"),
    )
    op.create_index(
        "ix_notifications_wallet_created_ms_id", "notifications", ["wallet", "created_ms", "id"], unique=False
    )
    op.create_index(
        "ix_notifications_wallet_read_ms_removed_ms_created_ms_id",
        "notifications",
        ["wallet", "read_ms", "removed_ms", "created_ms", "id"],
        unique=False,
    )
    op.create_table(
        "achievements",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("achievement", sa.String(length=64), nullable=False),
        sa.Column(
            "event_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The completion that it is for.",
        ),
        sa.Column("unlocked_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["domain_events.id"], name=op.f("fk_achievements_event_id")),
        sa.PrimaryKeyConstraint("wallet", "achievement", name=op.f("pk_achievements")),
    )
