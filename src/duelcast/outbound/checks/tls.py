"""`tls`: whether the certificate of a server is valid, and for how long."""

from __future__ import annotations

import ssl
import time

from duelcast.outbound.checks.check_url import CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Finding

PORTS = {"tls": 443}
LEAST_DAYS = 7
_DAY_S = 86_400


class TlsProbe:
    """Healthy if the certificate can be verified and is valid for at least 7 more days; the metric is `days_left`."""

    def __init__(self, _url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer
        self._context = ssl.create_default_context()

    async def __call__(self) -> Finding:
        async with self._dialer.stream(self._context) as (_, writer):
            certificate = writer.get_extra_info("peercert")
        days_left = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / _DAY_S
        if days_left < LEAST_DAYS:
            return Finding(False, f"The certificate expires in less than {LEAST_DAYS} days.", {"days_left": days_left})
        return Finding(True, "The certificate is valid.", {"days_left": days_left})
