"""An access token that expires while the page is open."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from duelcast.clock import SystemClock
from duelcast.domain.accounts.claims import LEEWAY_S
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.browser.console.pages import Console
from tests.domain.accounts.wallets import Wallet
from tests.e2e.shifted_clock import ShiftedClock
from tests.guides.scene import CONTEST, Scene
from tests.serving import SECRET

pytestmark = pytest.mark.browser

SIGN_IN_AGAIN = 4001


@pytest.fixture
def clock(tmp_path: Path) -> ShiftedClock:
    """The wall clock of the server's machine."""
    return ShiftedClock(tmp_path)


@pytest.fixture
def scene(tmp_path: Path, clock: ShiftedClock) -> Iterator[Scene]:
    # How often a server looks whether a token has expired.
    often = {"DUELCAST_HEARTBEAT_INTERVAL_S": "1"}
    scene = Scene(tmp_path / "data", often, command=clock.command)
    try:
        scene.open()
        yield scene
    finally:
        scene.close()


class Player:
    """Somebody who has signed in with a wallet, so that the server renews their tokens."""

    def __init__(self, scene: Scene) -> None:
        wallet = Wallet()
        challenge = scene.call("POST", "/auth/challenge", {"wallet": wallet.address})
        signed = {"challengeId": challenge["challengeId"], "signature": wallet.sign(challenge["message"])}
        token = scene.call("POST", "/auth/verify", {"wallet": wallet.address, **signed})["token"]
        self._wallet = wallet.address
        self._claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})

    def token(self, life_s: float) -> str:
        """A token of the same sign-in; its life begins now, whatever the server's clock says."""
        session = {"session_id": self._claims["sid"], "signed_in_s": self._claims["auth_time"]}
        return TokenIssuer(SystemClock(), SECRET).issue(self._wallet, ttl_s=life_s, **session)


@pytest.fixture
def player(scene: Scene) -> Player:
    return Player(scene)


class Witness:
    """A connection with a token that nobody renews."""

    def __init__(self, scene: Scene, token: str) -> None:
        address = f"{scene.server.url.replace('http', 'ws')}/api/v69/ws/contest?token={token}"
        self._socket = connect(address, proxy=None, legacy=True)

    def until_closed(self) -> None:
        """Wait until the server has closed it because its token has expired."""
        with self._socket, pytest.raises(ConnectionClosedError):
            deque(self._socket, maxlen=0)
        assert self._socket.close_code == SIGN_IN_AGAIN


def test_a_token_is_renewed_in_time_so_that_nothing_closes_and_no_draft_is_lost(
    console: Console, clock: ShiftedClock, player: Player
) -> None:
    page, scene = console.page, console.scene
    draft = page.get_by_label("Message", exact=True)
    # At first there is no other token, so that the page connects with one that is about to expire.
    page.route("**/api/v69/auth/refresh", lambda route: route.fulfill(status=503))
    token = player.token(life_s=20)
    witness = Witness(scene, token)
    console.open(f"contests/{CONTEST}/room", token)
    expect(console.message("Good luck!")).to_be_visible()
    page.unroute("**/api/v69/auth/refresh")
    draft.fill("not sent yet")
    before = list(console.watch.sockets)
    signed_in = [one for one in before if one.of_type("auth_success")]
    assert signed_in

    console.watch.until(lambda: all(len(one.of_type("auth_success")) == 2 for one in signed_in))
    clock.set(20 + LEEWAY_S + 1)
    witness.until_closed()
    scene.say("bob", "Half an hour later")
    expect(console.message("Half an hour later")).to_have_count(1)
    console.live()
    assert console.watch.sockets == before
    expect(draft).to_have_value("not sent yet")
    draft.press("Enter")
    expect(console.message("not sent yet").locator("time")).to_be_visible()


def test_a_provider_that_fails_leads_to_a_prompt_and_no_draft_is_lost(
    console: Console, clock: ShiftedClock, player: Player
) -> None:
    page = console.page
    draft = page.get_by_label("Message", exact=True)
    page.route("**/api/v69/auth/refresh", lambda route: route.fulfill(status=503))
    console.open(f"contests/{CONTEST}/room", player.token(life_s=100))
    draft.fill("not sent yet")

    clock.set(100 + LEEWAY_S + 1)
    prompt = page.get_by_role("dialog", name="Sign in")
    expect(prompt).to_contain_text("Your drafts are kept")
    expect(console.message("Good luck!")).to_have_count(1)
    prompt.get_by_label("Access token").fill(player.token(life_s=3600))
    page.keyboard.press("Enter")
    expect(prompt).to_have_count(0)
    console.live()
    expect(draft).to_have_value("not sent yet")
    draft.press("Enter")
    expect(console.message("not sent yet").locator("time")).to_be_visible()
