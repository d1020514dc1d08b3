"""Nicknames that could be taken for another's, or for those of the platform's own people."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from tests.serving import client, http_client, running, token_for
from tests.storing import make_earlier

SUFFIXES = ["\ufe0f", "\u034f", "\u3164", "\u115f", "\u2800", "\u17b4", "\u180b", "\U000e0100"]


async def rename(app: App, wallet: str, nickname: str, role: Role = Role.USER) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token_for(app, wallet, role)}"}
    async with http_client(app, "", headers=headers) as http:
        return await http.patch("/api/v69/users/me", json={"nickname": nickname})


async def put(app: App, wallet: str, **fields: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token_for(app, 'boss', Role.ADMIN)}"}
    async with http_client(app, "", headers=headers) as http:
        return await http.put(f"/api/v69/users/{wallet}", json=fields)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["field"]


async def shown(app: App, wallet: str, claimed: str) -> str | None:
    """The nickname that a connection has whose token claims one."""
    async with client(app, "contest", token=token_for(app, wallet, nickname=claimed), greeted=False) as ws:
        greeting = (await ws.receive_until(type="connection_established"))[-1]
    nickname: str | None = greeting["user"]["nickname"]
    return nickname


async def test_nobody_takes_a_nickname_that_looks_like_a_stored_one() -> None:
    async with running() as app:
        assert (await rename(app, "ann", "Captain")).status_code == 200
        for suffix in SUFFIXES:
            assert refusal(await rename(app, "eve", f"Captain{suffix}")) == (409, "CONFLICT", "nickname")
        for other in ("\u0421aptain", "CAPTAIN", "Capta1n", "Capt\u0430in"):
            assert refusal(await rename(app, "eve", other)) == (409, "CONFLICT", "nickname")
        assert (await rename(app, "ann", "C\u0430ptain")).status_code == 200, "it is her own"
        assert (await rename(app, "eve", "Captain 2")).status_code == 200


@pytest.mark.parametrize("blank", ["\u2800", "\u3164", "\u115f", " \u2800 "])
async def test_a_nickname_of_blanks_alone_is_refused(blank: str) -> None:
    async with running() as app:
        assert refusal(await rename(app, "eve", blank)) == (400, "INVALID_REQUEST", "nickname")


async def test_reserved_nicknames_are_for_admins_to_give() -> None:
    async with running() as app:
        for reserved in ("Admin", "\u0410dmin", "MODERATOR", "Supp0rt", "Duelcast", "DueIcast"):
            assert refusal(await rename(app, "eve", reserved)) == (409, "CONFLICT", "nickname")
            assert refusal(await rename(app, "boss", reserved, Role.ADMIN)) == (409, "CONFLICT", "nickname")
        assert (await put(app, "helper", nickname="Support")).status_code == 200
        assert refusal(await put(app, "other", nickname="\u0405upport")) == (409, "CONFLICT", "nickname")
        assert await shown(app, "helper", "anything") == "Support"


async def test_which_are_reserved_is_a_setting() -> None:
    async with running(reserved_nicknames=("Croupier",)) as app:
        assert (await rename(app, "ann", "Admin")).status_code == 200
        assert refusal(await rename(app, "eve", "Cr\u043eupier")) == (409, "CONFLICT", "nickname")


async def test_a_claimed_nickname_that_looks_like_a_stored_or_reserved_one_counts_as_null() -> None:
    async with running() as app:
        assert (await rename(app, "ann", "Captain")).status_code == 200
        for claimed in ("Captain\ufe0f", "\u0421aptain", "Admin\u2800", "\u0410dmin", "\u3164", "x" * 3_000):
            assert await shown(app, "eve", claimed) is None
        assert await shown(app, "eve", "Captain 2") == "Captain 2"


async def test_a_claim_ends_when_somebody_stores_what_it_looks_like() -> None:
    async with running() as app, client(app, "contest", token=token_for(app, "eve", nickname="\u0421aptain")) as eve:
        assert (await rename(app, "ann", "captain")).status_code == 200
        told = (await eve.receive_until(type="session_updated"))[-1]
        assert told["user"]["nickname"] is None


async def test_names_from_before_are_kept_and_protected_though_they_look_alike(tmp_path: Path) -> None:
    make_earlier(tmp_path / "duelcast.db", "0003")
    add_user(tmp_path / "duelcast.db", "ann", "Captain")
    add_user(tmp_path / "duelcast.db", "eve", "\u0421aptain")
    async with running(data_dir=tmp_path) as app:
        assert await shown(app, "ann", "x") == "Captain"
        assert await shown(app, "eve", "x") == "\u0421aptain"
        assert refusal(await rename(app, "bob", "Capt\u0430in")) == (409, "CONFLICT", "nickname")
        assert (await put(app, "eve", banned=True)).status_code == 200, "only another nickname is looked at"
    async with running(data_dir=tmp_path) as app:
        assert (await put(app, "ann", nickname="Ann")).status_code == 200
        assert refusal(await rename(app, "bob", "Captain")) == (409, "CONFLICT", "nickname"), "the other one has it"


def add_user(path: Path, wallet: str, nickname: str) -> None:
    """As a version stored them which compared nicknames without regard to case alone."""
    with closing(sqlite3.connect(path)) as file, file:
        columns = "wallet, nickname, nickname_key, banned, created_ms, updated_ms"
        row = (wallet, nickname, nickname.casefold(), False, 0, 0)
        file.execute(f"insert into users ({columns}) values (?, ?, ?, ?, ?, ?)", row)
