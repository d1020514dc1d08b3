from __future__ import annotations

import pytest
from pydantic import SecretStr

from duelcast.settings import Settings
from duelcast.settings.fields import KEY_SET_ALGORITHMS, SECRET_ALGORITHMS
from duelcast.settings.loading import variable
from duelcast.settings.table import masked, reference


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is_for(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")
    assert f"| `{variable(name)}` |" in reference()


def test_the_reference_lists_every_algorithm_that_may_be_chosen() -> None:
    row = next(line for line in reference().splitlines() if "JWT_ALGORITHMS" in line)
    assert not [name for name in SECRET_ALGORITHMS + KEY_SET_ALGORITHMS if name not in row]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("jwt_secret", SecretStr("hunter2hunter2"), "********"),
        ("database_url", "postgresql+asyncpg://duel:hunter2@db/duel", "postgresql+asyncpg://duel:********@db/duel"),
        ("database_url", "postgresql+asyncpg://db/duel?password=hunter2", "postgresql+asyncpg://db/duel?********"),
        ("broker_url", "memory://", "memory://"),
        ("jwt_issuer", None, "–"),
        ("query_token", True, "true"),
        (
            "services",
            ({"name": "cache", "check": {"url": "redis://user:hunter2@db"}}, {"kind": "probe"}),
            "cache, (no name)",
        ),
        ("services", (), "–"),
        ("allowed_origins", ("https://a.example", "https://b.example"), "https://a.example, https://b.example"),
    ],
)
def test_values_are_shown_without_secrets(name: str, value: object, shown: str) -> None:
    assert masked(name, value) == shown
