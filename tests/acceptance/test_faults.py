"""Faults around the real process: each ends in one clear sentence, and the daemon is well again by itself."""

import json
import subprocess
from pathlib import Path
from typing import Final

from monitor.simulator.scenario import FaultKind
from tests.acceptance.daemon import API_KEY, HOOK_TOKEN, Stage, until
from tests.acceptance.provider import CODE
from tests.fakes.internet import Answer, refused_port
from tests.requirements import require, require_root

PATIENCE_S: Final = 30.0
MAIL_PASSWORD: Final = "canary-mail-password-e4d909c2"
SMALL_DISK: Final = 'mount -t tmpfs -o size=1m tmpfs "$1" && shift && exec "$@"'


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.hooked]


def refusal(stage: Stage, code: int, **environ: str) -> str:
    daemon = stage.spawn(**environ)
    assert daemon.exit_code(PATIENCE_S) == code, daemon.said
    assert "Traceback" not in daemon.said
    return daemon.said


def test_a_refused_key_is_told_after_three_and_the_daemon_goes_on(stage: Stage) -> None:
    daemon = stage.spawn(TEST_API_KEY="canary-wrong-key")
    daemon.until(lambda: titles(stage), "the notice")
    [notice] = stage.hooked
    assert notice.title.startswith("KEY REFUSED")
    assert "the provider refuses the API key of source default" in notice.body
    assert stage.polls("outcome = 'failed'") >= 3
    assert daemon.process.poll() is None
    assert daemon.stop() == 0


def test_a_refused_key_that_is_accepted_again_needs_no_hand(stage: Stage) -> None:
    daemon = stage.start()
    stage.shelf.fault = FaultKind.FORBIDDEN
    daemon.says("poll failed")
    stage.shelf.fault = None
    stage.shelf.stock(2)
    daemon.until(lambda: titles(stage), "the stock to be told")
    assert titles(stage)[0].startswith("BACK IN STOCK")


def test_blindness_and_its_end_are_told(stage: Stage) -> None:
    stage.configure(blind_after="2s")
    daemon = stage.start()
    stage.shelf.fault = FaultKind.RESET
    daemon.until(lambda: titles(stage), "MONITOR BLIND")
    stage.shelf.fault = None
    daemon.until(lambda: len(titles(stage)) == 2, "MONITOR BACK")
    assert [title.split(" · ")[0] for title in titles(stage)] == ["MONITOR BLIND", "MONITOR BACK"]


def test_a_start_without_a_network_waits_for_one(stage: Stage) -> None:
    with refused_port() as port:
        stage.configure(blind_after="2s", provider=f"http://127.0.0.1:{port}")
        daemon = stage.spawn()
        daemon.until(lambda: titles(stage), "MONITOR BLIND")
    assert titles(stage)[0].startswith("MONITOR BLIND")
    assert daemon.stop() == 0


def test_an_answer_slower_than_the_interval_gets_no_second_request_beside_it(stage: Stage) -> None:
    stage.configure(timeout="4s")
    daemon = stage.start()
    stage.shelf.fault = FaultKind.HANG
    before = stage.provider.requests
    daemon.until(lambda: stage.polls("outcome = 'failed'"), "the time-out")
    assert stage.provider.requests - before <= 2, "the one that hung, and the next"


def test_a_kill_while_a_message_is_in_flight_repeats_it_with_a_mark(stage: Stage) -> None:
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(fault="hang")
    stage.shelf.stock(3)
    daemon.until(lambda: stage.hooked, "the send that is not answered")
    daemon.kill()
    stage.internet.answers["127.0.0.1"] = Answer()
    daemon = stage.start()
    daemon.until(lambda: len(stage.hooked) == 2, "the repeat")
    first, second = stage.hooked
    assert first.event == second.event
    assert "(possible repeat)" not in first.title
    assert "(possible repeat)" in second.title


def test_a_message_that_is_refused_for_good_is_surfaced_through_the_other_channel(stage: Stage) -> None:
    stage.configure(notify='hook", "mail')
    daemon = stage.start()
    stage.internet.answers["127.0.0.1"] = Answer(status=403)
    stage.shelf.stock(3)
    daemon.until(lambda: len(stage.mailed) == 2, "the stock and the notice by mail")
    assert {one.title.split("】")[0] for one in stage.mailed} == {"【恢复有货", "【消息发送失败"}
    ended = "SELECT state FROM delivery WHERE channel = 'hook'"
    assert stage.rows(ended) == [("failed",)]


def test_a_missing_configuration_is_one_sentence_and_exit_3(stage: Stage) -> None:
    stage.config.unlink()
    said = refusal(stage, 3)
    assert str(stage.config) in said


def test_every_mistake_in_the_configuration_is_said_at_once(stage: Stage) -> None:
    text = stage.config.read_text().replace("gpu_name", "gpu_nmae").replace('"1s"', '"1 parsec"')
    stage.config.write_text(text)
    said = refusal(stage, 3)
    assert "monitor.toml:5: source.interval" in said
    assert "did you mean gpu_name?" in said


def test_every_missing_secret_is_said_at_once(stage: Stage) -> None:
    del stage.environ["TEST_API_KEY"], stage.environ["TEST_HOOK_URL"]
    said = refusal(stage, 3)
    assert "TEST_API_KEY" in said
    assert "TEST_HOOK_URL" in said


def test_a_channel_url_that_cannot_be_read_is_refused_without_being_shown(stage: Stage) -> None:
    said = refusal(stage, 3, TEST_HOOK_URL=f"jsonx://{HOOK_TOKEN}")
    assert "hook" in said
    assert HOOK_TOKEN not in said


def test_a_second_daemon_on_the_same_database_says_who_has_it(stage: Stage) -> None:
    daemon = stage.start()
    said = refusal(stage, 6)
    assert f"process id {daemon.process.pid}" in said
    stage.after_polls(daemon)


def test_a_missing_directory_for_the_database_is_exit_6(stage: Stage) -> None:
    stage.config.write_text(stage.config.read_text().replace("///monitor.db", "///nowhere/monitor.db"))
    assert "does not exist" in refusal(stage, 6)


def test_a_closed_stdout_is_no_reason_to_end_or_to_fail(stage: Stage) -> None:
    process = subprocess.Popen(stage.command, env=stage.environ, stdout=subprocess.PIPE, cwd=stage.folder)
    try:
        assert process.stdout is not None
        assert b"started" in process.stdout.readline() + process.stdout.readline()
        process.stdout.close()
        stage.shelf.stock(3)
        until(lambda: stage.hooked, lambda: "the stock to be told", PATIENCE_S)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)


def test_a_full_disk_is_logged_told_and_survived(stage: Stage) -> None:
    require_root()
    require("unshare", "mount")
    disk = stage.folder / "disk"
    disk.mkdir()
    stage.config.write_text(stage.config.read_text().replace("///monitor.db", "///disk/monitor.db"))
    daemon = stage.spawn("unshare", "--mount", "sh", "-c", SMALL_DISK, "sh", str(disk))
    daemon.says("poll ok")
    inside = Path(f"/proc/{daemon.process.pid}/root{disk}")
    filler = inside / "filler"
    fill(filler)
    stage.shelf.stock(3)
    daemon.says("database trouble")
    daemon.until(lambda: titles(stage), "DATABASE TROUBLE")
    [trouble] = stage.hooked
    assert trouble.title.startswith("DATABASE TROUBLE")
    assert f"{CODE} (3 left, h800)" in trouble.body
    assert not stage.mailed

    filler.unlink()
    daemon.says("database ok again")
    daemon.until(lambda: len(titles(stage)) == 2, "the stock to be told")
    assert titles(stage)[1].startswith("BACK IN STOCK 3 nodes")
    daemon.until(lambda: stage.mailed, "the mail")
    assert daemon.stop() == 0


def fill(file: Path) -> None:
    """To the last byte."""
    with file.open("wb", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue


def test_secrets_stand_nowhere_even_at_debug_with_everything_failing(stage: Stage) -> None:
    login = f"mailto://user:{MAIL_PASSWORD}@127.0.0.1"
    stage.configure(mail=stage.mail_url.replace("mailto://127.0.0.1", login), notify='hook", "mail')
    stage.internet.answers["127.0.0.1"] = Answer(status=500, body=f"no such hook {HOOK_TOKEN}")
    stage.shelf.stock(3)
    daemon = stage.start(MONITOR_LOG="DEBUG")
    command_line = Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes()
    daemon.says("send failed", times=2)
    stage.shelf.fault = FaultKind.FORBIDDEN
    daemon.says("poll failed")
    stage.config.write_text(stage.config.read_text().replace("[storage]", f'x = "{API_KEY}"\n[storage]'))
    daemon.reload()
    daemon.says("reload refused")
    written = {path.name: path.read_bytes() for path in stage.folder.glob("monitor.db*")}
    assert len(written) >= 3, "the log of the database, too"
    assert daemon.stop() == 0
    written |= {path.name: path.read_bytes() for path in stage.folder.glob("monitor.db*")}
    written |= {"output": daemon.said.encode(), "command line": command_line}
    for secret in (API_KEY, HOOK_TOKEN, MAIL_PASSWORD):
        assert [name for name, data in written.items() if secret.encode() in data] == [], secret


def test_log_lines_are_json_when_nobody_watches(stage: Stage) -> None:
    daemon = stage.start()
    assert daemon.stop() == 0
    lines = [json.loads(line) for line in daemon.said.splitlines()]
    assert {"started", "poll ok", "stopping", "stopped"} <= {line["message"] for line in lines}
    assert all({"at", "level"} <= line.keys() for line in lines)
