"""A stand-in for the provider's API on loopback, with a scenario that says what it answers when."""
