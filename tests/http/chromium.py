"""A page of Chromium in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, ViewportSize, async_playwright

from tests.browser.conftest import ARGUMENTS, NAMES, find_chromium


@asynccontextmanager
async def chromium_page(width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
    """An empty page; skips the test where there is no browser."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(f"no Chromium: set CHROMIUM, or have one of {', '.join(NAMES)} on the path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield await browser.new_page(viewport=ViewportSize(width=width, height=height))
        finally:
            await browser.close()
