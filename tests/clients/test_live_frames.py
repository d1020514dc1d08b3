"""What a server sends on an evening is what the generated types of both client libraries say."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from duelcast.client.messages import Message
from duelcast.endpoints.documents.members import pascal
from duelcast.endpoints.documents.python import module_name
from duelcast.endpoints.registry import find_endpoints
from tests.clients.live_evening import LiveEvening
from tests.endpoints.documents.described import Document
from tests.endpoints.documents.real_frames import kind_of_frame
from tests.serving import Frame

pytestmark = [pytest.mark.clients, pytest.mark.asyncio(loop_scope="module")]

FRAMES = 5_000
TYPESCRIPT = Path(__file__).resolve().parents[2] / "clients" / "typescript"
KINDS = {"reply": "answer", "notice": "answer", "push": "push", "numberedpush": "push", "snapshot": "snapshot"}
"""The kind of a frame, by the form of its message, with which the key of that ends in the document."""
DOCUMENT = Document(find_endpoints().values())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard() -> dict[str, list[Frame]]:
    """The frames of an evening, by endpoint."""
    evening = LiveEvening(DOCUMENT)
    await evening.spend(FRAMES)
    return evening.heard


async def test_every_message_of_the_document_is_sent(heard: dict[str, list[Frame]]) -> None:
    sent = {(endpoint, frame["type"], kind_of_frame(frame)) for endpoint in heard for frame in heard[endpoint]}
    documented = {
        (endpoint, DOCUMENT.messages(endpoint)[key]["name"], KINDS[key.rpartition(".")[2]])
        for endpoint in heard
        for key in DOCUMENT.operation_messages(endpoint, "send")
    }
    assert (sorted(documented - sent), sorted(sent - documented)) == ([], [])


async def test_every_frame_is_a_struct_of_the_python_client(heard: dict[str, list[Frame]]) -> None:
    for endpoint, frames in heard.items():
        structs = import_module(f"duelcast.client.generated.{module_name(endpoint)}").MESSAGES
        for frame in frames:
            message: Message = msgspec.json.decode(json.dumps(frame), type=structs[frame["type"]])
            assert without_nulls(msgspec.to_builtins(message)) == without_nulls(frame)


def without_nulls(value: Any) -> Any:
    """`value` without members that are null, because structs have None for absent members too."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


async def test_every_frame_has_a_type_of_the_typescript_client(heard: dict[str, list[Frame]], tmp_path: Path) -> None:
    compiler = TYPESCRIPT / "node_modules" / ".bin" / "tsc"
    if shutil.which("node") is None or not compiler.exists():
        pytest.skip("no TypeScript compiler: run `npm ci` in clients/typescript with Node.js 20 or newer")
    for endpoint, frames in heard.items():
        (tmp_path / f"{endpoint}.ts").write_text("\n".join(typescript(f"{pascal(endpoint)}Message", frames)))
    options = {"strict": True, "exactOptionalPropertyTypes": True, "module": "NodeNext", "noEmit": True, "types": []}
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    process = await asyncio.create_subprocess_exec(compiler, "-p", tmp_path, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    assert (process.returncode, output.decode()) == (0, "")


def typescript(name: str, frames: list[Frame]) -> Iterator[str]:
    """A program that is correct if all `frames` have the type `name`, and no member that it does not declare."""
    yield f"import type {{ {name} }} from {json.dumps(str(TYPESCRIPT / 'src' / 'types.js'))};"
    yield f"declare function hear(message: {name}): void;"
    yield from (f"hear({json.dumps(frame)});" for frame in frames)
