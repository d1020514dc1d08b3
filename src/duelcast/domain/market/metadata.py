"""Metadata of tokens, in three layers: the defaults, the fields of a feed, and the fields set by an HTTP PUT. Each
layer overrides those before it."""

from __future__ import annotations

from typing import Any

import msgspec

from duelcast.domain.market import posted
from duelcast.domain.market.events import TokenMetadata, Website
from duelcast.domain.market.posted import TokenMetadataInput
from duelcast.domain.market.ticks import TokenInfo

_FEED_FIELDS: dict[str, Any] = {
    "name": posted.Name,
    "address": posted.Address,
    "decimals": posted.Decimals,
    "image_url": posted.HttpsUrl,
    "description": posted.Description,
    "color": posted.Color,
    "socials": posted.Socials,
    "websites": posted.Websites,
}
"""The fields that a feed may give, each with its constraint."""


_UNKNOWN: dict[str, Any] = {
    "name": None,
    "address": None,
    "decimals": None,
    "image_url": None,
    "description": None,
    "color": None,
    "socials": {},
    "websites": [],
    "status": "active",
}


def unknown_metadata(symbol: str, updated_at: str) -> TokenMetadata:
    """The metadata of a token of which only the symbol is known."""
    return TokenMetadata(symbol=symbol, updated_at=updated_at, **_UNKNOWN)


def fields_of_feed(info: TokenInfo) -> dict[str, Any]:
    """The fields that `info` gives. A field that violates the constraints in `posted` counts as not given."""
    given: dict[str, Any] = {}
    for name, accepted_type in _FEED_FIELDS.items():
        value = getattr(info, name)
        if value is None:
            continue
        try:
            given[name] = msgspec.convert(value, accepted_type)
        except msgspec.ValidationError:
            continue
    if "websites" in given:
        given["websites"] = _websites(given["websites"])
    if info.active is not None:
        given["status"] = "active" if info.active else "inactive"
    return given


def fields_of_input(given: TokenMetadataInput) -> dict[str, Any]:
    """The fields that a PUT sets. Fields that were left out are absent."""
    fields = {name: value for name in given.__struct_fields__ if (value := getattr(given, name)) is not None}
    if "websites" in fields:
        fields["websites"] = _websites(fields["websites"])
    return fields


def fields_of_store(stored: dict[str, Any]) -> dict[str, Any]:
    """A layer of metadata, from the JSON in the store."""
    if "websites" not in stored:
        return stored
    return stored | {"websites": msgspec.convert(stored["websites"], list[Website])}


def merged(
    metadata: TokenMetadata, given_by_feed: dict[str, Any], put: dict[str, Any], updated_at: str
) -> TokenMetadata:
    """The metadata that results from the layers; `metadata` itself if nothing changed."""
    fields = {**_UNKNOWN, **given_by_feed, **put}
    if all(getattr(metadata, name) == value for name, value in fields.items()):
        return metadata
    return TokenMetadata(symbol=metadata.symbol, updated_at=updated_at, **fields)


def _websites(given: list[posted.WebsiteInput]) -> list[Website]:
    return [Website(label=website.label, url=website.url) for website in given]
