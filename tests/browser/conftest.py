from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.server_process import ServerProcess
from tests.browser.watching import PATIENCE_S, Watch
from tests.environment import clean_environment

__all__ = ["clean_environment"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # there is none for root, as which a build may run
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

expect.set_options(timeout=PATIENCE_S * 1000)


def find_chromium() -> str | None:
    """The browser of this machine: `$CHROMIUM`, else one on the path."""
    candidates = (os.environ.get("CHROMIUM", ""), *NAMES)
    return next(filter(None, map(shutil.which, filter(None, candidates))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, or a skipped test. Its event loop is in the way of tests that have one."""
    executable = find_chromium()
    if executable is None:
        # FULL=1 leaves nothing out, since its success is recorded.
        decline = pytest.fail if os.environ.get("FULL") else pytest.skip
        decline(f"no Chromium: set CHROMIUM, or have one of {', '.join(NAMES)} on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests of the package, none of which has an event loop."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.fixture
def watch(page: Page) -> Watch:
    return Watch(page)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "data")
    try:
        process.start()
        yield process
    finally:
        if process.runs:
            process.stop()
