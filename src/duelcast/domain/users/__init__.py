"""Users as admins and profiles see them: stored facts, the right to change them, and the public part."""
