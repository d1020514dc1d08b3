"""The leader's end of the links: listens for gateways."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.clock import Clock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.encryption import LinkTls
from duelcast.cluster.frames import GREETING_TIMEOUT_S, Fault
from duelcast.cluster.link import Link
from duelcast.sampling import LogSampler
from duelcast.settings import ConfigurationError
from duelcast.tasks import cancel

CLOSE_TIMEOUT_S = 2.0

log = structlog.get_logger("duelcast.link")


class LinkServer:
    """Offers `methods` to at most `max_links` peers, those included that have not proved yet that they know the
    secret: the oldest of these makes room for the next connection, so that strangers do not keep gateways out.
    `on_lost` is called with each peer whose link has ended; `refusals` decides which of those that were cut off are
    logged."""

    def __init__(
        self,
        node: str,
        secret: bytes,
        methods: Methods,
        clock: Clock,
        *,
        max_links: int,
        on_lost: Callable[[Peer], None],
        refusals: LogSampler,
        tls: LinkTls | None = None,
    ) -> None:
        self.port = 0
        self.faults: Counter[Fault] = Counter()
        self.refused = 0
        """Connections that were cut off because there were `max_links`."""
        self._node = node
        self._secret = secret
        self._methods = methods
        self._clock = clock
        self._max_links = max_links
        self._on_lost = on_lost
        self._refusals = refusals
        self._tls = None if tls is None else tls.listening
        self._links: dict[Link, None] = {}
        """In the order of their connections."""
        self._server: asyncio.Server

    async def listen(self, host: str, port: int) -> None:
        """Accept links; port 0 takes any free port. Raises `ConfigurationError`."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._accept,
                host,
                port,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else GREETING_TIMEOUT_S,
            )
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen for links on {host} port {port} ({error.strerror}); change DUELCAST_LINK_LISTEN."
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Accept no more links, answer what was asked within `CLOSE_TIMEOUT_S`, and end all links."""
        self._server.close()
        links = list(self._links)
        ending = [asyncio.create_task(self._close(link)) for link in links]
        if ending:
            await asyncio.wait(ending, timeout=CLOSE_TIMEOUT_S)
        for link in links:
            link.frames.abort()
        await cancel(ending)
        for link in links:
            await link.has_ended.wait()

    async def _close(self, link: Link) -> None:
        if link.was_linked:
            await link.peer.close()
            link.frames.close()
            await link.has_ended.wait()

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        linked = sum(link.was_linked for link in self._links)
        yield GaugeMetricFamily("duelcast_links", "Gateways that are linked to this leader.", linked)
        refused = CounterMetricFamily("duelcast_links_refused", "Links that were cut off.", labels=["reason"])
        for fault, count in self.faults.items():
            refused.add_metric([fault], count)
        refused.add_metric(["room"], self.refused)
        yield refused

    def _accept(self) -> asyncio.Protocol:
        link = Link(
            self._secret,
            self._node,
            self._methods,
            self._clock,
            listens=True,
            faults=self.faults,
            linked=self._linked,
            ended=self._ended,
        )
        link.frames.made = lambda: self._made(link)
        return link.frames

    def _made(self, link: Link) -> None:
        self._links[link] = None
        if len(self._links) > self._max_links:
            # The last resort is the new one itself.
            refused = next(one for one in self._links if not one.was_linked)
            del self._links[refused]
            self.refused += 1
            self._log_refusal(refused, "room")
            refused.frames.abort()

    def _linked(self, link: Link) -> None:
        log.info("linked", gateway=link.peer.name)

    def _ended(self, link: Link) -> None:
        self._links.pop(link, None)
        if link.frames.fault is not None:
            self._log_refusal(link, link.frames.fault)
        if link.was_linked:
            log.info("link_lost", gateway=link.peer.name)
            self._on_lost(link.peer)

    def _log_refusal(self, link: Link, reason: str) -> None:
        address = link.frames.address
        sample = self._refusals.admit(address, reason)
        if sample is not None:
            log.warning("link_refused", address=address, reason=reason, **sample)
