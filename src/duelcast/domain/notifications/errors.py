"""Errors of notifications."""

from __future__ import annotations

from duelcast.errors import AppError


class NotificationNotFound(AppError, code="NOTIFICATION_NOT_FOUND", status=404):
    """There is no such notification, or it belongs to another user."""
