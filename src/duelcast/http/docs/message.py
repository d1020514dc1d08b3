"""A message of an endpoint: what it says, its fields, and examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from duelcast.http.docs.article import Entry, Section, anchor_of, heading
from duelcast.http.docs.code import json_block
from duelcast.http.docs.envelope import common_fields, properties_of
from duelcast.http.docs.fields import field_names, fields
from duelcast.http.docs.html import Html, Node, el, html
from duelcast.http.docs.prose import codes, paragraphs, plain, prose
from duelcast.http.docs.resolving import Described, name_of, resolved


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in a document; `key` is its name among those of its endpoint, and `common` are the fields that most
    messages have, see `common_fields`."""

    document: Described
    key: str
    described: Described
    common: frozenset[tuple[str, str]]

    @property
    def name(self) -> str:
        return str(self.described.get("name", self.key))

    @property
    def anchor(self) -> str:
        return anchor_of("message", self.key)

    @property
    def summary(self) -> str:
        return str(self.described.get("summary", ""))

    @property
    def examples(self) -> list[Any]:
        return [example.get("payload") for example in self.described.get("examples", ())]

    @property
    def section(self) -> Section:
        return Section(self.anchor, self.name, is_code=True)

    def entry(self, context: str) -> Entry:
        """The entry of the message in the search."""
        more = field_names(self.document, self.described.get("payload"))
        return Entry(self.name, context, plain(self.summary), self.anchor, more)


class Messages:
    """The messages on a page. Each is described once; `described` has the keys of those that are, or will be."""

    def __init__(self, document: Described) -> None:
        self._document = document
        self._common = common_fields(document)
        self.described: set[str] = set()

    def at(self, reference: Described) -> MessageView:
        """The message to which a reference leads."""
        return MessageView(self._document, name_of(reference), resolved(self._document, reference), self._common)

    def once(self, message: MessageView, describe: Callable[[MessageView], Html]) -> Html:
        """The description of a message, or a link to it if it is elsewhere."""
        if message.key in self.described:
            return el("p", el("a", el("code", message.name), href=f"#{message.anchor}"))
        self.described.add(message.key)
        return describe(message)


def message_article(message: MessageView, facts: Node = None, *, id_: str | None = None) -> Html:
    """A message with everything about it; `facts` come behind its fields, and `id_` is that of the article."""
    name = el("header", heading(3, message.anchor, el("code", message.name)), class_="name")
    return el("article", name, _body(message, facts), id=id_)


def message_details(message: MessageView, label: str | None = None, *, facts: Node = None) -> Html:
    """The same, shown when the name of the message is chosen; `label` is before the name."""
    # A link opens the element around its target, and not the target itself.
    inner = el("div", _body(message, facts), id=message.anchor)
    return el("details", el("summary", label, el("code", message.name), " ", _dim(message.summary)), inner)


def _dim(text: str) -> Html:
    return el("span", prose(text), class_="dim")


def _body(message: MessageView, facts: Node) -> Html:
    payload = message.described.get("payload")
    text = message.described.get("description") or resolved(message.document, payload).get("description", "")
    # A description may begin with the summary.
    rest = text.removeprefix(text.split("\n\n")[0] if _starts_with(text, message.summary) else "").strip()
    successor = message.described.get("x-successor")
    about = html(
        el("p", prose(message.summary)) if message.summary else None,
        paragraphs(rest),
        el("p", "Old name; send ", el("code", str(successor)), " instead.", class_="warn") if successor else None,
        _fields(message),
        facts,
    )
    examples = [json_block(example, "Example") for example in message.examples]
    more = el("details", el("summary", "More examples"), examples[1:]) if len(examples) > 1 else None
    return el("div", el("div", about), el("div", examples[0], more) if examples else None, class_="pair")


def _fields(message: MessageView) -> Html:
    """The fields of a message: first its own, then the names of those that most messages have."""
    payload = resolved(message.document, message.described.get("payload"))
    found = properties_of(message.document, payload)
    own = {name: field for (name, form), field in found.items() if (name, form) not in message.common}
    common = {name: field for (name, _), field in found.items() if name not in own}
    names = el("summary", "Common fields: ", codes(common))
    return html(
        fields(message.document, {**payload, "properties": own}) if own or not common else None,
        el("details", names, fields(message.document, {**payload, "properties": common})) if common else None,
    )


def _starts_with(text: str, summary: str) -> bool:
    return bool(summary) and " ".join(text.split("\n\n")[0].split("\n")) == summary
