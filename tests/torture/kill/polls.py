"""Did each poll in the database see what was served, was each answer taken in, and each edge found? Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.torture.kill.catalogue import RULES, Rule
from tests.torture.kill.history import Edge, History, Life, PollRow, Request

ROUNDED_MS = 2
Matched = Mapping[int, Request]
"""The request of each poll in the database, by the poll's id."""


def match(history: History) -> tuple[Matched, list[str]]:
    """Each feed's polls in order against its requests in order; both were timed by one clock."""
    of_feed: defaultdict[int, list[Request]] = defaultdict(list)
    for request in history.requests:
        of_feed[request.feed].append(request)
    matched: dict[int, Request] = {}
    violations: list[str] = []
    for poll in history.polls:
        seen = _request_of(poll, of_feed[poll.feed])
        if seen is None:
            violations.append(f"invented: poll {poll.id} of feed {poll.feed} was never served")
        else:
            matched[poll.id] = seen
    taken = Counter(request.number for request in matched.values())
    violations += [f"answer {number} was taken in twice" for number, times in taken.items() if times > 1]
    return matched, violations + _not_taken_in(history, set(taken)) + _not_final(history, matched)


def edges_of(history: History, matched: Matched) -> list[str]:
    """What the committed polls saw, folded by hand, against the transitions in the database."""
    due = _due(history.polls, matched)
    found: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for edge in history.edges:
        found[edge.rule, edge.code].append((edge.poll, edge.kind))
    return [
        f"{rule}: {code} should have {_differing(due[rule, code], found[rule, code])}"
        for rule, code in sorted(due.keys() | found.keys())
        if due[rule, code] != found[rule, code]
    ]


def life_of_poll(matched: Matched) -> Mapping[int, int]:
    return {poll: request.life for poll, request in matched.items()}


def _request_of(poll: PollRow, requests: Sequence[Request]) -> Request | None:
    within = range(poll.at - ROUNDED_MS, poll.at + poll.duration_ms + ROUNDED_MS + 1)
    fitting = [request for request in requests if request.at in within and not request.cut]
    return fitting[-1] if fitting else None


def _not_taken_in(history: History, taken: set[int]) -> list[str]:
    """A poll is committed before the next one of its feed; only a kill may take an answer with it."""
    stopped = {life.number for life in history.lives if is_clean_stop(life)}
    last = {(request.life, request.feed): request.number for request in history.requests}
    return [
        f"answer {request.number} to life {request.life} on feed {request.feed} was never committed"
        for request in history.requests
        if request.served and request.number not in taken
        if request.life in stopped or last[request.life, request.feed] != request.number
    ]


def is_clean_stop(life: Life) -> bool:
    return life.code == 0 and life.signals == ("SIGTERM",)


def _not_final(history: History, matched: Matched) -> list[str]:
    """After a quiet end the last poll of each feed saw what there is."""
    seen: dict[str, int] = {}
    for poll in history.polls:
        if poll.id in matched:
            seen.update(matched[poll.id].stock)
    return [
        f"lost: of {code} {remaining} are left, and {seen.get(code)} is the last that was committed"
        for code, remaining in history.shelf.items()
        if seen.get(code) != remaining
    ]


def _due(polls: Iterable[PollRow], matched: Matched) -> defaultdict[tuple[str, str], list[tuple[int, str]]]:
    due: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for poll in polls:
        if poll.id not in matched:
            continue
        for code, remaining in matched[poll.id].stock.items():
            for rule in RULES:
                _fold(due[rule.name, code], rule, poll.id, remaining)
    return due


def _fold(edges: list[tuple[int, str]], rule: Rule, poll: int, remaining: int) -> None:
    is_met, was_met = remaining >= rule.least, bool(edges) and edges[-1][1] == "fired"
    if is_met != was_met:
        edges.append((poll, "fired" if is_met else "resolved"))


def _differing(due: Sequence[tuple[int, str]], found: Sequence[tuple[int, str]]) -> str:
    """The first place where they part."""
    number = next((n for n, (a, b) in enumerate(zip(due, found, strict=False)) if a != b), None)
    number = min(len(due), len(found)) if number is None else number
    wanted = f"{due[number][1]} at poll {due[number][0]}" if number < len(due) else "no more edges"
    came = f"{found[number][1]} at poll {found[number][0]}" if number < len(found) else "none"
    return f"{wanted}, but the database has {came}: an edge is {'lost' if number < len(due) else 'invented'}"


def by_opening(edges: Iterable[Edge]) -> Mapping[str, Edge]:
    """The end of each opening that has ended."""
    return {edge.opening: edge for edge in edges if edge.kind == "resolved"}
