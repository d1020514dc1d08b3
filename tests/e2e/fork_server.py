"""A process that has imported the server once, and forks a `duelcast …` for each request: to start an interpreter and
import everything takes four times as long as all else that a start does.

`python -P fork_server.py FD`: FD is a socket (SEQPACKET) over which `tests.e2e.forked` asks; `PYTHONPATH` is the folder
of `tests`. A fork goes on as `python -m duelcast.cli` would: with its own arguments, environment, folder, descriptors
and signals, to its own end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import duelcast.cli
from duelcast.store.sqlite.file import SqliteFile
from tests.patience import set_patience

MAX_REQUEST_BYTES = 512 * 1024
DESCRIPTORS = 4
"""Standard input, output and error of the command, and what its process id and its status are reported to."""


def main(control: socket.socket) -> None:
    """Fork until the tests end. Each fork ends with its command."""
    import_all()
    set_patience(patient=True)
    gc.freeze()  # a collection would touch, and so copy, all of it in each fork
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the tests end their processes themselves
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who watch
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started with nohup
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, DESCRIPTORS)
        if not data:
            return
        if os.fork() == 0:
            control.close()
            watch(*descriptors)
            become(json.loads(data), descriptors)
            break
        for descriptor in descriptors:
            os.close(descriptor)
    duelcast.cli.main()


def import_all() -> None:
    """What commands import when they are called, too."""
    for package in ("duelcast.cli", "duelcast.app", "duelcast.feeds", "duelcast.endpoints"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith((".__main__", ".picture")) and "ccxt" not in module.name:
                importlib.import_module(module.name)
    importlib.import_module("alembic.command")


def watch(stdin: int, stdout: int, stderr: int, report: int) -> None:
    """Fork the command itself, and report how it ends. Returns in that fork alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        return
    for descriptor in (stdin, stdout, stderr):
        os.close(descriptor)
    os.write(report, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Have in this process what a new one would begin with."""
    *standard, report = descriptors
    os.close(report)
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["arguments"]
    sys.argv[0] = str(Path(duelcast.cli.__file__).with_name("__main__.py"))
    SqliteFile.synchronous = request["synchronous"]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
