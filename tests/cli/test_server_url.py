from __future__ import annotations

from typing import Any

import pytest

from duelcast.cli.greeting import server_url
from duelcast.settings import Settings


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "ws://127.0.0.1:8069"),
        ({"host": "0.0.0.0", "port": 9000}, "ws://127.0.0.1:9000"),
        ({"host": "::"}, "ws://[::1]:8069"),
        ({"root_path": "/duelcast"}, "ws://127.0.0.1:8069/duelcast"),
    ],
)
def test_a_server_is_looked_for_where_its_settings_put_it(values: dict[str, Any], url: str) -> None:
    assert server_url(Settings(**values)) == url
