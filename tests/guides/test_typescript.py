"""The TypeScript of the guide: all blocks compile, and those without a page run in Node.js against a real server. The
pages are tried in `tests/browser`."""

from __future__ import annotations

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.guides.blocks import DOCS, blocks_of
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.clients

PACKAGE = DOCS.parent / "clients" / "typescript"
TOOLS = PACKAGE / "node_modules" / ".bin"
FOLDER = PACKAGE / "test" / "guide" / "blocks"
GUIDE = DOCS / "client-typescript.md"
PAPERS = (GUIDE, DOCS.parent / "README.md", PACKAGE / "README.md")
PAGE = "First minute"
WHOLE_FILES = {"ts": "src/main.ts", "html": "index.html"}
LONGEST_PAGE = 25
TIMEOUT_S = 60.0
SCRIPTS = {block.name: block.code for block in blocks_of(GUIDE, "ts") if block.name != PAGE}
DONE = "The block was run."
AFTERWARDS = {
    "Sign in": "await connectWallet(); console.log((await token())?.length); await disconnectWallet();",
    "HTTP 2": "console.log((await contestQuery(client, contestId).queryFn(new AbortController())).name);",
    "Recover": 'import { market } from "@duelcast/client"; market(client, "SOL").subscribe(() => undefined);',
    "Test your own code": "const fake = fakeStore(1); fake.subscribe(() => console.log(fake.get())); fake.set(2);",
}
"""By block that only declares something, the lines that use it."""
PRINTED = {
    "Sign in": [r"\d{3}"],
    "Follow": [r"SOL \d+(\.\d+)? live", "(ann|bob) leads"],
    "Follow 2": [r"The server is online\."],
    "Follow 3": [r"[1-9]\d* contests"],
    "Chat": [r"bob: Good luck!", r"Good luck! \(pending\)", r"stored as \d+", r"ann: Good luck!"],
    "Chat 2": [r"[1-9]\d* messages loaded"],
    "Inbox": [r"\d unread, the newest: Join the cup"],
    "Tracked events": ["stored as [0-9a-f-]{36}"],
    "Requests": ["2 participants"],
    "HTTP": [f"{CONTEST} Friday Cup", "Hello, Ann"],
    "HTTP 2": ["Friday Cup"],
    "Recover": ["market-data: open"],
    "Test your own code": ["2"],
    "Test your own code 2": ["100"],
}
"""By block, the lines that it prints sooner or later, in any order."""


async def run(*command: str | Path) -> tuple[int | None, str]:
    """The exit status and the output of a program, which is run in the package."""
    process = await asyncio.create_subprocess_exec(*map(str, command), cwd=PACKAGE, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.fixture
def files() -> Iterator[Path]:
    """A folder with a file for each block, in which the imports of the package work."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for paper, language in product(PAPERS, ("ts", "tsx")):
        for block in blocks_of(paper, language):
            name = "-".join((*paper.parent.parts[-1:], paper.stem, *block.name.split()))
            (FOLDER / f"{name}.{language}").write_text(block.code)
    yield FOLDER
    shutil.rmtree(FOLDER)


@pytest.fixture(autouse=True)
def _has_node() -> None:
    if not (TOOLS / "tsc").exists():
        pytest.skip("the TypeScript client is not installed: run `make clients`")


async def test_every_block_compiles(files: Path) -> None:
    status, output = await run(TOOLS / "tsc", "-p", files.parent)
    assert status == 0, output


async def test_every_block_is_formatted(files: Path) -> None:
    status, output = await run(TOOLS / "prettier", "--check", "--ignore-path", "/dev/null", files)
    assert status == 0, output


@pytest.mark.parametrize("language", WHOLE_FILES)
def test_the_page_is_that_of_the_example(language: str) -> None:
    example = (PACKAGE / "examples" / "vanilla" / WHOLE_FILES[language]).read_text()
    assert [block.code for block in blocks_of(GUIDE, language) if block.name == PAGE] == [example]


def test_the_page_is_short() -> None:
    (code,) = [block.code for block in blocks_of(GUIDE, "ts") if block.name == PAGE]
    assert len(code.splitlines()) <= LONGEST_PAGE


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_block_does_what_it_says(name: str, scene: Scene, files: Path) -> None:
    missing = {DONE, *PRINTED[name]}
    code = SCRIPTS[name].replace("http://127.0.0.1:8069", scene.server.url)
    path = files / "run.ts"
    path.write_text(f"{code}\n{AFTERWARDS.get(name, '')}\n")
    command = ("node", "test/guide/run.mjs", path, scene.server.url, token_of("ann"), CONTEST)
    process = await asyncio.create_subprocess_exec(*map(str, command), cwd=PACKAGE, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    printed = []
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while missing and (line := (await process.stdout.readline()).decode().rstrip()):
                printed.append(line)
                missing -= {pattern for pattern in missing if re.fullmatch(pattern, line)}
    except TimeoutError:
        pass  # `missing` says more
    finally:
        if process.returncode is None:
            process.kill()
        _, errors = await process.communicate()
    assert errors.decode() == ""
    assert missing == set(), printed
