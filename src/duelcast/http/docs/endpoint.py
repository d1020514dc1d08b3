"""The page of a WebSocket endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from duelcast.http.docs.article import Article, Entry, Section, heading
from duelcast.http.docs.commands import Commands
from duelcast.http.docs.fields import fields
from duelcast.http.docs.html import Html, Node, el, html
from duelcast.http.docs.links import Link
from duelcast.http.docs.message import Messages, message_article, message_details
from duelcast.http.docs.prose import codes, paragraphs, plain, prose
from duelcast.http.docs.resolving import Described, resolved
from duelcast.http.docs.tables import table
from duelcast.http.docs.try_it import try_it
from duelcast.http.pages import static_text

_TITLES = {"connect": "When a connection opens", "push": "Pushes", "notice": "About the connection"}
_ORDER = list(_TITLES)


def endpoint_page(asyncapi: Described, name: str, rules: Html | None, link: Link) -> Article:
    """The page of the endpoint `name`; `rules` are those that people wrote, if there are any."""
    return _EndpointPage(asyncapi, name, link).article(rules)


class _Part(NamedTuple):
    """A part of the page, and the messages in it to which the navigation leads."""

    anchor: str
    title: str
    content: Node
    messages: Sequence[Section] = ()


class _EndpointPage:
    def __init__(self, asyncapi: Described, name: str, link: Link) -> None:
        self._asyncapi = asyncapi
        self._name = name
        self._link = link
        self._channel = resolved(asyncapi, asyncapi["channels"][name])
        self._messages = Messages(asyncapi)
        self._commands = Commands(asyncapi, name, self._messages, link)

    def article(self, rules: Html | None) -> Article:
        parts = list(self._parts(rules))
        sections = [
            section for part in parts for section in (Section(part.anchor, part.title), *part.messages) if part.content
        ]
        content = [el("section", heading(2, part.anchor, part.title), part.content) for part in parts]
        return Article(
            self._name, html(self._facts(), content), sections, list(self._entries()), {"try": static_text("try.js")}
        )

    def _parts(self, rules: Html | None) -> Iterator[_Part]:
        yield _Part("try-it", "Try it", try_it(self._channel, self._commands.all, self._link))
        if rules:
            yield _Part("rules", "Rules", el("div", rules, class_="guide"))
        yield _Part("connecting", "Connecting", list(self._connecting()))
        if self._channel.get("x-channels"):
            yield _Part("channels", "Channels", self._channels())
        own = [command.message.section for command in self._commands.own]
        yield _Part("commands", "Commands", list(self._own_commands()), own)
        yield from self._sent()
        if self._commands.common:
            common = [command.message.section for command in self._commands.common]
            shown = [self._commands.details(command) for command in self._commands.common]
            yield _Part("common-commands", "Commands of every endpoint", shown, common)
        yield _Part("errors", "Errors", list(self._errors()))

    def _facts(self) -> Html:
        about = str(self._channel.get("description", ""))
        limits = self._channel.get("x-limits", {})
        facts = [
            ("Address", el("code", str(self._channel.get("address", "")))),
            ("Largest message", f"{limits['maxMessageBytes'] // 1024:,} KiB" if "maxMessageBytes" in limits else None),
            ("Messages a minute", f"{limits['messagesPerMinute']:,}" if "messagesPerMinute" in limits else None),
            ("Heartbeats a minute", f"{limits['heartbeatsPerMinute']:,}" if "heartbeatsPerMinute" in limits else None),
        ]
        shown = [el("div", el("dt", term), el("dd", fact)) for term, fact in facts if fact]
        return html(el("h1", el("code", self._name)), paragraphs(about), el("dl", shown, class_="facts"))

    def _connecting(self) -> Iterator[Node]:
        guide = el("a", "Writing a client", href=self._link("docs/guides/clients#connect"))
        yield el("p", guide, " describes how to connect, and how to resume without loss.")
        upgrade = self._channel.get("bindings", {}).get("ws", {})
        for title, kind in (("Query parameters", "query"), ("Headers", "headers")):
            if kind in upgrade:
                yield [el("h3", title), fields(self._asyncapi, upgrade[kind])]

    def _channels(self) -> Node:
        rules = el("a", "Channels", href=self._link("docs/guides/protocol#2-channels"))
        about = (
            "On a channel of kind `latest`, a message replaces earlier ones with the same key; on one of kind `every`, \
each message counts. The rules of all channels are in "
        )
        rows = [
            [*_channel_cells(row), prose(row["who"]), prose(row["description"])] for row in self._channel["x-channels"]
        ]
        titles = ("Channel", "Kind", "Messages", "Open to", "Meaning")
        return [el("p", prose(about), rules, "."), table(titles, rows)]

    def _own_commands(self) -> Iterator[Node]:
        yield from (self._commands.article(command) for command in self._commands.own)
        successors = self._channel.get("x-successors", {})
        if successors:
            yield el("p", "Names that are refused, each with the name to use instead:")
            yield el("ul", (el("li", codes(pair, between=" → ")) for pair in successors.items()))

    def _sent(self) -> Iterator[_Part]:
        sent = {key: one for key, one in self._commands.operations() if one.get("action") == "send"}
        for key in sorted(sent, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER)):
            about = str(sent[key].get("description", ""))
            messages = [self._messages.at(reference) for reference in sent[key].get("messages", ())]
            new = [message.section for message in messages if message.key not in self._messages.described]
            shown = [
                el("p", prose(f"{about}.")) if about else None,
                [self._messages.once(message, message_article) for message in messages],
            ]
            yield _Part(f"operation-{key}", _TITLES.get(key, key), shown, new)

    def _errors(self) -> Iterator[Node]:
        if self._commands.common_replies:
            yield el("p", "An error leaves the connection open unless a close code follows. Any command may get:")
            yield self._commands.codes_of(self._commands.common_errors)
            yield [message_details(message) for message in self._commands.common_replies]
        yield el("p", "All codes of this endpoint:")
        yield self._commands.codes_of(self._channel.get("x-error-codes", ()))

    def _entries(self) -> Iterator[Entry]:
        yield Entry(self._name, "WebSocket endpoint", plain(str(self._channel.get("description", ""))))
        for reference in self._channel.get("messages", {}):
            message = self._messages.at({"$ref": f"#/channels/{self._name}/messages/{reference}"})
            yield message.entry(self._name)
        for row in self._channel.get("x-channels", ()):
            yield Entry(row["name"], f"{self._name}, channel", plain(row["description"]), "channels")


def _channel_cells(row: dict[str, Any]) -> list[Node]:
    key = ["key ", codes(row["key"])] if row.get("key") else None
    names = [el("div", el("code", name)) for name in (row["name"], row.get("group")) if name]
    events = list(dict.fromkeys([*row["events"], *row["snapshotEvents"], *row["groupSnapshotEvents"]]))
    return [names, [el("code", row["kind"]), el("div", key, class_="dim") if key else None], codes(events)]
