"""The state and the rules of the platform, independent of how it is reached."""
