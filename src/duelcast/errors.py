"""Errors, and their form on the wire.

There are two trees of exceptions. An `AppError` answers one request and leaves the connection open. A `Disconnect` ends
the connection with a close code that tells the client whether to reconnect. The texts of both are written in this
project and never contain the text of another exception. Errors that only one domain raises are in that domain's folder.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AppError(Exception):
    """An answer of type `error` (protocol §1.4), or problem details over HTTP.

    `message` says what to do, `field` is the path of the invalid field (`symbols[3]`), `retry_after_ms` is the time
    after which the same request may succeed, and `extra` has further members of the answer.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    retriable: ClassVar[bool] = False

    def __init_subclass__(
        cls, *, code: str | None = None, status: int | None = None, retriable: bool | None = None
    ) -> None:
        """`code` is the error code on the wire, `status` the HTTP status, and `retriable` says whether the same request
        may succeed later; all default to those of the base."""
        super().__init_subclass__()
        if code is not None:
            cls.code = code
        if status is not None:
            cls.http_status = status
        if retriable is not None:
            cls.retriable = retriable

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_ms = retry_after_ms
        self.extra = extra
        self.request_id: str | None = None
        """The `requestId` of the command that caused the error, if the decoder found one."""


class InvalidMessage(AppError, code="INVALID_MESSAGE", status=400):
    """The frame as a whole cannot be read."""


class UnknownMessageType(AppError, code="UNKNOWN_MESSAGE_TYPE", status=400):
    """No command of this endpoint has that `type`."""


class InvalidRequest(AppError, code="INVALID_REQUEST", status=400):
    """A field is missing, unknown, of the wrong type or out of range."""


class Unauthorized(AppError, code="UNAUTHORIZED", status=401):
    """A valid token is needed."""


class PermissionDenied(AppError, code="PERMISSION_DENIED", status=403):
    """The caller does not have the necessary role or scope, or is not the owner."""


class RateLimitExceeded(AppError, code="RATE_LIMIT_EXCEEDED", status=429, retriable=True):
    """Too many messages; this one was dropped."""


class TokenExpired(AppError, code="TOKEN_EXPIRED", status=401):
    """The token of this connection has expired."""


class TooManyConnections(AppError, code="TOO_MANY_CONNECTIONS", status=503, retriable=True):
    """A connection limit is reached; `scope` says which."""


class UnknownChannel(AppError, code="UNKNOWN_CHANNEL", status=404):
    """This endpoint has no such channel."""


class SubscriptionDenied(AppError, code="SUBSCRIPTION_DENIED", status=403):
    """The client may not follow that channel, whether or not it exists."""


class TooManySubscriptions(AppError, code="TOO_MANY_SUBSCRIPTIONS", status=429):
    """The connection would follow more channels than it may."""


class InvalidState(AppError, code="INVALID_STATE", status=409):
    """The current state does not allow this."""


class Conflict(AppError, code="CONFLICT", status=409):
    """The request conflicts with stored data, such as a nickname that is taken or a key that was used for something
    else."""


class IdempotencyConflict(Conflict, code="IDEMPOTENCY_CONFLICT"):
    """The `Idempotency-Key` or `commandId` was used for another request within 24 h."""


class ContentTooLarge(AppError, code="CONTENT_TOO_LARGE", status=413):
    """The body of a request is larger than its route accepts."""


class UpgradeRequired(AppError, code="UPGRADE_REQUIRED", status=426):
    """A WebSocket endpoint was requested over plain HTTP."""


class Outage(AppError, status=503, retriable=True):
    """The database or the bus is unreachable; its subclasses say whether something was changed."""


class Unavailable(Outage, code="UNAVAILABLE"):
    """The database or the bus is unreachable; nothing was changed."""


class CircuitOpen(Unavailable):
    """The circuit breaker of a service is open, so nothing was tried."""


class OutcomeUnknown(Outage, code="OUTCOME_UNKNOWN"):
    """The command may have taken effect, and nobody can tell now; repeat it with the same id, or look."""


class InternalError(AppError):
    """The server has a defect; its log entry has the same `errorId`."""


class Disconnect(Exception):
    """Ends a connection with `close_code` and `reason` (RFC 6455, 7.4; protocol §1.5)."""

    close_code: ClassVar[int] = 1011
    reconnect: ClassVar[bool] = True

    def __init_subclass__(cls, *, code: int, reconnect: bool = True) -> None:
        """`code` is the close code, `reconnect` whether the client should reconnect."""
        super().__init_subclass__()
        cls.close_code = code
        cls.reconnect = reconnect

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class ProtocolViolation(Disconnect, code=1002, reconnect=False):
    """The peer broke RFC 6455."""


class UnsupportedData(Disconnect, code=1003, reconnect=False):
    """The client sent a binary frame; every message is text."""


class InvalidText(Disconnect, code=1007, reconnect=False):
    """A text message is not UTF-8 (RFC 6455, 8.1)."""


class PolicyViolation(Disconnect, code=1008):
    """The client broke a rule; the reason begins with `rate_limit`, `heartbeat` or `incomplete_message`."""


class MessageTooBig(Disconnect, code=1009, reconnect=False):
    """A message is larger than the endpoint accepts."""


class Defect(Disconnect, code=1011):
    """The server has a defect."""


class ServiceRestart(Disconnect, code=1012):
    """The server is draining; the reason has `retry_after_ms=`."""


class OverCapacity(Disconnect, code=1013):
    """The server has no room for this connection; the reason has `retry_after_ms=`."""


class AuthenticationFailed(Disconnect, code=4001):
    """The token is missing, invalid or expired; reconnect with another one."""


class AccessDenied(Disconnect, code=4003, reconnect=False):
    """The role does not suffice for this endpoint, or the wallet is banned."""


class SlowReader(Disconnect, code=4008):
    """The client read too slowly."""
