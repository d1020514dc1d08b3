"""Ports for the servers of tests."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    """A port of loopback that nobody listens on, below those that a kernel gives to connections: while the server of
    a test is down, none takes its port, and a client that tries again does not meet itself."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
