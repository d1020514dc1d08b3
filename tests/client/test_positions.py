"""Whatever a server with gaps, repeats and lost connections does, each message is handled once and in order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.client.core.positions import Positions
from tests.examples import examples

CHANNEL = "alerts"
acts = st.lists(st.sampled_from(["publish", "publish", "deliver", "repeat", "skip", "lose", "settle"]), max_size=60)


class Server:
    """Numbers messages, and sends them on a connection that may lose some of them."""

    def __init__(self) -> None:
        self.newest = 0
        self.sent = 0
        """The last message that the connection was sent."""
        self.replays = False
        """Whether a replay is not complete yet; it is never sent with gaps."""


@settings(max_examples=examples(300))
@given(acts)
def test_each_message_is_handled_once_and_in_order(what: list[str]) -> None:
    server, positions, handled = Server(), Positions(), list[int]()
    positions.epoch = "E1"

    def subscribe() -> None:
        """Subscribe from the client's position; the replay is sent completely unless the connection is lost."""
        since = positions.since(CHANNEL)
        server.sent = since.seq if since is not None else server.newest
        server.replays = True
        positions.begin(CHANNEL, server.newest, recovered=since is not None, every=True)

    def deliver(seq: int) -> None:
        match positions.arrived(CHANNEL, seq):
            case "handle":
                handled.append(seq)
            case "gap":
                subscribe()

    subscribe()
    positions.settle(1)
    server.replays = False
    for act in what:
        match act:
            case "publish":
                server.newest += 1
            case "deliver" if server.sent < server.newest:
                server.sent += 1
                deliver(server.sent)
            case "repeat" if server.sent:
                deliver(server.sent)
            case "skip" if server.sent < server.newest and not server.replays:
                server.sent += 1
            case "lose":
                positions.lost()
                subscribe()
            case "settle" if server.sent >= (positions.since(CHANNEL) or (0, 0))[1] and server.sent == server.newest:
                positions.settle(1)
                server.replays = False
    while server.sent < server.newest:
        server.sent += 1
        deliver(server.sent)
    assert handled == sorted(set(handled))
    if handled:
        assert handled == list(range(handled[0], handled[-1] + 1))
