"""Sends one HTTP request of a polling feed, with a limit on the answer. Failures are described in sentences of our
own."""

from __future__ import annotations

import email.utils

import httpx

from duelcast.clock import Clock

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_RETRY_AFTER_S = 3_600.0


class PollFailed(Exception):
    """`reason` is a sentence of our own, never an exception's text; `retry_after_s` is how long the venue asked us to
    wait, or 0."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


async def fetch(client: httpx.AsyncClient, path: str, clock: Clock) -> bytes:
    """The body of a 200 answer of at most `MAX_ANSWER_BYTES`. Raises PollFailed for anything else."""
    try:
        async with client.stream("GET", path) as answer:
            if answer.status_code != httpx.codes.OK:
                raise PollFailed(_reason(answer.status_code), _retry_after_s(answer.headers.get("Retry-After"), clock))
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAX_ANSWER_BYTES:
                    raise PollFailed("The venue's answer is too large.")
            return bytes(body)
    except httpx.TimeoutException:
        raise PollFailed("The venue does not answer.") from None
    except httpx.HTTPError:
        raise PollFailed("The venue cannot be reached.") from None


def _reason(status: int) -> str:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return "The venue limits our requests (HTTP 429)."
    return f"The venue answered with HTTP {status}."


def _retry_after_s(header: str | None, clock: Clock) -> float:
    """Seconds from either form of the header (RFC 9110, 10.2.3), at most `MAX_RETRY_AFTER_S`."""
    if header is None:
        return 0.0
    if header.isascii() and header.isdigit():
        seconds = float(header)
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - clock.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
