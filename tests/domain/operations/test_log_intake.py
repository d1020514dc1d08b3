"""What is logged as an error becomes an error record, whoever logs it and in whatever thread."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import uvloop

import duelcast.domain.operations.log_intake as module
from duelcast.domain.operations.log_intake import LogIntake
from duelcast.logs import QUIET_LIBRARIES, configure_logging, exception_fields
from tests.domain.operations.error_room import ErrorRoom
from tests.storing import moved_away

SECRET = "hunter2"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as it is written; what was configured before is put back."""
    root = logging.getLogger()
    names = ("", "duelcast", *QUIET_LIBRARIES)
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in names}
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    yield stream
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def intake(log: io.StringIO, room: ErrorRoom) -> Any:
    intake = LogIntake()
    intake.attach(room.records)
    yield intake
    intake.detach()


def dropped(intake: LogIntake) -> float:
    return sum(sample.value for metric in intake.collect() for sample in metric.samples if "total" in sample.name)


async def taken(room: ErrorRoom, *names: str) -> tuple[Any, ...]:
    """These fields of the only record that was told."""
    await asyncio.sleep(0)
    await room.told()
    (record,) = room.pushed
    return tuple(record[name] for name in names)


def fail() -> None:
    int(SECRET)


@pytest.mark.usefixtures("intake")
async def test_an_event_becomes_its_name_with_its_other_fields_as_details(room: ErrorRoom) -> None:
    structlog.get_logger("duelcast.contests").error("settling_failed", contest=7, error=ValueError(SECRET))
    expected = ("contests", "duelcast.contests", "error", "settling_failed: ValueError", {"contest": 7})
    assert await taken(room, "service", "source", "level", "error", "details") == expected


@pytest.mark.usefixtures("intake")
async def test_an_event_may_name_its_service(room: ErrorRoom) -> None:
    structlog.get_logger("duelcast.feeds").critical("feed_lost", service="feed_binance")
    assert await taken(room, "service", "level", "details") == ("feed_binance", "critical", {})


@pytest.mark.usefixtures("intake")
@pytest.mark.parametrize(
    ("logger", "service"),
    [("duelcast", "duelcast"), ("duelcast.store", "store"), ("duelcast.a.b", "a"), ("uvicorn.error", "duelcast")],
)
async def test_otherwise_the_service_is_the_part_of_the_server_that_logs(
    room: ErrorRoom, logger: str, service: str
) -> None:
    structlog.get_logger(logger).error("failed", service="No Service")
    assert await taken(room, "service", "source") == (service, logger)


@pytest.mark.usefixtures("intake")
async def test_an_exception_is_told_by_type_and_place(room: ErrorRoom) -> None:
    try:
        fail()
    except ValueError:
        structlog.get_logger("duelcast.store").exception("defect")
    (error,) = await taken(room, "error")
    assert error.startswith("defect: ValueError at tests.domain.operations.test_log_intake:")


@pytest.mark.usefixtures("intake")
async def test_the_frames_of_a_defect_are_in_the_log_alone(room: ErrorRoom, log: io.StringIO) -> None:
    try:
        fail()
    except ValueError as error:
        structlog.get_logger("duelcast.store").error("defect", what="a", **exception_fields(error))
    (details,) = await taken(room, "details")
    assert details == {"what": "a"}
    assert " in fail" in log.getvalue()


@pytest.mark.usefixtures("intake")
async def test_what_a_library_logs_is_taken_without_secrets(room: ErrorRoom, log: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("login with password=%s of %s", SECRET, "bob@example.com")
    (error,) = await taken(room, "error")
    assert error.startswith("login with password=[removed]: ValueError at ")
    for text in (log.getvalue(), json.dumps(room.pushed)):
        assert not any(secret in text for secret in (SECRET, "bob"))


async def test_it_does_without_what_other_handlers_do_to_a_record(
    room: ErrorRoom, intake: LogIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [intake])
    logging.getLogger("library").error("failed: %s", OSError(SECRET))
    assert await taken(room, "error") == ("failed: OSError",)


@pytest.mark.usefixtures("intake")
async def test_less_than_an_error_is_not_taken(room: ErrorRoom) -> None:
    structlog.get_logger("duelcast.store").warning("odd")
    logging.getLogger("library").warning("odd")
    await asyncio.sleep(0)
    assert room.pushed == []


@pytest.mark.usefixtures("intake")
async def test_what_another_thread_logs_is_taken_in_the_thread_of_the_loop(room: ErrorRoom) -> None:
    await asyncio.to_thread(structlog.get_logger("duelcast.store").error, "failed")
    assert await taken(room, "error") == ("failed",)


@pytest.mark.usefixtures("intake")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_an_exception_that_ends_a_thread_is_taken_and_its_text_printed_nowhere(
    room: ErrorRoom, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    await asyncio.to_thread(thread.join)
    (error,) = await taken(room, "error")
    assert error.startswith("uncaught: ValueError at tests.domain.operations.test_log_intake:")
    assert SECRET not in log.getvalue() + capsys.readouterr().err


@pytest.mark.usefixtures("intake")
async def test_an_exception_that_ends_the_process_is_critical(room: ErrorRoom) -> None:
    try:
        fail()
    except ValueError:
        sys.excepthook(*sys.exc_info())
    assert await taken(room, "level") == ("critical",)


@pytest.mark.usefixtures("intake")
async def test_an_exception_that_the_loop_finds_is_taken(room: ErrorRoom) -> None:
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)
    (error,) = await taken(room, "error")
    assert re.match(r"Exception in callback .*\bfail\b.*: ValueError at ", error)


async def test_more_than_the_bound_in_one_turn_is_dropped_and_counted(
    room: ErrorRoom, intake: LogIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    for number in range(5):
        structlog.get_logger("duelcast.store").error(f"failed_{number}")
    await asyncio.sleep(0)
    assert [error for error, _ in await room.told()] == ["failed_0", "failed_1", "failed_2"]
    assert dropped(intake) == 2


async def test_an_error_in_the_taking_does_not_feed_itself(
    room: ErrorRoom, intake: LogIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = room.deliver

    def failing(message: Any) -> None:
        deliver(message)
        structlog.get_logger("duelcast.gateway").error("defect")

    monkeypatch.setattr(room, "deliver", failing)
    structlog.get_logger("duelcast.store").error("failed")
    for _ in range(5):
        await room.told()
    assert await room.told() == [("failed", 1), ("defect", 1)], "equal errors are one record"


async def test_a_store_that_fails_does_not_feed_itself(room: ErrorRoom, intake: LogIntake) -> None:
    with moved_away(room.path):
        structlog.get_logger("duelcast.contests").error("failed")
        for _ in range(60):
            await room.clock.advance(1)
        told = await room.told()
    assert {error.partition(":")[0] for error, _ in told} == {"failed", "store_unavailable"}
    assert len(set(told)) == len(told), "a reason was reported more than once"


async def test_after_the_end_nothing_is_taken_and_all_is_as_before(room: ErrorRoom, log: io.StringIO) -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:]
    intake = LogIntake()
    intake.attach(room.records)
    structlog.get_logger("duelcast.store").error("last_words")
    intake.detach()
    assert await room.told() == [("last_words", 1)], "what was logged before is taken"
    structlog.get_logger("duelcast.store").error("too_late")
    intake.detach()
    await asyncio.sleep(0)
    assert await room.told() == [("last_words", 1)]
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook, logging.getLogger().handlers) == before


def test_a_loop_that_has_ended_is_no_failure_of_who_logs(log: io.StringIO) -> None:
    intake = LogIntake()

    async def attach() -> None:
        intake.attach(None)  # type: ignore[arg-type]  # nothing is taken

    uvloop.run(attach())
    try:
        logging.getLogger("library").error("failed")
    finally:
        intake.detach()
    assert dropped(intake) == 1
    assert "failed" in log.getvalue()
