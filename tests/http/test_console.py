"""The console: its pages and files, as browsers and proxies get them."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from playwright.async_api import expect

from duelcast.http.console_files import MAX_DEPTH, read_console
from tests.http.chromium import chromium_page
from tests.http.console_fixture import BASE, BUILT, console
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

SCRIPT = "index-A1b2C3d4.js"
FONT = "text-C3d4E5f6.woff2"
TYPES = {
    SCRIPT: "text/javascript; charset=utf-8",
    "index-B2c3D4e5.css": "text/css; charset=utf-8",
    "mark-D4e5F6a7.svg": "image/svg+xml",
    FONT: "font/woff2",
}
DEEPEST = "/console" + "/a" * (MAX_DEPTH + 1)
FORMS = [
    ("gzip, deflate, br, zstd", "br"),
    ("BR;q=0.1, gzip;q=1", "br"),
    ("gzip, deflate", "gzip"),
    ("br;q=0, gzip", "gzip"),
    ("br; q=0.000, *", "gzip"),
    ("*", "br"),
    ("*;q=0, gzip", "gzip"),
    ("identity", None),
    ("gzip;q=0", None),
    ("deflate, x-br, gzipped", None),
    (";,;q,=, ,", None),
    ("", None),
]


@pytest.fixture
async def site() -> AsyncIterator[Serving]:
    """A server with the console of `console_build`."""
    async with serving(console=console()) as running:
        yield running


def content(name: str) -> bytes:
    return (BUILT / "assets" / name).read_bytes()


async def raw_get(site: Serving, path: str, **headers: str) -> httpx.Response:
    """The answer for a path that is sent as it is."""
    return await site.client.get("/", headers=headers, extensions={"target": path.encode()})


async def received(site: Serving, path: str, accept_encoding: str) -> tuple[httpx.Headers, bytes]:
    """The headers and the body as they were sent."""
    async with site.client.stream("GET", path, headers={"Accept-Encoding": accept_encoding}) as answer:
        assert answer.status_code == 200
        return answer.headers, b"".join([piece async for piece in answer.aiter_raw()])


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/console/", "/console/market", "/console/contests/2", "/console/a/b/c", DEEPEST])
async def test_each_page_finds_the_files_beside_the_first_one(site: Serving, path: str) -> None:
    page = await site.client.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    before, after = (BUILT / "index.html").read_bytes().split(BASE)
    assert page.content.startswith(before)
    assert page.content.endswith(after)
    base = page.content.removeprefix(before).removesuffix(after).decode().removeprefix('<base href="')
    assert urljoin(urljoin(path, base.removesuffix('" />')), "./assets/x.js") == "/console/assets/x.js"


@pytest.mark.parametrize("path", ["/console/market/BRK.B", "/console/settings/pages.banner", "/console/users/%C3%A4"])
async def test_names_in_the_addresses_of_pages_may_have_dots_and_other_characters(site: Serving, path: str) -> None:
    page = await raw_get(site, path)
    assert page.status_code == 200
    assert b'<base href="../" />' in page.content


async def test_a_page_is_fetched_again_only_if_the_console_has_changed(site: Serving, tmp_path: Path) -> None:
    first = await site.client.get("/console/")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = await site.client.get("/console/contests/2", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
        assert "content-length" not in again.headers
    shutil.copytree(BUILT, tmp_path, dirs_exist_ok=True)
    (tmp_path / "index.html").write_bytes((BUILT / "index.html").read_bytes() + b"\n")
    async with serving(console=console(tmp_path)) as newer:
        changed = await newer.client.get("/console/", headers={"If-None-Match": etag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != etag


async def test_a_page_is_guarded_against_others(site: Serving) -> None:
    headers = (await site.client.get("/console/contests/2")).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        **dict.fromkeys(("script-src", "style-src", "font-src", "connect-src", "manifest-src", "base-uri"), "'self'"),
        "img-src": "'self' data:",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_page_is_small_on_the_way(site: Serving) -> None:
    index = (BUILT / "index.html").read_bytes()
    headers, body = await received(site, "/console/", "br, gzip")
    assert (headers["content-encoding"], body) == ("br", (BUILT / "index.html.br").read_bytes())
    headers, body = await received(site, "/console/contests/2", "br, gzip")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == index.replace(BASE, b'<base href="../" />')
    assert "Accept-Encoding" in headers["vary"]


@pytest.mark.parametrize("prefix", ["", "/live"])
async def test_the_browser_permits_what_the_console_needs_and_refuses_the_rest(prefix: str) -> None:
    async with serving(console=console(), root_path=prefix) as site, chromium_page() as page:
        await page.goto(str(site.client.base_url.join(f"{prefix}/console/contests/2")))
        await expect(page.locator("#loaded")).to_be_attached()
        shown = json.loads(await page.locator("#loaded").inner_text())
        assert shown["own"] == []
        assert shown["elsewhere"] == ["connect-src", "font-src", "img-src", "script-src-elem", "style-src-elem"]
        assert shown["colour"] == "rgb(1, 2, 3)"
        assert await page.title() == "A page of tests"


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", TYPES)
async def test_a_file_is_kept_for_ever_since_its_name_changes_with_it(site: Serving, name: str) -> None:
    answer = await site.client.get(f"/console/assets/{name}", headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (200, content(name))
    assert answer.headers["content-type"] == TYPES[name]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("accepted", "coding"), FORMS)
async def test_a_client_gets_the_best_form_that_it_accepts(site: Serving, accepted: str, coding: str | None) -> None:
    headers, body = await received(site, f"/console/assets/{SCRIPT}", accepted)
    assert headers.get("content-encoding") == coding
    assert "Accept-Encoding" in headers["vary"]
    assert int(headers["content-length"]) == len(body)
    expected = {"br": content(f"{SCRIPT}.br"), None: content(SCRIPT)}
    assert (gzip.decompress(body) if coding == "gzip" else body) == expected.get(coding, content(SCRIPT))


async def test_a_font_is_compressed_already(site: Serving) -> None:
    headers, body = await received(site, f"/console/assets/{FONT}", "br, gzip")
    assert (headers.get("content-encoding"), body) == (None, content(FONT))


async def test_only_the_first_entries_of_a_long_header_count(site: Serving) -> None:
    headers, _ = await received(site, f"/console/assets/{SCRIPT}", "x," * 20_000 + "br")
    assert "content-encoding" not in headers


# ── what is not there ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "/console/assets",
        "/console/assets/",
        "/console/assets/index-old.js",
        f"/console/assets/{SCRIPT}.br",
        f"/console/assets/more/{SCRIPT}",
        "/console/assets/..",
        "/console/assets/../../../app.py",
        "/console/assets/..%2F..%2Fapp.py",
        "/console/assets/%2e%2e/%2e%2e/app.py",
        "/console/assets/..\\..\\app.py",
        "/console/assets//etc/passwd",
        "/console/index.html",
        "/console/index.html.br",
        "/console/favicon.ico",
        "/console/..",
        "/console/market/..",
        "/console/./market",
        "/console/market/",
        "/console//market",
        "/console/contests%2F2",
        "/console/a" + "/a" * (MAX_DEPTH + 1),
        "/console" + "/a" * 20_000,
        "/console/assets/" + "a" * 60_000,
        "/consoles",
    ],
)
async def test_what_is_missing_is_a_problem_and_never_a_page(site: Serving, path: str) -> None:
    assert_problem(await raw_get(site, path), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/market", f"/console/assets/{SCRIPT}"])
async def test_it_can_only_be_read(site: Serving, path: str) -> None:
    page = await site.client.get(path)
    head = await site.client.head(path)
    assert (head.status_code, head.content) == (page.status_code, b"")
    assert head.headers["content-length"] == page.headers["content-length"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await site.client.request(method, path)
        assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/market", f"/console/assets/{SCRIPT}"])
async def test_a_server_without_a_console_says_so_and_shows_its_links(server: Serving, path: str) -> None:
    assert_problem(await server.client.get(path), 404, "CONSOLE_NOT_FOUND")
    home = await server.client.get("/")
    assert home.status_code == 200
    assert 'href="docs"' in home.text


def test_a_folder_without_a_built_page_is_no_console(tmp_path: Path) -> None:
    assert read_console(tmp_path) is None
    assert read_console(tmp_path / "missing") is None


def test_a_page_that_could_not_find_its_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><head></head>", encoding="utf-8")
    with pytest.raises(ValueError, match="base href"):
        read_console(tmp_path)


# ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_start_leads_to_the_console(site: Serving, path: str, method: str) -> None:
    answer = await site.client.request(method, path)
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, "console/", b"")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/live", "/live/", "/live/console", "/", "/console"])
async def test_under_a_prefix_it_does_too_whether_or_not_the_proxy_removes_it(path: str) -> None:
    async with serving(console=console(), root_path="/live") as site:
        answer = await raw_get(site, path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/live/console/")
        for page in ("/live/console/", "/console/"):
            assert BASE in (await raw_get(site, page)).content


@pytest.mark.parametrize("seen", ["http://duel.example/", "http://duel.example/some/where/"])
async def test_an_unknown_prefix_does_no_harm(site: Serving, seen: str) -> None:
    """A proxy removes it without saying so; the browser resolves what the server answers."""
    for path in ("", "console"):
        answer = await site.client.get(f"/{path}")
        assert urljoin(seen + path, answer.headers["location"]) == f"{seen}console/"


async def test_nobody_needs_a_right_for_it() -> None:
    async with serving(console=console(), public_ops=False) as site:
        for headers in ({}, site.bearer("ann"), site.machine, {"Authorization": "Bearer nonsense"}):
            assert (await site.client.get("/console/", headers=headers)).status_code == 200
