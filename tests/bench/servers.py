"""The provider and the webhook's receiver as threads on loopback, which note when each byte went or came.

Times are of CLOCK_MONOTONIC, which every process of this machine shares.
"""

import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

Answer = tuple[bytes, str | None]
"""The body of the list, and the code of the product that comes back in it, if one does."""


class Server(ABC):
    """Answers requests one after the other on each connection; a thread for each connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for connection in list(self._connections):
            with _gone():
                connection.shutdown(socket.SHUT_RDWR)

    @abstractmethod
    def answer(self, connection: socket.socket, head: bytes, body: bytes) -> None:
        """Write the answer to one request."""

    def _accept(self) -> None:
        with _gone():
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with _gone(), connection:
            while (request := _request(connection)) is not None:
                self.answer(connection, *request)
        self._connections.discard(connection)


class Upstream(Server):
    """Serves what `next_answer` made; that is made after each answer, so that none waits for it."""

    def __init__(self, next_answer: Callable[[], Answer]) -> None:
        self._next_answer = next_answer
        self._prepared = _prepared(next_answer())
        self.asked_at: list[float] = []
        self.restocks: list[tuple[str, float]] = []
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket, head: bytes, body: bytes) -> None:
        self.asked_at.append(time.perf_counter())
        response, restocked = self._prepared
        connection.sendall(response)
        sent_at = time.perf_counter()
        if restocked is not None:
            self.restocks.append((restocked, sent_at))
        self._prepared = _prepared(self._next_answer())


class Receiver(Server):
    """Notes when each webhook had arrived whole."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, bytes]] = []
        super().__init__()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket, head: bytes, body: bytes) -> None:
        self.arrivals.append((time.perf_counter(), body))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def first_with(self, word: bytes, after: float) -> float | None:
        return next((at for at, body in self.arrivals if at >= after and word in body), None)


def _prepared(answer: Answer) -> tuple[bytes, str | None]:
    body, restocked = answer
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body, restocked


def _request(connection: socket.socket) -> tuple[bytes, bytes] | None:
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65536)
        if not piece:
            return None
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.partition(b":")[2]):
                body += connection.recv(65536)
    return head, body


@contextmanager
def _gone() -> Iterator[None]:
    """The other side went, or we closed it: either ends the thread."""
    try:
        yield
    except OSError:
        return
