from __future__ import annotations

import re

import jwt
import pytest

from duelcast.cli.demo.api import Passes
from duelcast.cli.demo.guide import guide
from duelcast.cli.demo.organiser import Contest
from duelcast.clock import ManualClock
from duelcast.domain.accounts.tokens import TokenIssuer

SECRET = "a secret for tests, of at least 32 bytes"
TIMES = ("2027-01-15T08:00:00.000Z", "2027-01-15T08:05:00.000Z")
CONTESTS = [
    Contest(3, "Demo Sprint", "completed", *TIMES),
    Contest(4, "Demo Cup", "active", *TIMES),
    Contest(5, "Demo Dash", "pending", *TIMES),
]


def said(
    contests: list[Contest] = CONTESTS, symbols: tuple[str, ...] = ("ADA", "BTC", "SOL"), *, console: bool = True
) -> str:
    return guide("ws://127.0.0.1:9000", Passes(TokenIssuer(ManualClock(), SECRET)), contests, symbols, console=console)


def test_each_contest_is_named_with_the_moment_that_comes_next() -> None:
    text = said()
    assert "contest 3    completed  Demo Sprint\n" in text
    assert f"contest 4    active     Demo Cup, ends at {TIMES[1]}\n" in text
    assert f"contest 5    pending    Demo Dash, starts at {TIMES[0]}\n" in text


def test_what_to_try_is_about_the_contest_that_it_works_with() -> None:
    text = said()
    assert "tail contest leaderboard.4 chat.4 --url ws://127.0.0.1:9000\n" in text
    assert "http://127.0.0.1:9000/api/v69/contests/5/entries" in text
    assert "tail notifications --url ws://127.0.0.1:9000\n" in text
    assert "http://127.0.0.1:9000/api/v69/contests/3/leaderboard" in text
    assert "http://127.0.0.1:9000/docs" in text


def test_what_there_is_not_cannot_be_tried() -> None:
    text = said([])
    assert "tail" not in text
    assert "/entries" not in text
    assert "/leaderboard" not in text


@pytest.mark.parametrize(
    ("symbols", "portfolio"),
    [
        (("ADA", "BTC", "SOL"), '[{"symbol":"SOL","weight":60},{"symbol":"BTC","weight":40}]'),
        (("ADA", "GOLD"), '[{"symbol":"ADA","weight":60},{"symbol":"GOLD","weight":40}]'),
        (("GOLD", "SOL"), '[{"symbol":"SOL","weight":60},{"symbol":"GOLD","weight":40}]'),
        (("GOLD",), '[{"symbol":"GOLD","weight":100}]'),
    ],
)
def test_the_portfolio_to_enter_with_is_of_tokens_that_can_be_bought(symbols: tuple[str, ...], portfolio: str) -> None:
    assert f'{{"portfolio":{portfolio}}}' in said(symbols=symbols)


def test_a_link_to_the_console_signs_in_as_each_of_the_people_whose_tokens_are_named() -> None:
    text = said()
    links = re.findall(r"^ +http://127\.0\.0\.1:9000/console/(?:operate)?#token=(\S+)$", text, re.MULTILINE)
    assert links == re.findall(r"^ +export \w+=(\S+)$", text, re.MULTILINE)
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in links]
    assert [(claim["sub"], claim["role"]) for claim in claims] == [("demo-user", "user"), ("demo-admin", "admin")]
    assert f"http://127.0.0.1:9000/console/operate#token={links[1]}\n" in text


def test_a_console_that_is_switched_off_is_not_named() -> None:
    text = said(console=False)
    assert "onsole" not in text
    assert "export DUELCAST_TOKEN=" in text


def test_the_secret_is_not_in_it() -> None:
    assert SECRET not in said()
