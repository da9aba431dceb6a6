"""One life of the daemon in which everything fails that has a secret at hand, and everyone quotes it back."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from tests.acceptance.daemon import CHECKOUT, Daemon
from tests.fakes.internet import Answer
from tests.torture.secrets.town import CHANNELS, HOSTS, Town, answer_of_stock

PATIENCE_S: Final = 60.0
PAGE: Final = 4096
TROUBLE: Final = '"database trouble"'
"""So the log calls it. The database is named in it before."""
RUDE_LIBRARIES: Final = '''
"""Every library that is given a secret raises an error that quotes it."""
import smtplib

import httpx
import requests


def send(self, request, **_):
    raise RuntimeError(f"cannot send {request.url} {dict(request.headers)} {request.body}")


async def handle_async_request(self, request):
    raise RuntimeError(f"cannot ask {request.url} {request.headers.raw}")


def login(self, user, password, **_):
    raise RuntimeError(f"cannot log in as {user} with {password}")


requests.adapters.HTTPAdapter.send = send
httpx.AsyncHTTPTransport.handle_async_request = handle_async_request
smtplib.SMTP.login = login
'''


def receivers_quote(town: Town, daemon: Daemon, answers: Sequence[Callable[[str], Answer]]) -> None:
    """New stock for each answer, so that every channel has something to send that is answered so."""
    for number, answer in enumerate(answers):
        town.answer_all(answer)
        edges, wanted = edges_of(town), tried(town) + len(CHANNELS)
        town.upstream.answers["127.0.0.1"] = answer_of_stock(3 * (number % 2))
        daemon.until(partial(has_edges, town, edges + 1), "the change to be seen", PATIENCE_S)
        daemon.until(partial(has_tried, town, wanted), "all channels to try", PATIENCE_S)


RUDE_ANSWERS: Final[tuple[Callable[[str], Answer], ...]] = (
    lambda quoted: Answer(403, quoted),
    lambda quoted: Answer(500, f'{{"error": "{quoted}"}}', {"X-Quote": quoted.split()[0]}),
    lambda quoted: Answer(429, quoted, {"Retry-After": "1"}),
    lambda quoted: Answer(302, quoted, {"Location": f"/login?{quoted.split()[0]}"}),
    lambda quoted: Answer(
        200, f'{{"ok": false, "errcode": 310000, "code": 19024, "msg": "{quoted}", "errmsg": "{quoted}"}}'
    ),
    lambda quoted: Answer(200, f"<html>{quoted}</html>"),
    lambda quoted: Answer(404, "x" * 150 + quoted),
    lambda _: Answer(fault="reset_after_reading"),
)


def certificates_are_false(town: Town, daemon: Daemon) -> None:
    town.stage.internet.false_names.update(dict.fromkeys(HOSTS.values(), "wrong.example.test"))
    town.stage.internet._contexts.clear()
    receivers_quote(town, daemon, [lambda _: Answer()])
    town.stage.internet.false_names.clear()
    town.stage.internet._contexts.clear()


def provider_quotes(town: Town, daemon: Daemon) -> None:
    """A well answer after each refusal: backoff would make the story long."""
    quoted, key = town.quoted("provider"), town.secrets.api_key.text
    for answer in (
        Answer(403, f'{{"message": "{quoted}"}}'),
        Answer(500, f"<html>{quoted}</html>"),
        Answer(500, "x" * 1000 + key),
        Answer(429, quoted, {"Retry-After": "1"}),
        Answer(302, quoted, {"Location": f"https://example.test/login?key={key}"}),
        Answer(200, f"<html>Authorization: Bearer {key}</html>"),
        Answer(200, f'{{"status": 403, "message": "Bearer {key} {quoted}", "data": null}}'),
        *(Answer(200, f'{{"status": 500, "message": "{"x" * room}{key}"}}') for room in (0, 60, 80, 90, 180)),
        Answer(200, f'{{"status": 200, "data": "{key}"}}'),
        Answer(200, f'{{"status": "{key}"}}'),
        Answer(fault="reset_after_reading"),
    ):
        after(town, daemon, "failed", answer)
        after(town, daemon, "ok", answer_of_stock(0))


def reloads_are_bad(town: Town, daemon: Daemon) -> None:
    good, secrets = town.stage.config.read_text(), town.secrets
    for number, bad in enumerate(
        (
            good.replace("[storage]", f"token = '{secrets.hook_token.text}'\n[storage]"),
            good.replace('{ env = "CANARY_hook" }', f'"jsonx://{secrets.hook_token.text}"'),
            good.replace('{ env = "CANARY_slack" }', f'"slack://{secrets.slack.text}"'),
            good.replace(
                '{ env = "CANARY_API_KEY" }', f"{{ env = 'x', file = '{secrets.hook_token.text}' }}"
            ),
            good + f"\nheartbeat = {secrets.heartbeat.text}",
        ),
        start=1,
    ):
        town.stage.config.write_text(bad)
        daemon.reload()
        daemon.says("reload refused", times=number)
        town.call(f"check {number}", "check")
        town.call(f"config show {number}", "config", "show")
    town.stage.config.write_text(good)


def libraries_raise(town: Town) -> None:
    """Another life, in which each library that knows a secret fails with it in its mouth."""
    rude = town.stage.folder / "rude"
    rude.mkdir(exist_ok=True)
    (rude / "sitecustomize.py").write_text(RUDE_LIBRARIES)
    attempts = tried(town)
    daemon = town.stage.spawn(PYTHONPATH=f"{rude}{os.pathsep}{CHECKOUT}")
    daemon.says("unforeseen way")
    daemon.until(lambda: tried(town) > attempts or daemon.said.count("send failed") > 0, "a send", PATIENCE_S)
    town.keep_process(daemon)
    town.call("notify-test, rude", "notify-test", PYTHONPATH=f"{rude}{os.pathsep}{CHECKOUT}")
    town.call("check --online, rude", "check", "--online", PYTHONPATH=f"{rude}{os.pathsep}{CHECKOUT}")
    assert daemon.stop(30) == 0, daemon.said[-2000:]


def commands_are_called(town: Town) -> None:
    backup, folder = town.stage.folder / "backup.db", town.stage.folder
    for arguments in (
        ("config", "show"),
        ("check",),
        ("check", "--online"),
        ("check", "--json"),
        ("status", "--json"),
        ("status",),
        ("alerts", "--json"),
        ("alerts",),
        ("history", "--json"),
        ("once",),
        ("notify-test",),
        ("db", "check"),
        ("db", "backup", str(backup)),
        ("db", "export", "--format", "csv", "-o", str(folder / "export.csv")),
        ("db", "export", "--format", "jsonl", "-o", str(folder / "export.jsonl")),
        ("no-such-verb", town.secrets.hook_token.name),
    ):
        town.call(" ".join(arguments[:2]), *arguments)
    for file in (backup, folder / "export.csv", folder / "export.jsonl"):
        town.keep(f"file {file.name}", file.read_bytes())


def database_is_spoilt(town: Town, daemon: Daemon) -> None:
    """Errors of the database carry what was to be written.

    Its pages lie in the file itself when they are wiped out, and what another commits makes it read them.
    """
    town.keep_database()
    with closing(sqlite3.connect(town.stage.database, isolation_level=None, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE poll SET at = at WHERE id = (SELECT max(id) FROM poll)")
        with town.stage.database.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(PAGE)
            file.write(b"\0" * (size - PAGE))
        connection.execute("COMMIT")
    daemon.until(lambda: TROUBLE in daemon.said, "trouble with the database", PATIENCE_S)


def edges_of(town: Town) -> int:
    return int(str(town.stage.rows("SELECT count(*) FROM transition")[0][0]))


def has_edges(town: Town, count: int) -> bool:
    return edges_of(town) >= count


def tried(town: Town) -> int:
    return int(str(town.stage.rows("SELECT count(*) FROM attempt")[0][0]))


def has_tried(town: Town, times: int) -> bool:
    return tried(town) >= times


def after(town: Town, daemon: Daemon, outcome: str, answer: Answer) -> None:
    """The provider answers so from now on; wait for a poll that ends so."""
    where = f"outcome = '{outcome}'"
    polls = town.stage.polls(where)
    town.upstream.answers["127.0.0.1"] = answer
    daemon.until(lambda: town.stage.polls(where) > polls, f"a poll that is {outcome}", PATIENCE_S)


@contextmanager
def kept(town: Town) -> Iterator[None]:
    """Whatever happens, what was said and written by then is searched."""
    try:
        yield
    finally:
        town.keep_database()
        town.keep_messages()
        town.keep(
            "output of the daemon", town.stage.output.read_bytes() if town.stage.output.exists() else b""
        )
