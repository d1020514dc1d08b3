from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.environment import clean_environment
from tests.guides.scene import Scene

__all__ = ["clean_environment"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for all tests of a module."""
    made = Scene(tmp_path_factory.mktemp("scene"))
    try:
        made.open()
        yield made
    finally:
        made.close()
