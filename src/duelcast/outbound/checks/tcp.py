"""`tcp`: whether a port accepts connections."""

from __future__ import annotations

from duelcast.outbound.checks.check_url import CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Finding

PORTS = {"tcp": None}


class TcpProbe:
    """Healthy if a connection can be opened."""

    def __init__(self, _url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer

    async def __call__(self) -> Finding:
        async with self._dialer.stream():
            return Finding(True, "The port accepts connections.")
