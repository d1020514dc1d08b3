"""Newcomers can rely on this: locks install anywhere, commands exist, and pages are current."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import httpx
import hypothesis
import pytest
import typer
from typer.core import TyperGroup

from duelcast.cli import application
from duelcast.settings.table import reference

PROJECT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-exchanges.lock", "requirements-dev.lock"]
PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==(\S+)( ; .+)?")


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    found = [PIN.fullmatch(line) for line in text_of(lock).splitlines() if line and not line.lstrip().startswith("#")]
    assert all(found), f"{lock} has a line that is not a pin"
    return {pin[1]: pin[2] for pin in found if pin}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_no_address_and_no_option(lock: str) -> None:
    lines = text_of(lock).splitlines()
    assert not [line for line in lines if "//" in line or line.startswith("--")]


@pytest.mark.parametrize("lock", LOCKS[:2])
def test_the_runtime_locks_are_parts_of_the_developers_lock(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements-dev.lock").items()


def test_exchanges_and_parquet_are_extras() -> None:
    assert "ccxt" in pins("requirements-exchanges.lock")
    assert "pyarrow" in pins("requirements-dev.lock")
    assert not {"ccxt", "pyarrow"} & pins("requirements.lock").keys()


def test_every_runtime_dependency_is_locked() -> None:
    declared = tomllib.loads(text_of("pyproject.toml"))["project"]["dependencies"]
    names = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in declared}
    assert names <= pins("requirements.lock").keys()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_every_make_target_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(page), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", ["README.md", "docs/feeds.md", "docs/operations.md"])
def test_every_command_that_a_page_runs_exists_with_its_options(page: str) -> None:
    lines = re.findall(r"\bduelcast ([a-z-]+)((?: +[^\s`|)\"]+)*)", code_of(page))
    assert lines
    for name, arguments in lines:
        command = typer.main.get_group(application).commands[name]
        if isinstance(command, TyperGroup):
            command = command.commands[arguments.split()[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= known


def code_of(page: str) -> str:
    """The commands on a page: its shell blocks, and the code spans that begin with `duelcast`."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`(duelcast [^`]+)`", text_of(page))])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", text_of(page))
    assert not [link for link in links if not (PROJECT / link).exists()]


def test_contributing_lists_the_layers_that_the_architecture_check_holds() -> None:
    rows = re.findall(r"^\| \d+ \| ([^|]+) \|", text_of("CONTRIBUTING.md"), re.MULTILINE)
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [set(layer.split(" | ")) for layer in layers]


def test_contributing_says_what_each_folder_of_the_tests_is_for() -> None:
    folders = {path.name for path in (PROJECT / "tests").iterdir() if path.is_dir() and path.name[0] not in "._"}
    sources = {path.name for path in (PROJECT / "src" / "duelcast").iterdir()}
    table = text_of("CONTRIBUTING.md").partition("| folder of `tests` |")[2].partition("\n\n")[0]
    others = set(re.findall(r"`([a-z0-9_]+)`", "\n".join(row.split("|")[1] for row in table.splitlines()[2:])))
    assert folders - sources == others


def test_the_picture_of_the_architecture_has_folders_that_exist() -> None:
    picture = re.search(r"^```mermaid\n(.*?)^```", text_of("docs/architecture.md"), re.MULTILINE | re.DOTALL)
    assert picture is not None
    drawn = set(re.findall(r"^    (\w+)[\[(]", picture[1], re.MULTILINE))
    ends = re.findall(r"^    (\w+) -.*[->] (\w+)$", picture[1], re.MULTILINE)
    assert len(ends) > 10
    folders = {name for pair in ends for name in pair} - drawn
    assert not [name for name in folders if not (PROJECT / "src" / "duelcast" / name).is_dir()]


def test_the_reference_of_settings_is_current() -> None:
    assert text_of("docs/settings.md") == reference(), "run `make docs`"


def test_hypothesis_has_no_deadline_on_any_machine() -> None:
    """A busy machine is no failure, so neither the profile nor a single test says how fast an example must be."""
    effort = hypothesis.settings()
    assert effort.deadline is None
    assert hypothesis.HealthCheck.too_slow in effort.suppress_health_check
    own = re.compile(r"\bdeadline=|HealthCheck.too_slow")
    assert {path.name for path in modules_of_tests() if own.search(path.read_text(encoding="utf-8"))} == {"conftest.py"}


def test_every_test_has_a_time_limit(pytestconfig: pytest.Config) -> None:
    assert float(pytestconfig.getini("timeout")) > 0


def test_no_test_measures_how_fast_the_machine_is() -> None:
    """Benchmarks do that, the hostile tests print how long a round trip took, and those of a cluster how long it
    recovered; the time of simulations is virtual. Elsewhere, such a clock may only limit how long something is polled
    or repeated, or pace a recorded venue."""
    measures = re.compile(r"perf_counter|\btime\.monotonic\(|import monotonic|\bloop(\(\))?\.time\b")
    allowed = [PROJECT / "tests" / name for name in ("hostile", "cluster_kills", "simulation")]
    modules = [path for path in modules_of_tests() if path.parent not in allowed]
    found = {path.name for path in modules if measures.search(path.read_text(encoding="utf-8"))}
    assert found <= {"watching.py", "test_rehearsal.py", "recorded_exchange.py", "soak.py"}


def test_http_clients_of_tests_have_no_time_out_of_their_own() -> None:
    """A server that is slow because the machine is busy has not failed."""
    assert httpx.AsyncClient().timeout == httpx.Timeout(None)


def modules_of_tests() -> list[Path]:
    """All modules of the tests except this one."""
    return [path for path in sorted((PROJECT / "tests").rglob("*.py")) if path != Path(__file__).resolve()]
