"""Converts answers of DEX Screener to ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from duelcast.domain.market.ticks import Ticker, TokenInfo
from duelcast.feeds.pairs import is_symbol
from duelcast.feeds.polling import PollFailed

BAD_ANSWER = "The venue's answer cannot be read."


class BaseToken(Struct, frozen=True):
    """The token that a pair prices."""

    address: str
    symbol: str
    name: str | None = None


class By24Hours(Struct, frozen=True):
    """A figure of the last 24 h."""

    h24: float | None = None


class Liquidity(Struct, frozen=True):
    """The liquidity of a pair, in US dollars."""

    usd: float | None = None


class Link(Struct, frozen=True):
    """A website (`label`) or a social account (`type`)."""

    url: str | None = None
    label: str | None = None
    type: str | None = None


class Info(Struct, frozen=True, rename="camel"):
    """Pictures and links that the token's owners gave the venue."""

    image_url: str | None = None
    websites: list[Link] | None = None
    socials: list[Link] | None = None


class DexPair(Struct, frozen=True, rename="camel"):
    """The fields of a pair that are used; `price_usd` is the price of the base token."""

    base_token: BaseToken
    price_usd: float | None = None
    price_change: By24Hours | None = None
    volume: By24Hours | None = None
    liquidity: Liquidity | None = None
    fdv: float | None = None
    market_cap: float | None = None
    info: Info | None = None

    @property
    def symbol(self) -> str:
        return self.base_token.symbol.strip().upper()

    @property
    def liquidity_usd(self) -> float | None:
        return None if self.liquidity is None else self.liquidity.usd


_answer = msgspec.json.Decoder(list[msgspec.Raw])
# Not strict, because the API sends prices as strings and other figures as numbers.
_pair = msgspec.json.Decoder(DexPair, strict=False)


def decode_pairs(body: bytes) -> tuple[list[DexPair], int]:
    """The pairs of an answer, and how many could not be read. Raises PollFailed if the answer is not a list."""
    try:
        raw_pairs = _answer.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PollFailed(BAD_ANSWER) from None
    pairs: list[DexPair] = []
    for raw in raw_pairs:
        try:
            pairs.append(_pair.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return pairs, len(raw_pairs) - len(pairs)


def deepest_pairs(pairs: Iterable[DexPair], addresses: Sequence[str]) -> dict[str, DexPair]:
    """For each address, in the order given, the most liquid of the pairs that price it.

    Addresses are compared as written, except that the case of hexadecimal addresses (`0x…`) is ignored.
    """
    deepest: dict[str, DexPair] = {}
    for pair in pairs:
        key = _key(pair.base_token.address)
        known = deepest.get(key)
        if known is None or (pair.liquidity_usd or 0.0) > (known.liquidity_usd or 0.0):
            deepest[key] = pair
    return {address: deepest[_key(address)] for address in addresses if _key(address) in deepest}


def ticker_from(pair: DexPair) -> Ticker | None:
    """The ticker, or None if there is no price or the symbol violates the grammar of symbols."""
    price = _finite(pair.price_usd)
    if price is None or price <= 0 or not is_symbol(pair.symbol):
        return None
    return Ticker(
        symbol=pair.symbol,
        price=price,
        change_24h=None if pair.price_change is None else _finite(pair.price_change.h24),
        volume_24h=None if pair.volume is None else _finite(pair.volume.h24),
        market_cap=_finite(pair.market_cap),
        fdv=_finite(pair.fdv),
        liquidity=_finite(pair.liquidity_usd),
    )


def token_info_from(pair: DexPair) -> TokenInfo:
    """The metadata; URLs other than `https:` are left out (protocol §1.1)."""
    info = pair.info or Info()
    return TokenInfo(
        symbol=pair.symbol,
        name=pair.base_token.name,
        address=pair.base_token.address,
        image_url=_https(info.image_url),
        socials=None
        if info.socials is None
        else {link.type: link.url for link in info.socials if link.type and link.url and _https(link.url)},
        websites=None
        if info.websites is None
        else [
            {"label": link.label or "Website", "url": link.url}
            for link in info.websites
            if link.url and _https(link.url)
        ],
        active=True,
    )


def _key(address: str) -> str:
    return address.lower() if address[:2].lower() == "0x" else address


def _https(url: str | None) -> str | None:
    return url if url is not None and url.startswith("https://") else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
