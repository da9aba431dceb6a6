"""`monitor` with one more plugin, `rude://`, which misbehaves the first time that it is to send."""

import sys
from time import sleep
from typing import Any, Final

from apprise.manager_plugins import NotificationManager
from apprise.plugins.custom_json import NotifyJSON

HANGS_FOR_S: Final = 3600.0


class RudePlugin(NotifyJSON):  # type: ignore[no-untyped-call]
    """`rude://HOST:PORT/n8-WHAT/TOKEN`: a JSON web hook with a temper."""

    service_name = "Rude"
    protocol = "rude"
    secure_protocol = "rudes"
    seen: set[str] = set()  # noqa: RUF012

    def send(self, *args: Any, **kwargs: Any) -> Any:
        how = self.fullpath.strip("/").partition("/")[0].removeprefix("n8-")
        if how in self.seen:
            return super().send(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.seen.add(how)
        if how.endswith("-after-sending"):
            super().send(*args, **kwargs)  # type: ignore[no-untyped-call]
        return _misbehave(how)


def _misbehave(how: str) -> object:
    if how.startswith("raises"):
        raise RuntimeError("rude")
    if how.startswith("exits"):
        sys.exit(3)
    if how == "hangs":
        sleep(HANGS_FOR_S)
    return None if how == "returns-none" else False


if __name__ == "__main__":
    from monitor.cli.main import main

    plugins: Any = NotificationManager()  # type: ignore[no-untyped-call]
    plugins.add(RudePlugin, schemas=["rude"])
    main(prog_name="monitor")
