"""Texts to values: what has one meaning is read and listed, the rest refused with a remedy; nothing is guessed."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib import edition
from kamlib.intake import characters
from kamlib.intake.amounts import CURRENCY_CODES
from kamlib.intake.parsers import parse, texts
from kamlib.schema import KINDS, TABLES, Column


def column(kind: str, **more: object) -> Column:
    return Column("c", kind, "a column", allowed=("won", "lost", "long_term") if kind == "category" else (), **more)


def read(kind: str, *cells: str, **more: object):
    """The values, the first refusal and the notes of a column of these cells; rows count from 2."""
    frame = pd.Series(list(cells), index=pd.RangeIndex(2, len(cells) + 2), dtype="str")
    return parse(frame, column(kind), **more)


def value(kind: str, cell: str, **more: object) -> object:
    parsed = read(kind, cell, **more)
    assert not parsed.refused, parsed.refused
    found = parsed.values.iloc[0]
    return None if pd.isna(found) else found


def refusal(kind: str, *cells: str, **more: object) -> str:
    parsed = read(kind, *cells, **more)
    assert len(parsed.refused) == 1, parsed.refused
    return next(iter(parsed.refused.values())).rule


# --- numbers ---


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1234.50", 1234.5), ("1,234.50", 1234.5), ("-1,234", -1234), ("１２３", 123), ("1.2万", 12_000),
        ("3亿", 3e8),
        ("１，２３４．５", 1234.5), ("0.5 万", 5000), ("1,234.5万元", 12_345_000), ("¥12", 12), ("￥ 12", 12),
        ("12元", 12),
        ("CNY 12", 12), ("12 cny", 12), ("RMB12", 12), ("(12)", -12), ("（1,200）", -1200), ("¥(12.5)", -12.5),
        ("-¥12", -12),
        ("¥-12", -12), ("−12", -12), ("+12", 12), (" 12 ", 12), ("12.", 12), (".5", 0.5), ("1.5E+03", 1500),
        ("007", 7),
        ("999999999999999", 999_999_999_999_999), ("0", 0), ("-0", 0), ("1,200-", -1200),
    ],
)  # fmt: skip
def test_an_amount_is_read(cell, number):
    assert value("money", cell, currencies=frozenset({"CNY"})) == number


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("1234,50", "a decimal comma"), ("1.234,50", "a decimal comma"), ("1,23", "a decimal comma"),
        ("1,2345", "a decimal comma"), ("1 234", "a decimal comma"), ("1'234.50", "a decimal comma"),
        ("abc", "not a number"),
        ("12 pcs", "not a number"), ("1-2", "not a number"), ("--1", "not a number"), ("(-1)", "not a number"),
        ("5/6", "not a number"), ("1..2", "not a number"), ("TRUE", "not a number"), ("inf", "not a number"),
        ("½", "not a number"),
        ("一百", "not a number"), ("1_000", "not a number"), ("0x10", "not a number"), (">5", "not a number"),
        ("5%", "a percentage"),
        ("$5", "an amount in another currency"), ("5 USD", "an amount in another currency"),
        ("€5", "an amount in another"),
        ("5英镑", "an amount in another currency"), ("1000000000000000", "a number of more than 15 digits"),
        ("9" * 400, "a number of more than 15 digits"), ("1e99", "a number of more than 15 digits"),
        ("#DIV/0!", "a spreadsheet error"), ("5\x07", "a control character"), ("\ufffd5", "characters were lost"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(cell, rule):
    assert refusal("money", cell, currencies=frozenset({"CNY"})).startswith(rule)


def test_a_sign_that_several_currencies_share_is_read_where_one_of_them_is_used():
    assert value("money", "$5", currencies=frozenset({"CAD"})) == 5
    assert value("money", "¥5", currencies=frozenset({"JPY"})) == 5
    assert refusal("money", "¥5", currencies=frozenset({"CAD"})).startswith("an amount in another")
    assert value("money", "₹5", currencies=frozenset({"INR"})) == 5
    assert {"CNY", "USD", "EUR", "GBP", "JPY"} <= CURRENCY_CODES


def test_a_currency_belongs_to_money_only():
    assert refusal("number", "¥5") == "an amount of money where none belongs"
    assert refusal("integer", "5 CNY") == "an amount of money where none belongs"


def test_a_share_may_be_a_fraction_or_a_percentage():
    assert [value("share", cell) for cell in ("0.35", "35%", "35 %", "３５％", "0")] == [0.35, 0.35, 0.35, 0.35, 0]
    assert value("share", "35") == 35  # out of range, as the check says
    assert refusal("share", "a third") == "not a fraction or percentage"


def test_a_whole_number_is_whole():
    assert value("integer", "12.0") == 12
    assert value("integer", "1.2万") == 12_000
    assert refusal("integer", "1.5") == "not a whole number"
    assert value("year", "2024年") == 2024
    assert refusal("year", "FY24") == "not a year"


@given(st.decimals(-1_000_000_000, 1_000_000_000, places=2))
def test_any_amount_reads_the_same_however_it_is_written(amount):
    number = float(amount)
    wide = f"{amount}".translate({i: i + 0xFEE0 for i in range(0x21, 0x7F)})
    brackets = f"({abs(amount):,})" if amount < 0 else f"{amount:,}"
    for cell in (f"{amount}", f"{amount:,}", f"¥{amount}", f" {amount} 元", wide, brackets):
        assert value("money", cell) == number, cell


@given(st.lists(st.sampled_from(["1", "2.5", "-3", "1,000", "", "-", "4万", "x"]), min_size=1, max_size=30))
def test_plain_cells_beside_odd_ones_keep_their_rows(cells):
    parsed = read("number", *cells)
    known = {"1": 1, "2.5": 2.5, "-3": -3, "1,000": 1000, "4万": 40_000}
    expected = [known.get(cell, np.nan) for cell in cells]
    assert parsed.values.to_list() == pytest.approx(expected, nan_ok=True)
    assert sorted(parsed.refused) == [row for row, cell in enumerate(cells, start=2) if cell == "x"]


# --- dates ---


@pytest.mark.parametrize(
    "cell",
    ["2024-01-05", "2024/1/5", "2024.1.5", "20240105", "2024年1月5日", "2024 年 01 月 05 号", "45296", "45296.75",
     "5 Jan 2024",
     "5-January-2024", "Jan 5, 2024", "January 05 2024", "2024-01-05 13:45", "2024-01-05T13:45:59.123Z",
     "2024/1/5 0:00:00",
     "2024-01-05T00:00:00+08:00", "2024/1/5 3:45 PM", "２０２４／１／５", " 2024-01-05\u00a0"],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(cell):
    assert value("date", cell) == pd.Timestamp("2024-01-05")


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("2024-02-30", "no such day"), ("2023-02-29", "no such day"), ("20241301", "no such day"),
        ("2024-00-10", "no such day"),
        ("24-01-05", "a year of two digits"), ("05/01/24", "a year of two digits"),
        ("24年1月5日", "a year of two digits"),
        ("5-Jan-24", "a year of two digits"), ("2024-01", "a date without its day"),
        ("2024年1月", "a date without its day"),
        ("2024", "a date without its day"), ("1月5日", "a date without its year"), ("1/5", "a date without its year"),
        ("1899-12-31", "a date outside 1900–2100"), ("1900-01-01", "a date outside 1900–2100"),
        ("9999-12-31", "a date outside"),
        ("0024-01-05", "a date outside 1900–2100"), ("2024/1-5", "not a date"), ("2024-01-05 24:00", "not a date"),
        ("2024-01-05 12:60", "not a date"),
        ("12345", "not a date"), ("99999", "not a date"), ("1.5", "a date without its year"),
        ("tomorrow", "not a date"), ("5 Janvier 2024", "not a date"), ("2024-01-05; 2024-01-06", "not a date"),
        ("2024-W01-5", "not a date"), ("########", "a spreadsheet error"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(cell, rule):
    assert refusal("date", cell).startswith(rule)


@given(st.dates(dt.date(1955, 1, 1), dt.date(2099, 12, 31)))
def test_any_day_reads_the_same_however_it_is_written(day):
    serial = str((day - dt.date(1899, 12, 30)).days)
    shapes = (
        f"{day}",
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        serial,
    )
    for cell in (*shapes, f"{day:%d %B %Y}", f"{day:%b %d, %Y}"):
        assert value("date", cell) == pd.Timestamp(day), cell


@given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), min_size=1, max_size=8), st.booleans())
def test_a_day_month_order_is_what_the_column_shows_or_a_problem_never_a_guess(days, day_first):
    cells = [f"{day:%d/%m/%Y}" if day_first else f"{day:%m/%d/%Y}" for day in days]
    parsed = read("date", *cells)
    if any(day.day > 12 for day in days):
        assert parsed.values.to_list() == [pd.Timestamp(day) for day in days]
        assert not parsed.refused
    else:
        assert parsed.values.isna().all()
        assert len(parsed.refused) == 1
        assert set(parsed.refused) | parsed.silent == set(range(2, len(days) + 2))


def test_two_orders_in_one_column_are_one_problem_at_the_rarer_one():
    parsed = read("date", "13/04/2024", "14/04/2024", "04/15/2024", "05/06/2024")
    assert list(parsed.refused) == [4]
    assert parsed.values.isna().all()


def test_a_day_month_date_beside_other_formats_is_refused_though_it_may_seem_clear():
    parsed = read("date", "2024-01-05", "25/12/2024", "05/06/2024")
    assert list(parsed.refused) == [3, 4]


def test_a_stated_format_settles_the_order():
    assert value("date", "03/04/2024", date_format="%d/%m/%Y") == pd.Timestamp("2024-04-03")
    assert value("date", "03/04/24", date_format="%m/%d/%y") == pd.Timestamp("2024-03-04")
    assert refusal("date", "2024-01-05", date_format="%d/%m/%Y").startswith("not a date in the stated format")


@pytest.mark.parametrize("cell", ["2024-01", "2024/1", "202401", "2024年1月", "2024-01-01", "2024-01-31", "45292"])
def test_a_month_is_its_first_day(cell):
    assert value("month", cell) == pd.Timestamp("2024-01-01")


@pytest.mark.parametrize("cell", ["2024-13", "2024", "Jan", "24-01", "20241", "Q1"])
def test_what_is_no_month_is_refused(cell):
    assert read("month", cell).refused


@pytest.mark.parametrize(
    ("cell", "period"),
    [("2024", "2024"), ("2024-Q1", "2024-Q1"), ("2024-03", "2024-03"), ("2024年", "2024"), ("2024Q1", "2024-Q1"),
     ("Q1 2024", "2024-Q1"), ("2024q1", "2024-Q1"), ("2024年第一季度", "2024-Q1"), ("2024年Q3", "2024-Q3"),
     ("2024/3", "2024-03"),
     ("202403", "2024-03"), ("2024年3月", "2024-03")],
)  # fmt: skip
def test_a_period_is_read_however_it_is_written(cell, period):
    assert value("period", cell) == period


# --- identifiers, names, categories ---


@pytest.mark.parametrize(
    "cell", ["00123", "NO", "NA", "None", "TRUE", "1/2", "2024-01-05", "1e5", "=1+1", "nan", "a b", "O'Hara", "#7"]
)
def test_an_identifier_stays_what_it_is(cell):
    assert value("id", cell) == cell


def test_an_identifier_a_spreadsheet_has_shortened_is_refused():
    assert refusal("id", "4.40106E+17") == "a spreadsheet has shortened this number"
    assert refusal("id", "A\nB") == "a line break or tab in an identifier"


@pytest.mark.parametrize("cell", ["N/A", "None", "null", "=HYPERLINK(1)", "👩‍⚕️", "名" * 5000, "a\nb", "Ｆｕｌｌ", "0"])
def test_a_name_stays_what_it_is(cell):
    assert parse(pd.Series([cell], dtype="str"), Column("c", "text", "", required=True)).values.iloc[0] == cell


@pytest.mark.parametrize(
    "text", ["华东医院", "Clínica São José", "Größe", "Ünlü", "é", "naïve", "Ã la carte", "100 °C ± 5 µm", "™"]
)
def test_a_name_in_another_language_is_not_taken_for_a_broken_one(text):
    assert value("text", text) == text


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@given(text=st.text(st.sampled_from("华东医院区域客户éüñßàç"), min_size=1, max_size=6))
def test_utf8_read_as_western_characters_is_refused(encoding, text):
    garbled = text.encode().decode(encoding, "ignore")
    parsed = read("text", garbled)
    lossless = garbled.encode(encoding) == text.encode()
    assert parsed.refused or not lossless or garbled.isascii() or encoding == "latin-1"
    assert encoding != "cp1252" or not lossless or parsed.refused


def test_a_category_is_compared_without_case_and_spaces():
    assert value("category", "WON") == "won"
    assert value("category", " Long Term ") == "long_term"
    assert value("category", "unheard") == "unheard"  # refused by the check, with the values that are allowed


@pytest.mark.parametrize("kind", ["id", "category", "number", "money", "share", "date", "year"])
def test_words_for_nothing_are_blank_and_listed(kind):
    for cell in ("-", "N/A", "null", "—"):
        parsed = read(kind, cell)
        assert parsed.values.isna().all()
        assert parsed.notes == {"read as blank": (1, cell)}


# --- the whole ---


@pytest.mark.parametrize("kind", KINDS)
@given(cells=st.lists(st.text(max_size=12), max_size=6))
def test_no_text_whatever_makes_a_parser_fail(kind, cells):
    cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
    parsed = read(kind, *cells)
    assert len(parsed.values) == len(cells)
    assert list(parsed.values.index) == list(range(2, len(cells) + 2))
    read_or_refused = parsed.values.notna().to_numpy()
    for row, cell in enumerate(cells):
        blank = characters.half(cell).lower() in characters.NO_VALUE | {""}
        assert read_or_refused[row] or blank or row + 2 in parsed.refused or row + 2 in parsed.silent


def test_every_kind_of_the_contract_has_a_parser():
    assert {column.kind for table in TABLES.values() for column in table.columns} <= set(KINDS)


def test_conversions_are_counted_with_an_example():
    assert read("money", "1,000", "2,000", "3", "4万").notes == {
        "thousands separators removed": (2, "1,000"),
        "amounts in 万 multiplied out": (1, "4万"),
    }


def test_a_refusal_speaks_the_language_of_the_reader():
    edition.use("zh")
    try:
        assert refusal("date", "2024-02-30") != "no such day"
    finally:
        edition.use("en")


# --- columns that are typed already ---


def typed(kind: str, values: pd.Series):
    return parse(values.set_axis(pd.RangeIndex(2, len(values) + 2)), column(kind))


def test_typed_numbers_are_checked_too():
    parsed = typed("integer", pd.Series([1.0, 2.5, np.inf, np.nan, 1e16]))
    assert {row: refused.rule for row, refused in parsed.refused.items()} == {
        3: "not a whole number",
        4: "not a number",
        6: "a number of more than 15 digits",
    }


def test_typed_identifiers_become_text():
    assert list(typed("id", pd.Series([1, 20, 300])).values) == ["1", "20", "300"]
    assert list(typed("id", pd.Series([1.0, np.nan])).values.fillna("")) == ["1", ""]
    assert typed("id", pd.Series([1.0, 2.0**60])).refused[3].rule == "a number too long to be kept exactly"


def test_typed_moments_become_days_by_their_own_clock():
    shanghai = pd.Series(pd.to_datetime(["2024-01-05", "2024-07-06"])).dt.tz_localize("Asia/Shanghai")
    for moments in (shanghai, shanghai.dt.tz_localize(None) + pd.Timedelta(hours=23)):
        assert list(typed("date", moments).values) == [pd.Timestamp("2024-01-05"), pd.Timestamp("2024-07-06")]
    assert typed("date", shanghai.dt.tz_convert("UTC")).notes  # 16:00 of the day before: listed, and by which clock


def test_typed_cells_as_people_type_them():
    moments = pd.Series(pd.to_datetime(["2024-01-05 00:00", "2024-01-05 14:30"]))
    assert list(texts(moments)) == ["2024-01-05", "2024-01-05 14:30:00"]
    assert list(texts(pd.Series([5.0, 0.5, np.nan]))) == ["5", "0.5", ""]
