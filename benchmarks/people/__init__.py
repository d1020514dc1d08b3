"""What it costs to take what people do, and to tell them."""
