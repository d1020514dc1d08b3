"""The state and the rules of the platform, independent of how clients reach it."""
