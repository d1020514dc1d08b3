"""TLS of links, in both directions with certificates of one authority."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple


class LinkTls(NamedTuple):
    """The TLS contexts of a node."""

    listening: ssl.SSLContext
    connecting: ssl.SSLContext


def link_tls(cert: Path, key: Path, authority: Path) -> LinkTls:
    """The contexts for the PEM files of a certificate chain, its key, and the authority of all nodes. Raises `OSError`
    and `ValueError` if they cannot be used."""
    listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    listening.verify_mode = ssl.CERT_REQUIRED
    connecting = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(authority))
    # Every certificate of the authority belongs to a node, and nodes are found by addresses that may change.
    connecting.check_hostname = False
    for context in (listening, connecting):
        # Without a password callback, OpenSSL would ask for a passphrase on the terminal.
        context.load_cert_chain(cert, key, lambda: "")
    return LinkTls(listening, connecting)
