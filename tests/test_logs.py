from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import structlog

from duelcast.clock import ManualClock
from duelcast.logs import (
    QUIET_LIBRARIES,
    Format,
    Level,
    configure_logging,
    describe_exception,
    exception_fields,
    frames_of,
)

Records = Callable[[], list[dict[str, Any]]]
SECRET = "hunter2"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A stream to log to. Afterwards, the previous configuration of logging is restored."""
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
    """A function that returns the records logged since its last call, from level INFO up."""
    configure_logging("info", "json", stream)

    def read() -> list[dict[str, Any]]:
        lines = stream.getvalue().splitlines()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in lines]

    return read


def issue_token() -> None:
    """Fails one call deeper. The names of both functions look like those of secrets, but must be shown."""
    read_password(SECRET)


def read_password(password: str) -> None:
    raise ValueError(password)


def descend(depth: int) -> None:
    if depth == 0:
        raise ValueError(SECRET)
    descend(depth - 1)


def failure_of(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("It did not fail.")


def line_of(function: Callable[..., object], offset: int) -> str:
    """The line that describes a frame of `function`, `offset` lines below its head."""
    return f"tests/test_logs.py:{function.__code__.co_firstlineno + offset} in {function.__qualname__}"


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


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_frames_of_an_exception_are_file_line_and_function_of_each_call() -> None:
    frames = frames_of(failure_of(issue_token))
    assert frames == [line_of(failure_of, 2), line_of(issue_token, 2), line_of(read_password, 1)]


async def test_files_are_relative_to_this_package_or_begin_with_their_own() -> None:
    with pytest.raises(TypeError) as failed:
        await fail_in_the_clock()
    assert frames_of(failed.value)[-1].startswith("clock.py:")
    (*_, within_package, innermost) = frames_of(failure_of(lambda: json.loads("[")))
    assert within_package.startswith("json/decoder.py:")
    assert innermost.endswith(" in JSONDecoder.raw_decode")
    assert any(line.startswith("json/__init__.py:") for line in frames_of(failure_of(lambda: json.loads("["))))


def test_the_innermost_20_frames_are_kept() -> None:
    frames = frames_of(failure_of(lambda: descend(500)))
    assert frames == [line_of(descend, 3)] * 19 + [line_of(descend, 2)]


def test_the_frames_of_a_cause_and_of_the_members_of_a_group_follow() -> None:
    def wrap() -> None:
        raise ExceptionGroup(SECRET, [failure_of(issue_token)]) from failure_of(partial(read_password, SECRET))

    frames = frames_of(failure_of(wrap))
    assert frames[2:] == [
        "member ValueError",
        line_of(failure_of, 2),
        line_of(issue_token, 2),
        line_of(read_password, 1),
        "caused by ValueError",
        line_of(failure_of, 2),
        line_of(read_password, 1),
    ]


def test_a_chain_of_causes_has_40_lines_at_most() -> None:
    error = failure_of(lambda: descend(500))
    error.__cause__ = error
    assert len(frames_of(error)) == 40


def test_a_line_has_200_characters_at_most() -> None:
    scope: dict[str, Any] = {"__name__": "tests.long"}
    exec(f"def {'f' * 1_000}(): raise ValueError\nfail = {'f' * 1_000}", scope)
    assert [len(line) for line in frames_of(failure_of(scope["fail"]))][-1] == 200


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_defect_is_logged_with_its_frames_and_without_a_value(records: Records, level: str) -> None:
    error = failure_of(issue_token)
    getattr(structlog.get_logger("duelcast.app"), level)("defect", **exception_fields(error))
    (record,) = records()
    assert record["error"].startswith("ValueError at tests.test_logs:")
    assert record["traceback"] == frames_of(error)
    assert SECRET not in json.dumps(record)


def test_whatever_logs_an_exception_shows_its_frames(records: Records) -> None:
    for logger in (structlog.get_logger("duelcast.app"), logging.getLogger("library")):
        logger.error("failed", exc_info=failure_of(issue_token))
    logged = records()
    assert [record["traceback"][-1] for record in logged] == [line_of(read_password, 1)] * 2
    assert SECRET not in json.dumps(logged)


async def test_a_task_that_dies_without_being_awaited_shows_its_frames(records: Records) -> None:
    await asyncio.wait({asyncio.create_task(fail_in_the_clock())})
    gc.collect()
    (record,) = records()
    assert record["event"] == "Task exception was never retrieved"
    assert record["traceback"][0] == line_of(fail_in_the_clock, 1)
    assert record["traceback"][-1].startswith("clock.py:")
    assert SECRET not in json.dumps(record)


# ── what is never logged ────────────────────────────────────────────────────────────────────────────────────────────


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
