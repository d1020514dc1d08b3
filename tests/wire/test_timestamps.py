"""Times on the wire (protocol §1.1)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.wire.timestamps import format_time, parse_time


def test_a_time_is_utc_with_milliseconds_and_z() -> None:
    assert format_time(1_800_000_000.0617) == "2027-01-15T08:00:00.061Z"


@pytest.mark.parametrize(
    ("epoch_s", "text"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (0.999, "1970-01-01T00:00:00.999Z"), (1.0, "1970-01-01T00:00:01.000Z")],
)
def test_the_text_changes_with_the_second(epoch_s: float, text: str) -> None:
    assert format_time(epoch_s) == text


@given(st.lists(st.floats(0, 4_000_000_000), min_size=1, max_size=5))
def test_a_formatted_time_is_read_as_the_same_millisecond_in_any_order_of_calls(times: list[float]) -> None:
    for epoch_s in times:
        text = format_time(epoch_s)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
        assert round(parse_time(text) * 1000) == int(epoch_s * 1000)


@pytest.mark.parametrize(
    "text",
    ["2027-01-15T08:00:00Z", "2027-01-15T10:00:00.000+02:00", "2027-01-15T03:30:00-04:30", "2027-01-15T08:00:00.0Z"],
)
def test_a_time_with_any_offset_is_read(text: str) -> None:
    assert parse_time(text) == 1_800_000_000.0


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-15T08:00:00",
        "2027-01-15",
        "2027-01-15 08:00:00Z",
        "2027-13-15T08:00:00Z",
        "2027-02-30T08:00:00Z",
        "2027-01-15T25:00:00Z",
        "2027-01-15T08:00:00Z\n",
        "2027-01-15T08:00:00+24:00",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59.9999Z",
        "0001-01-01T00:00:00+00:01",
        "٢٠٢٧-01-15T08:00:00Z",
        "now",
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # some of the texts are the standard library's
        parse_time(text)
