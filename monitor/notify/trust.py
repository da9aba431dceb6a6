"""The certificates that are trusted where we speak HTTP ourselves, loaded once."""

import logging
import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Certificates take longer to load than everything else that a request does: once is enough."""
    return httpx.create_ssl_context()


def hush() -> None:
    """At INFO these libraries log every URL."""
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
