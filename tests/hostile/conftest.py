from __future__ import annotations

import pytest

from tests.environment import clean_environment

__all__ = ["clean_environment"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, default=0, help="repeat the matrix for so long; once if 0")
