"""A test that hangs fails, and shows where it hangs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROJECT = Path(__file__).resolve().parents[1]
HANGING = """
import asyncio, threading
import pytest, uvloop

async def held_up():
    await asyncio.sleep(3600)

async def waiting_in_vain():
    async def helping():
        await held_up()
    helper = asyncio.create_task(helping())
    await asyncio.Event().wait()

async def test_in_the_loop_of_the_plugin():
    await waiting_in_vain()

def test_in_uvloop():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(waiting_in_vain())

@pytest.fixture
def door():
    yield
    threading.Event().wait()

def test_behind_a_failure(door):
    raise ValueError

async def test_in_a_callback():
    def spin():
        while True:
            pass
    asyncio.get_running_loop().call_soon(spin)
    await asyncio.Event().wait()

def test_that_ends():
    pass
"""


def verdict_of(file: Path, *options: str) -> str:
    """The output of pytest with the project's configuration."""
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    ended = subprocess.run([*command, *options, str(file)], cwd=PROJECT, capture_output=True, text=True)
    return ended.stdout + ended.stderr


def test_a_test_that_hangs_fails_with_the_place_of_each_task_and_the_next_ones_run(tmp_path: Path) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text(HANGING)
    verdict = verdict_of(file, "-n", "1", "--timeout", "1")
    assert "1 passed" in verdict
    for name in ("in_the_loop_of_the_plugin", "in_uvloop"):
        (failure,) = [part for part in verdict.split("\n____") if f" test_{name} " in part.splitlines()[0]]
        _, _, stacks = failure.partition("Captured stacks")
        assert "await asyncio.Event().wait()" in stacks
        assert "await held_up()" in stacks
    assert "ERROR at teardown of test_behind_a_failure" in verdict
    assert "FAILED ::test_in_a_callback" in verdict
