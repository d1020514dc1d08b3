"""Names mean the same on all nodes."""

from __future__ import annotations

import pytest

from duelcast.cluster.directory import Directory
from duelcast.endpoints.registry import find_endpoints

DIRECTORY = Directory(find_endpoints().values())


@pytest.mark.parametrize(
    "name",
    ["alerts", "market.SOL", "market.*", "service.venue", "services", "setting.chat.max_characters", "category.chat"],
)
def test_channels_and_groups_are_found_by_their_names(name: str) -> None:
    assert DIRECTORY.target(name).name == name


@pytest.mark.parametrize("name", ["", "market", "markets.*", "nothing.here"])
def test_a_name_that_no_endpoint_has_is_not_found(name: str) -> None:
    with pytest.raises(LookupError):
        DIRECTORY.target(name)
