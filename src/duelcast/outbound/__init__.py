"""What the server asks of others over the network, beside prices: checks of services, keys of a token issuer."""
