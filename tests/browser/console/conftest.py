from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "data")
    try:
        scene.open()
        yield scene
    finally:
        scene.close()


@pytest.fixture
def console(page: Page, watch: Watch, scene: Scene) -> Console:
    """The console of the scene's server, not open yet."""
    return Console(page, watch, scene)
