"""The HTTP API, which feeds the endpoints, and the routes for health, metrics and documentation (protocol 13)."""
