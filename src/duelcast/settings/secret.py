"""The data directory, which only the server's user may write to, and the token key that the server generates there if
no key is configured."""

from __future__ import annotations

import os
import secrets
import shlex
import stat
from pathlib import Path

from pydantic import SecretStr

from duelcast.settings.fields import SECRET_MIN_BYTES, Settings, is_loopback_host, weakness_of
from duelcast.settings.loading import ConfigurationError

SECRET_FILE = "jwt_secret"  # noqa: S105 - the name of the file, not a secret

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def ensure_data_dir(settings: Settings) -> Path:
    """Create the data directory (mode 0700) if it is missing.

    Raises `ConfigurationError` if it cannot be created or written to, or if others may write to it.
    """
    path = settings.data_dir
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise _cannot_be_made(path) from None
    check_data_dir(settings)
    return path


def check_data_dir(settings: Settings) -> None:
    """Raise `ConfigurationError` as `ensure_data_dir` does, without creating anything."""
    path = settings.data_dir
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    is_writable = os.access(there, os.W_OK | os.X_OK)
    if not there.is_dir() or (there != path and not is_writable):
        raise _cannot_be_made(path)
    if not is_writable:
        raise ConfigurationError(f"The folder {path} is not writable; set DUELCAST_DATA_DIR to one that is.")
    if there == path:
        check_unshared(path)


def _cannot_be_made(path: Path) -> ConfigurationError:
    return ConfigurationError(f"The folder {path} cannot be created; set DUELCAST_DATA_DIR to one that can.")


def check_unshared(*paths: Path) -> None:
    """Raise `ConfigurationError` if another user of this machine may write to a file or folder of `paths`; write access
    for the group counts, too. The error shows the mode and the command that fixes it. Missing paths are skipped.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & _OTHERS_WRITE:
            what = "folder" if stat.S_ISDIR(mode) else "file"
            raise ConfigurationError(
                f"Others may write to the {what} {path} (mode {stat.S_IMODE(mode):04o}): "
                f"`chmod {'700' if what == 'folder' else '600'} {shlex.quote(str(path))}`."
            )


def check_secret_reach(settings: Settings) -> None:
    """Raise `ConfigurationError` if a server would listen beyond loopback with a key that it generated itself.

    Such a key is stored on the server's disk, and the operator of a public server should know about it.
    """
    if own_secret_file(settings) is not None and not is_loopback_host(settings.host):
        raise ConfigurationError(
            "To listen beyond loopback, set DUELCAST_JWT_SECRET (at least 32 bytes, such as from "
            "`openssl rand -base64 32`) or DUELCAST_JWT_JWKS_URL. To listen only on loopback, set "
            "DUELCAST_HOST=127.0.0.1."
        )


def check_secret(settings: Settings) -> None:
    """Raise `ConfigurationError` as `ensure_secret` does, without creating anything."""
    check_secret_reach(settings)
    path = own_secret_file(settings)
    if path is not None and path.exists():
        _read(path)


def own_secret_file(settings: Settings) -> Path | None:
    """The path of the secret that a server generates itself; None if keys are configured."""
    configured = settings.jwt_secret is not None or settings.jwt_jwks_url is not None
    return None if configured else settings.data_dir / SECRET_FILE


def ensure_secret(settings: Settings) -> Settings:
    """Return `settings` with keys to verify tokens: the configured ones, or else the secret in the data directory,
    which is generated (mode 0600) if it does not exist.

    Raises `ConfigurationError` as `check_secret_reach` does, or if the file cannot be used.
    """
    path = own_secret_file(settings)
    if path is None:
        return settings
    check_secret_reach(settings)
    ensure_data_dir(settings)
    try:
        if not path.exists():
            _create(path)
    except OSError:
        raise ConfigurationError(f"The secret {path} cannot be created; set DUELCAST_JWT_SECRET.") from None
    return settings.model_copy(update={"jwt_secret": SecretStr(_read(path))})


def _create(path: Path) -> None:
    """Write a new secret at `path` atomically; a secret created by another process in the meantime stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(SECRET_MIN_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read(path: Path) -> str:
    try:
        mode, text = path.stat().st_mode, path.read_bytes().strip()
    except OSError:
        raise ConfigurationError(f"The secret {path} cannot be read; set DUELCAST_JWT_SECRET.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"Others may read the secret {path}; delete it, or `chmod 600` it.")
    if len(text) < SECRET_MIN_BYTES or not text.isascii():
        raise ConfigurationError(f"The secret {path} is damaged; delete it, and the server generates a new one.")
    if weakness := weakness_of(text.decode("ascii")):
        raise ConfigurationError(f"The secret {path} {weakness}; delete it, and the server generates a new one.")
    return text.decode("ascii")
