"""A server and a browser that shows its console."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measuring import Failed, free_port, running, token_of
from benchmarks.servers import LIMITS_OFF, SECRET

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--js-flags=--expose-gc"]
LOAD_TIMEOUT_S = 60.0
LEAST_OF_LOAD = 0.9
"""The part of the promised load that must have come."""


class Site:
    """A server without a feed on a port, whose API is called as an admin."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v69",
            headers={"Authorization": f"Bearer {token_of('benchmark', 'admin')}"},
            timeout=LOAD_TIMEOUT_S,
            trust_env=False,
        )

    def call(self, method: str, path: str, body: Any, token: str | None = None) -> Any:
        """The answer to a request. Raises `Failed`."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._http.request(method, path, json=body, headers=headers)
        if not answer.is_success:
            raise Failed(answer.text)
        return answer.json()

    @contextmanager
    def repeating(self, work: Callable[[], None], period_s: float) -> Iterator[None]:
        """Do `work` in a thread every `period_s` seconds. Raises `Failed` at the end if it failed, or was too slow."""
        done = Event()
        began_s = time.monotonic()
        times = 0
        failures: list[Exception] = []

        def repeat() -> None:
            nonlocal times
            try:
                while not done.is_set():
                    work()
                    times += 1
                    done.wait(max(0.0, began_s + times * period_s - time.monotonic()))
            except Exception as failure:
                failures.append(failure)

        thread = Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
        if failures:
            raise Failed(f"The load ended: {failures[0]}")
        least = LEAST_OF_LOAD * (time.monotonic() - began_s) / period_s
        if times < least:
            raise Failed(f"The load came {times} times instead of {least:.0f}.")


def started(port: int) -> Any:
    """A running server, as the context that `running` returns."""
    environment = {**LIMITS_OFF, "DUELCAST_FEED": "none", "DUELCAST_PORT": str(port), "DUELCAST_JWT_SECRET": SECRET}
    command = [str(Path(sys.executable).with_name("duelcast")), "serve"]
    return running("duelcast", command, environment, port)


@contextmanager
def site() -> Iterator[Site]:
    """A server."""
    port = free_port()
    with started(port):
        yield Site(port)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine. Raises `Failed` if there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise Failed(f"There is no Chromium: have one of {', '.join(NAMES)} on the path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def wait(page: Page, seconds: float) -> None:
    """Let the page go on."""
    page.wait_for_timeout(seconds * 1000)
