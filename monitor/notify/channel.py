"""A named destination: one Apprise URL, and the truth about what became of each message sent to it.

The only importer of apprise, which takes half a second: import this module late.
"""

import logging
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import urllib3
from apprise import Apprise, AppriseAsset, NotifyBase
from apprise.manager_plugins import NotificationManager

from monitor.core.backoff import Outcome, Refused
from monitor.core.errors import ConfigError
from monitor.core.words import Language
from monitor.notify import recorder, robots, services
from monitor.notify.classify import classify
from monitor.notify.evidence import Evidence
from monitor.notify.redact import Redactor

_LONGEST_REASON: Final = 300
_REFUSED_PARAMETERS: Final = frozenset({"optional", "redirect", "retry", "tag"})
_LOUD: Final = ("urllib3", "requests_oauthlib", "oauthlib", "paho", "slixmpp", "charset_normalizer")

_EVERY_MODULE: Final = "*"
_plugin_lock: Final = threading.Lock()
_offered: set[str] = set()


class Channel:
    """Sends in the caller's thread. One thread at a time: the library's plugins keep state."""

    def __init__(
        self,
        name: str,
        library: Apprise,
        redact: Redactor,
        *,
        amend: recorder.Amend | None,
        keyword: str | None,
        language: Language,
    ) -> None:
        service: NotifyBase = next(iter(library))
        self.name = name
        self.language = language
        self.kind = _kind_of(library)
        self.rate = services.rate_of(self.kind)
        self._limits = services.limits_of(
            self.kind, service.title_maxlen, service.body_maxlen, service.overflow_amalgamate_title
        )
        self.limits = services.without_keyword(self._limits, keyword)
        self.redact = redact
        self._library = library
        self._keyword = keyword
        self._transport = recorder.Transport()
        self._amend = amend

    @classmethod
    def load(
        cls,
        name: str,
        url: str,
        *,
        secret: str | None = None,
        keyword: str | None = None,
        language: Language = Language.EN,
        clock: Callable[[], float] = time.time,
    ) -> "Channel":
        """Raises ConfigError, in whose text neither the URL nor a part of it stands. Touches no network."""
        _hush()
        recorder.install()
        recorder.warm()
        url = services.apprise_url(url.strip())
        _refuse_parameters(name, url)
        library = _load(name, url, secret)
        redact = Redactor(url, [secret] if secret else [])
        secret_in_url = _taken_secret(library)
        secret = secret or secret_in_url
        amend = robots.signer(_kind_of(library), secret, clock) if secret else None
        return cls(name, library, redact, amend=amend, keyword=keyword, language=language)

    def send(self, title: str, body: str) -> Outcome:
        """Blocks until the answer or the library's own time-outs. Never raises."""
        try:
            evidence = self._send(*self._fitted(title, body))
        except (Exception, SystemExit) as crash:  # noqa: BLE001  plugins are many, and strangers' work
            evidence = Evidence(self.kind, delivered=False, crash=crash)
        outcome = classify(evidence)
        if isinstance(outcome, Refused):
            reason = self.redact(outcome.reason)[:_LONGEST_REASON]
            return Refused(outcome.kind, reason, outcome.retry_after, outcome.pauses_channel)
        return outcome

    def _send(self, title: str, body: str) -> Evidence:
        delivered, lines, crash = False, [], None
        with recorder.recording(self._transport, self._amend) as seen:
            try:
                result = self._library.notify(
                    body=body, title=title, notify_type="info", body_format="text", log_level=logging.DEBUG
                )
                delivered = [r.status.name for r in result.results] == ["SUCCESS"]
                lines = [] if delivered else [self.redact(entry.message) for entry in result.logs()]
            except (Exception, SystemExit) as error:  # noqa: BLE001  what was seen before it still counts
                crash = error
        return Evidence(self.kind, delivered, tuple(seen.exchanges), tuple(seen.replies), tuple(lines), crash)

    def _fitted(self, title: str, body: str) -> tuple[str, str]:
        """One line and a body that cannot become two messages, and that no service reads as markup."""
        title = robots.without_mentions(
            self.kind, robots.with_keyword(" ".join(title.split()), self._keyword)
        )
        title = self._limits.cut(title, self._limits.title)
        body = robots.without_mentions(self.kind, body)
        return title, self._limits.cut(body, self._limits.body) or title


def _hush() -> None:
    """What these libraries log holds whole URLs; what matters of it is read from the results."""
    own = logging.getLogger("apprise")
    own.propagate = False
    own.setLevel(logging.DEBUG)
    if not any(isinstance(handler, logging.NullHandler) for handler in own.handlers):
        own.addHandler(logging.NullHandler())
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    for loud in _LOUD:
        logging.getLogger(loud).setLevel(logging.CRITICAL)


def _refuse_parameters(name: str, url: str) -> None:
    """They would make a dead target count as sent, or repeat and wander off on their own."""
    given = {key.lower() for key, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    if bad := sorted(given & _REFUSED_PARAMETERS):
        raise ConfigError(
            [f"channel {name}: take `{bad[0]}` out of its URL; the monitor decides that itself"]
        )


def _load(name: str, url: str, secret: str | None) -> Apprise:
    _offer_plugin(url)
    library = Apprise(asset=_asset())
    _add(library, name, url)
    kind = _kind_of(library)
    if secret and kind not in services.SIGNING_KINDS:
        raise ConfigError([f"channel {name}: `secret` is for signing, which {kind} does not do; take it out"])
    service = next(iter(library))
    # Both would sleep within the send, for as long as the plugin sees fit; lanes do the pacing.
    service.request_rate_per_sec = 0
    service.throttle = _no_pause  # type: ignore[method-assign]
    return library


def _taken_secret(library: Apprise) -> str | None:
    """A DingTalk URL may hold the secret itself; the library, which signs wrongly, must not have it."""
    service: Any = next(iter(library))
    if _kind_of(library) != "dingtalk":
        return None
    secret, service.secret = service.secret, None
    return str(secret) if secret else None


def _add(library: Apprise, name: str, url: str) -> None:
    loaded = False
    with suppress(Exception, SystemExit):
        loaded = library.add(url)
    count = len(list(library))
    if count > 1:
        raise ConfigError([f"channel {name}: its URL names {count} services; make a channel of each"])
    if not loaded or count == 0:
        raise ConfigError([f"channel {name}: {_why_not(url)}"])
    service = next(iter(library))
    if len(service) == 0:
        raise ConfigError([f"channel {name}: its URL names no recipient"])
    if isinstance(service.port, int) and service.port > 65_535:
        raise ConfigError([f"channel {name}: its URL has a port over 65535"])


def _why_not(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme.isalnum() or len(scheme) > 12:
        return "its URL is not an Apprise URL, which begins like `slack://` or `mailto://`"
    if scheme.lower() not in _plugins().schemas():
        return f"no service is known for URLs that begin with `{scheme.lower()}://`"
    return f"its `{scheme.lower()}://` URL is incomplete or malformed; see this service on appriseit.com"


def _asset() -> AppriseAsset:
    return AppriseAsset(
        async_mode=False,
        service_timeout=0,
        http_redirects=False,
        image_url_mask="",
        image_url_logo="",
        app_url="",
        app_id="GPU stock monitor",
        app_desc="GPU stock monitor",
        storage_mode="memory",
    )


def _offer_plugin(url: str) -> None:
    """Loads the one plugin that the URL needs; all of them (+19 MB) if it is not known which."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].lower()
    module = services.PLUGIN_MODULES.get(services.kind_of(scheme)) or services.NATIVE_HOSTS.get(host)
    with _plugin_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the plugins' own imports deprecate
        if module in _offered or _EVERY_MODULE in _offered:
            return
        try:
            _load_one(_plugins(), module)
        except Exception:  # noqa: BLE001  `path` is no promise of the library's: any trouble means the long way
            module = None
            _plugins().load_modules()
        _offered.add(module or _EVERY_MODULE)


def _load_one(manager: Any, module: str | None) -> None:
    """The library imports by the file names of a folder: one of ours holds one name."""
    if module is None:
        manager.load_modules()
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{module}.py").touch()
        manager.load_modules(path=folder)


def _plugins() -> Any:
    return NotificationManager()  # type: ignore[no-untyped-call]


def _kind_of(library: Apprise) -> str:
    return services.kind_of(next(iter(library)).schema)


def _no_pause(*_args: object, **_kwargs: object) -> None:
    pass
