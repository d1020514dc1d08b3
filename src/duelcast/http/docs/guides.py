"""The guides: Markdown files of the project, whose links to one another lead to their pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import duelcast
from duelcast.http.docs.article import Article
from duelcast.http.docs.html import Html, el
from duelcast.http.docs.links import Link
from duelcast.http.docs.markdown import Rendered, anchors_in, rendered

GUIDES = (
    "clients",
    "client-typescript",
    "client-python",
    "protocol",
    "contests",
    "operations",
    "feeds",
    "settings",
)
"""The names of the files, in the order of the navigation."""

_PROTOCOL = "protocol"
_GENERATED = re.compile(
    r"^<!-- ([\w-]+(?: \w+)?): written by .*? -->\n.*?^<!-- end of \1 -->\n", re.MULTILINE | re.DOTALL
)
_ABOUT_MESSAGES = ("common messages", "records")
"""Parts of the protocol that the pages of the endpoints show with each message."""


def read_guides() -> dict[str, str]:
    """The texts of the guides by name, from the installed package or, in a checkout, from its folder `docs`."""
    packaged = files("duelcast.http") / "docs" / "guides"
    folder = packaged if packaged.is_dir() else Path(duelcast.__file__).parents[2] / "docs"
    return {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in GUIDES}


class Guides:
    """The pages of the guides. The protocol's sections about `endpoints` are on the pages of these."""

    def __init__(self, texts: Mapping[str, str], endpoints: Iterable[str]) -> None:
        self._endpoints = list(endpoints)
        sources = {**texts, _PROTOCOL: _by_hand(texts.get(_PROTOCOL, ""), self._endpoints)}
        about = {name: _section_about(name, sources[_PROTOCOL]) for name in self._endpoints}
        self._rules = {name: section for name, section in about.items() if section}
        for name, section in self._rules.items():
            sources[_PROTOCOL] = sources[_PROTOCOL].replace(
                section, f"[The endpoint {name}](#{name}) has the rules.\n\n"
            )
        self._texts = {name: sources[name] for name in texts}
        self._anchors = {name: anchors_in(text) for name, text in self._texts.items()}

    def titles(self) -> dict[str, str]:
        """The title of each guide, by its name."""
        return {name: text.partition("\n")[0].removeprefix("# ") for name, text in self._texts.items()}

    def page(self, name: str, link: Link) -> Article:
        """The page of a guide."""
        found = self._rendered(name, self._texts[name], link)
        return Article(found.title, el("div", found.content, class_="guide"), found.sections, found.entries)

    def rules_of(self, endpoint: str, link: Link) -> Html | None:
        """The rules of an endpoint that people wrote; None if there are none."""
        text = self._rules.get(endpoint)
        return self._rendered(_PROTOCOL, text, link).content if text else None

    def _rendered(self, name: str, text: str, link: Link) -> Rendered:
        def target(written: str) -> str | None:
            address = self._address(name, written)
            return address and link(address)

        return rendered(text, target)

    def _address(self, name: str, written: str) -> str | None:
        """The address on the server of a link in the guide `name`; None if it leads to another file."""
        path, _, anchor = written.partition("#")
        file, ending = posixpath.splitext(path or f"{name}.md")
        if ending != ".md" or file not in self._texts:
            return None
        if file == _PROTOCOL and anchor in self._endpoints:
            return f"docs/endpoints/{anchor}#rules"
        return f"docs/guides/{file}" + (f"#{anchor}" if anchor in self._anchors[file] else "")


def _by_hand(protocol: str, endpoints: Iterable[str]) -> str:
    """The protocol without the generated tables that the pages of the endpoints replace."""
    replaced = {*endpoints, *_ABOUT_MESSAGES}
    return _GENERATED.sub(lambda found: "" if found[1] in replaced else found[0], protocol)


def _section_about(endpoint: str, protocol: str) -> str:
    """The text below the heading of the section about an endpoint; empty if there is none."""
    found = re.search(
        rf'^<a id="{re.escape(endpoint)}"></a>\n## [^\n]*\n\n(.*?)(?=^<a id=|^## |\Z)',
        protocol,
        re.MULTILINE | re.DOTALL,
    )
    return found[1] if found else ""
