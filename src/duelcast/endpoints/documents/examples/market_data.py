"""Messages that only market-data has."""

from __future__ import annotations

from duelcast.domain.market.events import TokenMetadataUpdate
from duelcast.endpoints.documents.examples.market import SOL_METADATA
from duelcast.endpoints.documents.examples.story import Examples

EXAMPLES = Examples(pushed={"metadata.SOL": [TokenMetadataUpdate(data=[SOL_METADATA])]})
