"""Tracks the items requested on a connection, and the server's answers, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from duelcast.cli.tail.targets import Command, Item, items_of

Verdict = Literal["followed", "refused", "later"]


class Asked:
    """Gives each command a numbered `requestId`, which identifies its answers.

    The answers to one command come in the order of the items that it names (protocol §1.3). `followed` are the items
    that the server sends, `later` those that it cannot send now, and `refused` those that it will never send.
    """

    def __init__(self) -> None:
        self.followed: set[Item] = set()
        self.later: set[Item] = set()
        self.refused: set[Item] = set()
        self._open: dict[str, list[Item]] = {}
        """The items of each command of this connection that are not answered yet, by `requestId`."""
        self._count = 0

    def connecting(self) -> None:
        """Begin a connection, on which nothing has been requested yet. Refused items stay refused."""
        self.followed.clear()
        self.later.clear()
        self._open.clear()

    def asking(self, command: Command) -> Command:
        """`command` with the `requestId` that its answers will carry."""
        self._count += 1
        request_id = f"tail-{self._count}"
        items = items_of(command)
        self._open[request_id] = items
        self.later.difference_update(items)
        return {**command, "requestId": request_id}

    def answered(self, message: Mapping[str, Any], *, refusals_last: bool) -> list[Item]:
        """Handle a message of the server. Returns the items that the message refuses, for now or for good.

        If `refusals_last` is false, every refusal counts as `later`.
        """
        refusal: Verdict = "refused" if refusals_last else "later"
        items = self._open.get(str(message.get("requestId")), [])
        match message.get("type"):
            case "symbols_subscribed":
                unknown = set(message.get("unknown") or ())
                missing = [item for item in items if item.name in unknown]
                self._settle([item for item in items if item.name not in unknown], "followed", items)
                self._settle(missing, refusal, items)
                return missing
            case "subscription_confirmed":
                self._settle(items[:1], "followed", items)
            case "unsubscription_confirmed":
                self.followed.discard(Item(str(message.get("channel")), is_symbol=False))
            case "error" | "ERROR":
                missing = items[:1] if str(message.get("field")).startswith("channels[") else items[:]
                self._settle(missing, "later" if _may_pass(message) else refusal, items)
                return missing
        return []

    @property
    def nothing_is_left(self) -> bool:
        """Whether this connection has requested items, but none is followed or may still be followed."""
        return bool(self._open) and not (any(self._open.values()) or self.followed or self.later)

    def _settle(self, settled: Sequence[Item], verdict: Verdict, open_items: list[Item]) -> None:
        for item in settled:
            open_items.remove(item)
        {"followed": self.followed, "later": self.later, "refused": self.refused}[verdict].update(settled)


def names(items: Iterable[Item]) -> str:
    """The names of `items`, for a sentence."""
    ordered = sorted(item.name for item in items)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")


def _may_pass(error: Mapping[str, Any]) -> bool:
    return error.get("retryAfterMs") is not None or error.get("code") == "INTERNAL_ERROR"
