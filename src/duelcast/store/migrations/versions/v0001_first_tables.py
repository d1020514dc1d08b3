"""The first tables.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_action"), "audit", ["action"], unique=False)
    op.create_index(op.f("ix_audit_target"), "audit", ["target"], unique=False)
    op.create_index(op.f("ix_audit_wallet"), "audit", ["wallet"], unique=False)
    op.create_table(
        "auth_challenges",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_challenges")),
    )
    op.create_index(op.f("ix_auth_challenges_expires_ms"), "auth_challenges", ["expires_ms"], unique=False)
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("signed_in_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False, comment="No token of the session lives longer."),
        sa.Column("logged_out_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_sessions")),
    )
    op.create_index(op.f("ix_auth_sessions_ends_ms"), "auth_sessions", ["ends_ms"], unique=False)
    op.create_index(op.f("ix_auth_sessions_wallet"), "auth_sessions", ["wallet"], unique=False)
    op.create_table(
        "contests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contest_code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("rules", sa.Text(), nullable=True),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("entry_fee", sa.String(length=40), nullable=False),
        sa.Column("prize_pool", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("payout", sa.JSON(), nullable=False, comment="[[place, percent], …]"),
        sa.Column("min_participants", sa.Integer(), nullable=False),
        sa.Column("max_participants", sa.Integer(), nullable=True),
        sa.Column("starting_balance", sa.Double(), nullable=False),
        sa.Column("allowed_symbols", sa.JSON(), nullable=False),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=True, comment="The moment whose prices the start took."),
        sa.Column(
            "ended_ms",
            sa.BigInteger(),
            nullable=True,
            comment="The moment whose prices the end took, or that of the cancellation.",
        ),
        sa.CheckConstraint(
            "status in ('pending', 'active', 'completed', 'cancelled')", name=op.f("ck_contests_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contests")),
        sa.UniqueConstraint("contest_code", name=op.f("uq_contests_contest_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contests_status"), "contests", ["status"], unique=False)
    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
        comment="Single facts about the database, such as that it holds demo data.",
    )
    op.create_table(
        "minute_prices",
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False, comment="Minutes since the Unix epoch."),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("last", sa.Double(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False, comment="When the last one was received."),
        sa.PrimaryKeyConstraint("symbol", "minute", name=op.f("pk_minute_prices")),
    )
    op.create_index("ix_minute_prices_minute", "minute_prices", ["minute"], unique=False)
    op.create_table(
        "posted_trades",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("trade_id", sa.String(length=128), nullable=True),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("venue_ms", sa.BigInteger(), nullable=True),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posted_trades")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_posted_trades_received_us"), "posted_trades", ["received_us"], unique=False)
    op.create_index("ix_posted_trades_symbol_id", "posted_trades", ["symbol", "id"], unique=False)
    op.create_table(
        "store_probe",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_probe")),
        comment="One row, written to find out whether the database takes writes.",
    )
    op.create_table(
        "tokens",
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column(
            "source",
            sa.String(length=64),
            nullable=True,
            comment="Who brought its market last: the name of a feed, or `posted`.",
        ),
        sa.Column("told", sa.JSON(), nullable=False, comment="Metadata that a feed told."),
        sa.Column("put", sa.JSON(), nullable=False, comment="Metadata that was put over HTTP."),
        sa.Column("quote", sa.JSON(), nullable=True, comment="The last figures beside the price."),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_tokens")),
    )
    op.create_table(
        "users",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column(
            "role",
            sa.SmallInteger(),
            nullable=True,
            comment="A number of `channels.names.Role`; null: none was ever set.",
        ),
        sa.Column("nickname", sa.String(length=32), nullable=True),
        sa.Column("nickname_key", sa.String(length=128), nullable=True, comment="The nickname without regard to case."),
        sa.Column("banned", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_users")),
        sa.UniqueConstraint("nickname_key", name=op.f("uq_users_nickname_key")),
    )
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("nickname", sa.String(length=32), nullable=True),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="Empty once it was deleted."),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_chat_messages_contest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        sa.UniqueConstraint(
            "contest_id", "wallet", "message_id", name=op.f("uq_chat_messages_contest_id_wallet_message_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chat_messages_contest_id_id", "chat_messages", ["contest_id", "id"], unique=False)
    op.create_table(
        "contest_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column(
            "nickname",
            sa.String(length=32),
            nullable=True,
            comment="As of the entry, for wallets that have stored none.",
        ),
        sa.Column("entered_ms", sa.BigInteger(), nullable=False),
        sa.Column("disqualified", sa.Boolean(), nullable=False),
        sa.Column("final_value", sa.Double(), nullable=True),
        sa.Column("final_rank", sa.Integer(), nullable=True),
        sa.Column("final_rank_change", sa.Integer(), nullable=True),
        sa.Column("prize", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_contest_entries_contest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_entries")),
        sa.UniqueConstraint("contest_id", "wallet", name=op.f("uq_contest_entries_contest_id_wallet")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contest_entries_contest_id_disqualified", "contest_entries", ["contest_id", "disqualified"], unique=False
    )
    op.create_index(
        "ix_contest_entries_contest_id_final_rank", "contest_entries", ["contest_id", "final_rank"], unique=False
    )
    op.create_index(op.f("ix_contest_entries_wallet"), "contest_entries", ["wallet"], unique=False)
    op.create_table(
        "contest_mutes",
        sa.Column(
            "contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True, comment="Null: until it is lifted."),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_contest_mutes_contest_id")),
        sa.PrimaryKeyConstraint("contest_id", "wallet", name=op.f("pk_contest_mutes")),
    )
    op.create_table(
        "contest_prices",
        sa.Column(
            "contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("boundary", sa.String(length=5), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("boundary in ('start', 'end')", name=op.f("ck_contest_prices_boundary")),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_contest_prices_contest_id")),
        sa.PrimaryKeyConstraint("contest_id", "boundary", "symbol", name=op.f("pk_contest_prices")),
    )
    op.create_table(
        "contest_trades",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_contest_trades_contest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_trades")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contest_trades_contest_id_wallet", "contest_trades", ["contest_id", "wallet", "id"], unique=False
    )
    op.create_table(
        "domain_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_domain_events_contest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_events")),
        comment="Starts, results, prizes, cancellations, disqualifications, in the order they were committed.",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_domain_events_contest_id"), "domain_events", ["contest_id"], unique=False)
    op.create_index(op.f("ix_domain_events_wallet"), "domain_events", ["wallet"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_idempotency_keys_contest_id")),
        sa.PrimaryKeyConstraint("wallet", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_at_ms"), "idempotency_keys", ["at_ms"], unique=False)
    op.create_table(
        "holdings",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("quantity", sa.Double(), nullable=True, comment="Null before the start."),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["contest_entries.id"], name=op.f("fk_holdings_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "symbol", name=op.f("pk_holdings")),
    )
    op.execute("insert into store_probe (id, at_ms) values (1, 0)")
