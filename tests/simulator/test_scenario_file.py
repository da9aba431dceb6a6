from pathlib import Path

import pytest

from monitor.core.errors import ConfigError
from monitor.simulator.offer import Offer
from monitor.simulator.scenario import Change, Fault, FaultKind
from monitor.simulator.scenario_file import SIZE_LIMIT, load, parse

PRODUCT = '[[product]]\nproduct_code = "A"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "s.toml")
    assert caught.value.exit_code == 3
    return list(caught.value.problems)


def problem(text: str) -> str:
    (only,) = problems(text)
    return only


def event(lines: str) -> str:
    """A file whose event begins on line 3."""
    return f"{PRODUCT}[[event]]\n{lines}\n"


def test_a_product_needs_no_more_than_its_code() -> None:
    assert parse(PRODUCT, "s.toml").offers == (Offer("A", "A", 1),)


def test_numbers_reach_the_wire_as_they_were_written() -> None:
    text = PRODUCT + 'gpu_count = 8\nprice = 12.50\ncpu_cores = "1e3"\nmemory_gb = 1_024.5\n'
    (offer,) = parse(text, "s.toml").offers
    assert (offer.gpu_count, offer.price, offer.cpu_cores, offer.memory_gb) == ("8", "12.50", "1e3", "1024.5")


def test_an_empty_text_is_null_and_a_dash_is_a_dash() -> None:
    assert parse(PRODUCT + 'gpu_name = ""\n', "s.toml").offers[0].gpu_name is None
    assert parse(PRODUCT + 'gpu_name = "-"\n', "s.toml").offers[0].gpu_name == "-"


def test_events_become_changes_and_faults() -> None:
    text = PRODUCT + (
        '[[event]]\nat = "10s"\nproduct_code = "A"\nremaining = 4\nstock_error = ""\n'
        '[[event]]\nat = "1.5s"\nfault = "429"\nfor = "2m"\n'
    )
    scripted = parse(text, "s.toml")
    assert scripted.changes == (Change(10.0, (1, "A"), {"remaining": 4, "stock_error": None}),)
    assert scripted.faults == (Fault(FaultKind.RATE_LIMITED, 1.5, 121.5),)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_be_written(kind: FaultKind) -> None:
    scripted = parse(event(f'at = "0s"\nfault = "{kind}"\nfor = "1s"'), "s.toml")
    assert scripted.faults == (Fault(kind, 0, 1),)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0s", 0), ("250ms", 0.25), ("1.5s", 1.5), ("15m", 900), ("2h", 7200), ("1d", 86400)],
)
def test_durations_are_read(written: str, seconds: float) -> None:
    scripted = parse(event(f'at = "{written}"\nproduct_code = "A"\nremaining = 1'), "s.toml")
    assert scripted.changes[0].at_s == pytest.approx(seconds)


def test_a_code_in_two_data_centres_is_told_apart_by_aidc_id() -> None:
    two = PRODUCT + '[[product]]\nproduct_code = "A"\naidc_id = 2\n[[event]]\nat = "1s"\nproduct_code = "A"\n'
    assert parse(two + "aidc_id = 2\nremaining = 1\n", "s.toml").changes[0].identity == (2, "A")
    assert problem(two + "remaining = 1\n") == (
        "s.toml:8: event[1].product_code: A is in several data centres: say which with aidc_id"
    )
    assert problem(two + "aidc_id = 7\nremaining = 1\n") == (
        "s.toml:8: event[1].product_code: A is not in that data centre"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("remaning = 1", "remaning: unknown key; did you mean remaining?"),
        ("zzzz = 1", "zzzz: unknown key; known are: product_code, name, aidc_id, gpu_name, gpu_count, "),
        ("remaining = -1", "remaining: must be a whole number from 0 to 1000000000, not -1"),
        ("remaining = true", "remaining: must be a whole number from 0 to 1000000000, not true"),
        ('remaining = "6"', "remaining: must be a whole number from 0 to 1000000000, not '6'"),
        ("remaining = 1000000001", "remaining: must be a whole number from 0 to 1000000000, not 1000000001"),
        ('aidc_id = "1"', "aidc_id: must be a whole number, not '1'"),
        ("price_unit = 1.5", "price_unit: must be a whole number, not '1.5'"),
        ("gpu_count = true", "gpu_count: must be a number or the text to be served, not true"),
        ("price = []", "price: must be a number or the text to be served, not []"),
        ('listed = "no"', "listed: must be true or false, not 'no'"),
        ("name = 1", "name: must be text, not 1"),
        ('name = ""', "name: must be text, not ''"),
        (f'listed = "{"x" * 99}"', "listed: must be true or false, not '" + "x" * 36 + "..."),
    ],
)
def test_a_mistake_in_a_product_is_told_with_its_line(line: str, told: str) -> None:
    assert problem(f"{PRODUCT}{line}\n").startswith(f"s.toml:3: product[1].{told}")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            'at = "5 sec"\nproduct_code = "A"\nremaining = 1',
            '4: event[1].at: must be a duration such as "10s"',
        ),
        ('at = 5\nproduct_code = "A"\nremaining = 1', '4: event[1].at: must be a duration such as "10s"'),
        ('at = "9999d"\nproduct_code = "A"\nremaining = 1', "4: event[1].at: 9999d is longer than ten years"),
        ('product_code = "A"\nremaining = 1', "3: event[1].at: is missing"),
        ('at = "1s"\nremaining = 1', "3: event[1].product_code: is missing"),
        (
            'at = "1s"\nproduct_code = "A"',
            "3: event[1]: changes nothing: name a field of the product, or a fault",
        ),
        (
            'at = "1s"\nproduct_code = "a"\nremaining = 1',
            "5: event[1].product_code: no [[product]] has the code a",
        ),
        ('at = "1s"\nfault = "500"', "3: event[1].for: is missing"),
        (
            'at = "1s"\nfault = 404\nfor = "1s"',
            '5: event[1].fault: must be one of "403", "500", "429", "empty", ',
        ),
        (
            'at = "1s"\nfault = "500"\nfor = "1s"\nremaining = 1',
            "7: event[1].remaining: an event with a fault changes no product: write another [[event]]",
        ),
        (
            'at = "1s"\nfault = "500"\nfro = "1s"\nfor = "1s"',
            "6: event[1].fro: unknown key; did you mean for?",
        ),
    ],
)
def test_a_mistake_in_an_event_is_told_with_its_line(lines: str, told: str) -> None:
    assert problem(event(lines)).startswith(f"s.toml:{told}")


def test_a_near_code_is_suggested() -> None:
    product = '[[product]]\nproduct_code = "PRD-TRAIN-1"\n'
    text = product + '[[event]]\nat = "1s"\nproduct_code = "PRD-TRIAN-1"\nremaining = 1\n'
    assert problem(text) == (
        "s.toml:5: event[1].product_code: no [[product]] has the code PRD-TRIAN-1; did you mean PRD-TRAIN-1?"
    )


def test_a_product_twice_in_one_data_centre_is_refused() -> None:
    assert problem(PRODUCT + "\n" + PRODUCT) == (
        "s.toml:5: product[2].product_code: A is there already in data centre 1"
    )


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        '[[product]]\nname = "no code"\n\n'
        '[[product]]\nproduct_code = "B"\nremaining = "x"\nlisted = 1\n'
        '[[event]]\nat = "soon"\nproduct_code = "C"\nremaining = 1\n'
        '[[evnt]]\nat = "1s"\n'
    )
    assert [line.split(": must")[0].split(": no ")[0] for line in problems(text)] == [
        "s.toml:1: product[1].product_code: is missing",
        "s.toml:6: product[2].remaining",
        "s.toml:7: product[2].listed",
        "s.toml:9: event[1].at",
        "s.toml:10: event[1].product_code",
        "s.toml:12: evnt: unknown key; did you mean event?",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "s.toml: product: there is none: write at least one [[product]]"),
        ("product = 1\n", "s.toml:1: product: must be tables: write [[product]]"),
        ("\n[product]\nproduct_code = 'A'\n", "s.toml:2: product: must be tables: write [[product]]"),
        (PRODUCT + "[event]\nat = '1s'\n", "s.toml:3: event: must be tables: write [[event]]"),
        (PRODUCT + "[[event]\n", "s.toml:3: not valid TOML: "),
        (PRODUCT + f"remaining = {'9' * 5000}\n", "s.toml: not valid TOML: "),
        ("product = " + "[" * 9000, "s.toml: not valid TOML: "),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, told: str) -> None:
    assert problem(text).startswith(told)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (PRODUCT + "remaining = 4\n").replace("\n", "\r\n").encode())
    assert load(path).offers[0].remaining == 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is not there: correct the path"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"#" * (SIZE_LIMIT + 1), "is over 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "s.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        load(path)


def test_a_problem_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("\nx = 1\n", "utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml:2: x: unknown key"):
        load(path)


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a regular file"):
        load(tmp_path)


def test_the_mistakes_on_the_documentation_page_are_told_as_printed_there() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
    text = (
        '[[product]]\nproduct_code = "PRD-TRAIN-1"\nname = "one"\naidc_id = 1\ngpu_name = "-"\n'
        "gpu_count = 0\nprice = 1\nprice_unit = 11\nremaning = 3\n\n"
        '[[event]]\nat = "1s"\nremaining = 0\nproduct_code = "PRD-TRAIN-2"\n'
    )
    with pytest.raises(ConfigError) as caught:
        parse(text, "scenario.toml")
    assert str(caught.value) in page
