"""Logs that a stranger may read: JSON lines, or coloured lines on a terminal, without anything that a client sent.

Everything passes through here, including the logs of libraries. No token, header or query string is logged. For an
exception, only the type, the place and the calls that led there are logged, because its text may contain secrets.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from itertools import islice
from os.path import basename
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from duelcast.scrubbing import scrub

PACKAGE = "duelcast"
REDACTED = "[redacted]"
QUIET_LIBRARIES = ("picows", "httpx", "httpcore", "ccxt", "alembic")
"""Libraries that log each connection, request or migration at INFO, some of them with an address."""

_SECRET_KEYS = frozenset(
    {"authorization", "cookie", "cookies", "headers", "jwt", "password", "query", "query_string", "secret", "token"}
)
_QUERY = re.compile(r"\?[^\s\"'<>]+")
_SCRUBBED_LEVELS = frozenset({"error", "critical"})
"""Lines of these levels also become error records. They are few, so scrubbing them costs little."""
_MAX_GROUP_MEMBERS = 5
_MAX_FRAMES = 20
"""At most this many frames of one exception are logged: those nearest to the place where it was raised."""
_MAX_LINES = 40
_MAX_LINE_CHARACTERS = 200
_MAX_DEPTH = 4
"""The greatest depth to which causes and groups are followed. There must be a limit, because an exception may be its
own cause."""

Level = Literal["debug", "info", "warning", "error", "critical"]
Format = Literal["auto", "json", "console"]


def configure_logging(level: Level, format: Format, stream: TextIO | None = None) -> None:
    """Log records of `level` and above to `stream` (default: standard error). Replaces any earlier configuration."""
    target = stream or sys.stderr
    least = logging.getLevelNamesMapping()[level.upper()]
    coloured = target.isatty()
    console = format == "console" or (format == "auto" and coloured)
    handler = logging.StreamHandler(target)
    handler.addFilter(plain_record)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=coloured) if console else structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries log headers and frames at DEBUG, so only our own loggers may go that low.
    root.setLevel(max(least, logging.INFO))
    logging.getLogger(PACKAGE).setLevel(least)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def log_uncaught() -> Callable[[], None]:
    """Log exceptions that end a thread or the process, or that Python cannot raise (as in `__del__`), instead of
    printing their texts.

    Returns a function that undoes this.
    """
    log = logging.getLogger(PACKAGE)
    before = sys.excepthook, threading.excepthook, sys.unraisablehook

    def in_process(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if isinstance(error, Exception):
            log.critical("uncaught", exc_info=(kind, error, traceback))
        else:
            before[0](kind, error, traceback)

    def elsewhere(lost: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        if lost.exc_value is not None and not isinstance(lost.exc_value, SystemExit):
            log.error("uncaught", exc_info=lost.exc_value)

    def undo() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = before

    sys.excepthook, threading.excepthook, sys.unraisablehook = in_process, elsewhere, elsewhere
    return undo


def describe_exception(error: BaseException) -> str:
    """Return the type and place of `error`, such as `ValueError at domain.market.service:88`, with the members of a
    group and the chain of causes.

    The place is the innermost one in this package, or the innermost of all if this package was not involved.
    """
    return _describe(error, _MAX_DEPTH)


def exception_fields(error: BaseException) -> dict[str, Any]:
    """The fields that a defect adds to its log entry: `error`, the result of `describe_exception`, and `traceback`."""
    return {"error": describe_exception(error), "traceback": frames_of(error)}


def frames_of(error: BaseException) -> list[str]:
    """The calls that led to `error`, outermost first, such as `gateway/gateway.py:88 in Gateway.open`.

    Paths are relative to this package; those of other packages begin with the name of the package. The lines contain no
    values and no exception texts. The innermost 20 frames of an exception are followed by those of its group members
    and of its cause, each under a line with its type. There are at most 40 lines of 200 characters.
    """
    return [line[:_MAX_LINE_CHARACTERS] for line in islice(_frames(error, _MAX_DEPTH), _MAX_LINES)]


def _describe(error: BaseException, depth: int) -> str:
    text = _type_and_place(error)
    if depth == 0:
        return text
    if isinstance(error, BaseExceptionGroup):
        members = [_describe(member, depth - 1) for member in error.exceptions[:_MAX_GROUP_MEMBERS]]
        more = len(error.exceptions) - len(members)
        text += f" of [{', '.join(members)}{f', {more} more' if more else ''}]"
    if error.__cause__ is not None:
        text += f", caused by {_describe(error.__cause__, depth - 1)}"
    return text


def _frames(error: BaseException, depth: int) -> Iterator[str]:
    for frame, line in deque(walk_tb(error.__traceback__), _MAX_FRAMES):
        yield f"{_file(frame)}:{line} in {frame.f_code.co_qualname}"
    if depth == 0:
        return
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions[:_MAX_GROUP_MEMBERS]:
            yield f"member {type(member).__name__}"
            yield from _frames(member, depth - 1)
    if error.__cause__ is not None:
        yield f"caused by {type(error.__cause__).__name__}"
        yield from _frames(error.__cause__, depth - 1)


def _file(frame: FrameType) -> str:
    """The file of a frame, derived from the name of its module, because the real path would reveal where the server is
    installed."""
    *folders, module = _module(frame).split(".")
    file = basename(frame.f_code.co_filename)
    if file == "__init__.py":
        folders.append(module)
    return "/".join([*folders, file]).removeprefix(f"{PACKAGE}/")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _place_of_exception,
        _redact,
    ]


def _type_and_place(error: BaseException) -> str:
    places = [(_module(frame), line) for frame, line in walk_tb(error.__traceback__)]
    own = [place for place in places if place[0] == PACKAGE or place[0].startswith(f"{PACKAGE}.")]
    if not places:
        return type(error).__name__
    module, line = (own or places)[-1]
    return f"{type(error).__name__} at {module.removeprefix(f'{PACKAGE}.')}:{line}"


def _place_of_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the type, the place and the frames of the exception."""
    exc_info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = describe_exception(error)
        event["traceback"] = frames_of(error)
    return event


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    cleaned = scrub if event.get("level") in _SCRUBBED_LEVELS else _without_queries
    for key, value in event.items():
        # A traceback contains only names from the code, and each of its lines would cost as much to scrub as the rest.
        if key != "traceback":
            event[key] = _redacted(key, value, cleaned)
    return event


def _without_queries(text: str) -> str:
    return _QUERY.sub(f"?{REDACTED}", text)


def _redacted(key: str, value: Any, cleaned: Callable[[str], str]) -> Any:
    if key.lower() in _SECRET_KEYS:
        return REDACTED
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, BaseException):
        return describe_exception(value)
    if isinstance(value, Mapping):
        return {name: _redacted(str(name), member, cleaned) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, member, cleaned) for member in value]
    return value


def plain_record(record: logging.LogRecord) -> bool:
    """A filter that removes exception texts and object dumps from a library's record; our own records have none."""
    if isinstance(record.msg, MutableMapping):
        return True
    if isinstance(record.args, tuple):
        record.args = tuple(describe_exception(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
    text = record.getMessage().split("\n", 1)[0]
    if record.name == "asyncio":
        # asyncio adds the arguments, as in `Exception in callback f(<arguments>)`.
        text = text.split("(", 1)[0]
    record.msg, record.args = text, None
    return True
