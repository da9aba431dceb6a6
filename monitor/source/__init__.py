"""The provider's API: one request of one feed, and what its answer says. Nothing is decided here."""
