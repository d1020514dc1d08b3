"""The part of an endpoint's page that connects to this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duelcast.http.docs.code import json_text
from duelcast.http.docs.commands import Command
from duelcast.http.docs.html import Html, el
from duelcast.http.docs.links import Link
from duelcast.http.docs.resolving import Described


def try_it(channel: Described, commands: Sequence[Command], link: Link) -> Html:
    """A form that sends commands and shows what arrives. It appears with its script."""
    needed = channel.get("x-auth") != "public"
    public = channel.get("bindings", {}).get("ws", {}).get("query", {}).get("properties", {}).get("endpoint", {})
    address = str(channel.get("address", "")).lstrip("/")
    options = [el("option", command.message.name, data_example=_example(command)) for command in commands]
    optional = "optional" if not needed or public else "needed here"
    return el(
        "div",
        el("noscript", el("p", "This part needs JavaScript.")),
        el(
            "form",
            el(
                "div",
                el("label", "Command", el("select", options, name="command")),
                el("label", f"Token ({optional}; this tab forgets it when it is closed)", _TOKEN),
                class_="row",
            ),
            el("label", "Message", el("textarea", name="message", rows="5", spellcheck="false", autocomplete="off")),
            el(
                "div",
                el("button", "Send", type="submit", class_="primary"),
                el("button", "Connect", type="button", name="connection"),
                el("button", "Clear", type="button", name="clear"),
                el("span", "Not connected", class_="pill", role="status"),
                class_="row actions",
            ),
            el("p", class_="bad", role="alert"),
            el("ol", class_="log", aria_label="Messages, the newest first"),
            id="try",
            hidden=True,
            data_address=link(address),
            data_public=str(public["const"]) if "const" in public else None,
        ),
        class_="try",
    )


_TOKEN = el("input", type="password", name="token", autocomplete="off", spellcheck="false")


def _example(command: Command) -> str:
    """The message with which the form begins."""
    examples: list[Any] = command.message.examples
    return json_text(examples[0] if examples else {"type": command.message.name})
