"""Refreshes the generated tables of the protocol page and of the README, whose paths are the two arguments."""

from __future__ import annotations

import sys
from pathlib import Path

from duelcast.endpoints.documents.markdown import protocol_blocks, readme_blocks, refreshed
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.registry import find_endpoints

contract = describe(find_endpoints().values())
protocol, readme = map(Path, sys.argv[1:])
for path, blocks in ((protocol, protocol_blocks(contract)), (readme, readme_blocks(contract))):
    path.write_text(refreshed(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")
