"""The users of the demo: its organiser, two people to sign in as, and the bots."""

from __future__ import annotations

from typing import NamedTuple

from duelcast.channels.names import Role


class Person(NamedTuple):
    """A user of the demo."""

    wallet: str
    nickname: str
    role: Role = Role.USER


ORGANISER = Person("demo-organiser", "Demo organiser", Role.SUPERADMIN)
"""The user who sets up users and contests; a contest is the demo's own if this user created it."""

GUEST = Person("demo-user", "Demo user")
ADMIN = Person("demo-admin", "Demo admin", Role.ADMIN)
"""People who try the demo sign in as one of these two."""

_NAMES = (
    *("Albatross", "Badger", "Capybara", "Dormouse", "Egret", "Falcon", "Gecko", "Heron"),
    *("Ibex", "Jackdaw", "Kestrel", "Lynx", "Marmot", "Newt", "Otter", "Pangolin"),
    *("Quokka", "Raccoon", "Stoat", "Tapir", "Urial", "Vole", "Wombat", "Yak"),
)
BOTS = tuple(Person(f"demo-bot-{name.lower()}", f"{name} (bot)") for name in _NAMES)
