"""Finds, reads and checks monitor.toml. The only module here that touches the disk, but for secrets."""

import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from monitor.config.positions import Place
from monitor.config.problem import Problem, written
from monitor.config.secret import SecretRef
from monitor.config.settings import SYSTEM_CONFIG, Config
from monitor.core.errors import ConfigError

LARGEST_BYTES: Final = 1024 * 1024
MOST_PROBLEMS: Final = 500
"""Of each kind. Finding what was meant takes time, and nobody reads more before mending some."""

_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def find_config(environ: Mapping[str, str], cwd: Path, system: Path = SYSTEM_CONFIG) -> Path:
    """The file that $MONITOR_CONFIG names, else ./monitor.toml, else the one in /etc.

    A file that $MONITOR_CONFIG names is taken even when it is not there: `load` says so.
    Raises ConfigError when none is there.
    """
    if named := environ.get("MONITOR_CONFIG"):
        return cwd / named
    for path in (cwd / "monitor.toml", system):
        if path.exists():
            return path
    raise ConfigError(
        [
            f"there is no configuration: $MONITOR_CONFIG is not set, and neither {cwd / 'monitor.toml'}"
            f" nor {system} is there; begin with `monitor config example > monitor.toml`, or name a file with"
            " --config"
        ]
    )


def load(path: Path) -> Config:
    """Read the file. Secrets are not fetched, only the shape of their references is checked.

    Raises ConfigError with every problem of the file at once.
    """
    return parse(_text_of(path), path)


def parse(text: str, path: Path) -> Config:
    """As `load`, from text; relative paths in it start at the folder of `path`.

    Raises ConfigError with every problem at once.
    """
    from pydantic import ValidationError

    from monitor.config.building import build
    from monitor.config.crosscheck import advice, problems_across
    from monitor.config.document import Document
    from monitor.config.wording import problems_of

    raw = _document(text, path)
    problems = list(islice(problems_across(raw), MOST_PROBLEMS))
    document = None
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        problems = [*islice(problems_of(error, raw), MOST_PROBLEMS), *problems]
    if problems or document is None:
        raise ConfigError(written(problems, path.name, text))
    config = build(document, path.absolute())
    return replace(config, warnings=written([*advice(raw), *_readable_by_all(config)], path.name, text))


def _text_of(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError([f"{path}: is not a regular file"])
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            [
                f"{path}: is not there: correct the path,"
                f" or make one with `monitor config example > {path.name}`"
            ]
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the name cannot be used"
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from None
    if len(content) > LARGEST_BYTES:
        raise ConfigError([f"{path}: is over 1 MiB: that is no configuration"])
    return _decoded(content, path)


def _decoded(content: bytes, path: Path) -> str:
    # Editors on Windows put a byte order mark first: harmless, so it is taken off.
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in content:
        raise ConfigError([f"{path.name}: is not UTF-8 text: save it as UTF-8"])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path.name}:{line}: is not UTF-8 text: save it as UTF-8"]) from None


def _document(text: str, path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(str(error), text, path)]) from None
    except RecursionError:
        raise ConfigError([f"{path.name}: is nested too deeply"]) from None
    except ValueError:
        raise ConfigError([f"{path.name}: holds a number or a date that cannot be read"]) from None
    if not raw:
        raise ConfigError([f"{path.name}: is empty: copy monitor.example.toml and put your key in"])
    return raw


def _syntax_problem(message: str, text: str, path: Path) -> str:
    found = _POSITION.search(message)
    what = message[: found.start()] if found else message
    what = re.sub(r"^Cannot declare \((.*?),?\) twice$", _declared_twice, what)
    if found and found[1]:
        return f"{path.name}:{found[1]}: not valid TOML at column {found[2]}: {what}"
    return f"{path.name}:{text.rstrip().count(chr(10)) + 1}: not valid TOML at the end of the file: {what}"


def _declared_twice(found: re.Match[str]) -> str:
    name = ".".join(re.findall(r"'([^']*)'", found[1]))
    return f"the table [{name}] is there twice"


def _readable_by_all(config: Config) -> Iterator[Problem]:
    for place, secret in _secrets(config):
        if secret is None or secret.kind in {"env", "credential"}:
            continue
        file = config.path if secret.kind == "literal" else Path(secret.value)
        if _others_may_read(file):
            yield Problem(place, f"every user of this machine may read the secret in {file}: chmod 600")


def _secrets(config: Config) -> Iterator[tuple[Place, SecretRef | None]]:
    for index, source in enumerate(config.sources):
        place: Place = ("source",) if len(config.sources) == 1 else ("source", index)
        yield (*place, "api_key"), source.api_key
    for channel in config.channels:
        for key, secret in channel.secrets.items():
            yield ("channels", channel.name, *key.split(".")), secret
    yield ("monitor", "heartbeat_url"), config.monitor.heartbeat_url
    yield ("web", "token"), config.web.token if config.web else None


def _others_may_read(file: Path) -> bool:
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & stat.S_IROTH)
