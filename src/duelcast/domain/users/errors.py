"""Errors of users."""

from __future__ import annotations

from duelcast.errors import AppError


class UserNotFound(AppError, code="USER_NOT_FOUND", status=404):
    """Nothing is known about that wallet."""
