"""A well-behaved client in a process of its own: it asks, waits for the answer, and writes down the longest wait.

`python -m tests.hostile.guest URL FILE FORWARDED_FOR` runs until it is killed; it ends with 1 if the server sends it
away.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from tests.hostile.gauges import Worst

ASK_EVERY_S = 1.1
"""A connection may send 60 pings a minute."""
CONNECTIONS = 10
"""Which take turns, so that there is a question nine times a second."""


def main() -> None:
    url, file, address = sys.argv[1:]
    waits = Worst(Path(file))
    headers = {"X-Forwarded-For": address}
    with ExitStack() as stack:
        connections = [
            stack.enter_context(connect(url, additional_headers=headers, compression=None, proxy=None))
            for _ in range(CONNECTIONS)
        ]
        _ask(connections, waits)


def _ask(connections: list[ClientConnection], waits: Worst) -> None:
    for connection in connections:
        connection.send('{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL"]}')
    number = 0
    while True:
        connection = connections[number % CONNECTIONS]
        asked_s = time.monotonic()
        connection.send(json.dumps({"type": "ping", "timestamp": number}))
        while True:
            answer = json.loads(connection.recv())
            if answer["type"] == "pong" and answer["timestamp"] == number:
                break
        waits.observe(time.monotonic() - asked_s)
        number += 1
        time.sleep(ASK_EVERY_S / CONNECTIONS)


if __name__ == "__main__":
    main()
