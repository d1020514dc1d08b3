"""The exceptions of a client."""

from __future__ import annotations

from .core.actions import ConnectionState
from .core.frames import Failure


class DuelcastError(Exception):
    """The base of all errors of this library."""


class Closed(DuelcastError):
    """The client was closed."""

    def __init__(self) -> None:
        super().__init__("The client is closed.")


class SignedOut(DuelcastError):
    """The endpoint needs a token, and the provider has none, or none that the server accepts. `Client.set_token` ends
    this."""


class Refused(DuelcastError):
    """The server does not let this client connect, or follow a channel.

    `code` is the close code of a refused connection as text, and the code of the error otherwise.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RequestFailed(DuelcastError):
    """The server answered a request with an error, or the client could not get an answer.

    `field` is the path of the member that the error is about. `retry_after_s` is the time after which the server asks
    to try again. `retriable` says whether the same request may succeed later.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.code = failure.code
        self.message = failure.message
        self.field = failure.field
        self.retry_after_s = None if failure.retry_after_ms is None else failure.retry_after_ms / 1000
        self.retriable = failure.retriable


class Overflow(DuelcastError):
    """The reader was too slow: the `lost` oldest messages were dropped. Iterating again goes on after them."""

    def __init__(self, lost: int) -> None:
        super().__init__(f"{lost} messages were dropped, because they were not read in time.")
        self.lost = lost


def error_of(failure: Failure) -> DuelcastError:
    """The exception for a request that failed."""
    return Closed() if failure.code == "CLOSED" else RequestFailed(failure)


def error_in(state: ConnectionState) -> DuelcastError | None:
    """Why nothing arrives from an endpoint in this state; None if it may."""
    match state.status:
        case "closed":
            return Closed()
        case "signed_out":
            return SignedOut(state.reason)
        case "refused":
            return Refused(str(state.code), state.reason)
    return None
