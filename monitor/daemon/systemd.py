"""What the daemon tells the service manager: systemd's notification datagrams, without a library.

The messages are pure; `Supervisor.tell` sends one, never blocks, and never raises. Outside systemd nobody
listens, and telling does nothing. Protocol: sd_notify(3) and sd_watchdog_enabled(3).
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

LONGEST_STATUS: Final = 300

_MICROSECONDS: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The service manager as its environment describes it.

    `address` is a path, or a name in the abstract namespace after "@". `watchdog` is how long it waits
    for a sign of life before it restarts us: None when it does not watch.
    """

    address: str | None = None
    watchdog: timedelta | None = None

    @property
    def feed_every(self) -> timedelta | None:
        """Half of the watchdog's patience, as systemd advises."""
        return self.watchdog / 2 if self.watchdog else None

    def tell(self, message: str) -> bool:
        """Send one message. False when nobody listens or the message could not be sent."""
        if self.address is None:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.connect(_kernel_address(self.address))
                sender.sendall(message.encode())
        except (OSError, ValueError):
            return False
        return True


def supervisor(environ: Mapping[str, str], pid: int) -> Supervisor:
    """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. `pid` is our own."""
    address = environ.get("NOTIFY_SOCKET", "")
    listening = len(address) > 1 and address[0] in "/@"
    return Supervisor(address if listening else None, _watchdog(environ, pid))


def ready(status: str) -> str:
    """Started, or done with a reload."""
    return f"READY=1\n{status_text(status)}"


def reloading(monotonic_ns: int) -> str:
    """A reload begins at this time of CLOCK_MONOTONIC; `ready` must follow, whatever comes of it."""
    return f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns // 1000}"


def stopping(status: str) -> str:
    return f"STOPPING=1\n{status_text(status)}"


def alive() -> str:
    """Feeds the watchdog: send it only after progress."""
    return "WATCHDOG=1"


def status_text(status: str) -> str:
    """One line for `systemctl status`. A line break in it would be read as another message."""
    printable = "".join(character if character.isprintable() else " " for character in status)
    return f"STATUS={printable[:LONGEST_STATUS]}"


def _watchdog(environ: Mapping[str, str], pid: int) -> timedelta | None:
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    period_us = environ.get("WATCHDOG_USEC", "")
    if not _MICROSECONDS.fullmatch(period_us):
        return None
    return timedelta(microseconds=int(period_us)) or None


def _kernel_address(address: str) -> str:
    return f"\0{address[1:]}" if address.startswith("@") else address
