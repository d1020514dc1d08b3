"""Runs a probe with a time limit, and describes in our own words what went wrong."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable

import structlog
from msgspec import Struct, field

from duelcast.domain.operations.check import CheckDefinition, CheckResult
from duelcast.logs import exception_fields
from duelcast.outbound.checks.targets import TargetRefused

_log = structlog.get_logger()
_CERTIFICATE_PROBLEMS = {
    10: "has expired",
    9: "is not valid yet",
    18: "is self-signed",
    19: "is signed by an unknown issuer",
    20: "is signed by an unknown issuer",
    21: "is signed by an unknown issuer",
    23: "was revoked",
    62: "is for another host",
    64: "is for another address",
}
"""Problems with a certificate, by their codes in OpenSSL (X509_V_ERR_*)."""


class Finding(Struct, frozen=True):
    """The result of a probe; see `CheckResult`."""

    healthy: bool
    details: str
    metrics: dict[str, float] = field(default_factory=dict)


class Unhealthy(Exception):
    """Raised when a probe finds a problem; the text is in our own words, not in those of a library."""


Probe = Callable[[], Awaitable[Finding]]
"""One attempt, without a time-out of its own. It may raise any exception of its library."""


class TimedCheck:
    """A `Check` that runs `probe` for at most the time-out of `definition`."""

    def __init__(self, definition: CheckDefinition, probe: Probe) -> None:
        self._type = definition.type
        self._timeout_ms = definition.timeoutMs
        self._probe = probe

    async def run(self) -> CheckResult:
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                finding = await self._probe()
        except TimeoutError:
            finding = Finding(False, f"There was no answer within {self._timeout_ms} ms.")
        except Unhealthy as found:
            finding = Finding(False, str(found))
        except Exception as error:
            finding = Finding(False, self._sentence(error))
        return CheckResult(finding.healthy, (time.perf_counter() - began_s) * 1000, finding.details, finding.metrics)

    def _sentence(self, error: Exception) -> str:
        """A sentence about the innermost known cause, because libraries wrap the errors of sockets in errors of their
        own."""
        known = None
        cause: BaseException | None = error
        while cause is not None:
            known = _known(cause) or known
            cause = cause.__cause__ or cause.__context__
        if known is None:
            _log.warning("check_failed", type=self._type, **exception_fields(error))
        return known or "The check failed in an unexpected way."


def _known(error: BaseException) -> str | None:
    match error:
        case TargetRefused():
            return "The address of the host must not be probed."
        case socket.gaierror():
            return "The host name cannot be resolved."
        case ssl.SSLCertVerificationError():
            return f"The certificate {_CERTIFICATE_PROBLEMS.get(error.verify_code, 'is not valid')}."
        case ssl.SSLError():
            return "The peer does not speak TLS, or speaks no version that we support."
        case ConnectionRefusedError():
            return "The connection was refused."
        case ConnectionError() | asyncio.IncompleteReadError():
            return "The connection broke."
        case OSError():
            return "The host cannot be reached."
    return None
