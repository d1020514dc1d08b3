"""The roles of `duelcast serve`: a node that lacks a setting does not start, and says which one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.cli.running import run

Refusal = Callable[[Mapping[str, str]], str]

SHARED = {
    "DUELCAST_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/duel",
    "DUELCAST_BROKER_URL": "redis://127.0.0.1:1",
    "DUELCAST_CLUSTER_SECRET": "a secret of all nodes, of at least 32 bytes",
    "DUELCAST_JWT_SECRET": "a secret for tokens, of at least 32 bytes",
}
ROLES: list[Mapping[str, str]] = [
    {"DUELCAST_ROLE": "leader"},
    {"DUELCAST_ROLE": "gateway"},
    {"DUELCAST_WORKERS": "2"},
]


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refusal:
    """The reason why a server does not start."""

    def refusal(settings: Mapping[str, str]) -> str:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        finished = run(capsys, monkeypatch, "serve")
        assert finished.code == 2
        return finished.err.removeprefix("duelcast: ").strip()

    return refusal


@pytest.mark.parametrize("role", ROLES, ids=["leader", "gateway", "workers"])
@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ("DUELCAST_DATABASE_URL", "Several nodes need a PostgreSQL database: set DUELCAST_DATABASE_URL."),
        (
            "DUELCAST_BROKER_URL",
            "Several nodes need a log that they share: set DUELCAST_BROKER_URL to a Valkey or Redis server, such as "
            "redis://localhost:6379.",
        ),
        (
            "DUELCAST_CLUSTER_SECRET",
            "Set DUELCAST_CLUSTER_SECRET to the same secret on all nodes; generate one with `openssl rand -base64 32`.",
        ),
        (
            "DUELCAST_JWT_SECRET",
            "All nodes must accept the same tokens: set DUELCAST_JWT_SECRET to the same secret on all of them, or "
            "DUELCAST_JWT_JWKS_URL.",
        ),
    ],
)
def test_a_node_that_lacks_a_setting_says_which(
    refusal: Refusal, role: Mapping[str, str], lacking: str, reason: str
) -> None:
    assert refusal({**{name: value for name, value in SHARED.items() if name != lacking}, **role}) == reason


def test_nodes_do_not_share_a_file(refusal: Refusal) -> None:
    reason = refusal(SHARED | {"DUELCAST_DATABASE_URL": "sqlite:///duel.db", "DUELCAST_ROLE": "leader"})
    assert reason == "Several nodes need a PostgreSQL database: set DUELCAST_DATABASE_URL."


def test_a_single_process_refuses_a_log_that_it_would_not_use(refusal: Refusal) -> None:
    assert refusal(SHARED) == (
        "DUELCAST_BROKER_URL is for several nodes: set DUELCAST_ROLE to `gateway` or `leader`, or DUELCAST_WORKERS; or "
        "unset it."
    )


def test_workers_have_no_other_role(refusal: Refusal) -> None:
    reason = refusal(SHARED | {"DUELCAST_ROLE": "gateway", "DUELCAST_WORKERS": "2"})
    assert reason == "DUELCAST_WORKERS starts gateways and a leader: unset DUELCAST_ROLE."


def test_an_address_of_a_log_that_cannot_be_understood_is_refused(refusal: Refusal) -> None:
    url = "redis+sentinel://127.0.0.1:26379"
    reason = refusal(SHARED | {"DUELCAST_BROKER_URL": url, "DUELCAST_ROLE": "gateway"})
    assert reason.startswith("DUELCAST_BROKER_URL is either redis://user:password@host:6379")


def test_the_demo_is_one_process(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_WORKERS", "2")
    finished = run(capsys, monkeypatch, "demo")
    assert finished.code == 2
    assert finished.err.strip() == (
        "duelcast: `duelcast demo` is one process: unset DUELCAST_ROLE and DUELCAST_WORKERS."
    )
