"""Errors of the market."""

from __future__ import annotations

from duelcast.errors import AppError


class InvalidSymbols(AppError, code="INVALID_SYMBOLS", status=404):
    """None of the symbols is known."""


class TokenNotFound(AppError, code="TOKEN_NOT_FOUND", status=404):
    """No token has that symbol."""
