"""What concerns one user, and what concerns everybody."""
