"""The grammar of channels and groups (protocol §2)."""

from __future__ import annotations

import pytest

from duelcast.channels.names import Family, Kind, Role

MARKET = Family(
    "market",
    Kind.LATEST,
    (),
    "One channel per symbol.",
    parameter=r"[A-Z0-9_$.\-]{1,32}",
    group=lambda _symbol: "market.*",
    group_names=r"market\.\*",
    least_role=lambda symbol: Role.ADMIN if symbol == "SECRET" else Role.ANONYMOUS,
)
PUBLIC = Family("public.tokens", Kind.EVERY, (), "A single channel.")


@pytest.mark.parametrize("symbol", ["SOL", "YFI-BTC", "$WIF", "A.B_C", "X" * 32])
def test_a_name_of_the_family_has_its_parameter(symbol: str) -> None:
    assert MARKET.match(f"market.{symbol}") == symbol


@pytest.mark.parametrize(
    "name",
    [
        "",
        "market",
        "market.",
        "market.sol",
        "market.SOL ",
        "market.SOL\n",
        "market.*",
        f"market.{'X' * 33}",
        "xmarket.SOL",
    ],
)
def test_any_other_name_does_not_match(name: str) -> None:
    assert MARKET.match(name) is None


def test_the_dot_of_a_prefix_is_no_wildcard() -> None:
    assert PUBLIC.match("public.tokens") == ""
    assert PUBLIC.match("publicxtokens") is None


def test_a_family_without_parameter_has_one_channel() -> None:
    assert PUBLIC.channel().name == "public.tokens"
    assert PUBLIC.match("public.tokens.SOL") is None


def test_a_channel_is_the_same_object_while_somebody_holds_it() -> None:
    held = MARKET.channel("SOL")
    assert MARKET.channel("SOL") is held
    assert MARKET.held("SOL") is held
    assert MARKET.channel("BTC") is not held


def test_a_channel_that_nobody_holds_is_let_go() -> None:
    MARKET.channel("OLD")
    assert MARKET.held("OLD") is None


def test_a_channel_has_kind_group_and_role_of_its_family() -> None:
    channel = MARKET.channel("SECRET")
    assert (channel.kind, channel.group, channel.least_role) == (Kind.LATEST, "market.*", Role.ADMIN)
    assert (PUBLIC.channel().kind, PUBLIC.channel().group) == (Kind.EVERY, None)


def test_a_channel_brings_its_name_as_json() -> None:
    assert MARKET.channel("SOL").suffix == b',"channel":"market.SOL"'


def test_a_group_is_found_by_its_name_alone() -> None:
    group = MARKET.group_named("market.*")
    assert group is not None
    assert (group.name, group.kind, group.suffix) == ("market.*", Kind.LATEST, b',"channel":"market.*"')
    assert MARKET.group_named("market.*") is group


@pytest.mark.parametrize("name", ["market.SOL", "market.*\n", "marketx*", ""])
def test_any_other_name_is_no_group(name: str) -> None:
    assert MARKET.group_named(name) is None


def test_a_family_without_groups_has_none() -> None:
    assert PUBLIC.group_named("public.tokens") is None


def test_roles_are_in_growing_order() -> None:
    assert Role.ANONYMOUS < Role.USER < Role.ADMIN < Role.SUPERADMIN


# ── templates ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_named_groups_are_the_parameters_of_the_names() -> None:
    family = Family(
        "row",
        Kind.LATEST,
        (),
        "Rows of contests.",
        parameter=r"(?P<wallet>[a-z]+)\.(?P<contest>[0-9]+)",
        group_names=r"rows\.(?P<league>[A-Z])",
    )
    assert (family.template, family.group_template) == ("row.{wallet}.{contest}", "rows.{league}")
    assert family.parameters == {"wallet": "[a-z]+", "contest": "[0-9]+", "league": "[A-Z]"}
    assert family.match("row.ann.2") == "ann.2"


def test_a_parameter_without_a_name_is_called_name() -> None:
    assert (MARKET.template, MARKET.group_template) == ("market.{name}", "market.*")
    assert MARKET.parameters == {"name": r"[A-Z0-9_$.\-]{1,32}"}
    assert (PUBLIC.template, PUBLIC.group_template, PUBLIC.parameters) == ("public.tokens", None, {})
