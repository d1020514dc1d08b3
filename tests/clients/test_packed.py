"""The packages of both client libraries as users install them, and their examples."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import served
from tests.guides.blocks import DOCS, blocks_of
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.clients

PROJECT = Path(__file__).resolve().parents[2]
PYTHON = PROJECT / "clients" / "python"
TYPESCRIPT = PROJECT / "clients" / "typescript"
LARGEST_BYTES = 5_000_000
PROGRAM = "First minute"
TIMEOUT_S = 120
FILES = """
import importlib.metadata, json
found = {}
for one in importlib.metadata.distributions():
    paths = [one.locate_file(file).resolve() for file in one.files]
    found[one.name] = {str(path): path.stat().st_size for path in paths}
print(json.dumps(found))
"""
"""Prints the files of each distribution and their sizes."""


def run(*command: str | Path, registry: str = "", cwd: Path | None = None) -> str:
    """The standard output of a program, which may need a registry."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        needs = f" It needs {registry}, and fails if this machine cannot reach that." if registry else ""
        line = " ".join(map(str, command))
        pytest.fail(f"`{line}` failed.{needs}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


# ── Python ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a virtual environment, into which the wheel of the client was installed."""
    folder = tmp_path_factory.mktemp("python")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, PYTHON, registry="PyPI")
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "venv")
    made = folder / "venv" / "bin" / "python"
    run(made, "-m", "pip", "install", wheel, registry="PyPI")
    return made


def files_of(interpreter: Path) -> dict[str, dict[str, int]]:
    """The sizes of the files of each distribution that is installed; those that every environment has are left out."""
    found: dict[str, dict[str, int]] = json.loads(run(interpreter, "-c", FILES))
    return {name: files for name, files in found.items() if name not in ("pip", "setuptools")}


def test_the_wheel_brings_two_packages_and_is_small(interpreter: Path) -> None:
    files = files_of(interpreter)
    assert files.keys() == {"duelcast-client", "msgspec", "websockets"}
    assert sum(size for sizes in files.values() for size in sizes.values()) < LARGEST_BYTES


def test_the_wheel_and_a_checkout_share_no_file(interpreter: Path) -> None:
    run(interpreter, "-m", "pip", "install", "--no-deps", PROJECT, registry="PyPI")
    try:
        files = files_of(interpreter)
        assert not files["duelcast"].keys() & files["duelcast-client"].keys()
        for name, distribution in (("duelcast.client", "duelcast"), ("duelcast_client", "duelcast-client")):
            place = run(interpreter, "-c", f"import {name}; print({name}.Client, {name}.__file__)").split()[-1]
            assert place in files[distribution]
    finally:
        run(interpreter, "-m", "pip", "uninstall", "--yes", "duelcast")


def test_the_example_of_the_python_client_runs(interpreter: Path, scene: Scene, tmp_path: Path) -> None:
    program = next(block.code for block in blocks_of(DOCS / "client-python.md", "python") if block.name == PROGRAM)
    example = tmp_path / "example.py"
    example.write_text(program.replace("http://127.0.0.1:8069", scene.server.url))
    awaited = [
        re.compile(part) for part in (r"Price\(.*'SOL'", r"Leaderboard\(.*'ann'", r"ChatMessageRecord\(.*'Good luck!'")
    ]
    command = (interpreter, "-u", "-W", "error", example)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        limit = Timer(TIMEOUT_S, process.kill)
        limit.start()
        try:
            assert process.stdout is not None
            printed = []
            while awaited and (line := process.stdout.readline()):
                printed.append(line)
                awaited = [pattern for pattern in awaited if not pattern.match(line)]
            assert not awaited, "".join(printed)
        finally:
            limit.cancel()
            process.kill()


# ── TypeScript ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both examples, built with the package that npm packed."""
    if shutil.which("npm") is None or not (TYPESCRIPT / "dist").exists():
        pytest.skip("the TypeScript client is not built: run `make clients` with Node.js 20 or newer")
    folder = tmp_path_factory.mktemp("examples")
    run("npm", "run", "try-packed", "--", folder, cwd=TYPESCRIPT, registry="npm")
    return folder


@pytest.mark.parametrize("example", ["react", "vanilla"])
def test_a_built_example_runs(examples: Path, scene: Scene, page: Page, example: str) -> None:
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    with served(examples / example / "dist") as address:
        page.goto(f"{address}#server={scene.server.url}&contest={CONTEST}&token={token_of('ann')}")
        expect(page.locator("#prices")).to_contain_text(re.compile(r"SOL \d"))
        expect(page.locator("#leaderboard")).to_contain_text(re.compile(r"bob \d"))
        page.get_by_label("Message").fill(f"gg from {example}")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#chat")).to_contain_text(re.compile(rf"gg from {example}(?! \()"))
        page.close()
    assert console == []


def test_both_examples_are_built(examples: Path) -> None:
    assert {page.parent.parent.name for page in examples.glob("*/dist/index.html")} == {"react", "vanilla"}
