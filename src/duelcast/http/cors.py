"""Decides which pages may read our answers (the Fetch standard, CORS): those of the allow-list of origins."""

from __future__ import annotations

_ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key"
_EXPOSED_HEADERS = "X-Request-Id, Retry-After"
_PREFLIGHT_MAX_AGE_S = 600

Headers = list[tuple[bytes, bytes]]


def answer_headers(origin: str | None, *, allowed: bool) -> Headers:
    """Headers for the answer to a request of `origin`. Caches keep answers to different origins apart."""
    headers = [(b"vary", b"Origin")]
    if origin is not None and allowed:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-expose-headers", _EXPOSED_HEADERS.encode()))
    return headers


def preflight_headers() -> Headers:
    """Headers for the answer to a preflight request of an allowed page."""
    return [
        (b"access-control-allow-methods", _ALLOWED_METHODS.encode()),
        (b"access-control-allow-headers", _ALLOWED_HEADERS.encode()),
        (b"access-control-max-age", str(_PREFLIGHT_MAX_AGE_S).encode()),
    ]
