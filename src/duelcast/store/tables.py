"""The tables. Times are in milliseconds since the Unix epoch, or in microseconds if the name ends in `_us`.

Texts are compared by code points, and their lengths, which the domain checks, are not enforced: on PostgreSQL,
migrations give them the collation C and no length.

Entry fees, prize pools and prizes are decimal strings; prices and balances are doubles. A test checks that these tables
equal the result of the migrations.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows itself only if the type is spelled INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
Wallet = String(64)
Symbol = String(32)
SettingKey = String(128)
ChannelName = String(160)


def _index_of_known(column: str) -> Index:
    """An index of the notifications whose `column` is not null."""
    condition = text(f"{column} is not null")
    return Index(f"ix_notifications_{column}", column, sqlite_where=condition, postgresql_where=condition)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


store_probe = Table(
    "store_probe",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    comment="One row, written to find out whether the database accepts writes.",
)
store_commits = Table(
    "store_commits",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    comment="One row: how many transactions were committed. It shows whether a COMMIT that failed took effect.",
)
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    _id(),
    Column("wallet", Wallet, nullable=False),
    Column("source", String(16), nullable=False, comment="The source of the name: `http`, or `command`."),
    Column("key", String(255), nullable=False),
    Column("route", String(200), nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the content of the request."),
    Column("answer", LargeBinary, comment="JSON; null while the request may be under way."),
    Column("at_ms", BigInteger, nullable=False, index=True),
    UniqueConstraint("wallet", "source", "key"),
    comment="Requests that run once, with the first answer of each.",
)

# ── accounts ────────────────────────────────────────────────────────────────────────────────────────────────────────

users = Table(
    "users",
    metadata,
    Column("wallet", Wallet, primary_key=True),
    Column("role", SmallInteger, comment="The number of a `channels.names.Role`; null if none was ever set."),
    Column("nickname", String(32)),
    Column("nickname_key", String(128), unique=True, comment="The nickname in a form that ignores case."),
    Column("banned", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Index("ix_users_role_wallet", "role", "wallet"),
    Index("ix_users_banned_wallet", "banned", "wallet"),
)
nickname_shapes = Table(
    "nickname_shapes",
    metadata,
    Column("wallet", Wallet, ForeignKey("users.wallet", ondelete="CASCADE"), primary_key=True),
    Column("shape", String(128), primary_key=True),
    Index("ix_nickname_shapes_shape", "shape"),
    comment="Look-alike forms of nicknames, recomputed if the algorithm changes; several nicknames may share one.",
)
used_challenges = Table(
    "used_challenges",
    metadata,
    Column("nonce", String(32), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    comment="Challenges that somebody signed in with, kept until they would have expired anyway.",
)
auth_sessions = Table(
    "auth_sessions",
    metadata,
    Column("id", String(43), primary_key=True),
    Column("wallet", Wallet, nullable=False, index=True),
    Column("signed_in_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False, index=True, comment="No token of the session is valid longer."),
    Column("logged_out_ms", BigInteger),
)
audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at_ms", BigInteger, nullable=False),
    Column("wallet", Wallet, nullable=False, index=True),
    Column("role", SmallInteger, nullable=False),
    Column("action", String(64), nullable=False, index=True),
    Column("target", String(200), nullable=False, index=True),
    Column("outcome", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────

settings = Table(
    "settings",
    metadata,
    Column("key", SettingKey, primary_key=True),
    Column("value", JSON, nullable=False, comment="JSON; the value of a setting may be null."),
    Column("value_type", String(7), nullable=False),
    Column("description", Text, nullable=False),
    Column("visibility", String(6), nullable=False),
    Column("secret", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("updated_by", Wallet, nullable=False),
)
setting_changes = Table(
    "setting_changes",
    metadata,
    _id(),
    Column("key", SettingKey, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("value", JSON, nullable=False, comment="JSON; null if the setting was deleted or is secret."),
    Column("deleted", Boolean, nullable=False),
    Column("secret", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Wallet, nullable=False),
    UniqueConstraint("key", "version"),
    sqlite_autoincrement=True,
    comment="Each version that a setting ever had; the numbers continue after a deletion.",
)
services = Table(
    "services",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("definition", JSON, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("updated_by", Wallet, nullable=False),
    comment="Services that were defined over HTTP.",
)
error_records = Table(
    "error_records",
    metadata,
    Column(
        "id",
        Id,
        primary_key=True,
        autoincrement=False,
        comment="When the first of its errors occurred (epoch µs), adjusted if another record has that id.",
    ),
    Column("service", String(64), nullable=False),
    Column("source", String(128), nullable=False),
    Column("level", String(8), nullable=False),
    Column("error", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_error_records_service_id", "service", "id"),
    Index("ix_error_records_level_id", "level", "id"),
)

# ── market ──────────────────────────────────────────────────────────────────────────────────────────────────────────

tokens = Table(
    "tokens",
    metadata,
    Column("symbol", Symbol, primary_key=True),
    Column("source", String(64), comment="The last source of its market data: the name of a feed, or `posted`."),
    Column("told", JSON, nullable=False, comment="Metadata from a feed."),
    Column("put", JSON, nullable=False, comment="Metadata set over HTTP."),
    Column("quote", JSON, comment="The last market data other than the price."),
    Column("updated_ms", BigInteger, nullable=False),
)
minute_prices = Table(
    "minute_prices",
    metadata,
    Column("symbol", Symbol, primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False, comment="Minutes since the Unix epoch."),
    Column("open", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("last", Double, nullable=False),
    Column("received_us", BigInteger, nullable=False, comment="When `last` was received."),
    Index("ix_minute_prices_minute", "minute"),
)
posted_trades = Table(
    "posted_trades",
    metadata,
    _id(),
    Column("symbol", Symbol, nullable=False),
    Column("trade_id", String(128)),
    Column("price", Double, nullable=False),
    Column("quantity", Double, nullable=False),
    Column("side", String(4), nullable=False),
    Column("venue_ms", BigInteger),
    Column("received_us", BigInteger, nullable=False, index=True),
    Index("ix_posted_trades_symbol_id", "symbol", "id"),
    sqlite_autoincrement=True,
)

# ── contests ────────────────────────────────────────────────────────────────────────────────────────────────────────

contests = Table(
    "contests",
    metadata,
    _id(),
    Column("contest_code", String(8), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("description", Text),
    Column("image_url", Text),
    Column("rules", Text),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("status", String(9), nullable=False, index=True),
    Column("entry_fee", String(40), nullable=False),
    Column("prize_pool", String(40), nullable=False),
    Column("currency", String(16), nullable=False),
    Column("payout", JSON, nullable=False, comment="[[place, percent], …]"),
    Column("min_participants", Integer, nullable=False),
    Column("max_participants", Integer),
    Column("starting_balance", Double, nullable=False),
    Column("allowed_symbols", JSON, nullable=False),
    Column("cancellation_reason", Text),
    Column("created_by", Wallet, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, comment="The contest started at the prices of this time."),
    Column("ended_ms", BigInteger, comment="The contest ended at the prices of this time, or was cancelled then."),
    CheckConstraint("status in ('pending', 'active', 'completed', 'cancelled')", name="status"),
    sqlite_autoincrement=True,
)
contest_entries = Table(
    "contest_entries",
    metadata,
    _id(),
    Column("contest_id", Id, ForeignKey("contests.id"), nullable=False),
    Column("wallet", Wallet, nullable=False, index=True),
    Column("nickname", String(32), comment="The nickname on entry; shown if the wallet has no stored one."),
    Column("entered_ms", BigInteger, nullable=False),
    Column("disqualified", Boolean, nullable=False),
    Column("final_value", Double),
    Column("final_rank", Integer),
    Column("final_rank_change", Integer),
    Column("prize", String(40)),
    UniqueConstraint("contest_id", "wallet"),
    Index("ix_contest_entries_contest_id_disqualified", "contest_id", "disqualified"),
    Index("ix_contest_entries_contest_id_final_rank", "contest_id", "final_rank"),
    sqlite_autoincrement=True,
)
holdings = Table(
    "holdings",
    metadata,
    Column("entry_id", Id, ForeignKey("contest_entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("symbol", Symbol, primary_key=True),
    Column("weight", SmallInteger, nullable=False),
    Column("quantity", Double, comment="Null before the start."),
)
contest_trades = Table(
    "contest_trades",
    metadata,
    _id(),
    Column("contest_id", Id, ForeignKey("contests.id"), nullable=False),
    Column("wallet", Wallet, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("symbol", Symbol, nullable=False),
    Column("side", String(4), nullable=False),
    Column("quantity", Double, nullable=False),
    Column("price", Double, nullable=False),
    Index("ix_contest_trades_contest_id_wallet", "contest_id", "wallet", "id"),
    sqlite_autoincrement=True,
)
contest_prices = Table(
    "contest_prices",
    metadata,
    Column("contest_id", Id, ForeignKey("contests.id"), primary_key=True, autoincrement=False),
    Column("boundary", String(5), primary_key=True),
    Column("symbol", Symbol, primary_key=True),
    Column("price", Double, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    CheckConstraint("boundary in ('start', 'end')", name="boundary"),
)
contest_mutes = Table(
    "contest_mutes",
    metadata,
    Column("contest_id", Id, ForeignKey("contests.id"), primary_key=True, autoincrement=False),
    Column("wallet", Wallet, primary_key=True),
    Column("until_ms", BigInteger, comment="Null if the mute lasts until it is lifted."),
    Column("by", Wallet, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
chat_messages = Table(
    "chat_messages",
    metadata,
    _id(),
    Column("contest_id", Id, ForeignKey("contests.id"), nullable=False),
    Column("wallet", Wallet, nullable=False),
    Column("nickname", String(32)),
    Column("role", SmallInteger, nullable=False),
    Column("text", Text, nullable=False, comment="Empty once the message is deleted."),
    Column("message_id", String(36)),
    Column("at_ms", BigInteger, nullable=False),
    Column("deleted_ms", BigInteger),
    Index("ix_chat_messages_contest_id_id", "contest_id", "id"),
    UniqueConstraint("contest_id", "wallet", "message_id"),
    sqlite_autoincrement=True,
)
# Read and written by versions before migration 0007, which may run beside this one; `idempotent_requests` replaced it.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("wallet", Wallet, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("contest_id", Id, ForeignKey("contests.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
domain_events = Table(
    "domain_events",
    metadata,
    _id(),
    Column("kind", String(40), nullable=False),
    Column("contest_id", Id, ForeignKey("contests.id"), nullable=False, index=True),
    Column("wallet", Wallet, index=True),
    Column("data", JSON, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
    comment="Starts, results, prizes, cancellations and disqualifications, in the order of their commits.",
)

# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────

inboxes = Table(
    "inboxes",
    metadata,
    Column("wallet", Wallet, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="Increases with each change to the wallet's notifications."),
)
notifications = Table(
    "notifications",
    metadata,
    _id(),
    Column("wallet", Wallet, nullable=False, comment="Empty if the notification is for everybody."),
    Column("type", String(64), nullable=False),
    Column("title", Text, nullable=False, comment="A removal empties title, content, link and data."),
    Column("content", Text, nullable=False),
    Column("priority", String(6), nullable=False),
    Column("link", Text),
    Column("data", JSON, nullable=False),
    Column("dedupe_key", String(128)),
    Column("created_ms", BigInteger, nullable=False),
    Column("read_ms", BigInteger),
    Column("expires_ms", BigInteger, comment="Also set to null by a removal."),
    Column("removed_ms", BigInteger, comment="The dedupe key of a removed notification still prevents duplicates."),
    UniqueConstraint("wallet", "dedupe_key"),
    Index("ix_notifications_wallet_created_ms_id", "wallet", "created_ms", "id"),
    # Unread rows are counted from this index alone.
    Index(
        "ix_notifications_wallet_read_ms_removed_ms_created_ms_id",
        "wallet",
        "read_ms",
        "removed_ms",
        "created_ms",
        "id",
    ),
    Index("ix_notifications_read_ms_created_ms", "read_ms", "created_ms"),
    _index_of_known("expires_ms"),
    # Partial, because SQLite would use a full index to find the rows that are not removed, which are most rows.
    _index_of_known("removed_ms"),
    sqlite_autoincrement=True,
)
contest_progress = Table(
    "contest_progress",
    metadata,
    Column("wallet", Wallet, primary_key=True),
    Column("entered", Integer, nullable=False, comment="Completed contests without a disqualification."),
    Column("won", Integer, nullable=False),
    Column("streak", Integer, nullable=False, comment="Wins in a row, up to the last completed contest."),
    comment="Progress of each wallet, counting the contests that the notifier has processed.",
)
achievements = Table(
    "achievements",
    metadata,
    Column("wallet", Wallet, primary_key=True),
    Column("achievement", String(64), primary_key=True),
    Column("event_id", Id, ForeignKey("domain_events.id"), nullable=False, comment="The completion that unlocked it."),
    Column("unlocked_ms", BigInteger, nullable=False),
)
analytics_events = Table(
    "analytics_events",
    metadata,
    _id(),
    Column("wallet", Wallet, nullable=False),
    Column("event_id", LargeBinary(16), nullable=False, comment="A UUID, unique per wallet."),
    Column("event", String(64), nullable=False),
    Column("data", Text, comment="A JSON object."),
    Column("occurred_ms", BigInteger, comment="The time according to the client."),
    Column("received_ms", BigInteger, nullable=False, index=True),
    UniqueConstraint("wallet", "event_id"),
    sqlite_autoincrement=True,
)
analytics_minutes = Table(
    "analytics_minutes",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False, comment="Minutes since the Unix epoch."),
    Column("event", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    comment="Numbers of events by minute of receipt; written with the events, and later rolled up into days.",
)
analytics_days = Table(
    "analytics_days",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="Days since the Unix epoch (UTC)."),
    Column("event", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────

channel_positions = Table(
    "channel_positions",
    metadata,
    Column("channel", ChannelName, primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="The number of the channel's newest message."),
    Column("floor", BigInteger, nullable=False, comment="No message up to this number is left."),
    Column("reserved", BigInteger, nullable=False, comment="Numbers up to this one may have been broadcast."),
    comment="The position of each channel of kind `every`; rows are never deleted.",
)
channel_messages = Table(
    "channel_messages",
    metadata,
    _id(),
    Column("channel", ChannelName, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("row_id", BigInteger, comment="The id of the row, such as a chat message, whose content the body carries."),
    Column("body", LargeBinary, nullable=False, comment="JSON without `channel`, `seq` and `requestId`."),
    UniqueConstraint("channel", "seq"),
    Index(
        "ix_channel_messages_channel_row_id",
        "channel",
        "row_id",
        sqlite_where=text("row_id is not null"),
        postgresql_where=text("row_id is not null"),
    ),
    comment="The newest messages of channels of kind `every`, for clients that missed them.",
    sqlite_autoincrement=True,
)
epochs = Table(
    "epochs",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("starts", BigInteger, nullable=False, comment="How many times a server was started with the database."),
    Column(
        "latest_floor",
        BigInteger,
        nullable=False,
        comment="Greater than any number issued on a channel of kind `latest`.",
    ),
    Column("cluster_id", BigInteger, comment="On PostgreSQL, the system identifier at the last start."),
    Column("database_oid", BigInteger, comment="On PostgreSQL, the OID of the database at the last start."),
    Column("table_oid", BigInteger, comment="On PostgreSQL, the OID of this table at the last start."),
    Column("timeline", BigInteger, comment="On PostgreSQL, the timeline at the last start."),
    comment="One row: the epoch that positions belong to.",
)
leaders = Table(
    "leaders",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("node", Text, nullable=False, comment="The name of the server."),
    Column("address", Text, comment="Where it accepts links; null until it is ready."),
    Column("epoch", Text, comment="The epoch of positions; null until it is ready."),
    Column("pid", Integer, nullable=False, comment="The session that has the lock of the leader."),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("log_reached_at", DateTime(timezone=True), comment="When a node that does not lead last reached the log."),
    comment="On PostgreSQL, one row: the server that leads, or led last.",
)

schema_users = Table(
    "schema_users",
    metadata,
    Column("oldest", Text, nullable=False, comment="The newest migration that the oldest version has."),
    comment="One row: the oldest version that may use the tables as they are.",
)

# ── the database ────────────────────────────────────────────────────────────────────────────────────────────────────

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    comment="Single facts about the database, such as that it contains demo data.",
)

FILLED_BY_MIGRATIONS = (store_probe, store_commits, epochs, schema_users)
"""The tables that have a row before the first start of a server."""
