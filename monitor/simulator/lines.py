"""Finds the line of a table or key in the text of a scenario file. Pure."""

import re


def line_of(text: str, kind: str, index: int, key: str | None) -> int:
    """1-based line of `key` in the table `[[kind]]` number `index`, else of its header, else 1.

    A scan of the lines, not a parse: a key hidden in an inline table gets the line of its table.
    """
    header = re.compile(
        rf"\s*\[\[?\s*[\"']?{re.escape(kind)}[\"']?\s*\]\]?|\s*[\"']?{re.escape(kind)}[\"']?\s*="
    )
    wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=") if key else None
    tables_seen, header_line = -1, 1
    for number, line in enumerate(text.split("\n"), start=1):
        if header.match(line):
            tables_seen += 1
            header_line = number if tables_seen == index else header_line
        elif tables_seen == index and wanted and wanted.match(line):
            return number
        elif tables_seen == index and line.lstrip().startswith("["):
            break
        if tables_seen > index:
            break
    return header_line
