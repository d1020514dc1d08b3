"""Turns logged errors into error records."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.logs import PACKAGE, describe_exception, log_uncaught, plain_record
from duelcast.scrubbing import scrub
from duelcast.store.errors import ErrorLevel

MAX_WAITING = 1_000
_NOT_DETAILS = frozenset({"event", "level", "logger", "timestamp", "exception", "traceback", "error", "service"})
_SERVICE = re.compile(r"[a-z0-9_\-]{1,64}")


class _Logged(Struct, frozen=True):
    service: str
    source: str
    level: ErrorLevel
    error: str
    details: dict[str, Any]


class LogIntake(logging.Handler):
    """Turns every log record of level ERROR or higher, from any thread, into an error record on the thread of the event
    loop.

    At most 1,000 log records wait to be recorded. Further ones, those logged after the end of the loop, and those
    caused by the intake itself are dropped and counted.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.addFilter(plain_record)
        self._waiting: deque[_Logged] = deque()
        self._records: ErrorRecords | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._taking_in: int | None = None
        self._dropped = 0
        self._undo: Callable[[], None] | None = None

    def attach(self, records: ErrorRecords) -> None:
        """Pass errors logged from now on to `records`, uncaught exceptions included. Must be called on the thread of
        the running loop."""
        self._records, self._loop = records, asyncio.get_running_loop()
        self._undo = log_uncaught()
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Undo `attach`. Errors that are still waiting are recorded."""
        logging.getLogger().removeHandler(self)
        if self._undo is not None:
            self._undo()
            self._undo = None
        self._take()
        self._records = self._loop = None

    def emit(self, record: logging.LogRecord) -> None:
        loop = self._loop
        # An error logged by the intake itself would lead to another one, and so on.
        if loop is None or self._taking_in == threading.get_ident() or len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        try:
            self._waiting.append(_logged(record))
            loop.call_soon_threadsafe(self._take)
        except Exception:
            # A failure here, usually a closed loop, must neither be logged nor reach the code that logs.
            self._dropped += 1

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily(
            "duelcast_errors_logged_dropped", "Logged errors that were not recorded.", value=self._dropped
        )

    def _take(self) -> None:
        self._taking_in = threading.get_ident()
        try:
            while self._waiting and self._records is not None:
                logged = self._waiting.popleft()
                self._records.take(logged.service, logged.source, logged.level, logged.error, logged.details)
        finally:
            self._taking_in = None


def _logged(record: logging.LogRecord) -> _Logged:
    error = record.exc_info[1] if record.exc_info else None
    described = describe_exception(error) if error is not None else None
    if isinstance(record.msg, MutableMapping):
        event = record.msg
        described = event.get("exception") or event.get("error") or described
        name, service = event.get("event"), event.get("service")
        details = {key: value for key, value in event.items() if key not in _NOT_DETAILS}
    else:
        name, service, details = scrub(record.getMessage()), None, {}
    return _Logged(
        service=service if isinstance(service, str) and _SERVICE.fullmatch(service) else _part(record.name),
        source=record.name,
        level="critical" if record.levelno >= logging.CRITICAL else "error",
        error=f"{name}: {described}" if described else str(name),
        details=details,
    )


def _part(logger: str) -> str:
    """The part of the server that logged: `contests` for `duelcast.contests.chat`, and `duelcast` for libraries."""
    package, _, path = logger.partition(".")
    part = path.partition(".")[0]
    return part if package == PACKAGE and _SERVICE.fullmatch(part) else PACKAGE
