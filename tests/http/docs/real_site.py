"""The documentation of a real server, without the server."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.registry import find_endpoints
from duelcast.http.app import openapi
from duelcast.http.docs.site import SEARCH, Site
from tests.http.docs.parsing import Parsed, parsed

VERSION = "1.2.3"

Described = dict[str, Any]


@cache
def documents() -> tuple[Described, Described]:
    """The AsyncAPI and the OpenAPI document."""
    websockets = msgspec.json.decode(msgspec.json.encode(asyncapi(describe(find_endpoints().values()))))
    return websockets, msgspec.json.decode(openapi(VERSION, signs_in=True, monitored=True))


@cache
def real_site() -> Site:
    return site_of(*documents())


def site_of(websockets: Described, http: Described) -> Site:
    """The site of these documents."""
    return Site(lambda: msgspec.json.encode(websockets), lambda: msgspec.json.encode(http), VERSION, has_console=True)


def html_of(site: Site, path: str) -> str:
    found = site.find(path)
    assert found is not None, path
    return found.file.forms["identity"].decode()


def page_of(site: Site, path: str) -> Parsed:
    return parsed(html_of(site, path))


@cache
def real_pages() -> dict[str, Parsed]:
    """All pages by their paths."""
    return {path: page_of(real_site(), path) for path in real_site().catalogue().pages}


@cache
def real_index() -> list[list[str]]:
    """The entries of the search: title, context, address, text, words."""
    index: list[list[str]] = msgspec.json.decode(html_of(real_site(), SEARCH))
    return index
