"""Writes the protocol reference to standard output."""

import sys

from duelcast.endpoints.documents.page import protocol_page
from duelcast.endpoints.registry import find_endpoints

sys.stdout.write(protocol_page(find_endpoints().values()))
