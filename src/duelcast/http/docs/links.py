"""Links within the server, which are relative, because a proxy may publish it under a prefix that it does not know."""

from __future__ import annotations

from collections.abc import Callable

Link = Callable[[str], str]
"""The address, as seen from a page, of a path on the server, such as `docs/errors#CODE`; of the root if it is empty."""


def link_from(path: str) -> Link:
    """The links of the page at `path`, which does not end with a slash."""
    root = "../" * path.count("/")

    def link(target: str) -> str:
        return f"{root}{target}" or "./"

    return link
