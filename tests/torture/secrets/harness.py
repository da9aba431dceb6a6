"""Canaries in every place for a secret, everything failing at DEBUG, and a search of all that was written."""

from typing import Final

from tests.fakes.internet import Answer
from tests.torture.report import Count, Result, Run
from tests.torture.secrets import story
from tests.torture.secrets.canaries import mint
from tests.torture.secrets.scanner import Hit, Scanner
from tests.torture.secrets.suites import SUITES, Searched, search_suite
from tests.torture.secrets.town import Town, answer_of_stock, built

MUST_BE_SAID: Final = (
    '"debug"',
    "Traceback (most recent",
    "send failed",
    "reload refused",
    "poll failed",
    story.TROUBLE,
    "***",
)


def torture(run: Run) -> Result:
    town, complaints = play(run)
    hits = search(town)
    run.say(
        f"{sum(map(len, town.found.values())):,} bytes of {len(town.found)} places searched: {len(hits)} hits"
    )
    suites = [] if run.quick else [search_suite(name, run.folder, run.say) for name in SUITES]
    violations = [
        *complaints,
        *(f"a secret was written: {hit}" for hit in hits),
        *owed(town),
        *(violation for suite in suites for violation in suite.violations),
    ]
    return Result(_counts(town, hits, suites), violations)


def play(run: Run) -> tuple[Town, list[str]]:
    """The whole story. Complaints when it could not be told to its end."""
    with built(run.folder / "town", mint(run.seed)) as town, story.kept(town):
        try:
            _tell(run, town)
        except Exception as error:
            return town, [f"the story could not be told to its end: {error!r:.2000}"]
    return town, []


def search(town: Town) -> list[Hit]:
    scanner = Scanner(town.secrets.all())
    return [hit for place, data in town.found.items() for hit in scanner.scan(place, data)]


def owed(town: Town) -> list[str]:
    """What shows that the canaries were in use, and that the daemon said what could have held them."""
    sent = [f"{request.path} {dict(request.headers)}".encode() for request in town.stage.internet.requests]
    asked = [str(dict(request.headers)).encode() for request in town.upstream.requests]
    used = {hit.canary for hit in Scanner(town.secrets.all()).scan("requests", b"\n".join([*sent, *asked]))}
    # A signing secret leaves only as a signature; the mailbox offers no login, so that one fails before it.
    unseen = {town.secrets.feishu_secret, town.secrets.dingtalk_secret, town.secrets.mail_password}
    missing = [one.name for one in town.secrets.all() if one not in unseen and one.name not in used]
    said = town.found.get("output of the daemon", b"").decode()
    return [
        *(f"the {name} was in no request: nothing was proven of it" for name in missing),
        *(f"the daemon never said {words!r}" for words in MUST_BE_SAID if words not in said),
    ]


def _tell(run: Run, town: Town) -> None:
    town.upstream.answers["127.0.0.1"] = answer_of_stock(3)
    town.answer_all(lambda quoted: Answer(500, quoted))
    daemon = town.stage.start()
    town.keep_process(daemon)
    story.receivers_quote(town, daemon, story.RUDE_ANSWERS)
    run.say("receivers have quoted what they were sent")
    story.certificates_are_false(town, daemon)
    story.provider_quotes(town, daemon)
    story.reloads_are_bad(town, daemon)
    run.say("the provider has quoted its key, and bad reloads were refused")
    daemon.kill()
    town.keep_database()
    story.libraries_raise(town)
    daemon = town.stage.start()
    story.commands_are_called(town)
    story.database_is_spoilt(town, daemon)
    daemon.kill()


def _counts(town: Town, hits: list[Hit], suites: list[Searched]) -> dict[str, Count]:
    return {
        "canaries": len(town.secrets.all()),
        "places searched": len(town.found),
        "MB searched": sum(map(len, town.found.values())) / 1e6,
        "hits": len(hits) + sum(suite.hits for suite in suites),
        "requests with secrets": len(town.stage.internet.requests) + len(town.upstream.requests),
        "suites searched": len(suites),
        "tests of these suites": sum(suite.tests for suite in suites),
        "MB of their output": sum(suite.size for suite in suites) / 1e6,
    }
