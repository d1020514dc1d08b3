"""The services of the platform: how they are, what failed, and what is done about it."""
