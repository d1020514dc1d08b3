"""What the platform knows and does, independent of how it is reached."""
