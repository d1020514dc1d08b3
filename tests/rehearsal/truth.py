"""What is stored, as the server tells it over HTTP, and as its file has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.evidence import Evidence, evidence
from tests.rehearsal.desk import Desk
from tests.serving import Frame


@dataclass(frozen=True)
class Told:
    """Over HTTP."""

    tokens: dict[str, Frame]
    statuses: dict[int, str]
    boards: dict[int, list[Frame]]
    services: dict[str, str]
    settings: dict[str, Frame]


@dataclass(frozen=True)
class Filed:
    """In the database. `read` are the notifications of each wallet, and whether each was read; `outcomes` those that
    tell of a contest: wallet, type, contest; `events` the ids of the tracked events of each wallet, in hexadecimal
    digits."""

    prices: dict[str, float]
    said: dict[int, dict[int, str]]
    ranks: dict[int, dict[str, int]]
    titles: dict[str, list[str]]
    read: dict[str, dict[int, bool]]
    outcomes: list[tuple[str, str, int]]
    events: dict[str, list[str]]
    settings: dict[str, tuple[Any, int]]


async def told(desk: Desk, contests: tuple[int, int]) -> Told:
    """What the server says now."""
    return Told(
        tokens={token["symbol"]: token for token in (await desk.read("/tokens"))["data"]},
        statuses={contest: (await desk.read(f"/contests/{contest}"))["status"] for contest in contests},
        boards={contest: (await desk.read(f"/contests/{contest}/leaderboard"))["entries"] for contest in contests},
        services={service["name"]: service["status"] for service in (await desk.read("/services"))["data"]},
        settings={setting["key"]: setting for setting in (await desk.read("/settings"))["data"]},
    )


def filed(folder: Path) -> Filed:
    """What the database of the server whose data is in `folder` holds now, whether it runs or not."""
    with evidence(folder) as file:
        return Filed(
            prices=dict(file.rows("select symbol, last from minute_prices order by minute")),
            said=_nested(file, "select contest_id, id, text from chat_messages order by id"),
            ranks=_nested(file, "select contest_id, wallet, final_rank from contest_entries order by id"),
            titles=_listed(file, "select wallet, title from notifications order by id"),
            read=_nested(file, "select wallet, id, read_ms is not null from notifications order by id"),
            outcomes=[
                (wallet, kind, contest)
                for wallet, kind, contest in file.rows(
                    "select wallet, type, json_extract(data, '$.contestId') from notifications"
                    " where type in ('CONTEST_STARTED', 'CONTEST_RESULT')"
                )
            ],
            events=_listed(file, "select wallet, lower(hex(event_id)) from analytics_events order by id"),
            settings={
                key: (json.loads(value), version)
                for key, value, version in file.rows("select key, cast(value as text), version from settings")
            },
        )


def _nested(file: Evidence, query: str) -> dict[Any, dict[Any, Any]]:
    found: dict[Any, dict[Any, Any]] = {}
    for outer, inner, value in file.rows(query):
        found.setdefault(outer, {})[inner] = value
    return found


def _listed(file: Evidence, query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in file.rows(query):
        found.setdefault(key, []).append(value)
    return found
