"""What a server deletes by itself: what the table in the documentation says, and nothing else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duelcast.app import App
from duelcast.domain.settings.declared import declared_settings
from duelcast.settings import Settings
from tests.databases import change_in, rows_in
from tests.e2e.metrics import metric
from tests.serving import running
from tests.store.facts import until

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
DAY_MS = 86_400_000
AGES_DAYS = {
    "trades": (1.9, 2.1),
    "errors": (29, 31),
    "notifications that were read": (29, 31),
    "notifications that were not": (179, 181),
    "chat": (89, 91),
    "events": (89, 91),
    "prices": (89, 91),
    "days of events": (729, 732),
    "requests": (0.9, 1.1),
}
"""One that stays and one that goes."""


async def test_each_retention_setting_is_obeyed_by_a_rule() -> None:
    app = App(Settings(feed="none", port=0))
    obeyed = {setting for rule in app.leader.retention.table.values() for setting in rule.settings}
    assert obeyed == {key for key in declared_settings({}) if key.startswith("retention.")}


async def test_the_documentation_has_the_table() -> None:
    """Each rule under its name in the metrics, with its settings and their defaults."""
    app = App(Settings(feed="none", port=0))
    documented = {}
    for line in OPERATIONS.read_text(encoding="utf-8").splitlines():
        row = re.fullmatch(r"\| `(\w+)` \| ([^|]*) \| [^|]* \|", line)
        if row is not None and row[1] in app.leader.retention.table:
            documented[row[1]] = dict(re.findall(r"`(retention\.\w+)` \(([\d.]+)\)", row[2]))
    defaults = {key: setting.default for key, setting in declared_settings({}).items()}
    assert documented == {
        what: {key: f"{defaults[key]:g}" for key in rule.settings} for what, rule in app.leader.retention.table.items()
    }


def insert(path: Path, table: str, values: Mapping[str, Any]) -> None:
    marks = ", ".join("?" * len(values))
    change_in(path, f"insert into {table} ({', '.join(values)}) values ({marks})", *values.values())


def fill(path: Path, now_ms: int) -> None:
    """Rows of each age, of all that becomes old; and acts in the audit trail that are older than anything."""
    contest = {
        "contest_code": "ABCDEFGH",
        "name": "Cup",
        "start_ms": 1,
        "end_ms": 2,
        "status": "cancelled",
        "entry_fee": "0",
        "prize_pool": "0",
        "currency": "SOL",
        "payout": "[]",
        "min_participants": 1,
        "starting_balance": 1,
        "allowed_symbols": "[]",
        "created_by": "W",
        "created_ms": 1,
        "updated_ms": 1,
    }
    insert(path, "contests", contest)
    token = {"symbol": "SOL", "told": "{}", "put": '{"name":"Solana"}', "updated_ms": 1}
    insert(path, "tokens", token)
    for number, (what, ages) in enumerate(AGES_DAYS.items()):
        for age_days in ages:
            at_ms = now_ms - int(age_days * DAY_MS)
            fill_row(path, what, number, age_days, at_ms)
    act = {"wallet": "W", "role": 3, "action": "a", "target": "t", "outcome": "ok", "details": "{}"}
    insert(path, "audit", {"at_ms": now_ms - 10_000 * DAY_MS, **act})


def fill_row(path: Path, what: str, number: int, age_days: float, at_ms: int) -> None:
    text = {"wallet": "W", "type": "T", "title": "", "content": "", "priority": "low", "data": "{}"}
    price = {"open": 1, "high": 1, "low": 1, "last": 1}
    match what:
        case "trades":
            row = {"symbol": "SOL", "price": 1, "quantity": 1, "side": "buy", "received_us": at_ms * 1000}
            insert(path, "posted_trades", row)
        case "errors":
            row = {"service": "s", "source": "s", "level": "error", "error": "x", "details": "{}", "count": 1}
            insert(path, "error_records", {"id": at_ms * 1000, **row})
        case "notifications that were read":
            insert(path, "notifications", {**text, "created_ms": at_ms, "read_ms": at_ms})
        case "notifications that were not":
            insert(path, "notifications", {**text, "created_ms": at_ms})
        case "chat":
            row = {"contest_id": 1, "wallet": "W", "role": 1, "text": "x", "at_ms": at_ms}
            insert(path, "chat_messages", row)
        case "events":
            event_id = json.dumps([number, age_days]).encode()
            row = {"wallet": "W", "event_id": event_id, "event": "click", "received_ms": at_ms}
            insert(path, "analytics_events", row)
            insert(path, "analytics_minutes", {"minute": at_ms // 60_000, "event": "click", "count": 1})
        case "prices":
            # The last one before the time that is kept is the price of then, and stays.
            for minute in (at_ms // 60_000, at_ms // 60_000 - 1):
                insert(path, "minute_prices", {"symbol": "SOL", "minute": minute, **price, "received_us": 1})
        case "requests":
            row = {"wallet": "W", "source": "http", "key": str(age_days), "route": "r", "digest": "d", "at_ms": at_ms}
            insert(path, "idempotent_requests", row)
        case "days of events":
            insert(path, "analytics_days", {"day": at_ms // DAY_MS, "event": "click", "count": 1})


COUNTS = """
select 'trades', count(*) from posted_trades union all select 'errors', count(*) from error_records
union all select 'read', count(*) from notifications where read_ms is not null
union all select 'unread', count(*) from notifications where read_ms is null
union all select 'chat', count(*) from chat_messages union all select 'events', count(*) from analytics_events
union all select 'minutes', count(*) from analytics_minutes
union all select 'prices', count(*) from minute_prices
union all select 'requests', count(*) from idempotent_requests
union all select 'counted in days', cast(sum(count) as integer) from analytics_days
union all select 'audit', count(*) from audit
"""


def counts(path: Path) -> dict[str, int]:
    return dict(rows_in(path, COUNTS))


async def test_what_is_too_old_is_deleted_at_the_start_and_what_is_not_stays(tmp_path: Path) -> None:
    path = tmp_path / "duelcast.db"
    async with running(data_dir=tmp_path):
        pass
    fill(path, int(time.time() * 1000))
    before = counts(path)
    async with running(data_dir=tmp_path) as app:
        await until(lambda: bool(metric(app, "duelcast_retention_last_run_timestamp_seconds")))
        after = counts(path)
        deleted = {
            what: metric(app, "duelcast_retention_deleted_rows_total", what=what) for what in app.leader.retention.table
        }
    assert before == {
        "trades": 2,
        "errors": 2,
        "read": 2,
        "unread": 2,
        "chat": 2,
        "events": 2,
        "minutes": 2,
        "prices": 4,
        "requests": 2,
        "counted in days": 2,
        "audit": 1,
    }
    assert after == {
        "trades": 1,
        "errors": 1,
        "read": 1,
        "unread": 1,
        "chat": 1,
        "events": 1,
        "minutes": 0,
        "prices": 3,
        "requests": 1,
        "counted in days": 3,
        "audit": 1,
    }
    assert deleted == {
        "chat": 1,
        "errors": 1,
        "notifications": 2,
        "events": 1,
        "minutes_of_events": 2,
        "days_of_events": 1,
        "prices": 1,
        "trades": 1,
        "idempotent_requests": 1,
    }
