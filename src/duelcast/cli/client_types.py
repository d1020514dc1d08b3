"""Writes the generated files of the client libraries, from the documents of the HTTP and WebSocket APIs.

The files lie below the folder that is the argument: the root of the project.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from duelcast.endpoints.documents import facts, python, python_channels, typescript
from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.documents.operations import read_operations
from duelcast.endpoints.documents.shapes import read_shapes
from duelcast.endpoints.registry import find_endpoints
from duelcast.http.app import openapi

_TYPESCRIPT = Path("clients/typescript/src/generated")
_PYTHON = Path("src/duelcast/client/generated")


def client_types() -> dict[Path, str]:
    """The text of each generated file by its path in the project. Modules of Python are not formatted."""
    shapes = read_shapes(_through_json(asyncapi(describe(find_endpoints().values()))))
    known = [*shapes.records, *(shape for endpoint in shapes.endpoints for shape in endpoint.shapes())]
    operations = read_operations(msgspec.json.decode(openapi("", signs_in=True, monitored=True)), known)
    modules = python.modules(shapes) | {
        "__init__": '"""Types that `make docs` makes from the documents of the server."""\n',
        "http": python.operations(operations),
        "channels": python_channels.channels(shapes),
        "contract": facts.python_facts(shapes),
    }
    return {
        _TYPESCRIPT / "messages.ts": typescript.messages(shapes),
        _TYPESCRIPT / "http.ts": typescript.operations(operations),
        _TYPESCRIPT / "contract.ts": facts.typescript_facts(shapes),
    } | {_PYTHON / f"{name}.py": text for name, text in modules.items()}


def _through_json(document: dict[str, Any]) -> dict[str, Any]:
    """`document` as a reader of it gets it."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return decoded


def write(project: Path) -> None:
    """Writes the files, and removes those that are not generated any more."""
    texts = client_types()
    for folder in (_TYPESCRIPT, _PYTHON):
        (project / folder).mkdir(parents=True, exist_ok=True)
        for path in (project / folder).iterdir():
            if path.is_file() and path.relative_to(project) not in texts:
                path.unlink()
    for path, text in texts.items():
        (project / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
