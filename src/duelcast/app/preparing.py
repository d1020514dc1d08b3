"""The checks before a server starts, which are the same for `duelcast serve`, `demo` and `check-config`."""

from __future__ import annotations

import contextlib
import ssl

from duelcast.app.application import App
from duelcast.app.listening import PortTaken, bind, bind_for_operators
from duelcast.settings import ConfigurationError, Settings, check_data_dir, check_secret
from duelcast.store.choosing import backend_of


async def prepare(settings: Settings) -> App:
    """A server that can be started, as far as one can tell without starting it. A port or a database that another
    process uses is no error, because it may be free by the time the server starts. Nothing is created or written.

    Raises `ConfigurationError`, which says what to set or to fix.
    """
    check_secret(settings)
    check_data_dir(settings)
    _check_certificate(settings)
    _check_addresses(settings)
    await backend_of(settings).examine()
    return App(settings)


def _check_certificate(settings: Settings) -> None:
    if settings.tls_cert is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Without a password callback, OpenSSL would ask for a passphrase on the terminal.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, lambda: "")
    except (OSError, ValueError):
        raise ConfigurationError(
            "DUELCAST_TLS_CERT and DUELCAST_TLS_KEY cannot be used: name PEM files of a certificate chain and of its "
            "key, without a passphrase, that the server can read."
        ) from None


def _check_addresses(settings: Settings) -> None:
    for listen in (bind, *([] if settings.ops_port is None else [bind_for_operators])):
        with contextlib.suppress(PortTaken):
            listen(settings).close()
