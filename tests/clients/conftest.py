from __future__ import annotations

from tests.browser.conftest import browser, page
from tests.environment import clean_environment
from tests.guides.conftest import scene

__all__ = ["browser", "clean_environment", "page", "scene"]
