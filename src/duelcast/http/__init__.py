"""The HTTP API, which supplies data to the WebSocket endpoints, and the routes for health, metrics and documentation
(protocol §13)."""
