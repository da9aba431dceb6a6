"""Mistakes in configuration, errors and commands."""

from typing import Final

from tests.torture.planted.mistake import Mistake

IN_REST: Final = (
    Mistake(
        "unknown keys ignored",
        "monitor/config/fields.py",
        'extra="forbid"',
        'extra="ignore"',
        "a slip in a key's name leaves the rule as it was, without a word",
        ("tests/config/test_problems.py",),
        "G11",
    ),
    Mistake(
        "only the first problem told",
        "monitor/config/loading.py",
        "raise ConfigError(written(problems, path.name, text))",
        "raise ConfigError(written(problems, path.name, text)[:1])",
        "a configuration is mended one start at a time",
        ("tests/config/test_problems.py", "tests/config/test_loading.py"),
        "G11",
    ),
    Mistake(
        "a page for others without a token",
        "monitor/config/crosscheck.py",
        "    if not values.is_loopback(host):",
        '    if host == "0.0.0.0":',
        "everybody in the network may press the buttons",
        ("tests/config/test_problems.py",),
        "G15",
    ),
    Mistake(
        "no warning of an only channel",
        "monitor/config/crosscheck.py",
        "    elif len(channels) == 1:",
        "    elif len(channels) == -1:",
        "when the only channel dies there is nobody to say so, and nobody was told",
        ("tests/config/test_loading.py", "tests/config/test_problems.py"),
        "G2",
    ),
    Mistake(
        "secrets in repr",
        "monitor/config/secret.py",
        "return f\"SecretRef({self.kind}: {'***' if self.kind == 'literal' else self.value})\"",
        'return f"SecretRef({self.kind}: {self.value})"',
        "a key that stands in the configuration stands in tracebacks as well",
        ("tests/config/test_secret.py",),
        "G14",
    ),
    Mistake(
        "the placeholder taken for a key",
        "monitor/config/secret.py",
        "    if _PLACEHOLDER.fullmatch(text.strip()):\n"
        '        raise ValueError("still holds the placeholder of the example: put the real secret there")\n',
        "",
        "the monitor starts with `[YOUR_API_KEY]` and is refused for ever",
        ("tests/config/test_secret.py",),
        "G11",
    ),
    Mistake(
        "trouble with the database exits like any other",
        "monitor/core/errors.py",
        "class DatabaseError(MonitorError):\n    exit_code = 6",
        "class DatabaseError(MonitorError):\n    exit_code = 1",
        "a script cannot tell a held database from a slip in a command",
        ("tests/core/test_errors.py", "tests/cli/test_main.py"),
    ),
    Mistake(
        "an outage exits like an empty shelf",
        "monitor/cli/once.py",
        "return UpstreamError.exit_code if failures(asked) else CODE_OF_NOTHING_IN_STOCK",
        "return CODE_OF_NOTHING_IN_STOCK",
        "a script reads an outage as out of stock",
        ("tests/cli/test_once.py",),
        "G5",
    ),
    Mistake(
        "a bug told with its text",
        "monitor/cli/main.py",
        "internal error ({type(error).__name__})",
        "internal error ({error})",
        "the text of a stranger's exception holds the key",
        ("tests/cli/test_main.py",),
        "G14",
    ),
)
