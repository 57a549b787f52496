"""Columns that are read at once are read as each cell by itself would be."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from riskengine.codes import containers
from riskengine.manifest import numbers
from riskengine.manifest.box_numbers import are_right
from riskengine.manifest.fields import Kind
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.values import stripped

SIGNS = st.text("0123456789.,+-eE ' kgt\u2212", max_size=9)
PLAIN = st.from_regex(r"[+-]?[0-9]{1,15}(\.[0-9]{1,4})?", fullmatch=True)


def read(texts: list[str | None], decimal: str | None, **how: bool) -> list[tuple[object, ...]]:
    return numbers.parse(pl.Series(texts, dtype=pl.String), decimal=decimal, **how).rows()


@given(
    st.lists(st.none() | PLAIN, min_size=1, max_size=8),
    st.sampled_from([".", ",", None]),
    st.booleans(),
    st.booleans(),
)
@example(["5.", "1.234"], ".", True, False)
@example(["1234567890123456789", "9" * 30], ".", False, False)
@settings(max_examples=150, deadline=None)
def test_numbers_written_plainly_are_read_as_beside_numbers_that_are_not(
    texts: list[str | None], decimal: str | None, is_declared: bool, is_whole: bool
):
    """One number with blanks in it takes the whole column the long way."""
    how = {"is_declared": is_declared, "is_whole": is_whole}
    assert read(texts, decimal, **how) == read([*texts, "1 000 000"], decimal, **how)[:-1]


@given(st.lists(SIGNS | PLAIN, max_size=8))
@settings(max_examples=150, deadline=None)
def test_the_decimal_sign_is_told_from_all_numbers_of_a_column(texts: list[str]):
    """What is looked at first, and what is not looked at, makes no difference."""
    column = pl.Series(texts, dtype=pl.String)
    cleaned = pl.DataFrame({"text": column}).with_columns(numbers.cleaned(pl.col("text")))
    point, comma = cleaned.select(
        point=numbers.means_point(pl.col("text")).any(),
        comma=numbers.means_comma(pl.col("text")).any(),
    ).row(0)
    expected = None if bool(point) == bool(comma) else "." if point else ","
    assert numbers.convention([column]) == expected


@given(st.lists(st.none() | st.text("CSQU0123456789aé ", max_size=12), max_size=6))
@settings(max_examples=100, deadline=None)
def test_container_numbers_are_right_where_shape_and_check_digit_are(texts: list[str | None]):
    """The digits added up by the million are those of ISO 6346."""
    texts = [*texts, "CSQU3054383", "MSCU1234566", "CSQU3054384", "ZZZZ9999999", "HLXU0000005"]
    column = pl.Series("text", texts, dtype=pl.String)
    text = pl.col("text")
    right = column.to_frame().select(
        (text == containers.normalise(text))
        & containers.has_number_shape(text)
        & containers.has_valid_check_digit(text).fill_null(value=False)
    )
    found = are_right(column).to_list()
    assert [bool(answer) for answer in found] == [
        bool(answer) for answer in right.to_series().to_list()
    ]


@given(
    st.lists(
        st.none() | st.sampled_from(["", " ", "N/A", "nil", "-", " x ", "x", "#NULL!", "***"])
    ),
    st.sampled_from([Kind.TEXT, Kind.CODE, Kind.COUNTRY, Kind.CATEGORY, Kind.NUMBER]),
)
@settings(max_examples=100, deadline=None)
def test_a_text_is_stripped_as_it_would_be_alone(texts: list[str | None], kind: Kind):
    """Whether a column holds blanks, signs for nothing or neither, each text becomes the same."""
    missing = FileSettings(missing=("***",))
    for chosen in (FileSettings(), missing):
        whole = stripped(pl.Series(texts, dtype=pl.String), chosen, kind).to_list()
        alone = [
            stripped(pl.Series([text], dtype=pl.String), chosen, kind)[0] for text in texts
        ]
        assert whole == alone
