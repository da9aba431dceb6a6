"""Reads a body from the wire within a bound on its decoded size, whatever its encoding claims. Pure.

A 300 KB gzip answer can hold 300 MB: so the decoder is asked for no more than the bound allows,
instead of being measured afterwards.
"""

import zlib
from collections.abc import AsyncIterator
from typing import Final, Protocol

LARGEST_BODY: Final = 16 * 1024 * 1024
_ANY_HEADER: Final = 32 + zlib.MAX_WBITS
_NO_HEADER: Final = -zlib.MAX_WBITS


class UnusableBodyError(Exception):
    """The body cannot be had whole; its text is a sentence for the user."""


class BodyTooLargeError(UnusableBodyError):
    """It is, or says it is, larger than the bound."""


async def read_body(
    wire: AsyncIterator[bytes], encoding: str = "", announced: str = "", largest: int = LARGEST_BODY
) -> bytes:
    """The decoded bytes. `encoding` and `announced` are the Content-Encoding and Content-Length headers.

    Raises UnusableBodyError, and what `wire` raises.
    """
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > largest):
        raise _too_large(largest)
    decoder = _decoder(encoding)
    body = bytearray()
    received = 0
    async for chunk in wire:
        received += len(chunk)
        if received > largest:
            raise _too_large(largest)
        body += decoder.decode(chunk, largest + 1 - len(body))
        if len(body) > largest:
            raise _too_large(largest)
    decoder.finish()
    return bytes(body)


def _too_large(largest: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the answer is larger than {largest / 2**20:g} MiB")


class _Decoder(Protocol):
    def decode(self, chunk: bytes, most: int) -> bytes: ...

    def finish(self) -> None: ...


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip" | "deflate" as name:
            return _Inflate(name)
        case other:
            raise UnusableBodyError(f"the answer is encoded in a way that was not asked for: {other[:40]}")


class _Identity:
    def decode(self, chunk: bytes, most: int) -> bytes:
        return chunk

    def finish(self) -> None:
        pass


class _Inflate:
    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = None if name == "deflate" else zlib.decompressobj(_ANY_HEADER)

    def decode(self, chunk: bytes, most: int) -> bytes:
        if self._stream is None:  # servers differ on what deflate means: with zlib's header, or bare
            has_header = chunk[:1] and chunk[0] & 0x0F == zlib.DEFLATED
            self._stream = zlib.decompressobj(_ANY_HEADER if has_header else _NO_HEADER)
        try:
            decoded = self._stream.decompress(chunk, most)
        except zlib.error:
            raise UnusableBodyError(f"the answer is broken {self._name} data") from None
        if self._stream.unused_data:
            raise UnusableBodyError(f"the answer goes on after the end of its {self._name} data")
        return decoded

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise UnusableBodyError(f"the answer's {self._name} data is cut short")
