"""Measurements of several nodes: what gateways and a leader cost, compared with a single process."""
