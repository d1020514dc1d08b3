"""The C programs of the benchmark, compiled when they are needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".bench"
SOURCES = ROOT / "benchmarks" / "native"


class NoCompiler(Exception):
    """There is no C compiler: without the load client nothing can be measured."""


def compile_program(name: str) -> Path:
    """Compile `native/<name>.c` unless that has been done already; returns the program. Raises `NoCompiler`."""
    source, program = SOURCES / f"{name}.c", BUILD / name
    newest = max(path.stat().st_mtime for path in (source, SOURCES / "websocket.h"))
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("The benchmark needs a C compiler: install gcc or clang.")
    BUILD.mkdir(exist_ok=True)
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
    return program
