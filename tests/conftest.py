"""What every test runs under: no limit of time but one for each test, which shows where it hangs."""

from __future__ import annotations

import asyncio
import gc
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

from duelcast.store.sqlite import SqliteFile
from tests.examples import examples

NO_TURN_S = 3.0
"""A loop that has not stopped so long after it was asked to is in a callback that does not end."""
LIMIT = pytest.StashKey[Any]()
IN_TEST = pytest.StashKey[bool]()

settings.register_profile(
    "any-machine",
    max_examples=examples(100),
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine draws slowly
)
settings.load_profile("any-machine")

# HTTP clients of tests wait as long as their test may take; those of the server name time-outs of their own.
_defaults = httpx.AsyncClient.__init__.__kwdefaults__
assert _defaults is not None
_defaults["timeout"] = None
# To read the certificates of all authorities takes longer than most requests of a test.
_defaults["verify"] = httpx.create_ssl_context()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the server runs on, for all tests."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from all that stays to the end, such as thousands of tests."""
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
            return  # pytest is at work, and would take the failure for its own
        loop = asyncio._get_running_loop()
        stop_loop = loop is not None and not is_shown
        if not is_shown:
            is_shown = True
            item.add_report_section(
                "call", "stacks", f"Not ended after {settings.timeout} s:\n{_threads()}{_tasks(loop)}"
            )
        if loop is not None and stop_loop:
            # An exception would be taken by the task or callback in whose turn it is raised.
            loop.call_soon_threadsafe(loop.stop)
        else:
            fail(number, frame)

    signal.signal(signal.SIGALRM, report)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, NO_TURN_S)
    return is_set


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    SqliteFile.synchronous = "FULL" if item.get_closest_marker("crash") else "OFF"
    return (yield from _in_test(item))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _in_test(item))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    # A failure stopped the timer; what is torn down behind it may hang as well.
    if LIMIT in item.stash:
        item.config.hook.pytest_timeout_cancel_timer(item=item)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=item.stash[LIMIT])
    return (yield from _in_test(item))


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
    """Where a suspended coroutine is, and all that it waits for: `Task.get_stack` ends at the first."""
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
