"""Errors of services."""

from __future__ import annotations

from duelcast.errors import AppError


class ServiceNotFound(AppError, code="SERVICE_NOT_FOUND", status=404):
    """There is no such service."""


class InvalidService(AppError, code="INVALID_SERVICE", status=404):
    """There is no such service (sent only on `circuit-breaker`)."""


class InvalidLayer(AppError, code="INVALID_LAYER", status=404):
    """There is no such layer."""


class HealthCheckFailed(AppError, code="HEALTH_CHECK_FAILED", status=409):
    """The check could not be run."""


class ResetFailed(AppError, code="RESET_FAILED", status=409):
    """The service has no breaker."""


class InvalidCommand(AppError, code="INVALID_COMMAND", status=400):
    """The service does not know the command."""


class CommandFailed(AppError, code="COMMAND_FAILED", status=500):
    """The command did not take effect, or not in time."""


class CommandInProgress(AppError, code="COMMAND_IN_PROGRESS", status=409, retriable=True):
    """Another command of the service has not ended yet."""


class DependencyError(AppError, code="DEPENDENCY_ERROR", status=409):
    """Other services depend on this service. Or one of its own dependencies does not exist, or depends on it in
    turn."""
