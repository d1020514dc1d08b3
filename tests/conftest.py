"""Settings of all tests: only one time limit, that of the whole test, which shows where the test hangs."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import httpx
import pytest
import uvloop
from hypothesis import HealthCheck, settings

from duelcast.store.sqlite.file import SqliteFile
from tests.databases import KIND_VARIABLE, drop_unused
from tests.examples import examples
from tests.one_node_only import ONE_NODE_ONLY
from tests.patience import set_patience
from tests.skipping import skip_listed
from tests.sqlite_only import SQLITE_ONLY
from tests.three_nodes import set_three

NO_TURN_S = 3.0
"""If an event loop has not stopped this long after it was asked to, a callback is running that does not end."""
LIMIT = pytest.StashKey[Any]()
IN_TEST = pytest.StashKey[bool]()
DATABASE = pytest.StashKey[str]()
THREE_NODES = pytest.StashKey[bool]()

settings.register_profile(
    "any-machine",
    max_examples=examples(100),
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine draws slowly
)
settings.load_profile("any-machine")

# HTTP clients of tests wait as long as their test may take; those of the server set their own time-outs.
_defaults = httpx.AsyncClient.__init__.__kwdefaults__
assert _defaults is not None
_defaults["timeout"] = None
# Read the certificates of all authorities only once, because that takes longer than most requests of a test.
_defaults["verify"] = httpx.create_ssl_context()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["sqlite", "postgres"], default="sqlite", help="the kind of database that tests use"
    )
    parser.addoption(
        "--nodes", choices=["one", "three"], default="one", help="the nodes of servers in tests; three use PostgreSQL"
    )
    parser.addoption("--kills", type=int, help="how often servers are killed that have clients")
    parser.addoption("--takeovers", type=int, help="how many takeovers of a cluster are timed")
    parser.addoption("--seed", type=int, help="repeats a run that kills, or one simulation")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[THREE_NODES] = config.getoption("--nodes") == "three"
    config.stash[DATABASE] = "postgres" if config.stash[THREE_NODES] else config.getoption("--database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.stash[DATABASE] == "postgres":
        skip_listed(items, SQLITE_ONLY)
    if config.stash[THREE_NODES]:
        skip_listed(items, ONE_NODE_ONLY)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run all tests on the event loop that the server uses."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_finish() -> None:
    """Make the garbage collector ignore all objects that stay until the end, such as thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, object, object]:
    """Let a test that reaches its limit report the stacks of all threads and tasks. `settings` are those of
    pytest-timeout."""
    item.stash[LIMIT] = settings
    is_set = yield
    fail = signal.getsignal(signal.SIGALRM)
    if not callable(fail):
        return is_set
    is_shown = False

    def report(number: int, frame: FrameType | None) -> None:
        nonlocal is_shown
        if not item.stash.get(IN_TEST, False):
            return  # pytest itself is running, and the exception would break it
        loop = asyncio._get_running_loop()
        stop_loop = loop is not None and not is_shown
        if not is_shown:
            is_shown = True
            item.add_report_section(
                "call", "stacks", f"Not ended after {settings.timeout} s:\n{_threads()}{_tasks(loop)}"
            )
        if loop is not None and stop_loop:
            # An exception raised here would only reach the task or callback that happens to be running.
            loop.call_soon_threadsafe(loop.stop)
        else:
            fail(number, frame)

    signal.signal(signal.SIGALRM, report)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, NO_TURN_S)
    return is_set


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    is_postgres = item.get_closest_marker("postgres") is not None
    # For the processes that tests start, too.
    os.environ[KIND_VARIABLE] = "postgres" if is_postgres else item.config.stash[DATABASE]
    set_patience(patient=not is_postgres)
    set_three(three=item.config.stash[THREE_NODES])
    SqliteFile.synchronous = "FULL" if item.get_closest_marker("crash") else "OFF"
    return (yield from _in_test(item))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _in_test(item))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    # A failure has stopped the timer, but the teardown that follows may hang too.
    if LIMIT in item.stash:
        item.config.hook.pytest_timeout_cancel_timer(item=item)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=item.stash[LIMIT])
    try:
        return (yield from _in_test(item))
    finally:
        drop_unused()


def _in_test(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[IN_TEST] = True
    try:
        return (yield)
    finally:
        item.stash[IN_TEST] = False


def _threads() -> str:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "".join(
        f"\nThread {names.get(ident, ident)}\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )


def _tasks(loop: asyncio.AbstractEventLoop | None) -> str:
    tasks = asyncio.all_tasks(loop) if loop is not None else set()
    return "".join(f"\n{task!r}\n{''.join(_awaits(task.get_coro()).format())}" for task in tasks)


def _awaits(awaited: Any) -> traceback.StackSummary:
    """The frames of a suspended coroutine and of everything that it awaits; `Task.get_stack` has only the first one."""
    frames = []
    while awaited is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(awaited, f"{kind}_frame", None)
            if frame is not None:
                frames.append((frame, frame.f_lineno))
                awaited = getattr(awaited, f"{kind}_yieldfrom" if kind == "gi" else f"{kind}_await")
                break
        else:
            break
    return traceback.StackSummary.extract(iter(frames))
