"""The secrets of one run: as each service wants them, and random, so that a hit is never chance. Pure."""

import random
from dataclasses import dataclass
from string import ascii_lowercase, digits
from typing import Final

from tests.torture.secrets.scanner import Canary

LETTERS: Final = ascii_lowercase + digits


@dataclass(frozen=True, slots=True)
class Secrets:
    """One canary for each place that holds a secret."""

    api_key: Canary
    hook_token: Canary
    hook_password: Canary
    hook_query: Canary
    mail_password: Canary
    slack: Canary
    telegram: Canary
    discord: Canary
    feishu: Canary
    feishu_secret: Canary
    dingtalk: Canary
    dingtalk_secret: Canary
    heartbeat: Canary

    def of(self, recipient: str) -> tuple[Canary, ...]:
        """What the provider, or the receiver of a channel, gets to know: it can quote no more."""
        if recipient == "provider":
            return (self.api_key,)
        return tuple(canary for name, canary in self._by_name() if name.startswith(recipient))

    def all(self) -> tuple[Canary, ...]:
        return tuple(canary for _, canary in self._by_name())

    def _by_name(self) -> list[tuple[str, Canary]]:
        return [(name, getattr(self, name)) for name in self.__slots__]


def mint(seed: int) -> Secrets:
    chance = random.Random(f"secrets {seed}")

    def canary(name: str, form: str, length: int = 24, user: str | None = None) -> Canary:
        core = "".join(chance.choices(LETTERS, k=length))
        return Canary(name, form.format(core), core, user)

    return Secrets(
        canary("API key", "canary-api-key-{}+/=="),
        canary("token of the webhook", "canary-hook-{}"),
        canary("password of the webhook", "canary-pass-{}@/+&=", user="hookuser"),
        canary("header of the webhook", "canary-header-{}"),
        canary("password of the mailbox", "canary-mail-{}@/+&=", user="mailuser"),
        canary("token of Slack", "{}"),
        canary("token of Telegram", "{}", 35),
        canary("token of Discord", "{}", 68),
        canary("token of Feishu", "{}", 36),
        canary("secret of Feishu", "canary-sign-{}"),
        canary("token of DingTalk", "{}", 64),
        canary("secret of DingTalk", "SEC{}", 64),
        canary("token of the heartbeat", "canary-beat-{}"),
    )
