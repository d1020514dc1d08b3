"""Measurements of contests: scoring, pushes, memory, chat."""
