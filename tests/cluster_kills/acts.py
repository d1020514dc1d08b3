"""Commands, and what their senders know about them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum

PAUSE_S = 0.1
GIVES_UP = 0.25
"""The fraction of those that do not ask again after an attempt without success."""


class Outcome(Enum):
    """What the sender of an attempt knows about it."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Ledger:
    """Commands of one kind, by a key that their rows in the database have, too."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sent: dict[str, Outcome] = {}
        self.repeats = 0
        """Commands that were acknowledged after an attempt whose outcome is unknown."""

    def __str__(self) -> str:
        counts = Counter(outcome.value for outcome in self.sent.values())
        return f"{self.kind}: {dict(counts)}, {self.repeats} after a repeat"

    @property
    def acknowledged(self) -> int:
        return sum(outcome is Outcome.ACKNOWLEDGED for outcome in self.sent.values())

    def check(self, rows: Iterable[str]) -> None:
        """Compare with the keys of all rows. Raises `AssertionError`."""
        stored = Counter(rows)
        twice = [key for key, count in stored.items() if count > 1]
        assert not twice, f"{self.kind}: stored twice: {twice}"
        lost = [key for key, outcome in self.sent.items() if outcome is Outcome.ACKNOWLEDGED and key not in stored]
        assert not lost, f"{self.kind}: acknowledged and not stored: {lost}"
        refused = [key for key, outcome in self.sent.items() if outcome is Outcome.REFUSED and key in stored]
        assert not refused, f"{self.kind}: refused and stored: {refused}"
        unsent = stored.keys() - self.sent.keys()
        assert not unsent, f"{self.kind}: stored and never sent: {sorted(unsent)}"

    async def send(
        self, key: str, attempt: Callable[[], Awaitable[Outcome]], chance: random.Random, *, is_repeatable: bool = True
    ) -> bool:
        """Send a command, again after most attempts without success; returns whether it was acknowledged.

        A command that is not repeatable is sent again only after a refusal.
        """
        is_doubtful = False
        while True:
            # If this task is cancelled, nobody knows the outcome.
            self.sent[key] = Outcome.UNKNOWN
            outcome = await attempt()
            if outcome is Outcome.ACKNOWLEDGED:
                self.sent[key] = outcome
                self.repeats += is_doubtful
                return True
            is_doubtful |= outcome is Outcome.UNKNOWN
            self.sent[key] = Outcome.UNKNOWN if is_doubtful else Outcome.REFUSED
            if chance.random() < GIVES_UP or (is_doubtful and not is_repeatable):
                return False
            await asyncio.sleep(PAUSE_S)
