"""Named, numbered streams of messages, and the bus that carries them."""
