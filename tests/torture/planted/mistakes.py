"""All known mistakes, room by room."""

from typing import Final

from tests.torture.planted.in_core import IN_CORE
from tests.torture.planted.in_daemon import IN_DAEMON
from tests.torture.planted.in_notify import IN_NOTIFY
from tests.torture.planted.in_rest import IN_REST
from tests.torture.planted.in_source import IN_SOURCE
from tests.torture.planted.in_store import IN_STORE
from tests.torture.planted.mistake import Mistake

MISTAKES: Final[tuple[Mistake, ...]] = (*IN_CORE, *IN_SOURCE, *IN_STORE, *IN_NOTIFY, *IN_DAEMON, *IN_REST)
