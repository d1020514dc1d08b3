"""Fills a server with data to ask for: contests, a chat, notifications, settings, services and errors."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
from websockets.asyncio.client import connect

from benchmarks.abuse.probing import WALLET
from benchmarks.measuring import token_of
from duelcast.wire.timestamps import format_time

CONTESTS = 100
CHAT_MESSAGES = 1_000
RECORDS = 50


async def furnish(port: int) -> None:
    """Fill the server through its API."""
    admin = {"Authorization": f"Bearer {token_of('organiser', 'superadmin')}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/api/v69", headers=admin, trust_env=False, timeout=30
    ) as http:
        now_s = time.time()
        for number in range(CONTESTS):
            contest = {
                "name": f"Contest {number}",
                "description": "d" * 500,
                "start_time": format_time(now_s + 86_400),
                "end_time": format_time(now_s + 90_000),
            }
            (await http.post("/contests", json=contest)).raise_for_status()
        for number in range(RECORDS):
            setting = {"value": "v" * 500, "visibility": "public"}
            (await http.put(f"/settings/shown.setting_{number}", json=setting)).raise_for_status()
            (
                await http.put(f"/services/service-{number}", json={"kind": "reported", "layer": "data"})
            ).raise_for_status()
            notice = {"wallets": [WALLET], "type": "NEWS", "title": "t" * 100, "content": "c" * 500}
            (await http.post("/notifications", json=notice)).raise_for_status()
            error = {"service": f"service-{number}", "level": "error", "error": f"e{number}" * 100}
            (await http.post("/errors", json=error)).raise_for_status()
        (await http.put("/settings/chat.messages_per_minute", json={"value": 0})).raise_for_status()
    await _chat(port)


async def _chat(port: int) -> None:
    headers = {"Authorization": f"Bearer {token_of(WALLET)}"}
    url = f"ws://127.0.0.1:{port}/api/v69/ws/contest"
    async with connect(url, additional_headers=headers, compression=None, proxy=None, max_size=None) as room:
        reading = asyncio.create_task(_read(room))
        await room.send(json.dumps({"type": "join_contest_room", "contestId": 1}))
        for _ in range(CHAT_MESSAGES):
            await room.send(json.dumps({"type": "send_chat_message", "contestId": 1, "text": "m" * 500}))
        await room.send(json.dumps({"type": "ping", "timestamp": "done"}))
        await reading


async def _read(room: object) -> None:
    async for frame in room:  # type: ignore[attr-defined]  # `room` is a connection
        if json.loads(frame).get("timestamp") == "done":
            return
