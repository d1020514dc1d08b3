"""A cluster that runs as `python -m local_cluster`, and signals for its processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from local_cluster.ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]
PARTS = 6
"""Two gateways, two leaders, PostgreSQL and Valkey."""
NODES = 4
"""Those that have an operations port."""
SECRET = "a secret of the tests, known to all nodes"
SETTINGS = {
    "DUELCAST_FEED": "none",
    "DUELCAST_JWT_SECRET": SECRET,
    "DUELCAST_LOG_FORMAT": "json",
    "DUELCAST_RATE_LIMIT_FACTOR": "0",
}
PATIENT = {"DUELCAST_LEADER_LEASE_MS": "15000"}
"""Variables for a cluster whose leader does not lose its term because the machine is busy."""
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.05


class Node(NamedTuple):
    """A process of the cluster: an object in `nodes.json`."""

    role: str
    url: str
    pid: int


class LocalCluster:
    """A running cluster with its data and its log in `folder`."""

    def __init__(self, folder: Path, process: Process) -> None:
        self.folder = folder
        self.process = process

    @property
    def nodes(self) -> Sequence[Node]:
        """The processes that run now."""
        with suppress(FileNotFoundError):
            return [Node(**node) for node in json.loads((self.folder / "nodes.json").read_text())]
        return ()

    def of_role(self, role: str) -> list[Node]:
        """The processes with a role that run now."""
        return [node for node in self.nodes if node.role == role]

    @property
    def gateways(self) -> list[str]:
        """The addresses of all gateways, whether they run or not."""
        return [f"http://127.0.0.1:{self._first_port + number}" for number in range(2)]

    @property
    def database(self) -> str:
        """The address of the database."""
        return f"postgresql://postgres@127.0.0.1:{self._first_port + 4}/duelcast"

    @property
    def broker(self) -> str:
        """The address of the log."""
        return f"redis://127.0.0.1:{self._first_port + 5}"

    @property
    def secret(self) -> str:
        """The secret of the links."""
        return (self.folder / "cluster_secret").read_text()

    def operations_of(self, node: Node) -> str:
        """The address of a node's operations port."""
        return f"http://127.0.0.1:{int(node.url.rpartition(':')[2]) + PARTS}"

    @property
    def is_complete(self) -> bool:
        """Whether all processes run, and one of them leads."""
        return len(self.nodes) == PARTS and len(self.of_role("leader")) == 1

    async def until_complete(self) -> None:
        """Wait until all processes run, and one of them leads."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self.is_complete:
                assert self.process.returncode is None, f"The cluster has ended; see {self.folder}/cluster.log"
                await asyncio.sleep(LOOK_EVERY_S)

    _first_port: int

    @classmethod
    async def start(cls, folder: Path, *, keeps_log: bool, variables: Mapping[str, str]) -> LocalCluster:
        folder.mkdir(parents=True)  # noqa: ASYNC240 - nothing else runs yet
        first_port = free_ports(PARTS + NODES)
        places = {
            "DUELCAST_CLUSTER_DIR": str(folder),
            "DUELCAST_CLUSTER_PORT": str(first_port),
            "DUELCAST_OPS_PORT": str(first_port + PARTS),
        }
        options = ["--keep-log"] if keeps_log else []
        with (folder / "cluster.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "local_cluster", "--no-demo", *options),
                cwd=PROJECT,
                env={**os.environ, **SETTINGS, **places, **variables},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        cluster = cls(folder, process)
        cluster._first_port = first_port
        return cluster

    async def until_listening(self) -> None:
        """Wait until all gateways accept connections."""
        async with asyncio.timeout(START_TIMEOUT_S):
            for gateway in self.gateways:
                while not await _listens(gateway):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(LOOK_EVERY_S)

    def note(self, text: str) -> None:
        """Write a line into the journal, and show it."""
        line = f"{time.strftime('%H:%M:%S')} {text}"
        print(line)  # noqa: T201 - for the developer who waits for the test
        with (self.folder / "journal").open("a") as journal:
            journal.write(line + "\n")

    async def stop(self) -> None:
        """Stop all processes."""
        for node in self.nodes:
            send(node.pid, signal.SIGCONT)
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.process.wait()
        except TimeoutError:
            for node in self.nodes:
                send(node.pid, signal.SIGKILL)
            self.process.kill()
            raise

    def remove_data(self) -> None:
        """Delete all but the logs."""
        postgres = self.folder / "postgres"
        data = postgres.resolve()
        with suppress(FileNotFoundError):
            shutil.copytree(data / "log", self.folder / "postgres-log", dirs_exist_ok=True)
        shutil.rmtree(data, ignore_errors=True)
        if postgres.is_symlink():
            postgres.unlink()


@asynccontextmanager
async def local_cluster(
    folder: Path, *, keeps_log: bool, variables: Mapping[str, str] | None = None
) -> AsyncIterator[LocalCluster]:
    """A cluster that serves clients until the end of the block, with more `variables` in its environment. Its data
    stays in `folder` if the block fails."""
    cluster = await LocalCluster.start(folder, keeps_log=keeps_log, variables=variables or {})
    try:
        await cluster.until_complete()
        await cluster.until_listening()
        yield cluster
    finally:
        await cluster.stop()
    cluster.remove_data()


async def _listens(gateway: str) -> bool:
    host, _, port = gateway.removeprefix("http://").partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and, unless it asks the process to end, to its children, some of which are in sessions
    of their own. The process is stopped first, so that it starts no other meanwhile."""
    with suppress(ProcessLookupError, FileNotFoundError):
        if number == signal.SIGTERM:
            os.kill(pid, number)
            return
        if number == signal.SIGKILL:
            os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in map(int, children):
            with suppress(ProcessLookupError):
                os.kill(child, number)
        os.kill(pid, number)
