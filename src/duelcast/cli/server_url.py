"""The address of a server, as reached from its own machine."""

from __future__ import annotations

from duelcast.settings import Settings


def server_url(settings: Settings) -> str:
    """The address of a server with these settings, with the scheme `ws` or `wss`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    scheme = "ws" if settings.tls_cert is None else "wss"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}{settings.root_path}"
