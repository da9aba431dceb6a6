"""Which system calls a unit's SystemCallFilter= lets through. Pure."""

from collections.abc import Iterable, Mapping

Groups = Mapping[str, frozenset[str]]


def groups_of(listing: str) -> Groups:
    """What `systemd-analyze syscall-filter` prints: each group's name, and indented its members."""
    groups: dict[str, set[str]] = {}
    members: set[str] = set()
    for line in listing.splitlines():
        word = line.strip()
        if line.startswith("@"):
            members = groups.setdefault(word, set())
        elif line[:1].isspace() and word and not word.startswith("#"):
            members.add(word)
    return {name: frozenset(each) for name, each in groups.items()}


def filter_lines(unit: str) -> list[str]:
    """The values of the unit's SystemCallFilter= lines."""
    settings = (line.partition("=") for line in unit.splitlines())
    return [value.strip() for name, _, value in settings if name == "SystemCallFilter"]


def allowed(lines: Iterable[str], groups: Groups) -> frozenset[str]:
    """As systemd.exec(5) tells: the first line makes a list of what is let through, @default always is;
    a line that begins with ~ takes away again."""
    inside = set(_members("@default", groups))
    for line in lines:
        names = line.removeprefix("~").split()
        for name in names:
            members = _members(name, groups)
            inside = inside - members if line.startswith("~") else inside | members
    return frozenset(inside | _members("@default", groups))


def _members(name: str, groups: Groups) -> frozenset[str]:
    if not name.startswith("@"):
        return frozenset({name})
    return frozenset(call for member in groups[name] for call in _members(member, groups))
