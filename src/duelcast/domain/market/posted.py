"""Posts over HTTP by a platform that provides its own market data (protocol §13)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from duelcast.domain.market.ticks import MAX_AMOUNT, MIN_POSITIVE_AMOUNT
from duelcast.wire.messages import MAX_SAFE_INTEGER, Symbol

MAX_LINKS = 20

PositiveAmount = Annotated[float, Meta(ge=MIN_POSITIVE_AMOUNT, le=MAX_AMOUNT)]
Amount = Annotated[float, Meta(ge=0, le=MAX_AMOUNT)]
Percent = Annotated[float, Meta(ge=-100, le=MAX_AMOUNT)]
PostedTime = Annotated[datetime, Meta(tz=True, description="The platform's own time, as ISO-8601 with an offset.")]
TradeId = Annotated[str, Meta(min_length=1, max_length=128)] | Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]

# U+0000 is not text. `(?!\n)` is needed because `$` alone also matches before a line break at the end.
_TEXT = r"^[^\x00]*$"
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT)]
Address = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9_:.\-]+(?!\n)$",
        description="Characters of A-Z a-z 0-9 _ : . -",
    ),
]
Decimals = Annotated[int, Meta(ge=0, le=255)]
Description = Annotated[str, Meta(max_length=2_000, pattern=_TEXT)]
Color = Annotated[
    str, Meta(pattern=r"^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?(?!\n)$", description="`#rrggbb` or `#rrggbbaa`.")
]
HttpsUrl = Annotated[
    str, Meta(max_length=2_048, pattern=r"^https://[^\s\x00-\x20\x7f\"<>\\]+(?!\n)$", description="an `https:` URL")
]
Kind = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_\-]{1,32}(?!\n)$", description="1 to 32 characters of A-Z a-z 0-9 _ -, such as `x`")
]
Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT)]
Socials = Annotated[dict[Kind, HttpsUrl], Meta(max_length=MAX_LINKS)]


class PostedPrice(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The price of a symbol. Amounts are in the quote currency. A figure that is left out keeps its previous value."""

    symbol: Symbol
    price: PositiveAmount
    change_24h: Percent | None = None
    volume_24h: Amount | None = None
    high_24h: Amount | None = None
    low_24h: Amount | None = None
    market_cap: Amount | None = None
    fdv: Amount | None = None
    liquidity: Amount | None = None
    timestamp: PostedTime | None = None


class PostedTrade(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One trade. `quantity` is in the base currency; `side` is the taker's. A trade whose `id` was counted before is
    ignored."""

    symbol: Symbol
    price: PositiveAmount
    quantity: PositiveAmount
    side: Literal["buy", "sell"]
    timestamp: PostedTime | None = None
    id: TradeId | None = None


class WebsiteInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A link of a token."""

    label: Label
    url: HttpsUrl


Websites = Annotated[list[WebsiteInput], Meta(max_length=MAX_LINKS)]


class TokenMetadataInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The complete metadata of a token. A field that is left out comes from the token's feed, or is unknown."""

    name: Name
    address: Address
    decimals: Decimals
    image_url: HttpsUrl | None = None
    description: Description | None = None
    color: Color | None = None
    socials: Socials | None = None
    websites: Websites | None = None
    status: Literal["active", "inactive"] | None = None


class PostResult(Struct, kw_only=True, frozen=True):
    """The outcome of a batch. `dropped` counts rows that were not used because the symbol belongs to a feed, the market
    is full, or an amount is out of range. `duplicate` counts trades whose id was counted before."""

    accepted: int
    dropped: int
    duplicate: int = 0
