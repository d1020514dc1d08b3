"""One measurement: start a server on one core, put the load client on another, take the figures."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jwt
import msgspec
from websockets.sync.client import connect

from benchmarks.programs import ROOT, compile_program
from benchmarks.servers import SECRET, Server
from benchmarks.works import Work

START_TIMEOUT_S = 120.0
SETTLED_START_S = 0.4
"""How long to wait once the port answers, because the server may not have finished starting."""
OUTPUT_SHOWN = 2_000
"""The number of bytes, at the end of the output of a server that did not start, that are shown."""
SPARE_FILES = 200
TOKENS = 2_000
UNDER_WAY = 64
"""At most this many connections are opened at a time, unless a work opens all at once."""
BASE58 = str.maketrans("0123456789", "123456789A")
"""Replaces decimal digits by characters that a wallet may contain, because it must not contain a 0."""


class Failed(Exception):
    """A measurement failed, for example because a server did not start or a message was lost."""


class Measurement(msgspec.Struct, frozen=True):
    """The figures that the load client prints about its window of `seconds`.

    `server_cpu_s` is CPU time of the server, `beside_cpu_s` that of each other process that was watched, and `busy_s`
    the time that the load client itself was busy. `asked` counts all requests, also those outside the window.
    """

    connections: int
    seconds: float
    messages: int
    bytes: int
    wire_bytes: int
    reads: int
    server_cpu_s: float
    busy_s: float
    memory_before: int
    memory_begin: int
    memory_end: int
    opening_s: float
    opening_cpu_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    settled: int
    gaps: int
    torn: int
    disordered: int
    different: int
    behind: int
    silent: int
    closed: int
    mismatched: int
    unanswered: int
    asked: int
    beside_cpu_s: list[float]

    @property
    def cpu_us(self) -> float:
        """CPU of the server per message (or answer, or connection), in µs."""
        return self.server_cpu_s / max(1, self.messages) * 1e6

    @property
    def opening_cpu_us(self) -> float:
        """CPU of the server per connection until all connections were ready, in µs."""
        return self.opening_cpu_s / self.connections * 1e6

    @property
    def wire_share(self) -> float:
        """Bytes on the wire per byte of a message."""
        return self.wire_bytes / self.bytes if self.bytes else 0.0

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds

    @property
    def idle_bytes(self) -> float:
        """Memory per idle connection."""
        return (self.memory_end - self.memory_before) / self.connections

    @property
    def faults(self) -> dict[str, int]:
        """How often something happened that must not happen: torn frames, messages out of order, or with another text
        than other connections got, missing newest messages, connections that received nothing, closed connections,
        wrong answers and missing ones."""
        kinds = ("torn", "disordered", "different", "behind", "silent", "closed", "mismatched", "unanswered")
        counts = {name: getattr(self, name) for name in kinds}
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True)
class Serving:
    """Running processes that clients connect to, in turn, on `ports`. CPU and memory of `pids` are added up; the CPU of
    each process in `beside` is measured apart."""

    ports: Sequence[int]
    pids: Sequence[int]
    beside: Sequence[int] = ()


def cores() -> tuple[int, int]:
    """The core of the server and the core of the load client; the same one if only one is usable."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def max_connections() -> int:
    """The number of connections that `ulimit -n` (the hard limit) allows, with a reserve."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_FILES


def measure(server: Server, work: Work) -> Measurement:
    """Start `server` and put `work` on it once. Raises `Failed`."""
    port = free_port()
    command, environment = server.command(work, port), server.environment(work, port)
    has_tokens = work.mode in ("connect", "reconnect")
    tokens = [token_of(wallet_of(number)) for number in range(TOKENS)] if has_tokens else []
    with running(server.name, command, environment, port) as pid:
        lines = {"tokens": tokens if server.is_ours else [], "subscriptions": subscribing(work)}
        try:
            path = resumed(port, server.path) if work.mode == "reconnect" else server.path
            return put(work, path, Serving([port], [pid]), lines, has_greeting=server.is_ours)
        except Failed as reason:
            raise Failed(f"{server.name}: {reason}") from None


def resumed(port: int, path: str) -> str:
    """The path with the present positions of all prices, with which a client that lost its connection comes back."""
    with connect(f"ws://127.0.0.1:{port}{path}?channel=market.*") as socket:
        frames = [msgspec.json.decode(socket.recv())]
        while frames[-1]["type"] != "connection_established":
            frames.append(msgspec.json.decode(socket.recv()))
    epoch, positions = frames[-1]["epoch"], {one["channel"]: one["seq"] for one in frames if "seq" in one}
    return f"{path}?" + "&".join(f"since={channel},{epoch},{seq}" for channel, seq in positions.items())


def subscribing(work: Work) -> list[str]:
    """The message with which each connection subscribes, in turn."""
    return [
        msgspec.json.encode({"type": "SUBSCRIBE_SYMBOLS", "symbols": symbols}).decode()
        for symbols in work.subscriptions()
    ]


def put(
    work: Work,
    path: str,
    serving: Serving,
    lines: Mapping[str, Sequence[str]],
    *,
    has_greeting: bool = True,
    dozes: bool = False,
) -> Measurement:
    """Put `work` on running servers once.

    `lines` are the lines of the files that the load client takes as options, such as `subscriptions`, `requests` and
    `tokens`. A load client that `dozes` is not alone on its core, and leaves it to servers while nothing arrives.
    Raises `Failed`.
    """
    mode, under_way = ("idle", work.connections) if work.mode == "reconnect" else (work.mode, UNDER_WAY)
    command = [str(compile_program("load")), "--mode", mode, "--path", path, "--under-way", str(under_way)]
    command += ["--port", _joined(serving.ports), "--pid", _joined(serving.pids)]
    command += ["--connections", str(work.connections), "--stalled", str(work.stalled)]
    command += ["--seconds", str(work.seconds), "--warmup", str(work.warmup_s)]
    command += ["--settle", str(2 + 2 * work.interval_ms / 1000), "--quiet-ms", str(_rest_ms(work))]
    command += ["--rate", str(work.rate)]
    if serving.beside:
        command += ["--beside", _joined(serving.beside)]
    command += ["--greeting"] * has_greeting + ["--doze"] * dozes + ["--deflate"] * work.offers_deflate
    with tempfile.TemporaryDirectory() as folder:
        for option, texts in lines.items():
            if texts:
                file = Path(folder, option)
                file.write_text("\n".join(texts) + "\n")
                command += [f"--{option}", str(file)]
        pin = None if dozes else _pin(cores()[1])
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=pin)
    if done.returncode:
        raise Failed(f"{work.name}: {done.stderr.strip()}")
    return msgspec.json.decode(done.stdout, type=Measurement)


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _rest_ms(work: Work) -> float:
    """How long nothing may arrive for a moment to count as rest. If ticks are closer than this, there is no rest."""
    return min(20.0, max(5.0, work.interval_ms / 4))


def wallet_of(number: int) -> str:
    """A wallet that our server accepts. It has 44 characters, like most wallets."""
    return f"{number:044d}".translate(BASE58)


def token_of(wallet: str, role: str = "user") -> str:
    """A token for our server that is valid for an hour."""
    return jwt.encode({"sub": wallet, "role": role, "exp": int(time.time()) + 3600}, SECRET, "HS256")


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    port: int,
    *,
    stop_signal: signal.Signals = signal.SIGKILL,
    is_pinned: bool = True,
) -> Iterator[int]:
    """Run a server, if `is_pinned` on its core, with an empty data folder until the end of the block. Yields its
    process id.

    Raises `Failed` if the server does not start.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("DUELCAST_")}
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as data, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited, "DUELCAST_DATA_DIR": data, **environment},
            stdout=output,
            stderr=output,
            preexec_fn=_pin(cores()[0]) if is_pinned else None,
        )
        try:
            if not _comes_up(process, port):
                output.seek(0)
                raise Failed(f"{name} did not start: {output.read()[-OUTPUT_SHOWN:].decode(errors='replace')}")
            time.sleep(SETTLED_START_S)
            yield process.pid
        finally:
            process.send_signal(stop_signal)
            process.wait()


def _comes_up(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until somebody listens on `port`; False if the process ends, or if it takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if accepts(port):
            return True
        time.sleep(0.02)
    return False


def accepts(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def cpu_s(pid: int) -> float:
    """CPU time of all threads of a process so far."""
    # This is the clock id that clock_getcpuclockid(3) returns for a process.
    return time.clock_gettime(~pid << 3 | 2)


def resident_bytes(pid: int) -> int:
    """The memory that a process occupies now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _pin(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})
