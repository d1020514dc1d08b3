"""Ports for a cluster, for callers that do not care which."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def free_ports(count: int) -> int:
    """The first of several consecutive ports of loopback that nobody listens on, below those that a kernel gives to
    connections. Raises `RuntimeError` if there are none."""
    for first in range(15_000 + os.getpid() % 1_000 * 10, 32_000, count):
        with suppress(OSError):
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
    raise RuntimeError("No ports are free.")
