"""Identities: wallets, roles, tokens, bans."""
