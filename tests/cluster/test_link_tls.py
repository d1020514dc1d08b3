"""Links with TLS: only nodes with a certificate of the cluster's authority get as far as the secret."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from duelcast.cluster.encryption import LinkTls, link_tls
from tests.cluster.links import gateway, leader
from tests.cluster.nodes import LOCALHOST
from tests.e2e.slow import until


def tls_of(authority: trustme.CA, folder: Path) -> LinkTls:
    """The TLS of a node whose certificate is from `authority`."""
    folder.mkdir()
    issued = authority.issue_cert("node.example")
    issued.private_key_pem.write_to_path(folder / "key")
    issued.cert_chain_pems[0].write_to_path(folder / "cert")
    authority.cert_pem.write_to_path(folder / "ca")
    return link_tls(folder / "cert", folder / "key", folder / "ca")


async def test_failed_handshakes_take_no_room(tmp_path: Path) -> None:
    tls = tls_of(trustme.CA(), tmp_path / "ours")
    async with leader(tls) as server:
        for _ in range(3):
            reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.read()
            writer.close()
        async with gateway(server.port, tls) as link:
            assert await link.call("echo", b"hello", repeatable=True) == b"hello"


async def test_a_node_with_a_certificate_of_another_authority_is_not_linked(tmp_path: Path) -> None:
    ours, theirs = tls_of(trustme.CA(), tmp_path / "ours"), tls_of(trustme.CA(), tmp_path / "theirs")
    async with leader(ours) as server:
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(LOCALHOST, server.port, ssl=theirs.connecting)
        async with gateway(server.port, ours) as link:
            await until(lambda: link.is_linked)
