from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A scene for one test, which may do with it as it likes."""
    with opened(tmp_path / "data") as scene:
        yield scene


@pytest.fixture(scope="package")
def shared_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One scene for the modules that take it as theirs, because a server takes seconds to start. Their tests leave
    what is in it as it is: those that change something have their own users, contests and symbols for that."""
    with opened(tmp_path_factory.mktemp("scene") / "data") as scene:
        yield scene


@contextmanager
def opened(data_dir: Path) -> Iterator[Scene]:
    scene = Scene(data_dir)
    try:
        scene.open()
        yield scene
    finally:
        scene.close()


@pytest.fixture
def console(page: Page, watch: Watch, scene: Scene) -> Console:
    """The console of the scene's server, not open yet."""
    return Console(page, watch, scene)
