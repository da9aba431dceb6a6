"""Kills a simulated process at a chosen place: between two steps that only a crash can part."""

import asyncio
from typing import Final

PLACES: Final = (
    "before commit",
    "after commit",
    "before claim",
    "after claim",
    "accepted",
    "before record",
    "after record",
    "before shift",
    "after shift",
    "after retain",
    "before load",
)


class Fuse:
    """One life's. From the moment it blows nothing of that life has any effect."""

    def __init__(self) -> None:
        self.is_dead = False
        self.place: str | None = None
        self.blown = asyncio.Event()

    def blow(self) -> None:
        self.is_dead = True
        self.blown.set()

    def pass_by(self, place: str) -> None:
        if self.place == place:
            self.blow()

    async def stop_at(self, place: str) -> None:
        """Whoever is dead goes no further; it is for others to clear it away."""
        self.pass_by(place)
        if self.is_dead:
            await asyncio.get_running_loop().create_future()
