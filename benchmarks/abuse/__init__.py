"""A search for the messages and requests that cost the server most, or bring back most."""
