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
        """Do `work` in a thread every `period_s` seconds."""
        done = Event()

        def repeat() -> None:
            due_s = time.monotonic()
            while not done.is_set():
                work()
                due_s += period_s
                done.wait(max(0.0, due_s - time.monotonic()))

        thread = Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


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
