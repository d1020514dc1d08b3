from __future__ import annotations

from tests.browser.conftest import browser, page
from tests.environment import clean_environment

__all__ = ["browser", "clean_environment", "page"]
