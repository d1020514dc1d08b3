"""How the server treats what lives beside it."""

from __future__ import annotations

import os
import signal
from asyncio import CancelledError, Event
from pathlib import Path

import httpx

from duelcast.app import Companion, run
from duelcast.settings import Settings
from duelcast.store.database import Database


class Guest:
    """Asks the server to stop once it runs, and notes whether that still answered when it was sent away."""

    answered = False

    async def claim(self, database: Database) -> None:
        """Takes any."""

    async def run(self, url: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await Event().wait()
        except CancelledError:
            async with httpx.AsyncClient(trust_env=False) as http:
                self.answered = (await http.get(f"{url}/healthz")).is_success
            raise


class Faulty(Guest):
    async def run(self, url: str) -> None:
        raise RuntimeError


def ran(folder: Path, companion: Companion) -> int:
    return run(Settings(port=0, feed="none", data_dir=folder), lambda _url: None, companion)


def test_a_companion_leaves_before_the_server_stops(tmp_path: Path) -> None:
    guest = Guest()
    assert ran(tmp_path, guest) == 0
    assert guest.answered


def test_a_companion_that_fails_ends_the_server(tmp_path: Path) -> None:
    assert ran(tmp_path, Faulty()) == 1
