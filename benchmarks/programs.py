"""The C programs of the benchmark, compiled when they are needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".bench"
SOURCES = ROOT / "benchmarks" / "native"


class NoCompiler(Exception):
    """There is no C compiler: without the load client nothing can be measured."""


def compile_program(name: str) -> Path:
    """Compile `native/<name>.c` unless that has been done already; returns the program. Raises `NoCompiler`.

    Without zlib and its header, the load client cannot offer compression.
    """
    source, program = SOURCES / f"{name}.c", BUILD / name
    newest = max(path.stat().st_mtime for path in (source, SOURCES / "websocket.h"))
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = _compiler()
    BUILD.mkdir(exist_ok=True)
    compile_it = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)]
    subprocess.run([*compile_it, "-lz"] if has_zlib() else [*compile_it, "-DWITHOUT_ZLIB"], check=True)
    return program


@cache
def has_zlib() -> bool:
    """Whether C programs can use zlib."""
    compiler = _compiler()
    test = ["-x", "c", "-", "-o", os.devnull, "-lz"]
    source = b"#include <zlib.h>\nint main(void) { return !zlibVersion(); }\n"
    return subprocess.run([compiler, *test], input=source, check=False, capture_output=True).returncode == 0


def _compiler() -> str:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("The benchmark needs a C compiler: install gcc or clang.")
    return compiler
