"""The built files of the console, in memory, with their compressed forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from types import MappingProxyType

from duelcast.http.served_files import ServedFile, served, weak_etag

MAX_DEPTH = 8
"""The most slashes in the path of a page below `/console/`."""

_BASE = b'<base href="./" />'
_TEXTS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_MEDIA_TYPES = _TEXTS | {".png": "image/png", ".woff2": "font/woff2"}
"""By the ends of names; files of other types are not served."""


@dataclass(frozen=True, slots=True)
class ConsoleFiles:
    """`pages` has `index.html` for the pages at each depth below `/console/`, all of which have the entity tag `etag`.
    `assets` are the other files by name."""

    pages: Sequence[ServedFile]
    assets: Mapping[str, ServedFile]
    etag: str


@cache
def built_console() -> ConsoleFiles | None:
    """The console of this installation; None if it was not built."""
    return read_console(files("duelcast.http") / "console")


def read_console(folder: Traversable) -> ConsoleFiles | None:
    """The console in `folder`: `index.html`, the files in `assets`, and beside each text `NAME.br`, which is the same
    compressed. None without `index.html`. Raises `ValueError` if `index.html` has no base that could be replaced."""
    built = _contents(folder)
    index = built.get("index.html")
    if index is None:
        return None
    if index.count(_BASE) != 1:
        raise ValueError(f"{folder / 'index.html'} must contain {_BASE.decode()} once.")
    above = (index.replace(_BASE, b'<base href="%b" />' % (b"../" * depth)) for depth in range(1, MAX_DEPTH + 1))
    pages = [_file("index.html", index, built.get("index.html.br")), *(_file("index.html", page) for page in above)]
    named = _contents(folder / "assets")
    assets = {
        name: _file(name, content, named.get(f"{name}.br"))
        for name, content in named.items()
        if PurePath(name).suffix in _MEDIA_TYPES
    }
    return ConsoleFiles(tuple(pages), MappingProxyType(assets), weak_etag(index))


def _contents(folder: Traversable) -> dict[str, bytes]:
    """The files in `folder`, by name; none if there is no such folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} if folder.is_dir() else {}


def _file(name: str, content: bytes, brotli: bytes | None = None) -> ServedFile:
    suffix = PurePath(name).suffix
    media_type = _MEDIA_TYPES[suffix]
    return (
        served(content, media_type, brotli)
        if suffix in _TEXTS
        else ServedFile(media_type, MappingProxyType({"identity": content}))
    )
