"""The commands that a page of the documentation tells its reader to type."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_HEADING: Final = re.compile(r"^## (?P<heading>.+)$")
_SHELL: Final = re.compile(r"^```sh\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> Mapping[str, Sequence[str]]:
    """By heading of the second level: the blocks of shell under it."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for section in re.split(r"^(?=## )", page.read_text(), flags=re.MULTILINE):
        if heading := _HEADING.match(section.partition("\n")[0]):
            blocks[heading["heading"]] = [block["commands"] for block in _SHELL.finditer(section)]
    return blocks
