"""What can go wrong, with its face on the wire.

Two trees. An `AppError` answers one request and leaves the connection open; a `Disconnect` ends the
connection with a close code that tells a client whether to come back. Both carry sentences of ours only,
never the text of another exception.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AppError(Exception):
    """An answer of type `error` (protocol 1.4), or problem details over HTTP.

    `message` says what to do. `field` is the path of the field at fault (`symbols[3]`), `retry_after_ms` the
    time after which the same request may succeed, `extra` further members of the answer.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500

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
        """Of the command that caused it, where the decoder found one."""


class InvalidMessage(AppError):
    """The frame as a whole cannot be read."""

    code = "INVALID_MESSAGE"
    http_status = 400


class UnknownMessageType(AppError):
    """No command of this endpoint has that `type`."""

    code = "UNKNOWN_MESSAGE_TYPE"
    http_status = 400


class InvalidRequest(AppError):
    """A field is missing, unknown, of the wrong type or out of range."""

    code = "INVALID_REQUEST"
    http_status = 400


class Unauthorized(AppError):
    """A valid token is needed."""

    code = "UNAUTHORIZED"
    http_status = 401


class PermissionDenied(AppError):
    """Another role or another owner is needed."""

    code = "PERMISSION_DENIED"
    http_status = 403


class RateLimitExceeded(AppError):
    """Too many messages; this one was dropped."""

    code = "RATE_LIMIT_EXCEEDED"
    http_status = 429


class TokenExpired(AppError):
    """The token of this connection has expired."""

    code = "TOKEN_EXPIRED"
    http_status = 401


class TooManyConnections(AppError):
    """A connection limit is reached; `scope` says which."""

    code = "TOO_MANY_CONNECTIONS"
    http_status = 503


class UnknownChannel(AppError):
    """Not a channel of this endpoint."""

    code = "UNKNOWN_CHANNEL"
    http_status = 404


class SubscriptionDenied(AppError):
    """No right to that channel, whether it exists or not."""

    code = "SUBSCRIPTION_DENIED"
    http_status = 403


class TooManySubscriptions(AppError):
    """The connection would follow more than it may."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    http_status = 429


class InvalidSymbols(AppError):
    """None of the symbols is known."""

    code = "INVALID_SYMBOLS"
    http_status = 404


class TokenNotFound(AppError):
    """No token has that symbol."""

    code = "TOKEN_NOT_FOUND"
    http_status = 404


class ContestNotFound(AppError):
    """There is no such contest."""

    code = "CONTEST_NOT_FOUND"
    http_status = 404


class UserNotFound(AppError):
    """Nothing is known of that wallet."""

    code = "USER_NOT_FOUND"
    http_status = 404


class NotEntered(AppError):
    """The wallet takes no part in the contest."""

    code = "NOT_ENTERED"
    http_status = 404


class ChatMessageNotFound(AppError):
    """The contest has no such message."""

    code = "CHAT_MESSAGE_NOT_FOUND"
    http_status = 404


class NotificationNotFound(AppError):
    """There is no such notification, or it is another user's."""

    code = "NOTIFICATION_NOT_FOUND"
    http_status = 404


class AlreadyEntered(AppError):
    """The wallet takes part already."""

    code = "ALREADY_ENTERED"
    http_status = 409


class ContestFull(AppError):
    """Every place is taken."""

    code = "CONTEST_FULL"
    http_status = 409


class ContestStarted(AppError):
    """Too late: the contest has begun."""

    code = "CONTEST_STARTED"
    http_status = 409


class InvalidState(AppError):
    """The state of the thing does not allow this."""

    code = "INVALID_STATE"
    http_status = 409


class Conflict(AppError):
    """It is at odds with what is stored: a nickname that is taken, a key that was used for something else."""

    code = "CONFLICT"
    http_status = 409


class InvalidPortfolio(AppError):
    """The portfolio breaks the rules of the contest."""

    code = "INVALID_PORTFOLIO"
    http_status = 422


class NoPrice(AppError):
    """A token has no price, or none that is fresh enough."""

    code = "NO_PRICE"
    http_status = 409


class NotInRoom(AppError):
    """The connection is not in the room of the contest."""

    code = "NOT_IN_ROOM"
    http_status = 409


class MessageTooLong(AppError):
    """The text has more characters, or bytes, than a message may."""

    code = "MESSAGE_TOO_LONG"
    http_status = 422


class EmptyMessage(AppError):
    """There is nothing to read in the text."""

    code = "EMPTY_MESSAGE"
    http_status = 422


class Muted(AppError):
    """An admin muted the wallet in this contest."""

    code = "MUTED"
    http_status = 403


class SettingNotFound(AppError):
    """There is no such setting, or none that the caller may see."""

    code = "SETTING_NOT_FOUND"
    http_status = 404


class ValidationFailed(AppError):
    """The value is not one that the setting takes."""

    code = "VALIDATION_FAILED"
    http_status = 422


class VersionConflict(AppError):
    """Somebody else changed the setting meanwhile; `current` is what it is now, null where there is none."""

    code = "VERSION_CONFLICT"
    http_status = 409


class ServiceNotFound(AppError):
    """There is no such service."""

    code = "SERVICE_NOT_FOUND"
    http_status = 404


class InvalidService(AppError):
    """There is no such service (on circuit-breaker)."""

    code = "INVALID_SERVICE"
    http_status = 404


class InvalidLayer(AppError):
    """There is no such layer."""

    code = "INVALID_LAYER"
    http_status = 404


class HealthCheckFailed(AppError):
    """The check could not be run."""

    code = "HEALTH_CHECK_FAILED"
    http_status = 409


class ResetFailed(AppError):
    """The service has no breaker."""

    code = "RESET_FAILED"
    http_status = 409


class InvalidCommand(AppError):
    """The service does not know the command."""

    code = "INVALID_COMMAND"
    http_status = 400


class CommandFailed(AppError):
    """The command did not take effect, or not in time."""

    code = "COMMAND_FAILED"
    http_status = 500


class CommandInProgress(AppError):
    """Another command of the service has not ended yet."""

    code = "COMMAND_IN_PROGRESS"
    http_status = 409


class DependencyError(AppError):
    """Others depend on the service; or what a service depends on is unknown, or depends on it."""

    code = "DEPENDENCY_ERROR"
    http_status = 409


class UnknownMetric(AppError):
    """There is no such metric."""

    code = "UNKNOWN_METRIC"
    http_status = 404


class Maintenance(AppError):
    """Not during maintenance."""

    code = "MAINTENANCE"
    http_status = 503


class ContentTooLarge(AppError):
    """The body of a request is bigger than its route takes."""

    code = "CONTENT_TOO_LARGE"
    http_status = 413


class UpgradeRequired(AppError):
    """A WebSocket endpoint that was asked like a page."""

    code = "UPGRADE_REQUIRED"
    http_status = 426


class Unavailable(AppError):
    """Storage or bus is out of reach; nothing was changed."""

    code = "UNAVAILABLE"
    http_status = 503


class CircuitOpen(Unavailable):
    """The breaker of a service lets no call through; nothing was tried."""


class InternalError(AppError):
    """A defect; `errorId` is in the log."""


class Disconnect(Exception):
    """Ends a connection with `close_code` and `reason` (RFC 6455, 7.4; protocol 1.5)."""

    close_code: ClassVar[int] = 1011
    reconnect: ClassVar[bool] = True

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class ProtocolViolation(Disconnect):
    """The peer broke RFC 6455."""

    close_code = 1002
    reconnect = False


class UnsupportedData(Disconnect):
    """A binary frame; every message is text."""

    close_code = 1003
    reconnect = False


class InvalidText(Disconnect):
    """A text message that is not UTF-8 (RFC 6455, 8.1)."""

    close_code = 1007
    reconnect = False


class PolicyViolation(Disconnect):
    """The reason begins with `rate_limit`, `heartbeat` or `incomplete_message`."""

    close_code = 1008


class MessageTooBig(Disconnect):
    """A message larger than the endpoint takes."""

    close_code = 1009
    reconnect = False


class Defect(Disconnect):
    """A defect of the server."""

    close_code = 1011


class ServiceRestart(Disconnect):
    """The server drains; the reason has `retry_after_ms=`."""

    close_code = 1012


class OverCapacity(Disconnect):
    """No room for this connection; the reason has `retry_after_ms=`."""

    close_code = 1013


class AuthenticationFailed(Disconnect):
    """Come back with another token."""

    close_code = 4001


class AccessDenied(Disconnect):
    """The role does not suffice for this endpoint, or the wallet is banned."""

    close_code = 4003
    reconnect = False


class SlowReader(Disconnect):
    """The client did not read what it was sent."""

    close_code = 4008
