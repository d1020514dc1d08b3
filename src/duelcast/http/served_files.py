"""Files in memory, also compressed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_MAX_CODINGS = 32
"""The most entries of `Accept-Encoding` that count; browsers send five."""


@dataclass(frozen=True, slots=True)
class ServedFile:
    """`forms` has the content by content coding, in the order of preference. The last is `identity`, which is the
    content itself."""

    media_type: str
    forms: Mapping[str, bytes]

    @property
    def etag(self) -> str:
        """An entity tag for all forms."""
        return weak_etag(self.forms["identity"])

    def coding_for(self, accept_encoding: str) -> str:
        """The content coding for a client that sent this header (RFC 9110, 12.5.3): the first that it accepts, or
        `identity`."""
        accepted = _accepted(accept_encoding)
        return next((coding for coding in self.forms if accepted.get(coding, accepted.get("*"))), "identity")


def served(content: bytes, media_type: str, brotli: bytes | None = None) -> ServedFile:
    """A text, with its compressed forms; `brotli` is one that was made before."""
    forms = {} if brotli is None else {"br": brotli}
    # Without the time, all nodes send the same bytes.
    forms["gzip"] = gzip.compress(content, mtime=0)
    return ServedFile(media_type, MappingProxyType(forms | {"identity": content}))


def weak_etag(content: bytes) -> str:
    """An entity tag for a content in any coding."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def _accepted(accept_encoding: str) -> dict[str, bool]:
    """Whether the client accepts each coding that it names."""
    accepted = {}
    for entry in accept_encoding.lower().split(",", _MAX_CODINGS)[:_MAX_CODINGS]:
        coding, _, weight = entry.partition(";")
        # The weight is 0, 0.0 and so on if the coding is refused.
        accepted[coding.strip()] = weight.strip().rstrip("0.") != "q="
    return accepted
