"""Who is there in the evening: 300 clients over all endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from duelcast.channels.names import Role
from tests.rehearsal.contests import Member
from tests.rehearsal.inboxes import Device
from tests.rehearsal.markets import PriceWatcher, TokenWatcher
from tests.rehearsal.operations import Operator, ServiceWatcher, SettingsReader, StatusWatcher
from tests.rehearsal.tracking import Analyst, Tracked
from tests.rehearsal.visitor import Visitor

ADMINS = ("chief", "deputy", "engineer", "steward")
PARTICIPANTS = 40
CATEGORIES = ("chat", "scene")
"""Of the settings that are followed."""


def user(number: int) -> str:
    """The wallet of a user; the first `PARTICIPANTS` enter the contests."""
    return f"user-{number:02}"


@dataclass
class Cast:
    """All clients, by what they do."""

    prices: list[PriceWatcher] = field(default_factory=list)
    tokens: list[TokenWatcher] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    spectators: list[Member] = field(default_factory=list)
    services: list[ServiceWatcher] = field(default_factory=list)
    statuses: list[StatusWatcher] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    settings: list[SettingsReader] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    tracked: list[Tracked] = field(default_factory=list)
    analysts: list[Analyst] = field(default_factory=list)

    @property
    def everybody(self) -> list[Visitor]:
        return [visitor for group in vars(self).values() for visitor in group]

    @property
    def wallets(self) -> set[str]:
        """Of everybody who has one."""
        return {visitor.wallet for visitor in self.everybody if visitor.wallet is not None}

    def devices_of(self, wallet: str) -> list[Device]:
        return [device for device in self.devices if device.wallet == wallet]

    @property
    def owners(self) -> list[str]:
        """The wallets that have devices."""
        return sorted({device.wallet for device in self.devices if device.wallet is not None})


def assemble(url: str, symbols: Sequence[str], contests: Sequence[int]) -> Cast:
    """For the server at `url` (`ws://…/ws`), whose tokens are `symbols`; the first two wallets have three devices, and
    everybody else who has any has two."""
    users = [user(number) for number in range(60)]
    some = [[symbols[number % len(symbols)], symbols[(number + 1) % len(symbols)]] for number in range(30)]
    return Cast(
        prices=[PriceWatcher(url, choice) for choice in [*some, *[None] * 30]],
        tokens=[TokenWatcher(url) for _ in range(20)],
        members=[Member(url, contests, wallet) for wallet in users]
        + [Member(url, contests, wallet, role=Role.ADMIN) for wallet in ADMINS],
        spectators=[Member(url, contests, public_name="public.contests") for _ in range(16)],
        services=[ServiceWatcher(url, wallet) for wallet in users[:20]]
        + [ServiceWatcher(url, wallet, Role.ADMIN) for wallet in ADMINS],
        statuses=[StatusWatcher(url) for _ in range(10)]
        + [StatusWatcher(url, wallet) for wallet in users[20:28]]
        + [StatusWatcher(url, wallet, Role.ADMIN) for wallet in ADMINS],
        operators=[Operator(url, wallet) for wallet in ADMINS * 2],
        settings=[SettingsReader(url, wallet, Role.USER, CATEGORIES) for wallet in users[28:40]]
        + [SettingsReader(url, wallet, Role.ADMIN, CATEGORIES) for wallet in ADMINS],
        devices=[Device(url, wallet) for wallet in (*users[:22] * 2, *users[:2])] + [Device(url) for _ in range(3)],
        tracked=[Tracked(url, wallet) for wallet in users[43:60]],
        analysts=[Analyst(url, wallet) for wallet in ADMINS],
    )
