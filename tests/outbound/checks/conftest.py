"""A certificate authority that the checks of these tests trust, beside none else."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

Certify = Callable[..., ssl.SSLContext]
"""A server's context with a certificate for a host, that ends after so many days."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certify(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certify:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)

    def context(host: str = "localhost", *, days: float = 90, by: trustme.CA = authority) -> ssl.SSLContext:
        now = datetime.datetime.now(datetime.UTC)
        certificate = by.issue_cert(
            host, not_before=now - datetime.timedelta(days=400), not_after=now + datetime.timedelta(days=days)
        )
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(made)
        return made

    return context
