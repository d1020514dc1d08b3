"""Errors of the settings."""

from __future__ import annotations

from duelcast.errors import AppError


class SettingNotFound(AppError, code="SETTING_NOT_FOUND", status=404):
    """There is no such setting, or none that the caller may see."""


class ValidationFailed(AppError, code="VALIDATION_FAILED", status=422):
    """The setting does not accept the value."""


class VersionConflict(AppError, code="VERSION_CONFLICT", status=409):
    """Somebody else changed the setting meanwhile; `current` is its present state, or null if it no longer exists."""


class UnderMaintenance(AppError, code="MAINTENANCE", status=503, retriable=True):
    """Writing is not allowed during maintenance."""
