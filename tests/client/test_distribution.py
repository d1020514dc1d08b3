"""The same files are `duelcast.client` and `duelcast_client`."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "duelcast" / "client"
PROJECT = ROOT / "clients" / "python" / "pyproject.toml"
DEPENDENCIES = {"msgspec", "websockets"}


def imported(path: Path) -> Iterator[str]:
    """The top-level names of the absolute imports of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]


def test_it_imports_only_its_two_dependencies_and_itself() -> None:
    names = {name for path in PACKAGE.rglob("*.py") for name in imported(path)}
    assert names - sys.stdlib_module_names == DEPENDENCIES


def test_the_distribution_names_these_dependencies_and_the_version_of_the_server() -> None:
    light, whole = (tomllib.loads(path.read_text())["project"] for path in (PROJECT, ROOT / "pyproject.toml"))
    assert {name.partition(">")[0] for name in light["dependencies"]} == DEPENDENCIES
    assert set(light["dependencies"]) <= set(whole["dependencies"])
    for member in ("version", "requires-python", "license"):
        assert light[member] == whole[member]


def test_it_works_under_its_other_name(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "duelcast_client")
    program = (
        "import sys, duelcast_client, duelcast_client.generated.http\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'duelcast', 'duelcast_client'}))"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "['duelcast_client']"
