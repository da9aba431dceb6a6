"""The provider's API: one request of one feed, and what its answer says. Nothing is decided here."""

import sys

# httpx comes with a command line of its own, which imports rich and pygments: 3 MB that a daemon would keep
# for ever. Without that module httpx does without it, as it does where those are not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
