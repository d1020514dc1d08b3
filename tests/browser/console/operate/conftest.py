from __future__ import annotations

import pytest

from tests.browser.console.pages import Console
from tests.guides.scene import Scene


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    """Each test has its own services, settings, users and contests."""
    return shared_scene


@pytest.fixture
def another(console: Console) -> Console:
    """Another tab of the same browser, for somebody whom an operator's action concerns."""
    return console.tab()
