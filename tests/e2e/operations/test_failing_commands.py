"""Commands that do not take effect (protocol §8, `COMMAND_FAILED`)."""

from __future__ import annotations

import io

import pytest

from duelcast.domain.operations import commands
from tests.e2e.operations.control_room import control_room
from tests.e2e.operations.patient import patient
from tests.serving import Client, Frame

HIDDEN = "the text of a defect, which nobody may see"


async def command(operator: Client, service: str, what: str) -> Frame:
    return await operator.ask(type="service_command", serviceName=service, command=what)


async def test_a_command_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "TIME_LIMIT_S", 0.05)
    async with patient() as asked, control_room() as room, room.socket("skyduel") as operator:
        asked.may_answer.clear()
        await room.put_probe("hanging", asked)
        await asked.asked_times(1)
        assert (await command(operator, "hanging", "health_check"))["code"] == "COMMAND_FAILED"
        assert (await command(operator, "hanging", "stop"))["result"]["success"] is True
        asked.may_answer.set()
        assert (await room.audit("hanging"))[1:] == [
            ("boss", "admin", "services.health_check", "timeout"),
            ("boss", "admin", "services.stop", "ok"),
        ]


async def test_a_defect_is_told_without_its_text(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    async with control_room() as room, room.socket("skyduel") as operator, room.socket("monitor") as watcher:

        async def fail() -> None:
            raise ValueError(HIDDEN)

        monkeypatch.setattr(room.app.leader.operations.registry["scorer"].work, "stop", fail)
        failed = await command(operator, "scorer", "stop")
        assert failed["code"] == "COMMAND_FAILED"
        seen = [failed, *await operator.drain(), *await watcher.drain(), await room.do("GET", "/audit?target=scorer")]
        assert (await room.audit("scorer")) == [("boss", "admin", "services.stop", "failed")]
        monkeypatch.undo()
        assert (await command(operator, "scorer", "restart"))["result"]["success"] is True
    assert "command_crashed" in log.getvalue()
    assert HIDDEN not in log.getvalue()
    assert HIDDEN not in repr(seen)
