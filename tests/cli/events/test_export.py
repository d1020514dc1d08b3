"""`duelcast events export`: which events it writes, where to, and that each format can be read again."""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow
import pyarrow.parquet
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from duelcast.cli.events import formats
from duelcast.cli.events.formats import FIELDS, Format, writer_of
from duelcast.store.event_archive import TrackedEvent
from duelcast.wire.timestamps import format_ms
from tests.cli.running import Finished, run, use_database
from tests.store.copies import full_disk
from tests.store.tracked import Tracked, add_tracked
from tests.storing import opened

Command = Callable[..., Finished]
DAY_MS = 86_400_000
NUMBER = UUID("123e4567-e89b-42d3-a456-426614174000")
HOSTILE = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "a,b",
    'a"b',
    '"',
    "a\nb",
    "a\r\nb",
    "a;b\t",
    "null",
    "",
    "𝄞 ünï",
    "\u2028",
)
"""Names that no client may send, but somebody may have stored."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_database(monkeypatch, tmp_path / "data" / "duelcast.db")
    return tmp_path


@pytest.fixture
def duelcast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return partial(run, capsys, monkeypatch, "events", "export")


def track(folder: Path, *events: Tracked) -> None:
    async def write() -> None:
        async with opened(folder / "data" / "duelcast.db") as database:
            await add_tracked(database, *events)

    uvloop.run(write())


def names(printed: str) -> list[str]:
    return [json.loads(line)["event"] for line in printed.splitlines()]


def ago(days: float) -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000 - days * DAY_MS)


# ── which ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_goes_to_the_standard_output_as_json_lines(folder: Path, duelcast: Command) -> None:
    track(folder, Tracked("W", "click", 1_700_000_000_005, NUMBER, '{"a": [1,\n 2.50]}', 1_700_000_000_000))
    printed = duelcast()
    assert (printed.code, printed.err) == (0, "")
    assert printed.out == (
        '{"id":1,"wallet":"W","event":"click","event_id":"123e4567-e89b-42d3-a456-426614174000",'
        '"data":{"a":[1,2.50]},"occurred_at":"2023-11-14T22:13:20.000Z","received_at":"2023-11-14T22:13:20.005Z"}\n'
    )


def test_since_and_until_take_an_age_or_a_time(folder: Path, duelcast: Command) -> None:
    track(folder, *(Tracked("W", f"{days} days old", ago(days)) for days in (10, 6, 2)))
    assert names(duelcast("--since", "7d").out) == ["6 days old", "2 days old"]
    assert names(duelcast("--since", "7d", "--until", "72h").out) == ["6 days old"]
    moment = format_ms(ago(4)).replace("Z", "+00:00")
    assert names(duelcast("--since", moment).out) == ["2 days old"]
    assert names(duelcast("--until", moment).out) == ["10 days old", "6 days old"]


def test_what_comes_while_it_is_written_is_left_to_the_next_export(folder: Path, duelcast: Command) -> None:
    track(folder, Tracked("W", "stored", ago(1)), Tracked("W", "to come", ago(-1)))
    assert names(duelcast().out) == ["stored"]


def test_one_name_can_be_asked_for(folder: Path, duelcast: Command) -> None:
    track(folder, *(Tracked("W", event, 1) for event in ("click", "view", "click")))
    assert names(duelcast("--event", "click").out) == ["click", "click"]
    assert names(duelcast("--event", "clic").out) == []


@pytest.mark.parametrize("wrong", ["yesterday", "2026-11-01", "2026-11-01T00:00:00", "7", "-7d", ""])
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_another_time_is_refused(folder: Path, duelcast: Command, option: str, wrong: str) -> None:
    ended = duelcast(f"{option}={wrong}")
    assert ended.code == 2
    assert option in ended.err


# ── where to ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_written_whole_and_private(folder: Path, duelcast: Command) -> None:
    track(folder, *(Tracked("W", "click", 1) for _ in range(2_500)))
    file = folder / "events.jsonl"
    ended = duelcast(str(file))
    assert (ended.code, ended.out, ended.err) == (0, "", f"2500 events in {file}\n")
    assert len(file.read_text().splitlines()) == 2_500
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_replaced_on_demand_alone(folder: Path, duelcast: Command) -> None:
    track(folder, Tracked("W", "click", 1))
    file = folder / "events.jsonl"
    file.write_text("precious")
    ended = duelcast(str(file))
    assert (ended.code, file.read_text()) == (2, "precious")
    assert "--force" in ended.err
    assert duelcast(str(file), "--force").code == 0
    assert names(file.read_text()) == ["click"]


@pytest.mark.parametrize("form", [form.value for form in Format])
def test_a_full_disk_leaves_nothing(folder: Path, duelcast: Command, form: str) -> None:
    track(
        folder, *(Tracked("W", "click", 1, data=json.dumps({"x": random.randbytes(2_000).hex()})) for _ in range(100))
    )
    with full_disk():
        ended = duelcast(str(folder / "events"), "--format", form)
    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert [path.name for path in folder.iterdir()] == ["data"]


def test_without_a_database_nothing_is_written(folder: Path, duelcast: Command) -> None:
    ended = duelcast(str(folder / "events.jsonl"))
    assert (ended.code, list(folder.iterdir())) == (2, [])
    assert "There is no database" in ended.err


def test_without_pyarrow_it_says_how_to_install_it(
    folder: Path, duelcast: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    track(folder, Tracked("W", "click", 1))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ended = duelcast(str(folder / "events.parquet"), "--format", "parquet")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "duelcast: Parquet needs pyarrow. Install it with: pip install 'duelcast[parquet]'\n"
    assert not (folder / "events.parquet").exists()


# ── formats ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def written(form: Format, pages: Sequence[Sequence[TrackedEvent]]) -> bytes:
    target = io.BytesIO()
    writer = writer_of(form, target)
    for page in pages:
        writer.write(page)
    writer.close()
    return target.getvalue()


def moment(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else format_ms(epoch_ms)


def as_rows(events: Sequence[TrackedEvent]) -> list[dict[str, Any]]:
    """What every format must give again."""
    return [
        {
            "id": event.id,
            "wallet": event.wallet,
            "event": event.event,
            "event_id": str(event.event_id),
            "data": None if event.data is None else json.loads(event.data),
            "occurred_at": moment(event.occurred_ms),
            "received_at": moment(event.received_ms),
        }
        for event in events
    ]


def read_json_lines(content: bytes) -> list[dict[str, Any]]:
    # Not `splitlines`: some readers break lines at U+2028, which JSON need not escape.
    return [json.loads(line) for line in content.decode().removesuffix("\n").split("\n") if line]


def read_csv(content: bytes) -> list[dict[str, Any]]:
    assert b"\0" not in content
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    for row in rows:
        row["data"] = json.loads(row["data"]) if row["data"] else None
        row["id"] = int(row["id"])
        row["occurred_at"] = row["occurred_at"] or None
    return list(rows)


def read_parquet(content: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    for row in rows:
        row["data"] = None if row["data"] is None else json.loads(row["data"])
        for name in ("occurred_at", "received_at"):
            at: datetime | None = row[name]
            assert at is None or at.utcoffset() == datetime.now(UTC).utcoffset()
            row[name] = None if at is None else moment(round(at.timestamp() * 1000))
    return rows


READERS = {Format.JSONL: read_json_lines, Format.CSV: read_csv, Format.PARQUET: read_parquet}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # U+0000 is in no text of ours, but its escape is.
    | texts
    | st.just("a\0b"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    TrackedEvent,
    id=st.integers(1, 2**53 - 1),
    wallet=st.text("ABCabc019_-", min_size=1),
    event=texts | st.sampled_from(HOSTILE),
    event_id=st.uuids(),
    data=st.none()
    | st.builds(json.dumps, st.dictionaries(texts, values, max_size=4), indent=st.sampled_from([None, 1])),
    occurred_ms=st.none() | st.integers(0, 2**42),
    received_ms=st.integers(0, 2**42),
)


@pytest.mark.parametrize("form", Format)
@given(pages=st.lists(st.lists(events, max_size=4), max_size=4))
def test_what_is_written_can_be_read_again(form: Format, pages: list[list[TrackedEvent]]) -> None:
    content = written(form, pages)
    assert READERS[form](content) == as_rows([event for page in pages for event in page])


@pytest.mark.parametrize("form", Format)
def test_hostile_names_stay_in_their_field(form: Format) -> None:
    hostile = [TrackedEvent(number, "W", name, NUMBER, None, None, 1) for number, name in enumerate(HOSTILE)]
    assert [row["event"] for row in READERS[form](written(form, [hostile]))] == list(HOSTILE)


def test_an_export_of_nothing_has_the_names_of_the_fields() -> None:
    assert written(Format.JSONL, []) == b""
    assert written(Format.CSV, []) == b"id,wallet,event,event_id,data,occurred_at,received_at\r\n"
    assert pyarrow.parquet.read_table(io.BytesIO(written(Format.PARQUET, []))).column_names == list(FIELDS)


def test_rows_of_parquet_wait_for_others_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "ROWS_PER_GROUP", 4)
    monkeypatch.setattr(formats, "BYTES_PER_GROUP", 100)
    small = [TrackedEvent(1, "W", "click", NUMBER, None, None, 1)] * 3
    large = [TrackedEvent(1, "W", "click", NUMBER, json.dumps({"x": "y" * 100}), None, 1)]
    content = written(Format.PARQUET, [small, small, large, small])
    metadata = pyarrow.parquet.read_metadata(io.BytesIO(content))
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [6, 1, 3]
