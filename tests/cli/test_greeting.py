from __future__ import annotations

import sys
from typing import Any

import pytest

from duelcast.cli.greeting import greet, greeting
from duelcast.settings import Settings


@pytest.fixture(autouse=True)
def _typed_as(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout the command is not on the path."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [".venv/bin/duelcast", "serve"])


def test_it_says_where_the_server_and_its_reference_are_and_what_to_try() -> None:
    assert greeting(Settings(), "http://127.0.0.1:8069").splitlines() == [
        "",
        "  Duelcast is on http://127.0.0.1:8069 (Ctrl-C stops it).",
        "  Console: http://127.0.0.1:8069/console/",
        "  Reference: http://127.0.0.1:8069/docs   Prices in a browser: http://127.0.0.1:8069/docs/clients",
        "  To try in another terminal: .venv/bin/duelcast tail market-data SOL BTC",
    ]


@pytest.mark.parametrize(
    ("values", "url", "server"),
    [
        ({"port": 9000}, "http://127.0.0.1:9000", "ws://127.0.0.1:9000"),
        ({"port": 0}, "http://127.0.0.1:34567", "ws://127.0.0.1:34567"),
        ({"host": "::"}, "http://[::]:8069", "ws://[::1]:8069"),
        ({"root_path": "/duelcast"}, "http://127.0.0.1:8069/duelcast", "ws://127.0.0.1:8069/duelcast"),
    ],
)
def test_a_server_elsewhere_is_named_as_it_is_reached(values: dict[str, Any], url: str, server: str) -> None:
    said = greeting(Settings(**values), url)
    assert f"tail market-data SOL BTC --url {server}\n" in said
    assert f" http{server.removeprefix('ws')}/docs " in said
    assert f" http{server.removeprefix('ws')}/console/\n" in said


def test_a_console_that_is_switched_off_is_not_named() -> None:
    assert "onsole" not in greeting(Settings(console=False), "http://127.0.0.1:8069")


def test_only_the_simulated_market_is_known_to_have_those_symbols() -> None:
    assert "SOL" not in greeting(Settings(feed="none"), "http://127.0.0.1:8069")


def test_a_log_that_is_no_terminal_stays_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    greet(Settings(), "http://127.0.0.1:8069")
    assert capsys.readouterr() == ("", "")
