"""The port to a desk, which answers the asks of connections."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import Answer, Ask, Greeting, Join, Named


class Desk(Protocol):
    """Answers for one endpoint. `desk.LocalDesk` runs the handlers in this process; another implementation asks the
    leader's node.

    `greet` and `read_again` raise `errors.Unavailable` if the leader was not found in time.
    """

    def ask(self, ask: Ask) -> Answer | Coroutine[Any, Any, Answer]:
        """Run the command of `ask`. Returns the answer or, if it takes time, a coroutine that returns it. The answer to
        a command that fails is the error.

        Raises `errors.Disconnect` if the connection must end.
        """

    async def greet(self, ask: Ask, named: Sequence[Named]) -> Greeting:
        """Return the greeting of the endpoint, with the channels named in the connection's URL.

        If this raises `errors.AppError`, nothing is followed.
        """

    async def read_again(self, ask: Ask, joins: Sequence[Join]) -> Answer:
        """Return snapshots and replays of everything followed, for a connection that has lost messages.

        Raises `errors.Unavailable`.
        """

    def identity_changed(self, ask: Ask, before: Identity | None, *, greeted: bool) -> None:
        """Record that the connection now has the identity of `ask`; notify the endpoint if the connection has been
        greeted."""

    def disconnected(self, ask: Ask) -> None:
        """Notify the endpoint that a greeted connection has ended."""
