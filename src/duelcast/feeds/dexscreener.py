"""The feed `dexscreener`: prices and metadata of tokens by polling the public API of DEX Screener.

https://docs.dexscreener.com/api/reference: `GET /tokens/v1/{chainId}/{tokenAddresses}`, up to 30 addresses a request,
300 requests per minute.
"""

from __future__ import annotations

import re

import httpx
import structlog

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.domain.market.ticks import TokenInfo
from duelcast.feeds.dexscreener_records import DexPair, decode_pairs, deepest_pairs, ticker_from, token_info_from
from duelcast.feeds.options import FeedOptions
from duelcast.feeds.polling import PollFailed, fetch
from duelcast.feeds.source import Sink

BASE_URL = "https://api.dexscreener.com"
ADDRESSES_PER_REQUEST = 30
LEAST_S_PER_REQUEST = 60 / 300
MAX_ADDRESSES = 1_500
DEFAULT_INTERVAL_S = 5.0
TIMEOUT_S = 10.0
NO_PAIR_REASON = "The venue has no price of this token."
_CHAIN = re.compile(r"[a-z0-9_-]{1,32}")
_ADDRESS = re.compile(r"[A-Za-z0-9_:.-]{1,128}")

_log = structlog.get_logger()


class DexscreenerFeed:
    """Requests all `addresses` of `chain` every `interval_s`, and uses the pair with the most liquidity for each token.

    If two tokens have the same symbol, the one named first is used. Pairs that cannot be read are skipped and counted.
    A failed poll is repeated after back-off, but not before the venue's `Retry-After`. An address without a price fails
    alone, and the others continue.
    """

    def __init__(
        self,
        name: str,
        chain: str,
        addresses: list[str],
        clock: Clock,
        *,
        interval_s: float = DEFAULT_INTERVAL_S,
        base_url: str = BASE_URL,
    ) -> None:
        self.name = name
        self.symbols: frozenset[str] = frozenset()
        self._paths = [
            f"/tokens/v1/{chain}/{','.join(addresses[start : start + ADDRESSES_PER_REQUEST])}"
            for start in range(0, len(addresses), ADDRESSES_PER_REQUEST)
        ]
        self._addresses = addresses
        self._clock = clock
        self._interval_s = interval_s
        self._base_url = base_url
        self._known: dict[str, TokenInfo] = {}

    async def run(self, sink: Sink) -> None:
        backoff = Backoff(self._clock)
        self._known.clear()
        async with httpx.AsyncClient(base_url=self._base_url, timeout=TIMEOUT_S) as client:
            while True:
                try:
                    pairs = await self._poll(client, sink)
                except PollFailed as failure:
                    _log.warning("dexscreener_poll_failed", feed=self.name, reason=failure.reason)
                    sink.failed(failure.reason)
                    await backoff.wait(at_least_s=failure.retry_after_s)
                    continue
                backoff.reset()
                sink.connected()
                self._bring(pairs, sink)
                await self._clock.sleep(self._interval_s)

    async def _poll(self, client: httpx.AsyncClient, sink: Sink) -> list[DexPair]:
        pairs: list[DexPair] = []
        for path in self._paths:
            found, bad = decode_pairs(await fetch(client, path, self._clock))
            pairs += found
            sink.unreadable(bad)
        return pairs

    def _bring(self, pairs: list[DexPair], sink: Sink) -> None:
        by_address = deepest_pairs(pairs, self._addresses)
        brought: set[str] = set()
        for address in self._addresses:
            pair = by_address.get(address)
            ticker = None if pair is None else ticker_from(pair)
            if pair is None or ticker is None:
                sink.pair_failed(address, NO_PAIR_REASON)
                continue
            sink.pair_works(address)
            if ticker.symbol in brought:
                continue
            brought.add(ticker.symbol)
            token = token_info_from(pair)
            if self._known.get(token.symbol) != token:
                self._known[token.symbol] = token
                sink.accept(token)
            sink.accept(ticker)


def build(name: str, rest: str, options: FeedOptions, clock: Clock) -> DexscreenerFeed:
    """Build the feed `dexscreener:CHAIN:ADDRESS,…[?interval_s=&base_url=]`; `rest` is the part between `dexscreener:`
    and `?`. Raises ValueError if the specification is invalid."""
    chain, _, listed = rest.partition(":")
    addresses = list(dict.fromkeys(filter(None, (part.strip() for part in listed.split(",")))))
    if not (_CHAIN.fullmatch(chain) and addresses and all(map(_ADDRESS.fullmatch, addresses))):
        raise ValueError("Feed 'dexscreener' needs a chain and token addresses, such as dexscreener:solana:ADDRESS.")
    if len(addresses) > MAX_ADDRESSES:
        raise ValueError(f"Feed 'dexscreener' takes at most {MAX_ADDRESSES} addresses.")
    requests = -(-len(addresses) // ADDRESSES_PER_REQUEST)
    least_s = requests * LEAST_S_PER_REQUEST
    return DexscreenerFeed(
        name,
        chain,
        addresses,
        clock,
        interval_s=options.number("interval_s", max(DEFAULT_INTERVAL_S, least_s), least=least_s),
        base_url=options.url("base_url", ("http", "https")) or BASE_URL,
    )
