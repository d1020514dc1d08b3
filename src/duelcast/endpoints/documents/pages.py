"""Refreshes the generated blocks of hand-written pages, in place between their marks."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLOCK = re.compile(
    r"(?P<begin><!-- (?P<name>[a-z -]+): written by `make docs` -->\n).*?(?P<end><!-- end of (?P=name) -->\n)",
    re.DOTALL,
)


def refreshed(page: str, blocks: Mapping[str, str]) -> str:
    """Return `page` with `blocks` between their marks.

    Raises `ValueError` if the marks of a block are missing or repeated, or a mark names an unknown block.
    """
    marked = [found["name"] for found in _BLOCK.finditer(page)]
    for name in dict.fromkeys([*blocks, *marked]):
        if name not in blocks:
            raise ValueError(f"no block is called `{name}`: remove its marks")
        if marked.count(name) != 1:
            raise ValueError(f"the page needs the marks of `{name}` once: {begin_mark(name)} {end_mark(name)}")
    return _BLOCK.sub(lambda found: found["begin"] + blocks[found["name"]] + found["end"], page)


def begin_mark(name: str) -> str:
    """The line before a block."""
    return f"<!-- {name}: written by `make docs` -->"


def end_mark(name: str) -> str:
    """The line after a block."""
    return f"<!-- end of {name} -->"
