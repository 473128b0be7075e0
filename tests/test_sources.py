"""Files to cells: encodings and separators are recognised, damage is named, workbooks are read at arm's length."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st

from kamlib.intake.layout import lay_out
from kamlib.intake.sources import plain, read_file, typed_frame
from kamlib.intake.texts import text_rows
from kamlib.problems import Cells, DataError, Problem

KNOWN = frozenset({"accountid", "accountname", "region", "amount"})
ROW = "account_id,account_name\nA1,{}\n"


def cells_of(content: str | bytes, encoding: str = "utf-8") -> Cells:
    """What is read from the bytes of a text file."""
    cells = Cells("file.csv")
    lay_out(text_rows(content if isinstance(content, bytes) else content.encode(encoding), cells, KNOWN), cells, KNOWN)
    return cells


def rules(cells: Cells) -> list[str]:
    return [problem.rule for problem in cells.problems]


# --- encodings ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
@pytest.mark.parametrize("name", ["华东第一医院", "东海医院有限公司 (Zhoushan)", "plain", "南"])
def test_every_encoding_in_use_gives_the_same_cells(name, encoding):
    cells = cells_of(ROW.format(name), encoding)
    assert cells.frame["account_name"].tolist() == [name]
    assert not cells.problems
    assert bool(cells.notes) == (
        encoding not in ("utf-8", "utf-8-sig") and not (encoding.startswith("gb") and name == "plain")
    )


@pytest.mark.parametrize(
    "name",
    ["Größe", "Café", "Müller", "São Paulo", "Société Générale", "Ñandú", "Ærø", "Łódź", "Zürich – Köln", "España"],
)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15", "cp1250"])
def test_a_western_encoding_is_never_read_as_chinese(name, encoding):
    raw = ROW.format(name).encode(encoding, "ignore")
    if raw.isascii():
        pytest.skip("nothing but ASCII is left of the name")
    cells = cells_of(raw)
    assert rules(cells)[0].startswith("neither UTF-8, UTF-16 nor GB18030")
    assert (cells.problems[0].row, cells.problems[0].column) == (2, "account_name")


@pytest.mark.parametrize("encoding", ["big5", "shift-jis"])
def test_other_east_asian_encodings_are_refused(encoding):
    names = {"big5": "臺灣醫院股份有限公司", "shift-jis": "東京の病院グループ"}
    assert rules(cells_of(ROW.format(names[encoding]), encoding))


def test_a_file_that_mixes_encodings_names_the_cells_that_do_not_fit():
    raw = ROW.format("东海医院").encode() + "A2,岭南医院\n".encode("gbk") + "A3,北方医院\n".encode()
    cells = cells_of(raw)
    assert [("\ufffd" in name) for name in cells.frame["account_name"]] == [False, True, False]


def test_a_file_cut_off_within_a_character_is_named_and_partial():
    cells = cells_of(ROW.format("东海医院").encode()[:-2])
    assert rules(cells)[0] == "the file is cut off"
    assert cells.partial


@given(st.binary(max_size=300))
@example(b"\x0b")
@example(b"\n" * 200_000 + b"a")
def test_no_bytes_whatever_make_reading_fail(raw):
    cells = cells_of(raw)
    assert cells.problems or len(cells.frame.columns)


# --- separators, quotation marks, lines ---


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00\x1a"), max_size=8), min_size=2,
       max_size=2), min_size=1, max_size=6), st.sampled_from([",", ";", "\t", "|", "，"]))  # fmt: skip
def test_whatever_a_spreadsheet_program_writes_is_read_back(rows, delimiter):
    import csv
    import io

    rows = [[f"A{cell}" for cell in row] for row in rows]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([["account_id", "account_name"], *rows])
    cells = cells_of(out.getvalue())
    assert not cells.problems
    assert cells.frame.to_numpy().tolist() == rows


def test_the_separator_is_the_one_that_shows_known_columns():
    cells = cells_of("account_id;account_name, official;region, province, town, street\n1;2;3\n")
    assert list(cells.frame) == ["account_id", "account_name, official", "region, province, town, street"]


def test_row_numbers_are_those_of_a_spreadsheet():
    cells = cells_of('account_id,account_name\nA1,"two\nlines"\n\nA2,one\n')
    assert cells.frame.index.tolist() == [2, 4]


def test_a_broken_quotation_mark_costs_its_own_row_only():
    cells = cells_of('account_id,account_name\nA1,x\n"A2,y\nA3,"z\nA4,w\n')
    assert cells.frame["account_id"].tolist() == ["A1", "A4"]
    assert [problem.row for problem in cells.problems] == [3, 4]
    assert {"A2", "A3"} <= cells.lost


def test_a_thousand_broken_quotation_marks_are_given_up_on():
    cells = cells_of("account_id,account_name\n" + '"A,x\n' * 1000)
    assert len(cells.problems) == 50
    assert cells.partial


def test_rows_that_do_not_fit_are_named_with_what_they_hold():
    cells = cells_of("account_id,account_name\nA1\nA2,b,c\nA3,b,,\n")
    assert [(p.row, p.value, p.rule) for p in cells.problems] == [
        (2, "A1", "1 cells where the header has 2"),
        (3, "A2 | b | c", "3 cells where the header has 2"),
    ]
    assert cells.frame["account_id"].tolist() == ["A3"]


def test_the_header_is_found_below_titles_and_the_titles_are_named():
    cells = cells_of("Accounts of 2024\n\nas exported,,\naccount_id,account_name\nA1,x\n")
    assert [(p.row, p.value) for p in cells.problems] == [(1, "Accounts of 2024"), (3, "as exported")]
    assert cells.frame.index.tolist() == [5]


def test_column_names_are_compared_without_case_width_and_separators():
    assert {
        plain(name) for name in ("Account ID", "account_id", "ACCOUNT-ID", "ａｃｃｏｕｎｔＩＤ", "\ufeffaccountId ")
    } == {"accountid"}


# --- workbooks ---


def workbook(path: Path, *rows: list, change=lambda book: None) -> Cells:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    book.save(path)
    return read_file(path, path.name, KNOWN, "accounts")


HEADER = ["account_id", "account_name", "amount"]


def test_cells_of_a_workbook_are_what_a_person_would_type(tmp_path):
    row = ["00123", "a\nb", 5.0, True, 0.35, pd.Timestamp("2024-01-05"), pd.Timestamp("2024-01-05 14:30"), None]
    cells = workbook(tmp_path / "a.xlsx", [*HEADER, "b", "c", "d", "e", "f"], row)
    assert cells.frame.iloc[0].tolist() == [
        "00123", "a\nb", "5", "TRUE", "0.35", "2024-01-05", "2024-01-05 14:30:00", ""]  # fmt: skip


def test_the_sheet_of_the_tables_name_is_read_then_one_with_known_columns_then_the_first(tmp_path):
    def three(book):
        book.active.title = "Cover"
        for title, account in (("Data", "A2"), ("Accounts", "A3")):
            book.create_sheet(title).append(HEADER)
            book[title].append([account, "x", 1])

    cells = workbook(tmp_path / "a.xlsx", ["Report"], change=three)
    assert cells.frame["account_id"].tolist() == ["A3"]
    assert rules(cells) == ["another sheet with the same columns"]
    cells = workbook(tmp_path / "b.xlsx", ["Report"], change=lambda book: (three(book), book.remove(book["Accounts"])))
    assert cells.frame["account_id"].tolist() == ["A2"]
    assert [note.what for note in cells.notes] == ["other sheets are ignored"]


def test_a_formula_counts_by_its_saved_result(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A1", "calculated"])
        sheet.write_formula(1, 2, "=2*3", value=6)
        sheet.write_row(2, 0, ["A2", "never calculated"])
        sheet.write_formula(2, 2, "=2*3")
    cells = read_file(path, "a.xlsx", KNOWN)
    assert cells.frame["amount"].tolist()[:1] == ["6"]
    assert [(p.row, p.column, p.value) for p in cells.problems] == [(3, "amount", "C3")]


def test_a_formula_whose_saved_result_is_an_empty_text_is_blank(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, HEADER, ["A1", "x", "HERE"])
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    formula = b'<c r="C2" t="str"><f>IF(1,"","")</f><v></v></c>'
    members["xl/worksheets/sheet1.xml"] = re.sub(rb'<c r="C2".*?</c>', formula, sheet)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    cells = read_file(path, "a.xlsx", KNOWN)
    assert cells.frame["amount"].tolist() == [""]
    assert not cells.problems


def test_a_blank_workbook_is_an_empty_file(tmp_path):
    assert rules(workbook(tmp_path / "a.xlsx")) == ["the file is empty"]


def test_a_workbook_is_read_in_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("kamlib.intake.sources.READER_SECONDS", 0.001)
    assert rules(workbook(tmp_path / "a.xlsx", HEADER, ["A1", "x", 1])) == ["reading takes too long"]


def test_a_table_longer_than_a_sheet_may_be_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("kamlib.intake.sources.MOST_ROWS", 5)
    cells = workbook(tmp_path / "a.xlsx", HEADER, *[["A", "x", 1]] * 9)
    assert rules(cells) == ["more rows than a table may have"]


# --- Parquet ---


def test_parquet_columns_come_in_the_types_the_parsers_know():
    table = pa.table({
        "text": pa.array(["a"]).dictionary_encode(),
        "decimal": pa.array([1], pa.decimal128(9, 2)),
        "day": pa.array([pd.Timestamp("2024-01-05").date()]),
        "nano": pa.array([1704412800000000001], pa.timestamp("ns")),
        "zoned": pa.array([pd.Timestamp("2024-01-05", tz="Asia/Shanghai")]),
        "nothing": pa.nulls(1),
    })  # fmt: skip
    frame = typed_frame(table)
    assert frame.index.tolist() == [2]
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert kinds == {
        "text": "str", "decimal": "float64", "day": "datetime64[us]", "nano": "datetime64[us]",
        "zoned": "datetime64[us, Asia/Shanghai]", "nothing": "object"}  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1", b"account_id\nA1\n"])
def test_what_is_no_parquet_file_is_named(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    cells = read_file(tmp_path / "a.parquet", "a.parquet")
    assert len(cells.problems) == 1
    assert cells.partial


def test_a_parquet_file_with_a_column_twice_is_named(tmp_path):
    table = pa.table([pa.array([1]), pa.array([2])], names=["amount", "amount"])
    pq.write_table(table, tmp_path / "a.parquet")
    assert rules(read_file(tmp_path / "a.parquet", "a.parquet"))[0].startswith("two columns have the same name")


# --- what is said ---


def test_a_problem_reads_as_a_sentence_that_says_where_what_and_what_to_do():
    problem = Problem("accounts.csv", 14, "region", "华冬", "unknown region", "Did you mean 华东?")
    assert str(problem) == "accounts.csv, row 14, region: unknown region '华冬'. Did you mean 华东?"


def test_a_data_error_shows_the_first_ten_problems_and_counts_the_others():
    problems = [Problem("a.csv", row, "x", "", "bad", "Mend it.") for row in range(14)]
    error = DataError(problems)
    assert str(error).count("Mend it.") == 10
    assert str(error).endswith("… and 4 more.")
    assert error.problems == problems
