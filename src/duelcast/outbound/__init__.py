"""Outgoing requests other than those for prices: checks of services, keys of a token issuer."""
