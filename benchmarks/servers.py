"""Our server and its peers: how each is started, and whether it can run on this machine."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.programs import BUILD, ROOT, compile_program
from benchmarks.works import Work

NODE_MODULES = BUILD / "node_modules"
SECRET = "a-secret-of-the-benchmark-and-of-nothing-else"
COMPRESSED = frozenset({"j"})
"""The work for which peers compress."""
LIMITS_OFF = {
    "DUELCAST_RATE_LIMIT_FACTOR": "0",
    "DUELCAST_MAX_CONNECTIONS": "0",
    "DUELCAST_MAX_CONNECTIONS_PER_IP": "0",
    "DUELCAST_MAX_CONNECTIONS_PER_USER": "0",
}
"""The settings of our server that every benchmark changes."""


@dataclass(frozen=True)
class Server:
    """A server to measure. `command` starts it on a port for a work; `missing` says why it cannot run, or None."""

    name: str
    command: Callable[[Work, int], list[str]]
    missing: Callable[[], str | None] = lambda: None
    environment: Callable[[Work, int], Mapping[str, str]] = lambda _work, _port: {}
    path: str = "/"
    is_ours: bool = False
    is_native: bool = False
    """Whether it is fast enough for works that are too heavy for peers."""
    compresses: bool = False
    """Whether it accepts permessage-deflate."""
    only: frozenset[str] | None = field(default=None)
    """The keys of the works that it is measured with; None means all works."""

    def takes_part(self, work: Work) -> bool:
        if self.only is not None and work.key not in self.only:
            return False
        if work.offers_deflate and not (self.is_ours or self.compresses):
            return False
        return self.is_ours or work.beside == "all" or (work.beside == "C" and self.is_native)


def _peer_arguments(work: Work, port: int) -> list[str]:
    return [str(port), str(work.interval_ms), str(work.due), ",".join(work.symbol_names)]


def feed_of(work: Work) -> str:
    """The feed with which our server publishes what a work needs."""
    options = f"symbols={work.symbols}&due={work.due}&interval_ms={work.interval_ms}&conflate=0"
    return f"simulated?{options}&trades={int(work.trades)}&walk={int(not work.is_random)}"


def _duelcast(work: Work, port: int) -> dict[str, str]:
    return {**LIMITS_OFF, "DUELCAST_FEED": feed_of(work), "DUELCAST_PORT": str(port), "DUELCAST_JWT_SECRET": SECRET}


def _duelcast_command(_work: Work, _port: int) -> list[str]:
    return [str(Path(sys.executable).with_name("duelcast")), "serve"]


def _python(module: str, *needs: str, deflates: bool = False) -> Server:
    """A peer in Python; it is missing if a module in `needs` is not installed."""

    def missing() -> str | None:
        absent = [name for name in needs if importlib.util.find_spec(name) is None]
        return f"{', '.join(absent)} is not installed" if absent else None

    options = ["--deflate"] * deflates
    return Server(
        module.replace("_", " ") + ", deflate" * deflates,
        lambda work, port: [sys.executable, "-m", f"benchmarks.peers.{module}", *_peer_arguments(work, port), *options],
        missing,
        compresses=deflates,
        only=COMPRESSED if deflates else None,
    )


def _node(name: str, *options: str) -> Server:
    script = str(ROOT / "benchmarks" / "peers" / "node_ws.js")
    return Server(
        name,
        lambda work, port: ["node", script, *_peer_arguments(work, port), *options],
        _node_missing,
        lambda _work, _port: {"NODE_PATH": str(NODE_MODULES)},
        compresses="--deflate" in options,
        only=COMPRESSED if "--deflate" in options else None,
    )


def _node_missing() -> str | None:
    """Why Node's `ws` cannot run, None if it can. Installs the package `ws` if it is missing."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (NODE_MODULES / "ws").exists():
        if shutil.which("npm") is None:
            return "npm is not installed"
        install = ["npm", "install", "--silent", "--no-save", "--no-package-lock", "--prefix", str(BUILD), "ws@8"]
        if subprocess.run(install, check=False, timeout=120).returncode:
            return "the package ws could not be installed"
    return None


EPOLL = Server(
    "C epoll",
    lambda work, port: [str(compile_program("epoll_server")), *_peer_arguments(work, port)],
    is_native=True,
)
EPOLL_JOINED = Server(
    "C epoll, joined",
    lambda work, port: [*EPOLL.command(work, port), "joined"],
    is_native=True,
    only=frozenset({"b", "c", "i"}),
)
"""For works in which a client gets several messages per tick: shows what joined writes cost on this machine."""
DUELCAST = Server("duelcast", _duelcast_command, environment=_duelcast, path="/api/v69/ws/market-data", is_ours=True)
DUELCAST_EACH_TURN = Server(
    "duelcast, flush 0 ms",
    _duelcast_command,
    environment=lambda work, port: {**_duelcast(work, port), "DUELCAST_FLUSH_INTERVAL_MS": "0"},
    path=DUELCAST.path,
    is_ours=True,
    only=frozenset({"p", "t"}),
)
NODE = _node("Node ws")
NODE_DEFLATE = _node("Node ws, deflate", "--deflate")
PEERS = [
    NODE,
    _node("Node ws, per client", "--per-client"),
    NODE_DEFLATE,
    _node("Node ws, no takeover", "--deflate", "--no-takeover"),
    _python("uvicorn_starlette", "uvicorn", "starlette"),
    _python("uvicorn_starlette", "uvicorn", "starlette", deflates=True),
    _python("websockets_broadcast", "websockets"),
    _python("websockets_broadcast", "websockets", deflates=True),
    _python("aiohttp_server", "aiohttp"),
]
