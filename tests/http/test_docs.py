from __future__ import annotations

import base64
import hashlib
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from duelcast import errors
from tests.http.console_fixture import console
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
PAGES = ["/", "/docs", "/docs/clients", "/docs/errors", "/docs/guides/operations", "/docs/http/tokens"]
CONSOLE_STYLE = GUIDE.parents[1] / "console" / "src" / "styles" / "base.css"
CLIENT_SCRIPT = (files("duelcast.http") / "static" / "client.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_outside(server: Serving, path: str) -> None:
    answer = await server.client.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(""", answer.text)
    assert "{{" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", PAGES)
async def test_the_policy_of_a_page_lets_its_own_scripts_and_style_run(server: Serving, path: str) -> None:
    answer = await server.client.get(path)
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", answer.text, re.DOTALL)
    assert len(parts) == answer.text.count("<style") + answer.text.count("<script") >= 1
    for part in parts:
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_a_page_is_sent_compressed_and_only_if_it_has_changed(server: Serving) -> None:
    page = await server.client.get("/docs/guides/operations")
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < len(page.content) / 2
    assert page.headers["cache-control"] == "no-cache"
    plain = await server.client.get("/docs/guides/operations", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert (plain.content, plain.headers["etag"]) == (page.content, page.headers["etag"])
    again = await server.client.get("/docs/guides/operations", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_index_of_the_search_is_json(server: Serving) -> None:
    index = await server.client.get("/docs/search.json")
    assert index.headers["content-type"] == "application/json"
    assert ["NOT_FOUND", "Error", "docs/errors#NOT_FOUND"] in [entry[:3] for entry in index.json()]


@pytest.mark.parametrize(
    "path", ["/docs/", "/docs/nothing", "/docs/guides", "/docs/guides/README", "/docs/http/tokens/x"]
)
async def test_an_unknown_page_is_a_problem(server: Serving, path: str) -> None:
    assert_problem(await server.client.get(path), 404, "NOT_FOUND")


async def test_the_documentation_links_to_the_console_if_there_is_one(server: Serving) -> None:
    assert 'href="../../console/"' not in (await server.client.get("/docs/guides/feeds")).text
    async with serving(console=console()) as other:
        assert 'href="../../console/"' in (await other.client.get("/docs/guides/feeds")).text


def test_the_documentation_has_the_colours_of_the_console() -> None:
    tokens = re.search(r"^:root \{.*?^\}", CONSOLE_STYLE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert tokens is not None
    assert tokens[0] in (files("duelcast.http") / "static" / "docs.css").read_text(encoding="utf-8")


async def test_every_link_of_the_first_page_leads_somewhere(server: Serving) -> None:
    page = await server.client.get("/")
    links = re.findall(r'href="([^"]+)"', page.text)
    assert {"docs", "docs/clients", "asyncapi.json", "openapi.json", "healthz", "readyz"} == set(links)
    for link in links:
        assert (await server.client.get(f"/{link}")).status_code == 200


async def test_the_first_page_lets_nothing_but_its_style_in(server: Serving) -> None:
    policy = (await server.client.get("/")).headers["content-security-policy"]
    names = {part.split()[0] for part in policy.split("; ")}
    assert names == {"default-src", "base-uri", "form-action", "frame-ancestors", "style-src"}


async def test_the_first_page_answers_head_without_a_body(server: Serving) -> None:
    page = await server.client.get("/")
    head = await server.client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(page.content))


async def test_the_first_page_names_no_document_that_its_reader_may_not_see() -> None:
    async with serving(public_ops=False) as server:
        page = await server.client.get("/")
    assert page.status_code == 200
    assert set(re.findall(r'href="([^"]+)"', page.text)) == {"healthz", "readyz"}


async def test_the_documentation_lists_every_error_and_close_code(server: Serving) -> None:
    declared = {*declared_errors()}
    page = (await server.client.get("/docs/errors")).text
    codes = {known.code for known in declared if issubclass(known, errors.AppError)}
    assert {"UNAVAILABLE", "CONTEST_NOT_FOUND", "UNKNOWN_METRIC", "COMMAND_FAILED"} < codes
    assert not [code for code in codes if f"<code>{code}</code>" not in page]
    page = (await server.client.get("/docs/close-codes")).text
    assert "<code>1000</code>" in page
    closes = {known.close_code for known in declared if issubclass(known, errors.Disconnect)}
    assert not [code for code in closes if f"<code>{code}</code>" not in page]


def declared_errors() -> Iterator[type[Any]]:
    """The errors of all, and those of each domain."""
    domains = Path(errors.__file__).parent / "domain"
    names = [f"duelcast.domain.{file.parent.name}.{file.stem}" for file in sorted(domains.glob("*/*errors.py"))]
    for module in (errors, *map(import_module, names)):
        yield from (known for _, known in inspect.getmembers(module, inspect.isclass))


@pytest.mark.parametrize("prefix", ["", "/live"])
async def test_the_page_of_the_guide_has_one_address_since_its_links_are_relative(prefix: str) -> None:
    async with serving(root_path=prefix) as server:
        assert (await server.client.get(f"{prefix}/docs/clients")).status_code == 200
        assert (await server.client.get(f"{prefix}/docs/clients/")).status_code == 404


async def test_links_of_the_pages_are_relative_so_that_a_prefix_does_no_harm() -> None:
    async with serving(root_path="/live") as server:
        for path in PAGES:
            page = (await server.client.get(f"/live{path}")).text
            assert not re.search(r'(href|src)="/', page)


def test_the_guide_shows_the_script_that_the_page_runs() -> None:
    (shown,) = re.findall(r"^```js\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert shown == CLIENT_SCRIPT


async def test_the_page_runs_the_script_of_the_guide(server: Serving) -> None:
    assert f"<script>{CLIENT_SCRIPT}</script>" in (await server.client.get("/docs/clients")).text


def test_the_guide_names_every_close_code() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    classes = [known for _, known in inspect.getmembers(errors, inspect.isclass)]
    codes = [known.close_code for known in classes if issubclass(known, errors.Disconnect)]
    assert len(codes) > 5
    assert [code for code in codes if str(code) not in guide] == []
