"""Contests: portfolios, scoring, life cycle, rooms and chat."""
