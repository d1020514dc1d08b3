"""Proxies that publish a server under a path, as a deployment does."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.ports import free_port

PREFIX = "/duel"
CONNECT_TIMEOUT_S = 60.0
NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{port};
        location {prefix}/ {{
            proxy_pass {target}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


@contextmanager
def nginx(target: str, folder: Path) -> Iterator[str]:
    """The address of an nginx that passes `PREFIX` on to the server at `target`. Skips the test without nginx."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("there is no nginx on the path")
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, prefix=PREFIX, target=target))
    command = [program, "-p", str(folder), "-e", "stderr", "-c", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            _until_it_listens(process, port)
            yield f"http://127.0.0.1:{port}{PREFIX}"
        finally:
            process.terminate()


def _until_it_listens(process: subprocess.Popen[str], port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), CONNECT_TIMEOUT_S).close()
        except ConnectionRefusedError:
            assert process.poll() is None, process.communicate()[1]
        else:
            return


@contextmanager
def plain_proxy(target: str, _folder: Path) -> Iterator[str]:
    """The same with a proxy that every machine has."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Forwarding, int(target.rpartition(":")[2]))) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        finally:
            server.shutdown()
            thread.join()


class _Forwarding(BaseHTTPRequestHandler):
    """Forwards a request without the prefix, and from then on every byte in either direction. A connection serves one
    request, or becomes a WebSocket."""

    def __init__(self, port: int, *arguments: object) -> None:
        self._port = port
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server passes what the base class expects

    def _forward(self) -> None:
        self.close_connection = True
        path = self.path.removeprefix(PREFIX)
        if path == self.path or not path.startswith("/"):
            self.send_error(404)
            return
        kept = [(name, value) for name, value in self.headers.items() if name.lower() != "connection"]
        kept.append(("Connection", "Upgrade" if "Upgrade" in self.headers else "close"))
        head = "".join(f"{name}: {value}\r\n" for name, value in kept)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            server.sendall(f"{self.command} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
            up = Thread(target=_copy, args=[self.connection, server])
            up.start()
            _copy(server, self.connection)
            up.join()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

    def log_message(self, format: str, *args: object) -> None:
        pass


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until one of the two has ended, then end both."""
    # Either may have been ended by the other direction.
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
