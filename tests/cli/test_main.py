"""The frame of the command line: help, verbs found late, exit codes, and sentences instead of tracebacks."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from monitor import __version__
from monitor.cli.main import EXIT_CODES, VERBS, Monitor, main
from monitor.cli.options import Verb
from monitor.core import errors
from monitor.core.errors import ConfigError, MonitorError
from tests.cli.calling import StandIn, call, config_file, offer, process, run_process
from tests.cli.stock import stock, stocked

HEAVY = ("alembic", "apprise", "apscheduler", "asyncio", "httpx", "msgspec", "pydantic", "rich", "sqlalchemy")
_PRINT_MODULES = (
    "import sys\nfrom monitor.cli.main import main\n"
    "try: main(sys.argv[1:], prog_name='monitor')\nexcept SystemExit: pass\n"
    "print(*sys.modules, file=sys.stderr)"
)


def test_help_names_every_verb_and_every_exit_code() -> None:
    said = call("--help")
    assert said.exit_code == 0
    for verb, (_, words) in VERBS.items():
        assert f"  {verb}" in said.output
        assert words.split()[0] in said.output
    for code, meaning in EXIT_CODES.items():
        assert f"{code}  {meaning}" in said.output


def test_help_imports_no_verb_and_no_large_library() -> None:
    modules = imported_by("--help")
    assert not modules & set(HEAVY)
    assert {name for name in modules if name.startswith("monitor.cli.")} == {
        "monitor.cli.main",
        "monitor.cli.options",
    }


def imported_by(*words: str | Path) -> set[str]:
    command = [sys.executable, "-c", _PRINT_MODULES, *map(str, words)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("words", [["status"], ["history"], ["alerts"], ["status", "--json"]])
def test_reading_verbs_import_what_they_need(tmp_path: Path, words: list[str]) -> None:
    with stocked(tmp_path, stock(TRAIN_1=3)):
        pass
    modules = imported_by(*words, "--config", tmp_path / "monitor.toml")
    assert "monitor.store.readonly" in modules
    assert modules & set(HEAVY) <= {"pydantic", "rich", "msgspec"}


def test_it_runs_as_a_module_and_knows_its_version() -> None:
    assert run_process("--version") == (0, f"monitor {__version__}\n", "")


def test_the_exit_codes_of_the_errors_are_in_the_help() -> None:
    codes = {MonitorError.exit_code} | {kind.exit_code for kind in _below(MonitorError)}
    assert codes == {1, 3, 5, 6}
    assert codes <= EXIT_CODES.keys()
    assert errors.UpstreamError.exit_code == 5
    assert errors.DatabaseError.exit_code == 6


@pytest.mark.parametrize("path", [(verb,) for verb in VERBS])
def test_every_verb_shows_examples_that_begin_with_it(path: tuple[str, ...]) -> None:
    context = click.Context(main, info_name="monitor")
    for words, command in _commands(path, context):
        said = call(*words, "--help")
        assert said.exit_code == 0
        assert "Examples:\n" in said.output, words
        assert command.help
        examples = said.output.partition("Examples:\n")[2]
        assert f"monitor {' '.join(words)}" in examples


def test_an_unknown_verb_is_a_usage_error_that_suggests_one() -> None:
    said = call("chekc")
    assert said.exit_code == 2
    assert "there is no verb 'chekc'; did you mean check?" in said.stderr


def test_a_monitor_error_is_its_sentence_and_its_code(tmp_path: Path) -> None:
    said = _broken(errors.DatabaseError("the disk is full: make room"))
    assert (said.exit_code, said.stdout, said.stderr) == (6, "", "monitor: the disk is full: make room\n")


def test_a_config_error_tells_every_problem() -> None:
    said = _broken(ConfigError(["monitor.toml:3: a", "monitor.toml:9: b"]))
    assert (said.exit_code, said.stderr) == (3, "monitor: monitor.toml:3: a\nmonitor: monitor.toml:9: b\n")


def test_an_interrupt_ends_quietly_with_130() -> None:
    said = _broken(KeyboardInterrupt())
    assert (said.exit_code, said.output) == (130, "")


def test_a_bug_is_one_sentence_without_the_text_of_the_exception() -> None:
    said = _broken(ZeroDivisionError("token-0123456789"))
    assert said.exit_code == 1
    assert said.stderr.count("\n") == 1
    assert "ZeroDivisionError" in said.stderr
    assert "this is a bug" in said.stderr
    assert "token-0123456789" not in said.stderr


@pytest.mark.parametrize(("words", "env"), [(["--debug"], {}), ([], {"MONITOR_DEBUG": "1"})])
def test_the_traceback_of_a_bug_is_shown_on_request(words: list[str], env: Mapping[str, str]) -> None:
    said = _broken(ZeroDivisionError("why"), *words, env=env)
    assert said.exit_code == 1
    assert "Traceback (most recent call last)" in said.stderr
    assert "ZeroDivisionError: why" in said.stderr


def test_a_closed_pipe_is_no_trouble_to_talk_about(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with process("completion", "fish", stdout=writing) as running:
        os.close(writing)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (1, "")


def test_the_configuration_is_named_before_or_after_the_verb(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    file = config_file(tmp_path, "http://127.0.0.1:1")
    other = config_file(tmp_path / "other", "http://127.0.0.1:2")
    assert f'"{file}"' in call("--config", file, "config", "show").output
    assert f'"{file}"' in call("config", "show", "--config", file).output
    assert f'"{other}"' in call("--config", file, "config", "show", "--config", other).output
    assert f'"{file}"' in call("config", "show", env={"MONITOR_CONFIG": str(file)}).output


def test_a_missing_configuration_is_one_sentence_and_code_3(tmp_path: Path) -> None:
    code, out, err = run_process("once", cwd=tmp_path)
    assert (code, out) == (3, "")
    assert err.startswith("monitor: there is no configuration")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_terminals_that_want_it(tmp_path: Path, env: dict[str, str], coloured: bool) -> None:
    with StandIn(offer()) as provider:
        file = config_file(tmp_path, provider.url)
        said = _on_a_terminal("once", "--config", str(file), env={"TERM": "xterm", "NO_COLOR": "", **env})
        piped = run_process("once", "--config", file, env={"FORCE_COLOR": "1"})[1]
    assert "PRD-1" in said
    assert ("\x1b[32m" in said) == coloured
    assert "\x1b" not in piped


def _on_a_terminal(*words: str, env: Mapping[str, str]) -> str:
    ours, theirs = pty.openpty()
    with process(*words, stdout=theirs, stderr=theirs, stdin=theirs, env=env) as running:
        os.close(theirs)
        said = b"".join(_read(ours))
        running.wait(30)
    os.close(ours)
    return said.decode()


def _read(terminal: int) -> Iterator[bytes]:
    try:
        while piece := os.read(terminal, 4096):
            yield piece
    except OSError:  # how Linux says that the other end is closed
        return


def _commands(
    path: tuple[str, ...], context: click.Context
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    command = main.get_command(context, path[0])
    assert command is not None
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield (*path, name), below


def _below(kind: type[MonitorError]) -> Iterator[type[MonitorError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


raised: BaseException


@click.command("break", cls=Verb, examples=[])
def broken() -> None:
    raise raised


def _broken(error: BaseException, *words: str, env: Mapping[str, str] | None = None) -> Result:
    """What `monitor` makes of a verb that raises this."""
    global raised
    raised = error
    debug = click.Option(["--debug"], is_flag=True, envvar="MONITOR_DEBUG")
    verbs = {"break": (f"{__name__}:broken", "Break.")}
    group = Monitor("monitor", verbs=verbs, examples=[], params=[debug])
    return CliRunner(env=env).invoke(group, [*words, "break"], prog_name="monitor")
