"""The address of a PostgreSQL database, as settings give it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from duelcast.settings import ConfigurationError

SCHEMES = ("postgresql+asyncpg", "postgresql", "postgres")
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._%-]*)(:[0-9]{1,5})?"
_HOSTS = re.compile(rf"{_HOST}(,{_HOST})*")
_DATABASE = re.compile(r"/[^/:@]+")


class Address(NamedTuple):
    """`dsn` is for the driver, and may contain a password; `name` is for messages, without user, password and
    options."""

    dsn: str
    name: str


def is_address(url: str) -> bool:
    """Whether `url` is meant to name a PostgreSQL database."""
    return url.partition(":")[0] in SCHEMES


def parse_address(url: str) -> Address:
    """The address `postgresql://user:password@host:port/database?option=value` (libpq, 32.1.1.2), also with several
    hosts. Raises `ConfigurationError`, without showing any of it."""
    rest = url.partition(":")[2]
    try:
        parts = urlsplit(f"postgresql:{rest}")
    except ValueError:
        raise unusable() from None
    hosts = parts.netloc.rpartition("@")[2]
    # Otherwise, a password that contains one of `/?#@` would count as another part of the address, and be shown.
    is_clear = "@" not in parts.path + parts.query + parts.fragment and not parts.fragment
    if not (is_clear and _HOSTS.fullmatch(hosts) and _DATABASE.fullmatch(parts.path)):
        raise unusable()
    return Address(f"postgresql:{rest}", f"postgresql://{hosts}{parts.path}")


def unusable() -> ConfigurationError:
    """The error for an address that cannot be used."""
    return ConfigurationError(
        "The address of the database (DUELCAST_DATABASE_URL) is not that of a PostgreSQL database, such as "
        "postgresql://user:password@host:5432/database: encode special characters of user and password, such as %40 "
        "for @."
    )
