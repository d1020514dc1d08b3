"""The HTTP API that feeds the endpoints, health, metrics and the documentation pages (protocol 13)."""
