"""The console: a single-page application, whose pages are all made from one `index.html`.

A page names its files relative to `/console/`, because a proxy may publish the server under a prefix that the server
does not know.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import Parameter, SkipValidation

from duelcast.errors import AppError
from duelcast.http.callers import AnyRequest
from duelcast.http.console_files import ConsoleFiles
from duelcast.http.file_answers import answer
from duelcast.http.own_address import prefix_of
from duelcast.http.services import HttpServices

Services: TypeAlias = NamedDependency[SkipValidation[HttpServices]]

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",  # includes the WebSockets of the same host and port (CSP 3, 6.7.2.8)
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The names of assets contain hashes of their contents."""


class NoConsole(AppError, code="CONSOLE_NOT_FOUND", status=404):
    """This server has no console: a setting switches it off, or it was not built."""


@get("/console", include_in_schema=False)
async def get_console(services: Services, request: AnyRequest) -> Response[bytes]:
    """The first page of the console, at `/console/`; the path without the slash redirects there."""
    console = _console_of(services)
    if not request.scope["raw_path"].endswith(b"/"):
        return console_redirect(request)
    return _page(console, 0, request)


@get("/console/{page:path}", include_in_schema=False)
async def get_console_page(services: Services, request: AnyRequest) -> Response[bytes]:
    """Any other page of the console. Only files have names with a dot directly below `/console/`, and none of them is
    there."""
    console = _console_of(services)
    first, *further = request.scope["path"].split("/")[2:]
    if "." in first or len(further) >= len(console.pages):
        raise NotFoundException
    return _page(console, len(further), request)


@get("/console/assets/{name:str}", include_in_schema=False)
async def get_console_asset(
    services: Services, request: AnyRequest, name: Annotated[str, Parameter(description="The name of the file.")]
) -> Response[bytes]:
    """A file that pages load."""
    file = _console_of(services).assets.get(name)
    if file is None:
        raise NotFoundException
    return answer(file, _ASSET_HEADERS, request)


def console_redirect(request: AnyRequest) -> Response[bytes]:
    """Redirects from `/` or `/console` to the console.

    A relative address is right whatever the prefix, unless the client left out the slash behind it, which is possible
    only with a prefix that the server knows.
    """
    prefix = prefix_of(request)
    location = f"{prefix}/console/" if prefix else "console/"
    return Response(b"", status_code=307, headers={"Location": location, "Cache-Control": "no-cache"})


def _console_of(services: HttpServices) -> ConsoleFiles:
    if services.console is None:
        raise NoConsole("This server has no console: DUELCAST_CONSOLE is false, or the console was not built.")
    return services.console


def _page(console: ConsoleFiles, depth: int, request: AnyRequest) -> Response[bytes]:
    return answer(console.pages[depth], _PAGE_HEADERS | {"ETag": console.etag}, request)
