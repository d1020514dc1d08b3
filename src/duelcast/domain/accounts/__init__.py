"""Who somebody is: wallets, roles, tokens, bans."""
