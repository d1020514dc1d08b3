"""Users: the facts stored about them, the rights to change these, and public profiles."""
