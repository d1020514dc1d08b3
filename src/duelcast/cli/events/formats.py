"""Events as files: JSON lines, CSV, Parquet. The fields and their order are the same in all formats."""

from __future__ import annotations

import csv
import enum
import importlib
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import msgspec

from duelcast.settings import ConfigurationError
from duelcast.wire.timestamps import format_ms

if TYPE_CHECKING:
    from duelcast.store.event_archive import TrackedEvent  # `duelcast --help` must not wait for the store

INSTALL_COMMAND = "pip install 'duelcast[parquet]'"
FIELDS = ("id", "wallet", "event", "event_id", "data", "occurred_at", "received_at")
ROWS_PER_GROUP = 50_000
BYTES_PER_GROUP = 64 * 1024 * 1024
"""Rows are written as a group once their `data` reaches this size, because a group of rows in a Parquet file is in
memory as a whole while it is written or read."""


class Format(enum.Enum):
    """The formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Writer(Protocol):
    """Writes events; the output is complete once the writer is closed."""

    def write(self, events: Sequence[TrackedEvent]) -> None: ...

    def close(self) -> None: ...


def writer_of(form: Format, target: BinaryIO) -> Writer:
    """A writer to `target`, which stays open. Raises `ConfigurationError` if a library is missing."""
    writers: dict[Format, Callable[[BinaryIO], Writer]] = {
        Format.JSONL: JsonLines,
        Format.CSV: Csv,
        Format.PARQUET: Parquet,
    }
    return writers[form](target)


class JsonLines:
    """One object per line (https://jsonlines.org); `data` is a nested object, or null."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._encoder = msgspec.json.Encoder()

    def write(self, events: Sequence[TrackedEvent]) -> None:
        for event in events:
            data = None if event.data is None else msgspec.Raw(_compact(event.data).encode())
            values = (event.id, event.wallet, event.event, str(event.event_id), data, *_times(event))
            self._target.write(self._encoder.encode(dict(zip(FIELDS, values, strict=True))) + b"\n")

    def close(self) -> None:
        """Nothing to do: each line is complete."""


class Csv:
    """RFC 4180 with a header line; `data` is JSON, or empty if there is none."""

    def __init__(self, target: BinaryIO) -> None:
        self._text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
        self._rows = csv.writer(self._text)
        self._rows.writerow(FIELDS)

    def write(self, events: Sequence[TrackedEvent]) -> None:
        self._rows.writerows(
            (event.id, event.wallet, event.event, event.event_id, event.data and _compact(event.data), *_times(event))
            for event in events
        )

    def close(self) -> None:
        self._text.detach()


class Parquet:
    """Apache Parquet; times are timestamps (UTC, milliseconds), `event_id` and `data` (JSON) are strings."""

    def __init__(self, target: BinaryIO) -> None:
        try:
            self._arrow: Any = importlib.import_module("pyarrow")
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise ConfigurationError(f"Parquet needs pyarrow. Install it with: {INSTALL_COMMAND}") from None
        text, moment = self._arrow.string(), self._arrow.timestamp("ms", tz="UTC")
        types = (self._arrow.int64(), text, text, text, text, moment, moment)
        self._schema = self._arrow.schema(list(zip(FIELDS, types, strict=True)))
        self._writer = parquet.ParquetWriter(target, self._schema, compression="zstd")
        self._waiting: list[TrackedEvent] = []
        self._waiting_bytes = 0

    def write(self, events: Sequence[TrackedEvent]) -> None:
        self._waiting += events
        self._waiting_bytes += sum(len(event.data or "") for event in events)
        if len(self._waiting) >= ROWS_PER_GROUP or self._waiting_bytes >= BYTES_PER_GROUP:
            self._write_group()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        rows, self._waiting, self._waiting_bytes = self._waiting, [], 0
        columns = [
            [row.id for row in rows],
            [row.wallet for row in rows],
            [row.event for row in rows],
            [str(row.event_id) for row in rows],
            [row.data and _compact(row.data) for row in rows],
            [row.occurred_ms for row in rows],
            [row.received_ms for row in rows],
        ]
        arrays = [self._arrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))


def _compact(json: str) -> str:
    """The same JSON without white space between its parts; numbers stay as they were written."""
    return msgspec.json.format(json, indent=-1)


def _times(event: TrackedEvent) -> tuple[str | None, str]:
    return None if event.occurred_ms is None else format_ms(event.occurred_ms), format_ms(event.received_ms)
