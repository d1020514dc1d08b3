from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from duelcast.clock import ManualClock
from duelcast.logs import QUIET_LIBRARIES, Format, Level, configure_logging, describe_exception

Records = Callable[[], list[dict[str, Any]]]
SECRET = "hunter2"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A log to read; what was configured before is put back."""
    root = logging.getLogger()
    names = ("duelcast", *QUIET_LIBRARIES)
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *names)}
    yield io.StringIO()
    root.handlers = handlers
    for name, level in levels.items():
        (logging.getLogger(name) if name else root).setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def records(stream: io.StringIO) -> Records:
    """What was logged since the last call, from INFO up."""
    configure_logging("info", "json", stream)

    def read() -> list[dict[str, Any]]:
        lines = stream.getvalue().splitlines()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in lines]

    return read


async def fail_in_the_clock() -> None:
    await ManualClock().sleep(SECRET)  # type: ignore[arg-type]  # provokes a TypeError inside the package


def test_a_record_is_one_line_of_json_with_time_level_and_logger(records: Records) -> None:
    structlog.get_logger("duelcast.app").info("started", port=8069)
    (record,) = records()
    assert record.pop("timestamp").endswith("Z")
    assert record == {"event": "started", "port": 8069, "level": "info", "logger": "duelcast.app"}


async def test_an_exception_is_told_by_type_and_place_without_its_text(records: Records) -> None:
    try:
        await fail_in_the_clock()
    except TypeError:
        structlog.get_logger("duelcast.app").exception("sleep failed")
    (record,) = records()
    assert record["exception"].startswith("TypeError at clock:")
    assert SECRET not in json.dumps(record)


def test_an_exception_outside_the_package_is_told_by_its_innermost_place() -> None:
    with pytest.raises(ValueError, match="invalid literal") as failed:
        int(SECRET)
    assert describe_exception(failed.value).startswith("ValueError at tests.test_logs:")


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert describe_exception(ValueError(SECRET)) == "ValueError"


def test_a_group_is_told_by_its_members_up_to_a_bound() -> None:
    group = ExceptionGroup(SECRET, [KeyError(SECRET)] * 7)
    assert describe_exception(group) == f"ExceptionGroup of [{', '.join(['KeyError'] * 5)}, 2 more]"


def test_a_cause_is_told() -> None:
    error = ValueError(SECRET)
    error.__cause__ = OSError(SECRET)
    assert describe_exception(error) == "ValueError, caused by OSError"


def test_an_exception_that_is_its_own_cause_is_told_up_to_a_bound() -> None:
    error = ValueError(SECRET)
    error.__cause__ = error
    assert describe_exception(error).count("ValueError") == 5


@pytest.mark.parametrize("key", ["token", "Authorization", "cookie", "headers", "query_string", "secret"])
def test_what_may_hold_a_secret_is_redacted_wherever_it_stands(records: Records, key: str) -> None:
    structlog.get_logger("duelcast.http").info("request", **{key: SECRET}, nested={"inner": [{key: SECRET}]})
    assert SECRET not in json.dumps(records())


def test_query_strings_are_redacted(records: Records) -> None:
    structlog.get_logger("duelcast.http").info("request", path=f"/ws?token={SECRET}")
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "127.0.0.1", f"/ws?token={SECRET}")
    ours, theirs = records()
    assert ours["path"] == "/ws?[redacted]"
    assert theirs["event"] == '127.0.0.1 - "WebSocket /ws?[redacted]" [accepted]'


def test_an_error_holds_no_secret_in_any_text_of_it(records: Records) -> None:
    structlog.get_logger("duelcast.feeds").error(
        "failed", where=f"https://bob:{SECRET}@example.com", rows=[f"pin={SECRET}"]
    )
    logging.getLogger("library").critical("login with password=%s", SECRET)
    ours, theirs = records()
    assert (ours["where"], ours["rows"]) == ("https://[removed]@example.com", ["pin=[removed]"])
    assert theirs["event"] == "login with password=[removed]"


def test_an_exception_as_a_value_is_told_without_its_text(records: Records) -> None:
    structlog.get_logger("duelcast.feeds").warning("failed", error=OSError(SECRET))
    logging.getLogger("library").warning("failed: %s", OSError(SECRET))
    ours, theirs = records()
    assert (ours["error"], theirs["event"]) == ("OSError", "failed: OSError")


def test_a_traceback_of_a_library_is_told_by_type_and_place(records: Records) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in application\n%s", SECRET)
    (record,) = records()
    assert record["event"] == "Exception in application"
    assert record["exception"].startswith("ValueError at tests.test_logs:")
    assert SECRET not in json.dumps(record)


async def test_a_task_that_nobody_awaited_is_logged_without_its_exception_text(records: Records) -> None:
    loop = asyncio.get_running_loop()
    loop.call_exception_handler(
        {"message": f"Exception in callback f({SECRET})", "exception": ValueError(SECRET), "future": loop}
    )
    (record,) = records()
    assert (record["event"], record["exception"]) == ("Exception in callback f", "ValueError")
    assert SECRET not in json.dumps(record)


@pytest.mark.parametrize("name", QUIET_LIBRARIES)
def test_libraries_that_log_each_request_are_heard_from_warnings_up(records: Records, name: str) -> None:
    logging.getLogger(name).info("GET /")
    logging.getLogger(name).warning("odd")
    assert [record["event"] for record in records()] == ["odd"]


def test_debug_is_for_our_own_loggers_alone(stream: io.StringIO) -> None:
    configure_logging("debug", "json", stream)
    logging.getLogger("websockets.server").debug("> GET / HTTP/1.1")
    structlog.get_logger("duelcast.gateway").debug("own")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["own"]


@pytest.mark.parametrize(("level", "heard"), [("warning", ["warning"]), ("info", ["info", "warning"])])
def test_the_level_is_the_least_that_is_logged(stream: io.StringIO, level: Level, heard: list[str]) -> None:
    configure_logging(level, "json", stream)
    for name in ("debug", "info", "warning"):
        getattr(structlog.get_logger("duelcast.app"), name)(name)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == heard


@pytest.mark.parametrize(
    ("format", "on_terminal", "as_json"),
    [("auto", False, True), ("auto", True, False), ("console", False, False), ("json", True, True)],
)
def test_the_form_goes_with_the_stream_unless_it_is_named(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, format: Format, on_terminal: bool, as_json: bool
) -> None:
    monkeypatch.setattr(stream, "isatty", lambda: on_terminal)
    configure_logging("info", format, stream)
    structlog.get_logger("duelcast.app").info("started")
    assert stream.getvalue().startswith("{") is as_json


def test_the_console_form_holds_no_exception_text(stream: io.StringIO) -> None:
    configure_logging("info", "console", stream)
    try:
        int(SECRET)
    except ValueError:
        structlog.get_logger("duelcast.app").exception("failed")
    assert "ValueError at" in stream.getvalue()
    assert SECRET not in stream.getvalue()
