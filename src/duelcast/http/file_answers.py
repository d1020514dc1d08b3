"""Answers with files from memory, compressed if the client accepts that."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response

from duelcast.http.callers import AnyRequest
from duelcast.http.problems import header_of
from duelcast.http.served_files import ServedFile


def answer(file: ServedFile, headers: Mapping[str, str], request: AnyRequest) -> Response[bytes]:
    """The file in the coding that the client prefers; without content if `headers` have an `ETag` that the client
    names."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    if "ETag" in headers and _is_known(headers["ETag"], request):
        return Response(b"", status_code=304, headers=headers)
    coding = file.coding_for(header_of(request.scope, b"accept-encoding") or "")
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return Response(file.forms[coding], media_type=file.media_type, headers=headers)


def _is_known(etag: str, request: AnyRequest) -> bool:
    """Whether `If-None-Match` names the entity tag (RFC 9110, 13.1.2), strong or weak."""
    known = header_of(request.scope, b"if-none-match") or ""
    return known == "*" or etag.removeprefix("W/") in known
