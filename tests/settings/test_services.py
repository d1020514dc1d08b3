"""Services of the configuration file, and the hosts that their checks may reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.app.parts import check_builder_of, configured_services
from duelcast.domain.operations.check import CheckDefinition
from duelcast.domain.operations.outside import ServiceDefinition
from duelcast.errors import InvalidRequest
from duelcast.settings import ConfigurationError, load_settings

SECRET = "hunter2"
URL = f"redis://user:{SECRET}@cache.example:6379/?token={SECRET}"
CACHE = f"""
[[services]]
name = "cache"
kind = "probe"
layer = "infrastructure"
dependencies = ["store"]
check = {{ type = "redis", url = "{URL}", intervalMs = 5000 }}
circuit_breaker = {{ failure_threshold = 2 }}
"""
WALLETS = """
[[services]]
name = "wallets"
kind = "reported"
layer = "wallet"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.toml"


def services(file: Path, text: str) -> dict[str, ServiceDefinition]:
    file.write_text(text)
    return configured_services(load_settings(file).settings)


def refusal(file: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        services(file, text)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert SECRET not in sentence
    return sentence


# ── services ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_are_none_by_default(file: Path) -> None:
    assert services(file, "") == {}


def test_each_table_is_a_service_in_the_order_of_the_file(file: Path) -> None:
    found = services(file, WALLETS + CACHE)
    assert list(found) == ["wallets", "cache"]
    cache = found["cache"]
    assert (cache.kind, cache.layer, cache.dependencies) == ("probe", "infrastructure", ("store",))
    assert cache.check is not None
    assert (cache.check.url, cache.check.timeoutMs) == (URL, 5_000)
    assert cache.circuit_breaker.failure_threshold == 2


@pytest.mark.parametrize("name", ['name = "Cache"', 'name = ""', "name = 3", f'name = "{"x" * 65}"', ""])
def test_a_service_needs_a_name(file: Path, name: str) -> None:
    sentence = refusal(file, WALLETS + CACHE.replace('name = "cache"', name))
    assert sentence == "`[[services]]` number 2 needs a `name` of 1 to 64 of a-z 0-9 _ -."


def test_a_name_is_given_once(file: Path) -> None:
    assert refusal(file, WALLETS + WALLETS) == "`[[services]]` number 2: there is a service `wallets` already."


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('kind = "probe"', f'kind = "{SECRET}"', "`kind` must be one of `probe`, `reported`."),
        ('kind = "probe"\n', "", "`kind` is missing."),
        ('kind = "probe"', f'kind = "probe"\n{SECRET[:-1]} = 1', "`hunter` is not a field of this message."),
        (
            'type = "redis"',
            f'type = "{URL}"',
            "`check.type` must be one of `http`, `postgres`, `redis`, `tcp`, `tls`",
        ),
        ("intervalMs = 5000", "intervalMs = 5", "`check.intervalMs` must be an integer of at least 1000."),
        ("intervalMs = 5000", f'intervalMs = "{SECRET}"', "`check.intervalMs` must be an integer."),
        ("failure_threshold = 2", "failure_threshold = 0", "`circuit_breaker.failure_threshold` must be an integer"),
        ('["store"]', f'["{SECRET.upper()}!"]', "`dependencies[0]` must be a string: 1 to 64 of a-z 0-9 _ -."),
        ('["store"]', '["store", "store"]', "Name each dependency once."),
        ('kind = "probe"', 'kind = "reported"', "A service that reports itself takes no `check`."),
    ],
)
def test_what_is_wrong_with_a_service_is_said_without_its_values(
    file: Path, before: str, after: str, problem: str
) -> None:
    assert before in CACHE
    sentence = refusal(file, CACHE.replace(before, after))
    assert sentence.startswith(f"`[[services]]` number 1, `cache`: {problem}")


@pytest.mark.parametrize("text", [f'services = "{SECRET}"', f'services = ["{SECRET}"]', '[services]\nname = "cache"'])
def test_what_is_no_list_of_tables_is_refused(file: Path, text: str) -> None:
    sentence = refusal(file, text)
    assert (
        sentence == "`services` in the configuration file takes `[[services]]` tables, which only a file can contain."
    )


@pytest.mark.parametrize("value", [SECRET, f'[{{"name": "{SECRET}"}}]'])
def test_services_are_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DUELCAST_SERVICES", value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value) == "DUELCAST_SERVICES takes `[[services]]` tables, which only a file can contain."


# ── probe targets ───────────────────────────────────────────────────────────────────────────────────────────────────


def check_of(host: str) -> CheckDefinition:
    return CheckDefinition(type="tcp", url=f"tcp://{host}:1", intervalMs=1_000)


def test_probe_targets_are_what_checks_may_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_PROBE_TARGETS", "10.0.0.0/8, db.example")
    build = check_builder_of(load_settings().settings)
    build(check_of("10.1.2.3"))
    with pytest.raises(InvalidRequest):
        build(check_of("192.168.1.1"))


def test_without_probe_targets_all_but_the_forbidden_are_reached() -> None:
    build = check_builder_of(load_settings().settings)
    build(check_of("192.168.1.1"))
    with pytest.raises(InvalidRequest):
        build(check_of("169.254.169.254"))


@pytest.mark.parametrize("entry", [f"{SECRET}/8", "10.0.0.0/99", "*", f"a*.{SECRET}"])
def test_what_is_no_target_is_refused_without_its_value(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("DUELCAST_PROBE_TARGETS", f"db.example,{entry}")
    with pytest.raises(ConfigurationError) as refused:
        check_builder_of(load_settings().settings)
    assert str(refused.value).startswith("DUELCAST_PROBE_TARGETS takes hosts, suffixes, addresses and networks")
    assert SECRET not in str(refused.value)
