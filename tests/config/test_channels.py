"""[channels.NAME]: people, a command or a webhook, and only the keys that go with it."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import show
from monitor.config.secret import SecretRef
from monitor.config.settings import AppriseUrl, Command, Webhook
from monitor.core.manner import EVERY_OCCASION, Manner, Occasion
from tests.config.samples import CHANNEL, LEAST, SOURCE, config_of, problem_of, problems_of

ACT = '[channels.act]\ncommand = ["/bin/act"]\n'
HOOK = '[channels.hook]\nwebhook = { url = { env = "U" }, secret = { env = "S" } }\n'


def test_a_command_has_cautious_defaults() -> None:
    _, act = config_of(LEAST + ACT).channels
    assert act.to == Command(("/bin/act",), (Occasion.OPENED,), timedelta(seconds=30), 20, dry_run=False)
    assert act.manner == Manner(frozenset({Occasion.OPENED}), 20, acts=True)
    assert act.secrets == {}


def test_every_key_of_a_command_counts() -> None:
    more = 'events = ["opened", "ended"]\ndeadline = "5m"\nmax_per_day = 3\ndry_run = true\n'
    act = config_of(LEAST + '[channels.act]\ncommand = ["/bin/act", "a b"]\n' + more).channels[1]
    events = (Occasion.OPENED, Occasion.ENDED)
    assert act.to == Command(("/bin/act", "a b"), events, timedelta(minutes=5), 3, dry_run=True)


def test_a_webhook_is_told_of_everything() -> None:
    _, hook = config_of(LEAST + HOOK).channels
    assert hook.to == Webhook(SecretRef("env", "U"), SecretRef("env", "S"))
    assert hook.manner == Manner(EVERY_OCCASION)
    assert [secret.place for secret in hook.secrets.values()] == [
        "channels.hook.webhook.url",
        "channels.hook.webhook.secret",
    ]


def test_people_are_told_as_before() -> None:
    ops = config_of(LEAST + '[channels.r]\nurl = "x://y"\nsecret = "z"\nkeyword = "k"\n').channels[1]
    assert isinstance(ops.to, AppriseUrl)
    assert (ops.manner, set(ops.secrets)) == (None, {"url", "secret"})


def test_a_command_hears_only_of_what_names_it() -> None:
    text = LEAST + ACT + HOOK + '[[watch]]\nname = "a"\nmatch = {}\n'
    config = config_of(text)
    assert config.rules[0].notify == config.monitor.notify == ("ops", "hook")
    named = config_of(text + 'notify = ["act"]\n[monitor]\nnotify = ["act"]\n')
    assert named.rules[0].notify == named.monitor.notify == ("act",)


def test_with_commands_only_a_watch_must_name_one() -> None:
    told = problem_of(f'{SOURCE}{ACT}[[watch]]\nname = "a"\nmatch = {{}}\n')
    assert "no channel to tell but commands, which hear only of what names them: name one in notify" in told
    config = config_of(f'{SOURCE}{ACT}[[watch]]\nname = "a"\nmatch = {{}}\nnotify = ["act"]\n')
    assert "there is none but commands" in config.warnings[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'channels.x: needs a url (add url = { env = "NAME" } with an Apprise URL in it), a command or'),
        ('url = "a://b"\ncommand = ["/b"]\n', "channels.x: holds url and command: make a channel of each"),
        ("command = []\n", "channels.x.command: must not be empty"),
        ('command = ["act.sh"]\n', 'must begin with the absolute path of a program, not "act.sh"'),
        ('command = ["~/act.sh"]\n', 'must begin with the absolute path of a program, not "~/act.sh"'),
        ('command = ["/a\\u0000"]\n', "must hold no NUL character"),
        ('command = "/bin/act"\n', "channels.x.command: must be a list in [ ], not text"),
        ('command = ["/a"]\nkeyword = "k"\n', "channels.x.keyword: goes with url only"),
        ('url = "a://b"\ndeadline = "5s"\n', "channels.x.deadline: goes with command or webhook only"),
        ('url = "a://b"\nevents = ["opened"]\n', "channels.x.events: goes with command or webhook only"),
        ('command = ["/a"]\nmax_per_day = 0\n', "channels.x.max_per_day: must be at least 1"),
        ('command = ["/a"]\ndeadline = "11m"\n', "channels.x.deadline: must be at most 10m"),
        ('command = ["/a"]\nevents = ["fired"]\n', 'must be "opened", "update" or "ended"'),
        ('command = ["/a"]\ndry_run = 1\n', "channels.x.dry_run: must be true or false"),
        ("webhook = {}\n", "channels.x.webhook.url: is missing"),
        ('webhook = { url = "https://h/x" }\n', "channels.x.webhook.secret: is missing"),
        (
            'webhook = { url = "http://h/canary", secret = "canary" }\n',
            "channels.x.webhook.url: must be a whole https:// address",
        ),
        (
            'webhook = { url = "https://h/x", secret = "s" }\nmax_per_day = 3\n',
            "channels.x.max_per_day: goes with command only",
        ),
        (
            'webhook = { url = "https://h/x" }\nsecret = "s"\n',
            "channels.x.secret: goes with url only: it is webhook.secret that signs",
        ),
        ('webhook = { urll = "x" }\n', "channels.x.webhook.urll: unknown key; did you mean url?"),
        ('commnd = ["/a"]\n', "channels.x.commnd: unknown key; did you mean command?"),
    ],
)
def test_a_mistake_is_told_in_words(text: str, told: str) -> None:
    problems = "\n".join(problems_of(f"{SOURCE}{CHANNEL}[channels.x]\n{text}"))
    assert told in problems
    assert "canary" not in problems


def test_what_is_shown_masks_the_secrets_of_a_webhook() -> None:
    text = f'{LEAST}[channels.hook]\nwebhook = {{ url = "https://h/canary", secret = "canary" }}\n'
    shown = show(config_of(text))
    assert 'webhook = { url = "***", secret = "***" }' in shown
    assert "canary" not in shown
    assert 'webhook = { url = { env = "U" }, secret = { env = "S" } }' in show(config_of(LEAST + HOOK))


def test_a_secret_of_a_webhook_in_a_file_that_all_may_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("canary")
    file.chmod(0o644)
    text = f'{LEAST}[channels.hook]\nwebhook = {{ url = {{ env = "U" }}, secret = {{ file = "{file}" }} }}\n'
    told = [warning for warning in config_of(text).warnings if "may read the secret" in warning]
    assert len(told) == 1
    assert "channels.hook.webhook.secret" in told[0]
