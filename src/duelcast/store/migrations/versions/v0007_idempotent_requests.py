"""Requests that run once keep their first answer, and commits are counted. The keys of contests move over, each with
the answer that created its contest.

Revision ID: 0007
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    commits = op.create_table(
        "store_commits",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_commits")),
        comment="One row: how many transactions were committed. It shows whether a COMMIT that failed took effect.",
    )
    op.bulk_insert(commits, [{"id": 1, "number": 0}])
    requests = op.create_table(
        "idempotent_requests",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column(
            "source", sa.String(length=16), nullable=False, comment="The source of the name: `http`, or `command`."
        ),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of the content of the request."),
        sa.Column("answer", sa.LargeBinary(), nullable=True, comment="JSON; null while the request may be under way."),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_requests")),
        sa.UniqueConstraint("wallet", "source", "key", name=op.f("uq_idempotent_requests_wallet_source_key")),
        comment="Requests that run once, with the first answer of each.",
    )
    op.create_index("ix_idempotent_requests_at_ms", "idempotent_requests", ["at_ms"], unique=False)
    _move_keys(requests)


def _move_keys(requests: sa.Table) -> None:
    """The earlier table stays, because a server of the earlier version may still be running."""
    keys = sa.table(
        "idempotency_keys",
        *[sa.column(name) for name in ("wallet", "key", "body_digest", "contest_id", "at_ms")],
    )
    contests = sa.table(
        "contests",
        *[sa.column(name) for name in _CONTEST_COLUMNS],
        *[sa.column(name, sa.JSON()) for name in ("payout", "allowed_symbols")],
    )
    connection = op.get_bind()
    found = sa.select(keys, contests).join_from(keys, contests, keys.c.contest_id == contests.c.id)
    rows = [
        {
            "wallet": row["wallet"],
            "source": "http",
            "key": row["key"],
            "route": "POST /api/v69/contests",
            "digest": row["body_digest"],
            "answer": json.dumps(_first_answer(row), ensure_ascii=False, separators=(",", ":")).encode(),
            "at_ms": row["at_ms"],
        }
        for row in connection.execute(found).mappings()
    ]
    if rows:
        connection.execute(sa.insert(requests), rows)
        connection.execute(sa.delete(keys))


_CONTEST_COLUMNS = (
    "id",
    "contest_code",
    "name",
    "description",
    "image_url",
    "start_ms",
    "end_ms",
    "entry_fee",
    "prize_pool",
    "currency",
    "min_participants",
    "max_participants",
    "starting_balance",
    "rules",
    "created_by",
    "created_ms",
)


def _first_answer(row: Any) -> dict[str, Any]:
    """The view of the contest when it had just been created, with what was edited since."""
    created = _format(row["created_ms"])
    return {
        "id": row["id"],
        "contest_code": row["contest_code"],
        "name": row["name"],
        "description": row["description"],
        "image_url": row["image_url"],
        "start_time": _format(row["start_ms"]),
        "end_time": _format(row["end_ms"]),
        "status": "pending",
        "entry_fee": row["entry_fee"],
        "prize_pool": row["prize_pool"],
        "currency": row["currency"],
        "payout": [{"place": int(place), "percent": percent} for place, percent in row["payout"]],
        "min_participants": row["min_participants"],
        "max_participants": row["max_participants"],
        "starting_balance": row["starting_balance"],
        "allowed_symbols": row["allowed_symbols"],
        "rules": row["rules"],
        "participantCount": 0,
        "spectatorCount": 0,
        "hasAdminPresence": False,
        "cancellation_reason": None,
        "updated_at": created,
        "created_by": row["created_by"],
        "created_at": created,
        "muted": [],
    }


def _format(epoch_ms: int) -> str:
    second, ms = divmod(epoch_ms, 1000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
