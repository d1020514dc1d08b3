"""Errors of contests."""

from __future__ import annotations

from duelcast.errors import AppError


class ContestNotFound(AppError, code="CONTEST_NOT_FOUND", status=404):
    """There is no such contest."""


class NotEntered(AppError, code="NOT_ENTERED", status=404):
    """The wallet does not take part in the contest."""


class ChatMessageNotFound(AppError, code="CHAT_MESSAGE_NOT_FOUND", status=404):
    """The contest has no such message."""


class AlreadyEntered(AppError, code="ALREADY_ENTERED", status=409):
    """The wallet has already entered the contest."""


class ContestFull(AppError, code="CONTEST_FULL", status=409):
    """Every place in the contest is taken."""


class ContestStarted(AppError, code="CONTEST_STARTED", status=409):
    """It is too late: the contest has begun."""


class InvalidPortfolio(AppError, code="INVALID_PORTFOLIO", status=422):
    """The portfolio breaks the rules of the contest."""


class NoPrice(AppError, code="NO_PRICE", status=409, retriable=True):
    """A token has no price, or only a stale one."""


class NotInRoom(AppError, code="NOT_IN_ROOM", status=409):
    """The connection is not in the room of the contest."""


class MessageTooLong(AppError, code="MESSAGE_TOO_LONG", status=422):
    """The text has more characters or bytes than a message may have."""


class EmptyMessage(AppError, code="EMPTY_MESSAGE", status=422):
    """There is nothing to read in the text."""


class Muted(AppError, code="MUTED", status=403):
    """An admin muted the wallet in this contest."""
