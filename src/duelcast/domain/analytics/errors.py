"""Errors of analytics."""

from __future__ import annotations

from duelcast.errors import AppError


class UnknownMetric(AppError, code="UNKNOWN_METRIC", status=404):
    """There is no such metric."""
