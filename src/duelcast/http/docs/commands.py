"""The commands of an endpoint, each with its replies and its errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.links import Link
from duelcast.http.docs.message import Messages, MessageView, message_article, message_details
from duelcast.http.docs.prose import codes
from duelcast.http.docs.resolving import Described, name_of, resolved


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its operation in the document, which has the name `key` within the endpoint, and its messages: the
    command itself, the same under old names, and its replies."""

    key: str
    operation: Described
    message: MessageView
    old: list[MessageView]
    replies: list[MessageView]

    @property
    def anchor(self) -> str:
        return f"operation-{self.key}"

    @property
    def errors(self) -> list[str]:
        return list(self.operation.get("x-error-codes", ()))


class Commands:
    """The commands of an endpoint, in the order of the document. `own` are those that not every endpoint has.
    `common_replies` and `common_errors`, which every command may get, are left to the caller to describe."""

    def __init__(self, asyncapi: Described, endpoint: str, messages: Messages, link: Link) -> None:
        self._asyncapi = asyncapi
        self._endpoint = endpoint
        self._link = link
        self._messages = messages
        self.all = [self._command(key, one) for key, one in self.operations() if one.get("action") == "receive"]
        everywhere = _common_titles(asyncapi)
        self.own = [command for command in self.all if command.operation.get("title") not in everywhere]
        self.common = [command for command in self.all if command.operation.get("title") in everywhere]
        self.common_errors = _in_all([command.errors for command in self.all])
        common_keys = _in_all([[reply.key for reply in command.replies] for command in self.all])
        self.common_replies = [reply for reply in self.all[0].replies if reply.key in common_keys] if self.all else []
        messages.described |= {reply.key for reply in self.common_replies}

    def operations(self) -> Iterator[tuple[str, Described]]:
        """The operations of the endpoint, each with its name within the endpoint."""
        for key, reference in self._asyncapi.get("operations", {}).items():
            operation = resolved(self._asyncapi, reference)
            if name_of(operation.get("channel", {})) == self._endpoint:
                yield key.removeprefix(f"{self._endpoint}."), operation

    def article(self, command: Command) -> Html:
        """A command with everything about it."""
        return message_article(command.message, self._facts(command), id_=command.anchor)

    def details(self, command: Command) -> Html:
        """A command that is shown when its name is chosen."""
        return el("div", message_details(command.message, facts=self._facts(command)), id=command.anchor)

    def codes_of(self, names: Iterable[str]) -> Html:
        """Error codes that lead to their meanings."""
        links = [el("a", el("code", name), href=self._link(f"docs/errors#{name}")) for name in names]
        return el("p", ([" " if index else None, one] for index, one in enumerate(links)))

    def _command(self, key: str, operation: Described) -> Command:
        named, *old = [self._messages.at(reference) for reference in operation.get("messages", ())]
        replies = resolved(self._asyncapi, operation.get("reply")).get("messages", ())
        found = {name_of(reference): self._messages.at(reference) for reference in replies}
        return Command(key, operation, named, old, list(found.values()))

    def _facts(self, command: Command) -> Html:
        own_errors = [code for code in command.errors if code not in self.common_errors]
        replies = [reply for reply in command.replies if reply not in self.common_replies]
        return html(
            el("ul", _rules(command.operation), class_="rules"),
            el("p", "Replies", class_="label") if replies else None,
            [self._messages.once(reply, message_details) for reply in replies],
            [el("p", "Errors", class_="label"), self.codes_of(own_errors)] if own_errors else None,
            [message_details(message, "Old name: ") for message in command.old],
        )


def _rules(operation: Described) -> Iterator[Html]:
    """The facts about a command that its fields do not show."""
    role = str(operation.get("x-least-role", "anonymous"))
    if role != "anonymous":
        yield el("li", "Needs the role ", el("code", role), ".")
    elif operation.get("security"):
        yield el("li", "Needs a token, unless the connection was opened without one.")
    for verb, key in (("Follows", "x-joins"), ("Leaves", "x-leaves")):
        if operation.get(key):
            yield el("li", f"{verb} ", codes(operation[key]), ".")
    named = operation.get("x-idempotency-key")
    if named:
        yield el("li", "May be repeated with the same ", el("code", str(named)), ": it takes effect once.")
    elif operation.get("x-safe") is False:
        yield el("li", "Takes effect each time that it is sent.")


def _common_titles(asyncapi: Described) -> set[str]:
    """The commands that every endpoint has; none if there is only one endpoint."""
    endpoints = list(asyncapi.get("channels", {}))
    titles: dict[str, set[str]] = {name: set() for name in endpoints}
    for reference in asyncapi.get("operations", {}).values():
        operation = resolved(asyncapi, reference)
        if operation.get("action") == "receive":
            titles.setdefault(name_of(operation.get("channel", {})), set()).add(str(operation.get("title")))
    return set.intersection(*titles.values()) if len(endpoints) > 1 else set()


def _in_all(lists: list[list[str]]) -> list[str]:
    first, *others = lists or [[]]
    return [one for one in first if all(one in other for other in others)]
