"""Messages of *every* channels are stored with their numbers, and positions belong to the database.

Revision ID: 0006
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel_positions",
        sa.Column("channel", sa.String(length=160), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="The number of its newest message."),
        sa.Column("floor", sa.BigInteger(), nullable=False, comment="No message up to it is left."),
        sa.Column("reserved", sa.BigInteger(), nullable=False, comment="Numbers up to it may have been broadcast."),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_positions")),
        comment="How far each channel of kind *every* is; a row is never deleted.",
    )
    op.create_table(
        "channel_messages",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=160), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=True, comment="Of the row whose content the body carries."),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="JSON without `channel`, `seq` and `requestId`."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_messages")),
        sa.UniqueConstraint("channel", "seq", name=op.f("uq_channel_messages_channel_seq")),
        comment="The newest messages of channels of kind *every*, for those that missed them.",
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_channel_messages_channel_row_id",
        "channel_messages",
        ["channel", "row_id"],
        unique=False,
        sqlite_where=sa.text("row_id is not null"),
        postgresql_where=sa.text("row_id is not null"),
    )
    epochs = op.create_table(
        "epochs",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False, comment="How often a server was started with it."),
        sa.Column("latest_floor", sa.BigInteger(), nullable=False, comment="Above all numbers of *latest* channels."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epochs")),
        comment="One row: the epoch that positions belong to.",
    )
    op.bulk_insert(epochs, [{"id": 1, "epoch": secrets.token_urlsafe(12), "starts": 0, "latest_floor": 0}])
