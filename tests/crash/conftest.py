from __future__ import annotations

import pytest

from tests.environment import clean_environment

__all__ = ["clean_environment"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help="how often servers are killed that have followers")
