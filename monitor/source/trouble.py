"""Says in plain words why an exchange broke, never with the library's own text. Pure.

Library texts are empty (`ReadTimeout`), or quote headers (`Illegal header value b'Bearer …'`).
"""

import os
import socket
import ssl
from collections.abc import Iterator
from typing import Final

_CERTIFICATE_TROUBLE: Final = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "it is signed by an authority that is not trusted (self-signed)",
    20: "it is signed by an authority that is not trusted",
    62: "it was issued for another host",
    64: "it was issued for another address",
}


_PROTOCOL_TROUBLE: Final = {
    "without sending a response": "{host} closed the connection without an answer",
    "without sending complete message body": "{host} closed the connection in the middle of its answer",
}
_BY_TYPE: Final = {
    "RemoteProtocolError": "{host} broke the rules of HTTP",
    "ReadError": "the connection to {host} was lost while reading",
    "WriteError": "the connection to {host} was lost while sending",
    "ProxyError": "the proxy on the way to {host} refused",
}


def in_words(error: BaseException, host: str) -> str:
    """What went wrong with the connection to `host`: its deepest cause that has a name."""
    for cause in reversed(list(_causes(error))):
        words = _of_the_system(cause, host)
        if words is not None:
            return words
    return _of_the_library(error).format(host=host)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__


def _of_the_system(cause: BaseException, host: str) -> str | None:
    words = None
    match cause:
        case ssl.SSLCertVerificationError():
            detail = _CERTIFICATE_TROUBLE.get(cause.verify_code, f"verification error {cause.verify_code}")
            words = f"TLS: the certificate of {host} is not accepted: {detail}"
        case ssl.SSLError():
            words = f"TLS: no safe connection to {host} ({_plain(cause.reason)})"
        case socket.gaierror():
            words = f"DNS: the name {host.partition(':')[0]} cannot be resolved"
        case ConnectionRefusedError():
            words = f"connection refused by {host}"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            words = f"connection reset by {host}"
        case OSError(errno=int(number)):
            words = f"{host} cannot be reached: {os.strerror(number).lower()}"
        case _:
            pass
    return words


def _plain(reason: str | None) -> str:
    return (reason or "unknown reason").replace("_", " ").lower()


def _of_the_library(error: BaseException) -> str:
    text = str(error)
    for part, words in _PROTOCOL_TROUBLE.items():
        if part in text:
            return words
    return _BY_TYPE.get(type(error).__name__, "no connection to {host}")
