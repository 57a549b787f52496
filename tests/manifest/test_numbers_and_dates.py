"""Numbers and dates as four languages write them; what could be two things is neither."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.manifest import dates, numbers, read_manifest


def number(
    text: str | None, decimal: str | None = None, **how: bool
) -> tuple[float | None, str | None]:
    row = numbers.parse(pl.Series([text], dtype=pl.String), decimal=decimal, **how).row(0)
    return row[0], row[1]


def day(
    text: str, day_first: bool | None = None, *formats: str
) -> tuple[date | None, str | None]:
    row = dates.parse(pl.Series([text]), day_first=day_first, formats=formats).row(0)
    return row[0], row[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("24 500,5", 24500.5),
        ("1\u202f234\u202f567", 1234567.0),
        ("1'234.50", 1234.5),
        ("1,234,567", 1234567.0),
        ("1000,5", 1000.5),
        ("0.500", 0.5),
        ("21.5", 21.5),
        (" 007 ", 7.0),
        ("1e3", 1000.0),
        ("\u221220", -20.0),
        ("0", 0.0),
    ],
)
def test_a_number_that_can_only_be_read_in_one_way_is_read(text: str, value: float):
    assert number(text) == (value, None)


@pytest.mark.parametrize("text", ["1,234", "1.234", "-24.500"])
def test_a_number_that_could_be_thousands_or_decimals_is_a_defect(text: str):
    assert number(text) == (None, "ambiguous_number")


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,234", ".", 1234.0),
        ("1,234", ",", 1.234),
        ("1.234", ".", 1.234),
        ("1.234", ",", 1234.0),
    ],
)
def test_the_decimal_sign_of_the_file_settles_it(text: str, decimal: str, value: float):
    assert number(text, decimal) == (value, None)


@pytest.mark.parametrize(
    ("text", "decimal"), [("1000,5", "."), ("1.234,5", "."), ("1,234.5", ",")]
)
def test_a_number_against_the_declared_sign_is_never_read_as_something_else(
    text: str, decimal: str
):
    assert number(text, decimal, is_declared=True) == (None, "not_a_number")


def test_in_a_count_a_lone_separator_parts_thousands():
    assert number("1,234", is_whole=True) == (1234.0, None)


@pytest.mark.parametrize(
    "text", ["abc", "12.34.56", "1 2", "0x10", "1_000", "", "inf", "NaN", "--5"]
)
def test_what_is_no_number_is_a_defect_and_not_zero(text: str):
    assert number(text) == (None, "not_a_number")


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1e12"])
def test_numbers_beyond_any_cargo_are_defects(text: str):
    assert number(text) == (None, "number_out_of_range")


def test_nothing_stays_nothing():
    assert number(None) == (None, None)


def test_columns_that_contradict_each_other_settle_nothing():
    assert numbers.convention([pl.Series(["1.5"]), pl.Series(["1,5"])]) is None
    assert numbers.convention([pl.Series(["1.5"]), pl.Series(["1,500"])]) == "."


@given(
    st.integers(0, 10**8), st.integers(0, 99), st.sampled_from([".,", ",.", "\u202f,", " ."])
)
@settings(max_examples=50, deadline=None)
def test_a_number_written_out_with_thousands_and_decimals_is_read_back(
    whole: int, part: int, signs: str
):
    """Whatever the convention, a number with both signs (or two decimals) has one reading."""
    text = f"{whole:,}".replace(",", signs[0]) + signs[1] + f"{part:02d}"
    value, fault = number(text)
    assert fault is None
    assert value == pytest.approx(whole + part / 100)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04",
        "2026/3/4",
        "20260304",
        "2026-03-04T23:30:00Z",
        "2026-03-04 00:00:00",
        "4-MAR-26",
        "4 mars 2026",
        "4 de marzo de 2026",
        "04 março 2026",
        "46085",
        "46085.75",
    ],
)
def test_a_day_that_can_only_be_read_in_one_way_is_read(text: str):
    assert day(text) == (date(2026, 3, 4), None)


@pytest.mark.parametrize("text", ["04/03/2026", "4.3.26", "04-03-2026 12:30"])
def test_day_and_month_are_not_guessed(text: str):
    assert day(text) == (None, "ambiguous_date")
    assert day(text, True) == (date(2026, 3, 4), None)
    assert day(text, False) == (date(2026, 4, 3), None)


def test_one_clear_date_settles_its_column():
    assert dates.day_comes_first([pl.Series(["04/03/2026", "25/03/2026"])]) is True
    assert dates.day_comes_first([pl.Series(["04/03/2026", "03/25/2026"])]) is False
    assert dates.day_comes_first([pl.Series(["25/03/2026", "03/25/2026"])]) is None


@pytest.mark.parametrize("text", ["31/02/2026", "2026-02-30", "soon", "", "2026-13-01", "12"])
def test_what_is_no_day_is_a_defect(text: str):
    assert day(text) == (None, "not_a_date")


@pytest.mark.parametrize("text", ["0202-03-04", "1970-01-01", "2999-01-01", "9999-12-31"])
def test_a_day_in_march_0202_is_out_of_range(text: str):
    assert day(text) == (None, "date_out_of_range")


def test_a_declared_format_rules_and_real_dates_of_workbooks_pass():
    assert day("04/03/2026", None, "%d/%m/%Y") == (date(2026, 3, 4), None)
    assert day("2026-03-04 00:00:00", None, "%d/%m/%Y") == (date(2026, 3, 4), None)
    assert day("4 mars 2026", None, "%d/%m/%Y") == (None, "not_a_date")


@given(st.dates(date(1981, 1, 1), date(2099, 12, 31)))
@settings(max_examples=50, deadline=None)
def test_every_day_is_read_back_in_every_unmistakable_form(one: date):
    """ISO, compact, month by name, and Excel's day number all mean the same day."""
    serial = str((one - date(1899, 12, 30)).days)
    for text in (one.isoformat(), one.strftime("%Y%m%d"), one.strftime("%d-%b-%Y"), serial):
        assert day(text) == (one, None)


def test_a_size_code_of_1984_is_a_size_code(tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_text("container_number,size_type\nCSQU3054383,2210\nMSCU1234566,4310\n", "utf-8")
    reading = read_manifest(path)
    assert reading.manifest.containers["size_type"].to_list() == ["2210", "4310"]
    assert not reading.defects
