"""Secrets: four places, one shape, and no way into a message, a repr or an error."""

from pathlib import Path

import pytest

from monitor.config.secret import SecretRef
from monitor.core.errors import SecretError
from tests.config.samples import CHANNEL, config_of, problem_of, problems_of

CANARY = "sk-canary-7f3a"


def refusal(
    secret: SecretRef, environ: dict[str, str] | None = None, credentials: Path = Path("/nowhere")
) -> str:
    with pytest.raises(SecretError) as caught:
        secret.resolve(environ or {}, credentials)
    assert caught.value.exit_code == 3
    assert CANARY not in str(caught.value)
    return str(caught.value)


def key_of(value: str) -> SecretRef:
    return config_of(f"[source]\napi_key = {value}\n").sources[0].api_key


def test_an_environment_variable_is_read() -> None:
    assert key_of('{ env = "K" }').resolve({"K": CANARY}) == CANARY


def test_a_file_is_read_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{CANARY}\n")
    config = config_of('[source]\napi_key = { file = "key" }\n', tmp_path / "monitor.toml")
    assert config.sources[0].api_key == SecretRef("file", str(tmp_path / "key"))
    assert config.sources[0].api_key.resolve({}) == CANARY


def test_a_credential_comes_from_where_systemd_put_it(tmp_path: Path) -> None:
    (tmp_path / "alaya-api-key").write_text(f"{CANARY}\r\n")
    secret = key_of('{ credential = "alaya-api-key" }')
    assert secret.resolve({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == CANARY


@pytest.mark.parametrize("handed", [{}, {"CREDENTIALS_DIRECTORY": ""}, {"CREDENTIALS_DIRECTORY": "/nowhere"}])
def test_a_credential_outside_the_unit_is_the_file_that_the_unit_loads(
    tmp_path: Path, handed: dict[str, str]
) -> None:
    (tmp_path / "alaya-api-key").write_text(CANARY)
    assert key_of('{ credential = "alaya-api-key" }').resolve(handed, tmp_path) == CANARY


def test_the_text_itself_may_stand_in_the_file() -> None:
    assert key_of(f'"{CANARY}"').resolve({}) == CANARY


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("  ", "is empty"),
        ("[YOUR_API_KEY]", "still holds the placeholder"),
        (f"{CANARY}\n\n", "more than one line"),
        (f"{CANARY}\nx", "more than one line"),
        (f"{CANARY}é", "a character outside ASCII"),
        (f"“{CANARY}”", "a character outside ASCII"),
        (f"{CANARY}\x07", "a control character"),
        (f"{CANARY} ", "begins or ends with a space"),
    ],
)
def test_an_unusable_secret_is_refused_by_its_place_and_never_shown(text: str, told: str) -> None:
    secret = SecretRef("env", "K", "source.api_key")
    sentence = refusal(secret, {"K": text})
    assert sentence.startswith("source.api_key: the environment variable K ")
    assert told in sentence


@pytest.mark.parametrize("text", ["", "[YOUR_API_KEY]", f"{CANARY}é", f"{CANARY}\\n\\n", f" {CANARY}"])
def test_an_unusable_text_in_the_file_is_a_problem_with_its_line(text: str) -> None:
    told = problem_of(f'[source]\napi_key = "{text}"\n')
    assert told.startswith("monitor.toml:2: source.api_key: ")
    assert CANARY not in told


def test_a_variable_that_is_not_set_is_named() -> None:
    assert refusal(SecretRef("env", "K", "web.token")) == (
        "web.token: the environment variable K is not set: export it, or name another place for the secret"
    )


def test_a_reference_made_by_hand_is_checked_too() -> None:
    assert refusal(SecretRef("literal", f"{CANARY} ", "a.b")) == "a.b: the text begins or ends with a space"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    secret = SecretRef("file", str(tmp_path / "key"), "source.api_key")
    assert refusal(secret) == (
        f"source.api_key: the file {tmp_path}/key is not there: put the secret there, and nothing else"
    )


def test_a_credential_that_is_not_there_is_named_with_the_file_to_make(tmp_path: Path) -> None:
    told = refusal(SecretRef("credential", "k"), credentials=tmp_path)
    assert told.startswith(f"secret: the credential k (kept in {tmp_path}/k) is not there: put")


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff\xfe", "is not text"), (b"a" * 70_000, "is over 64 KiB"), (b"", "is empty")]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "key").write_bytes(content)
    assert told in refusal(SecretRef("file", str(tmp_path / "key")))


def test_a_folder_and_a_path_through_a_file_are_refused(tmp_path: Path) -> None:
    assert "is not a regular file" in refusal(SecretRef("file", str(tmp_path)))
    assert "cannot be read: File name too long" in refusal(SecretRef("file", str(tmp_path / ("x" * 300))))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("12345", "source.api_key: must be text in quotes, or where to find it"),
        (f'["{CANARY}"]', "source.api_key: must be text in quotes, or where to find it"),
        ("{}", "source.api_key: must hold exactly one of env, file and credential"),
        ('{ env = "A", file = "b" }', "source.api_key: must hold exactly one of env, file and credential"),
        (f'{{ env = "{CANARY}" }}', "source.api_key.env: must be the name of an environment variable"),
        ("{ env = 1 }", "source.api_key.env: must be text in quotes, not a number"),
        ('{ file = "" }', "source.api_key.file: must not be empty"),
        ('{ credential = "../key" }', "source.api_key.credential: must be the name of a credential"),
        ('{ credential = ".." }', "source.api_key.credential: must be the name of a credential"),
        (f'{{ literal = "{CANARY}" }}', "source.api_key.literal: unknown key"),
        (f'{{ text = "{CANARY}" }}', "source.api_key.text: unknown key"),
        (f'{{ fiel = "{CANARY}" }}', "source.api_key.fiel: unknown key; did you mean file?"),
    ],
)
def test_a_reference_of_the_wrong_shape_is_a_problem_without_its_value(value: str, told: str) -> None:
    problems = problems_of(f"[source]\napi_key = {value}\n")
    assert f"monitor.toml:2: {told}" in problems[0]
    assert CANARY not in "".join(problems)


def test_a_secret_under_a_wrong_name_is_not_shown() -> None:
    text = f'[source]\napi_kee = "{CANARY}"\nbase_url = "https://me:{CANARY}@h"\n[web]\ntoken = "{CANARY}é"\n'
    assert CANARY not in "".join(problems_of(text))


def test_no_repr_holds_a_secret() -> None:
    config = config_of(f'[source]\napi_key = "{CANARY}"\n[channels.a]\nurl = "slack://{CANARY}"\n')
    assert CANARY not in f"{config!r} {config} {config.sources[0].api_key}"


def test_a_reference_is_checked_but_not_fetched_when_the_file_is_read() -> None:
    assert config_of(f'[source]\napi_key = {{ file = "/nowhere/key" }}\n{CHANNEL}').sources
