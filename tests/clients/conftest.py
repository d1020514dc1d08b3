from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import chromium, page
from tests.environment import clean_environment
from tests.guides.conftest import scene

__all__ = ["clean_environment", "page", "scene"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends before the tests of other modules, which have event loops."""
    with chromium() as browser:
        yield browser
