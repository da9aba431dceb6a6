"""The tree of errors."""

from monitor.core.errors import ConfigError, DatabaseBusy, MonitorError, SecretError, UpstreamError


def test_a_config_error_says_every_problem_at_once() -> None:
    error = ConfigError(["monitor.toml:1: a", "monitor.toml:9: b"])

    assert error.problems == ("monitor.toml:1: a", "monitor.toml:9: b")
    assert str(error) == "monitor.toml:1: a\nmonitor.toml:9: b"


def test_each_error_knows_its_exit_code() -> None:
    errors = (MonitorError("a"), SecretError("b"), UpstreamError("c"), DatabaseBusy("d"))

    assert [error.exit_code for error in errors] == [1, 3, 5, 6]
