"""The Autobahn suite in its own environment: installed once, converted once to Python 3."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.shared_files import SHARED

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = PROJECT / ".venv-autobahn"
REPORTS = PROJECT / "reports"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
CONVERTER = SHARED / "tools" / "autobahn" / "patch_abts.py"

AGENT = "duelcast"
PROBE_TIMEOUT_S = 20
INSTALL_TIMEOUT_S = 300
RUN_TIMEOUT_S = 1800
"""Several times what the suite takes."""


class Selection(NamedTuple):
    """The cases that match any of `cases` and none of `excluded`."""

    cases: list[str]
    excluded: list[str]


PROTOCOL = {"protocol": Selection(["*"], ["12.*", "13.*"])}
"""Some of these cases fail if the suite has to wait for a second."""
COMPRESSION = {"compression": Selection(["12.*"], []), "negotiation": Selection(["13.*"], [])}
"""The suite is the bottleneck, and uses one core, so these run side by side."""


class SuiteUnavailable(Exception):
    """The suite cannot be had on this machine; the text says why."""


class SuiteBroke(Exception):
    """The suite began and did not come to its end; the text says how."""


def install() -> None:
    """Make the environment, unless it is there already. Raises `SuiteUnavailable`."""
    if not CONVERTER.is_file():
        raise SuiteUnavailable("the shared folder with the suite's converter is absent")
    stamp = ENVIRONMENT / "converted"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + CONVERTER.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    python = _suitable_python()
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    _step("its environment cannot be made", python, "-m", "venv", str(ENVIRONMENT))
    # The suite itself exists as source alone; it is pure Python and needs no compiler.
    wheels_only = ("--only-binary", ":all:", "--no-binary", "autobahntestsuite")
    pip = ("-m", "pip", "install", "--quiet", "--retries", "2", *wheels_only, "-r", str(REQUIREMENTS))
    _step("its packages cannot be installed", _in_environment("python"), *pip)
    packages = next(ENVIRONMENT.glob("lib/python*/site-packages/autobahntestsuite"))
    _step("its sources cannot be converted", _in_environment("python"), str(CONVERTER), str(packages))
    stamp.write_text(wanted, encoding="ascii")


def _suitable_python() -> str:
    """A Python with lib2to3, which 3.13 has no more."""
    for candidate in (sys.executable, "python3.12", "python3.11"):
        python = shutil.which(candidate)
        if python is not None and _runs(python, "-W", "ignore", "-c", "import ensurepip, lib2to3, venv"):
            return python
    raise SuiteUnavailable("there is no Python of at most 3.12 with lib2to3 and venv")


def _runs(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=PROBE_TIMEOUT_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _step(reason: str, *command: str) -> None:
    REPORTS.mkdir(exist_ok=True)
    with (REPORTS / "install.log").open("wb") as log:
        try:
            subprocess.run(command, check=True, stdout=log, stderr=log, timeout=INSTALL_TIMEOUT_S)
        except (OSError, subprocess.SubprocessError):
            raise SuiteUnavailable(f"{reason}: see {log.name}") from None


def _in_environment(program: str) -> str:
    return str(ENVIRONMENT / "bin" / program)


async def fuzz(port: int) -> dict[str, Any]:
    """Run all cases against the server on `port`; case → {behavior, behaviorClose, …}. Raises `SuiteBroke`."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    cases: dict[str, Any] = {}
    for parts in (PROTOCOL, COMPRESSION):
        for found in await asyncio.gather(*(_run(port, name, selection) for name, selection in parts.items())):
            cases |= found
    return cases


async def _run(port: int, name: str, selection: Selection) -> dict[str, Any]:
    """Run a part of the cases."""
    folder = REPORTS / name
    folder.mkdir(parents=True)
    specification = folder / "spec.json"
    specification.write_text(json.dumps(_specification(port, folder, selection)), encoding="utf-8")
    with (folder / "suite.log").open("wb") as log:
        suite = await asyncio.create_subprocess_exec(
            *(_in_environment("wstest"), "-m", "fuzzingclient", "-s", str(specification)), stdout=log, stderr=log
        )
        try:
            status = await asyncio.wait_for(suite.wait(), RUN_TIMEOUT_S)
        except TimeoutError:
            raise SuiteBroke(f"the cases of {name} did not end within {RUN_TIMEOUT_S} s: see {log.name}") from None
        finally:
            if suite.returncode is None:
                suite.kill()
                await suite.wait()
    index = folder / "index.json"
    if status != 0 or not index.is_file():
        raise SuiteBroke(f"the cases of {name} ended with status {status}: see {log.name}")
    cases: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))[AGENT]
    return cases


def _specification(port: int, folder: Path, selection: Selection) -> dict[str, Any]:
    return {
        "outdir": str(folder),
        "servers": [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}"}],
        "cases": selection.cases,
        "exclude-cases": selection.excluded,
        "exclude-agent-cases": {},
    }
