"""Runs what is measured: a cluster on this machine with real servers, and the single process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec
from local_cluster.ports import free_ports

from benchmarks.measuring import START_TIMEOUT_S, Failed, Serving, accepts, free_port, running
from benchmarks.servers import LIMITS_OFF, SECRET

LOOK_EVERY_S = 0.1
PROGRAM = str(Path(sys.executable).with_name("duelcast"))
SETTINGS = {**LIMITS_OFF, "DUELCAST_JWT_SECRET": SECRET, "DUELCAST_FEED": "none"}


class Process(msgspec.Struct, frozen=True):
    """An object in the `nodes.json` of a local cluster."""

    role: Literal["gateway", "leader", "candidate", "postgres", "valkey"]
    url: str
    pid: int


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the ports and processes of its gateways, and the other processes."""

    gateway_ports: Sequence[int]
    gateways: Sequence[int]
    leader: int
    postgres: int
    valkey: int
    database: str
    """The address of its database."""

    @property
    def serving(self) -> Serving:
        """The gateways, with the leader, PostgreSQL and Valkey beside them, in this order."""
        return Serving(self.gateway_ports, self.gateways, (self.leader, self.postgres, self.valkey))


@contextmanager
def cluster(gateways: int, settings: Mapping[str, str], *, is_pinned: bool = True) -> Iterator[Cluster]:
    """Run a cluster with one leader until the end of the block. If it `is_pinned`, all of its processes share the core
    of servers. Raises `Failed`."""
    first = free_ports(gateways + 3)
    folder = Path(tempfile.mkdtemp(prefix="duelcast-bench-cluster-"))
    command = [sys.executable, "-m", "local_cluster", "--no-demo", "--leaders", "1", "--gateways", str(gateways)]
    environment = {
        **SETTINGS,
        **settings,
        "DUELCAST_CLUSTER_DIR": str(folder),
        "DUELCAST_CLUSTER_PORT": str(first),
    }
    ports = range(first, first + gateways)
    try:
        with running(
            "the cluster",
            command,
            environment,
            first,
            stop_signal=signal.SIGTERM,
            is_pinned=is_pinned,
        ):
            yield _once_complete(folder / "nodes.json", ports)
    finally:
        # If PostgreSQL's user cannot reach the folder, a link in it leads to the data.
        shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(folder)


def _once_complete(file: Path, ports: Sequence[int]) -> Cluster:
    """The cluster as soon as it has a leader and all gateways accept connections. Raises `Failed`."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            found = msgspec.json.decode(file.read_bytes(), type=list[Process])
            by_role = {one.role: one for one in found}
            if "leader" in by_role and all(map(accepts, ports)):
                pids = {one.url: one.pid for one in found}
                return Cluster(
                    gateway_ports=ports,
                    gateways=[pids[f"http://127.0.0.1:{port}"] for port in ports],
                    leader=by_role["leader"].pid,
                    postgres=by_role["postgres"].pid,
                    valkey=by_role["valkey"].pid,
                    database=by_role["postgres"].url,
                )
        time.sleep(LOOK_EVERY_S)
    raise Failed("the cluster did not become complete")


@contextmanager
def single(settings: Mapping[str, str], database: str | None = None) -> Iterator[Serving]:
    """Run the single process on the core of servers until the end of the block: with SQLite or, with the address of a
    PostgreSQL database, with a new database on its server. Raises `Failed`."""
    port = free_port()
    environment = {**SETTINGS, **settings, "DUELCAST_PORT": str(port)}
    if database is not None:
        environment["DUELCAST_DATABASE_URL"] = asyncio.run(_new_database(database))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("DUELCAST_")}
        migrate = [PROGRAM, "migrate"]
        done = subprocess.run(migrate, env={**inherited, **environment}, check=False, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"duelcast migrate: {done.stderr.strip()}")
    with running("the single process", [PROGRAM, "serve"], environment, port) as pid:
        yield Serving([port], [pid])


async def _new_database(beside: str) -> str:
    """The address of a new database on the server of another one."""
    connection = await asyncpg.connect(beside)
    try:
        await connection.execute("create database single")
    finally:
        await connection.close()
    return f"{beside.rpartition('/')[0]}/single"


async def count_chat_messages(database: str) -> int:
    """The number of chat messages in a PostgreSQL database."""
    connection = await asyncpg.connect(database)
    try:
        return int(await connection.fetchval("select count(*) from chat_messages"))
    finally:
        await connection.close()
