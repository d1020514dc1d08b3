"""The surroundings of every page: the bar with the search, and the navigation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from duelcast.http.docs.article import Article, Section
from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.links import Link, link_from
from duelcast.http.pages import Page, content_security_policy, static_text


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together in the navigation: pairs of a path on the server and a title."""

    title: str
    pages: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The same for all pages. Without `has_console`, there is no link to the console."""

    groups: Sequence[Group]
    version: str
    has_console: bool

    def page(self, path: str, article: Article) -> Page:
        """The page at `path` with its surroundings. The first scripts are the article's own."""
        link = link_from(path)
        style = static_text("docs.css")
        scripts = {**article.scripts, "search": static_text("search.js"), "page": static_text("page.js")}
        head = [
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", article.title if "Duelcast" in article.title else f"{article.title} – Duelcast"),
            el("style", Html(style)),
        ]
        body = [
            el("a", "Skip to the content", class_="skip", href="#content"),
            self._bar(link),
            el("div", self._navigation(path, article.sections, link), _main(article), class_="frame"),
            [el("script", Html(script)) for script in scripts.values()],
        ]
        whole = el("html", el("head", head), el("body", body), lang="en")
        policy = content_security_policy([style], list(scripts.values()))
        return Page(f"<!doctype html>\n{whole}\n".encode(), policy)

    def _bar(self, link: Link) -> Html:
        console = el("a", "Console", href=link("console/")) if self.has_console else None
        return el(
            "header",
            el("button", "Contents", type="button", popovertarget="contents", class_="contents"),
            el("a", "Duelcast", " ", el("span", "docs", class_="dim"), class_="brand", href=link("docs")),
            _search(link),
            el("nav", console, el("a", "Docs", href=link("docs"), aria_current="true"), aria_label="Site"),
            class_="bar",
        )

    def _navigation(self, path: str, sections: Sequence[Section], link: Link) -> Html:
        groups = [
            [el("h2", group.title), el("ul", (self._item(path, page, sections, link) for page in group.pages))]
            for group in self.groups
        ]
        version = el("p", f"Version {self.version}", class_="dim")
        return el("nav", groups, version, id="contents", popover="auto", aria_label="Contents")

    def _item(self, path: str, page: tuple[str, str], sections: Sequence[Section], link: Link) -> Html:
        target, title = page
        if target != path:
            return el("li", el("a", title, href=link(target)))
        inner = el("ul", _anchors(sections)) if sections else None
        return el("li", el("a", title, href=link(target), aria_current="page"), inner)


def _main(article: Article) -> Html:
    return el("main", article.content, id="content", tabindex="-1")


def _anchors(sections: Sequence[Section]) -> Iterator[Html]:
    for section in sections:
        title = el("code", section.title) if section.is_code else section.title
        yield el("li", el("a", title, href=f"#{section.anchor}"), class_="inner" if section.is_code else None)


def _search(link: Link) -> Html:
    """The search, which appears with its script."""
    field = el(
        "input",
        type="search",
        placeholder="Search ( / )",
        aria_label="Search the documentation",
        aria_describedby="found",
        autocomplete="off",
        spellcheck="false",
    )
    status = el("p", id="found", role="status", class_="dim")
    results = html(status, el("ul"))
    return el(
        "div",
        field,
        el("div", results, class_="results", hidden=True),
        class_="search",
        role="search",
        hidden=True,
        data_index=link("docs/search.json"),
        data_root=link(""),
    )
