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
    str, Meta(max_length=2_048, pattern=r"^https://[^\s\x00-\x20\x7f\"<>\\]+(?!\n)$", description="An `https:` URL.")
]
Kind = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_\-]{1,32}(?!\n)$", description="1 to 32 characters of A-Z a-z 0-9 _ -, such as `x`")
]
Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT)]
Socials = Annotated[dict[Kind, HttpsUrl], Meta(max_length=MAX_LINKS)]


class PostedPrice(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The price of a symbol. An omitted figure keeps its previous value."""

    symbol: Symbol
    """The symbol."""
    price: PositiveAmount
    """The price, in the quote currency."""
    change_24h: Percent | None = None
    """The change over the last 24 hours, in percent."""
    volume_24h: Amount | None = None
    """The volume of the last 24 hours, in the quote currency."""
    high_24h: Amount | None = None
    """The highest price of the last 24 hours, in the quote currency."""
    low_24h: Amount | None = None
    """The lowest price of the last 24 hours, in the quote currency."""
    market_cap: Amount | None = None
    """The market capitalisation, in the quote currency."""
    fdv: Amount | None = None
    """The fully diluted value, in the quote currency."""
    liquidity: Amount | None = None
    """The liquidity, in the quote currency."""
    timestamp: PostedTime | None = None


class PostedTrade(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One trade."""

    symbol: Symbol
    """The symbol."""
    price: PositiveAmount
    """The price, in the quote currency."""
    quantity: PositiveAmount
    """How much, in units of the token."""
    side: Literal["buy", "sell"]
    """Whether the taker bought or sold."""
    timestamp: PostedTime | None = None
    id: TradeId | None = None
    """A trade whose id was counted before is ignored."""


class WebsiteInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A link of a token."""

    label: Label
    """The text of the link."""
    url: HttpsUrl
    """The address."""


Websites = Annotated[list[WebsiteInput], Meta(max_length=MAX_LINKS)]


class TokenMetadataInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The complete metadata of a token. An omitted field comes from the token's feed, or is unknown."""

    name: Name
    """The name of the token."""
    address: Address
    """The address of the token on its chain."""
    decimals: Decimals
    """The number of decimals of the token."""
    image_url: HttpsUrl | None = None
    """The token's image."""
    description: Description | None = None
    """A text about the token, plain text."""
    color: Color | None = None
    """The token's colour."""
    socials: Socials | None = None
    """Links to social networks, by the network's name."""
    websites: Websites | None = None
    """Other links."""
    status: Literal["active", "inactive"] | None = None
    """`inactive` tokens are no longer traded; `active` by default."""


class PostResult(Struct, kw_only=True, frozen=True):
    """The outcome of a batch."""

    accepted: int
    """Rows that were used."""
    dropped: int
    """Rows that were not used because the symbol belongs to a feed, the market is full, or an amount is out of
    range."""
    duplicate: int = 0
    """Trades whose id was counted before."""
