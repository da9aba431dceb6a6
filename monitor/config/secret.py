"""Where a secret is kept, and how it is fetched when a command needs it.

A secret's value stands in no repr, no error and no log line: errors name its place, never its text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, assert_never

from monitor.core.errors import SecretError

SYSTEM_DIRECTORY: Final = Path("/etc/gpu-stock-monitor")
SYSTEM_CREDENTIALS: Final = SYSTEM_DIRECTORY / "credentials"
"""What the unit's `LoadCredential` reads: so other commands find the same secret outside the unit."""

SecretKind = Literal["env", "file", "credential", "literal"]

_LONGEST_BYTES: Final = 64 * 1024
_PLACEHOLDER: Final = re.compile(r"\[YOUR_[A-Z_]*\]|<YOUR_[A-Z_]*>")


@dataclass(frozen=True, slots=True, repr=False)
class SecretRef:
    """A reference to a secret. `place` is the key that holds it, such as `source.api_key`."""

    kind: SecretKind
    value: str
    place: str = field(default="", compare=False)

    def resolve(self, environ: Mapping[str, str], credentials: Path = SYSTEM_CREDENTIALS) -> str:
        """Fetch the secret: printable ASCII, one trailing newline taken off.

        `credentials` is where a credential is looked for outside the unit.
        Raises SecretError with a sentence that never holds the secret.
        """
        try:
            return usable_secret(self._fetch(environ, credentials))
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        except ValueError as error:
            reason = str(error)
        raise SecretError(f"{self.place or 'secret'}: {self.described(credentials)} {reason}")

    def _fetch(self, environ: Mapping[str, str], credentials: Path) -> str:
        match self.kind:
            case "literal":
                return self.value
            case "env":
                if self.value not in environ:
                    raise ValueError("is not set: export it, or name another place for the secret")
                return environ[self.value]
            case "file":
                return _read(Path(self.value))
            case "credential":
                return _read(self._credential_path(environ, credentials))
            case _:
                assert_never(self.kind)

    def _credential_path(self, environ: Mapping[str, str], credentials: Path) -> Path:
        if handed := environ.get("CREDENTIALS_DIRECTORY"):
            path = Path(handed, self.value)
            if path.exists():
                return path
        return credentials / self.value

    def described(self, credentials: Path = SYSTEM_CREDENTIALS) -> str:
        """Where it is kept, for a sentence: `the environment variable ALAYA_API_KEY`."""
        match self.kind:
            case "literal":
                return "the text"
            case "env":
                return f"the environment variable {self.value}"
            case "file":
                return f"the file {self.value}"
            case "credential":
                return f"the credential {self.value} (kept in {credentials / self.value})"
            case _:
                assert_never(self.kind)

    def __repr__(self) -> str:
        return f"SecretRef({self.kind}: {'***' if self.kind == 'literal' else self.value})"


def usable_secret(text: str) -> str:
    """The text of a secret without one trailing newline.

    Raises ValueError with the rest of a sentence ("is empty"). Keys go into HTTP headers, and
    a character that does not fit there would put the whole key into an exception's text.
    """
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise ValueError("is empty: put the secret there")
    if _PLACEHOLDER.fullmatch(text.strip()):
        raise ValueError("still holds the placeholder of the example: put the real secret there")
    if "\n" in text or "\r" in text:
        raise ValueError("holds more than one line: a secret is one line")
    if not text.isascii():
        raise ValueError("holds a character outside ASCII: copy the secret again, without quotes or spaces")
    if not text.isprintable():
        raise ValueError("holds a control character: copy the secret again")
    if text != text.strip():
        raise ValueError("begins or ends with a space")
    return text


def _read(path: Path) -> str:
    if not path.exists():
        raise ValueError("is not there: put the secret there, and nothing else")
    if not path.is_file():
        raise ValueError("is not a regular file")
    with path.open("rb") as file:
        content = file.read(_LONGEST_BYTES + 1)
    if len(content) > _LONGEST_BYTES:
        raise ValueError("is over 64 KiB: that is no secret")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError("is not text") from None
