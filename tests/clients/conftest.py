from __future__ import annotations

from tests.environment import clean_environment

__all__ = ["clean_environment"]
