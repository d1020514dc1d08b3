"""Prints which locked dependencies were yanked or are over a year old, according to the package index that pip uses.

It changes nothing, and no finding is a failure, because what the index says today does not make this commit worse.
`make lock` upgrades to newer versions.
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version
from pip._internal.models.index import PyPI  # pip's default index, which no pip command prints

PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;]+)", re.MULTILINE)
JSON = "application/vnd.pypi.simple.v1+json"  # the simple repository API as JSON (PEP 691), with upload times (PEP 700)
OLD = timedelta(days=365)
TIMEOUT_S = 10.0
AT_ONCE = 4


@dataclass(frozen=True)
class Release:
    """A locked version: when its newest file was uploaded, and whether all its files were yanked."""

    name: str
    version: str
    uploaded: datetime
    yanked: bool


def main(lock: Path) -> None:
    pins = PIN.findall(lock.read_text(encoding="utf-8"))
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        url, context = configured_index()
        found = list(pool.map(lambda pin: release(url, context, *pin), pins))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        print(f"{lock.name}: the package index cannot be asked ({type(error).__name__}), so nothing was checked.")
        return
    finally:
        pool.shutdown(cancel_futures=True)
    releases = [one for one in found if one is not None]
    now = datetime.now(UTC)
    print(f"{lock.name}: yanked: {listed(one for one in releases if one.yanked)}")
    print(f"{lock.name}: a year old: {listed(one for one in releases if now - one.uploaded > OLD)}")
    if len(releases) < len(pins):
        known = {one.name for one in releases}
        print(f"{lock.name}: not on the index: {', '.join(name for name, _ in pins if name not in known)}")


def configured_index() -> tuple[str, ssl.SSLContext]:
    """The URL of the index that pip uses, and a TLS context with the certificates that it trusts.

    Environment variables override pip's configuration files.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found: dict[str, str] = {}
    for line in lines:  # pip lists the environment first, so it wins
        key, _, value = line.partition("=")
        found.setdefault(key.rpartition(".")[2], value.strip("'\""))
    return found.get("index-url", PyPI.simple_url), ssl.create_default_context(cafile=found.get("cert"))


def release(url: str, context: ssl.SSLContext, name: str, version: str) -> Release | None:
    """The release as the index at `url` describes it; None if the index has no file of that version.

    Raises `OSError`; or `ValueError`, `KeyError` or `TypeError` if the answer is malformed.
    """
    request = urllib.request.Request(f"{url.rstrip('/')}/{name}/", headers={"Accept": JSON})
    is_tls = request.type == "https"
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context if is_tls else None) as answer:
            files = [file for file in json.load(answer)["files"] if version_of(file["filename"]) == Version(version)]
    except HTTPError as refusal:
        if refusal.code == HTTPStatus.NOT_FOUND:
            return None
        raise
    times = [uploaded(file) for file in files]
    if not times:
        return None
    return Release(name, version, max(times), all(file.get("yanked", False) is not False for file in files))


def version_of(filename: str) -> Version | None:
    try:
        return (parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename)(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def uploaded(file: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(file["upload-time"])


def listed(releases: Iterable[Release]) -> str:
    return ", ".join(f"{one.name} {one.version} ({one.uploaded:%Y-%m-%d})" for one in releases) or "none"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
