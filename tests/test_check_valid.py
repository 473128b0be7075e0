"""Odd but valid: whatever people really send is accepted, comes out right, and every conversion is listed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from company import TABLES, Planted, around

Day = pd.Timestamp


@dataclass(frozen=True)
class Valid:
    """An oddity: what it does to the company, the cells that must come out, and what the notes must say."""

    name: str
    table: str
    make: Callable[[Planted], object]
    cells: dict[tuple[int, str], object] = field(default_factory=dict)
    note: str = ""


def recoded(encoding: str) -> Callable[[Planted], object]:
    return lambda p: p.write("accounts", TABLES["accounts"], encoding=encoding)


def separated(mark: str) -> Callable[[Planted], object]:
    return lambda p: p.put("orders", p.rows("orders"), delimiter=mark)


def lines(end: str) -> Callable[[Planted], object]:
    return lambda p: p.write("orders", TABLES["orders"].replace("\n", end))


def cell(table: str, row: int, column: str, text: str) -> Callable[[Planted], object]:
    return lambda p: p.plant(table, row, column, text)


def column(table: str, name: str, *texts: str) -> Callable[[Planted], object]:
    return lambda p: p.all_of(table, name, list(texts))


def edited(table: str, old: str, new: str) -> Callable[[Planted], object]:
    return lambda p: p.write(table, TABLES[table].replace(old, new))


def workbook(table: str, change: Callable[[openpyxl.Workbook], object] = lambda book: None, *, text: bool = False):
    """The table as a workbook of typed cells (or of text cells), changed."""

    def make(p: Planted) -> None:
        frame = p.frame(table) if text else p.open().table(table).frame
        p.remove(table)
        path = p.path(table, ".xlsx")
        frame.to_excel(path, index=False, sheet_name="Export")
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)

    return make


def parquet(table: str, **columns: Callable[[pa.ChunkedArray], pa.Array]) -> Callable[[Planted], object]:
    """The table as a Parquet file, some of its columns stored in another type."""

    def make(p: Planted) -> None:
        arrow = pa.Table.from_pandas(p.open().table(table).frame, preserve_index=False)
        p.remove(table)
        for name, change in columns.items():
            arrow = arrow.set_column(arrow.column_names.index(name), name, change(arrow[name]))
        pq.write_table(arrow, p.path(table, ".parquet"))

    return make


def sheet_first(book: openpyxl.Workbook) -> None:
    cover = book.create_sheet("Cover", 0)
    cover["A1"] = "Sales data, made by the ERP"


CHINESE = {(2, "account_name"): "东海医院", (10, "account_name"): "Bay Clinic"}
AMOUNT = {(3, "amount"): 1_900_000.0, (2, "order_id"): "O1"}

ENCODINGS = [
    Valid("GBK", "accounts", recoded("gbk"), CHINESE, "read as GB18030"),
    Valid("GB18030", "accounts", recoded("gb18030"), CHINESE, "read as GB18030"),
    Valid("UTF-8 with its mark", "accounts", recoded("utf-8-sig"), CHINESE),
    Valid("UTF-16 with its mark", "accounts", recoded("utf-16"), CHINESE, "read as UTF-16"),
    Valid("UTF-32 with its mark", "accounts", recoded("utf-32"), CHINESE, "read as UTF-32"),
    Valid("UTF-16 little end first without its mark", "accounts", recoded("utf-16-le"), CHINESE, "read as UTF-16"),
    Valid("UTF-16 big end first without its mark", "accounts", recoded("utf-16-be"), CHINESE, "read as UTF-16"),
    Valid(
        "GB18030 with an emoji, traditional and rare characters",
        "accounts",
        lambda p: p.write("accounts", TABLES["accounts"].replace("东海医院二院", "東海醫院😀喆"), encoding="gb18030"),
        {(3, "account_name"): "東海醫院😀喆"},
        "read as GB18030",
    ),
    Valid(
        "GBK with one short Chinese name in all of the file",
        "regions",
        lambda p: p.write("regions", TABLES["regions"].replace("华东", "East").replace("华南", "南"), encoding="gbk"),
        {(3, "name_zh"): "南"},
        "read as GB18030",
    ),
    Valid(
        "accented Western names in UTF-8",
        "accounts",
        cell("accounts", 4, "account_name", "Müller & Söhne, Île-de-França Ñandú"),
        {(4, "account_name"): "Müller & Söhne, Île-de-França Ñandú"},
    ),
]

LAYOUTS = [
    Valid("semicolons", "orders", separated(";"), AMOUNT, "columns separated by ;"),
    Valid("tabs", "orders", separated("\t"), AMOUNT, "columns separated by Tab"),
    Valid("full-width commas", "orders", separated("，"), AMOUNT, "columns separated by ，"),
    Valid("bars", "orders", separated("|"), AMOUNT, "columns separated by |"),
    Valid("Windows line ends", "orders", lines("\r\n"), AMOUNT),
    Valid("old Macintosh line ends", "orders", lines("\r"), AMOUNT),
    Valid("no line end at the end", "orders", lambda p: p.write("orders", TABLES["orders"].rstrip()), AMOUNT),
    Valid("trailing blank lines", "orders", lambda p: p.write("orders", TABLES["orders"] + "\n\n,,,\n"), AMOUNT),
    Valid(
        "a blank line in the middle", "orders", edited("orders", "O2,", "\nO2,"), {(5, "order_id"): "O2"}, "blank rows"
    ),
    Valid("the hint sep=;", "orders",
          lambda p: p.write("orders", "sep=;\n" + TABLES["orders"].replace(",", ";")), AMOUNT),
    Valid(
        "line breaks and separators in quotation marks",
        "satisfaction",
        edited("satisfaction", "quick", '"quick,\r\n""very"" quick; a | b"'),
        {(2, "comment"): 'quick,\r\n"very" quick; a | b', (4, "nps"): 3.0},
    ),
    Valid("a space before quotation marks", "orders", edited("orders", "O3,1,A03", 'O3, "1", "A03"'), AMOUNT),
    Valid("an inch mark within a name", "accounts", edited("accounts", "Bay Clinic", 'Bay 5" Clinic'),
          {(10, "account_name"): 'Bay 5" Clinic'}),
    Valid(
        "columns in another order",
        "orders",
        lambda p: p.put("orders", [row[::-1] for row in p.rows("orders")]),
        AMOUNT,
    ),
    Valid(
        "columns of one's own",
        "orders",
        lambda p: p.put("orders", [[*row, "x" if i else "备注"] for i, row in enumerate(p.rows("orders"))]),
        AMOUNT,
        "a column of your own, not used",
    ),
    Valid("header in capitals with spaces", "orders", lambda p: p.rename("orders", "order_date", " Order Date "),
          {(2, "order_date"): Day("2023-03-01")}, "read as column order_date"),
    Valid("header in camel case", "orders", lambda p: p.rename("orders", "account_id", "AccountID"),
          {(2, "account_id"): "A01"}, "read as column account_id"),
    Valid("header in full-width letters", "orders", lambda p: p.rename("orders", "amount", "ａｍｏｕｎｔ"), AMOUNT,
          "read as column amount"),
    Valid("file name and ending in capitals", "orders", lambda p: p.path("orders").rename(p.folder / "ORDERS.CSV"),
          AMOUNT),
    Valid("ending .txt with tabs", "orders", lambda p: (p.put("orders", p.rows("orders"), delimiter="\t"),
          p.path("orders").rename(p.folder / "orders.txt")), AMOUNT, "columns separated by Tab"),
    Valid("files of one's own beside the tables", "orders", lambda p: (
          (p.folder / "README.txt").write_text("who, what, when", "utf-8"),
          (p.folder / "notes.csv").write_text("a,b\n1,2\n", "utf-8"), (p.folder / "raw").mkdir(),
          (p.folder / "orders.md").write_text("about orders", "utf-8"), (p.folder / ".hidden.csv").touch()), AMOUNT,
          "a file of your own, not used"),
    Valid("a row of help", "orders", edited("orders", "O1,1,A01", "#help: the order,,,,,,,,,,\nO1,1,A01"),
          {(3, "order_id"): "O1"}, "row of help skipped"),
    Valid("an optional table with a header only", "contacts",
          lambda p: p.write("contacts", TABLES["contacts"].partition("\n")[0] + "\n")),
    Valid("optional columns left out", "accounts", lambda p: [p.drop("accounts", name) for name in
          ("employees", "beds", "parent_account_id", "cooperation", "city")], CHINESE),
]  # fmt: skip

NUMBERS = [
    Valid("thousands separators", "orders", cell("orders", 3, "amount", "1,900,000.50"),
          {(3, "amount"): 1_900_000.5}, "thousands separators removed"),
    Valid("full-width digits", "orders", cell("orders", 2, "quantity", "１００"), {(2, "quantity"): 100.0},
          "full-width characters made half-width"),
    Valid("万元", "orders", cell("orders", 3, "amount", "190万元"), {(3, "amount"): 1_900_000.0}, "万 multiplied"),
    Valid("万 with decimals and a space", "accounts", cell("accounts", 4, "annual_revenue", "1,234.5 万"),
          {(4, "annual_revenue"): 12_345_000.0}, "万 multiplied"),
    Valid("亿", "accounts", cell("accounts", 2, "annual_revenue", "8.5亿"), {(2, "annual_revenue"): 850_000_000.0},
          "亿 multiplied"),
    Valid("a currency sign", "orders", cell("orders", 3, "amount", "¥1,900,000"), {(3, "amount"): 1_900_000.0},
          "currency signs removed"),
    Valid("a currency code behind the amount", "orders", cell("orders", 3, "amount", "1900000 CNY"),
          {(3, "amount"): 1_900_000.0}, "currency signs removed"),
    Valid("parentheses for a negative", "orders", cell("orders", 8, "amount", "(3,900)"), {(8, "amount"): -3900.0},
          "parentheses read as negative"),
    Valid("a sign before parentheses", "orders", cell("orders", 8, "amount", "¥(3,900.00)"), {(8, "amount"): -3900.0},
          "parentheses read as negative"),
    Valid("a typographic minus", "orders", cell("orders", 8, "quantity", "−5"), {(8, "quantity"): -5.0}, "signs"),
    Valid("percentages", "dealers", cell("dealers", 2, "rebate_rate", "3%"), {(2, "rebate_rate"): 0.03},
          "percentages read as fractions"),
    Valid("a full-width percentage", "regions", cell("regions", 2, "discount_rate", "８％"),
          {(2, "discount_rate"): 0.08}, "percentages read as fractions"),
    Valid("scientific notation in a number", "accounts", cell("accounts", 2, "annual_revenue", "8E+08"),
          {(2, "annual_revenue"): 8e8}, "scientific notation"),
    Valid("a whole number with decimals of nothing", "accounts", cell("accounts", 2, "employees", "2,100.00"),
          {(2, "employees"): 2100.0}, "thousands separators removed"),
    Valid("words for nothing", "accounts", column("accounts", "beds", "-", "N/A", "null", "无"), {}, "read as blank"),
    Valid("a gift with an amount of 0", "orders", cell("orders", 4, "amount", "0"), {(4, "amount"): 0.0}),
    Valid("the same product given as a gift on the same order", "orders",
          lambda p: p.add("orders", "O2", "2", "A02", "2023-05-20", "PUMP", "40", "0", "14000", "", "", ""),
          {(17, "amount"): 0.0}),
    Valid("order lines without numbers", "orders", lambda p: (p.drop("orders", "line"),
          p.add("orders", "O2", "A02", "2023-05-20", "PUMP", "40", "0", "", "", "", "")), {(17, "order_id"): "O2"}),
    Valid("a return larger than its order", "orders", cell("orders", 8, "quantity", "-500"), {(8, "quantity"): -500.0}),
    Valid("a loss", "orders", cell("orders", 5, "cost", "9000"), {(5, "cost"): 9000.0}),
    Valid("a year as 2024年", "market", cell("market", 2, "year", "2024年"), {(2, "year"): 2024.0}, "年"),
]  # fmt: skip

DATES = [
    Valid("slashes", "orders", cell("orders", 5, "order_date", "2024/1/15"), {(5, "order_date"): Day("2024-01-15")},
          "a date written as 9999/9/99"),
    Valid("eight digits", "orders", cell("orders", 5, "order_date", "20240115"),
          {(5, "order_date"): Day("2024-01-15")}, "a date written as 99999999"),
    Valid("年月日", "orders", cell("orders", 5, "order_date", "2024年1月15日"),
          {(5, "order_date"): Day("2024-01-15")}, "年"),
    Valid("an Excel serial number", "orders", cell("orders", 5, "order_date", "45306"),
          {(5, "order_date"): Day("2024-01-15")}, "Excel serial number"),
    Valid("a time of day", "orders", cell("orders", 5, "order_date", "2024-01-15 14:30:00"),
          {(5, "order_date"): Day("2024-01-15")}, "a date written as"),
    Valid("ISO 8601 with a time zone", "orders", cell("orders", 5, "order_date", "2024-01-15T00:00:00+08:00"),
          {(5, "order_date"): Day("2024-01-15")}, "a date written as"),
    Valid("the month's name", "orders", cell("orders", 5, "order_date", "15 January 2024"),
          {(5, "order_date"): Day("2024-01-15")}, "month's name"),
    Valid("several formats, each with one meaning", "events", lambda p: p.put("events", [p.rows("events")[0], *(
          [day, "all", "policy", f"event {i}", "1"] for i, day in enumerate(
              ("2025-12-01", "2025/12/2", "20251203", "2025年12月4日", "45996", "Dec 6, 2025", "7-Dec-2025")))]),
          {(row, "date"): Day(2025, 12, row - 1) for row in range(2, 9)}, "Excel serial number"),
    Valid("day first, as the column shows", "orders", lambda p: (
          [p.drop("orders", name) for name in ("invoice_date", "paid_date")],
          p.all_of("orders", "order_date", ["05/01/2025", "13/12/2025"])),
          {(2, "order_date"): Day("2025-01-05"), (3, "order_date"): Day("2025-12-13")}, "day first"),
    Valid("month first, as the column shows", "orders", lambda p: (
          [p.drop("orders", name) for name in ("invoice_date", "paid_date")],
          p.all_of("orders", "order_date", ["01/05/2025", "12/13/2025 3:45 PM"])),
          {(2, "order_date"): Day("2025-01-05"), (3, "order_date"): Day("2025-12-13")}, "month first"),
    *(Valid(f"a date as {text}", "orders", cell("orders", 5, "order_date", text),
            {(5, "order_date"): Day("2024-01-15")}, note) for text, note in (
        ("2024/1/15 上午 9:05:00", "a date written as"), ("2024年1月15日 星期一", "年"), ("20240115.0", "99999999.9"),
        ("2024-Jan-15", "month's name"))),
    *(Valid(f"a month as {text}", "service_costs", cell("service_costs", 2, "month", text),
            {(2, "month"): Day("2024-01-01")}) for text in ("Jan 2024", "2024年01月份", "January-2024")),
    Valid("a year with decimals of nothing as a period", "targets", cell("targets", 2, "period", "2024.0"),
          {(2, "period"): "2024"}, "a period written another way"),
    Valid("leap day", "orders", cell("orders", 6, "order_date", "2024.2.29"), {(6, "order_date"): Day("2024-02-29")}),
    Valid("full-width digits in a date", "orders", cell("orders", 5, "order_date", "２０２４－０１－１５"),
          {(5, "order_date"): Day("2024-01-15")}, "full-width characters made half-width"),
    Valid("months written four ways", "service_costs",
          column("service_costs", "month", "2024/1", "202402", "2024年3月", "2024-04-01"),
          {(2, "month"): Day("2024-01-01"), (3, "month"): Day("2024-02-01"), (5, "month"): Day("2024-04-01")}, "99"),
    Valid("periods written otherwise", "targets",
          column("targets", "period", "2024年", "2024Q1", "2024年第二季度", "202403"),
          {(2, "period"): "2024", (3, "period"): "2024-Q1", (4, "period"): "2024-Q2", (5, "period"): "2024-03"},
          "a period written another way"),
    Valid("a plan in the far future", "opportunities", cell("opportunities", 4, "expected_close", "2031-12-31"),
          {(4, "expected_close"): Day("2031-12-31")}),
    Valid("today", "interactions", cell("interactions", 5, "date", "2026-01-31"), {(5, "date"): Day("2026-01-31")}),
]  # fmt: skip


def renamed_region(name: str) -> Callable[[Planted], object]:
    """East goes by another name in every table."""

    def make(p: Planted) -> None:
        for table in ("regions", "accounts", "orders"):
            place = p.rows(table)[0].index("region")
            p.put(
                table, [[name if i == place and c == "East" else c for i, c in enumerate(row)] for row in p.rows(table)]
            )

    return make


NAMES = [
    *(Valid(f"a region called {name}", "orders", renamed_region(name), {(14, "region"): name})
      for name in ("NO", "00123", "NA", "None", "TRUE", "1/2", "../../etc", 'x"; import os', "{secret}", "华东")),
    *(Valid(f"an account named {name[:20]}", "accounts", cell("accounts", 4, "account_name", name),
            {(4, "account_name"): name})
      for name in ("<img src=x onerror=alert(1)>", "=HYPERLINK('http://x')", "None", "N/A", "null", "NaN", "0",
                   "Total Care Ltd", "合计资产管理有限公司", "#1 Clinic", "👩‍⚕️ Clinic", "O'Brien; DROP TABLE",
                   "名" * 3000, "渚医院", "浠水县人民医院", "缁云医院", "ÅÄÖ AB", "合计", "全科医院",
                   "什么？", "１２３医院", "Ω–é‰", "(blank) page", "-5", "1e5", "2024-01-05")),
    Valid("an account identifier with leading zeros and a long one", "satisfaction", lambda p: [
          p.put(table, [[{"A01": "000123", "B01": "440106198001011234567890"}.get(c, c) for c in row]
                        for row in p.rows(table)]) for table in around("satisfaction")],
          {(2, "account_id"): "000123", (4, "account_id"): "440106198001011234567890"}),
    Valid("identifiers in full-width letters", "orders", cell("orders", 5, "account_id", "Ａ０３"),
          {(5, "account_id"): "A03"}, "full-width characters made half-width"),
    Valid("an identifier marked as text for a spreadsheet", "products", lambda p: [
          p.add("products", '="000123"', "", "", "", ""), p.add("products", "'00456", "", "", "", "")],
          {(5, "product"): "000123", (6, "product"): "00456"}, "mark for text removed"),
    Valid("spaces and invisible marks around", "orders", cell("orders", 5, "account_id", " A03\u200b\u00a0"),
          {(5, "account_id"): "A03"}, "spaces and invisible marks removed"),
    Valid("case-sensitive identifiers of a CRM", "leads", lambda p: [
          p.plant("leads", 3, "lead_id", "00Q5g00000AbCdE"), p.plant("leads", 4, "lead_id", "00Q5g00000AbCde")],
          {(3, "lead_id"): "00Q5g00000AbCdE"}),
    Valid("categories in other case", "accounts", cell("accounts", 3, "cooperation", "Long Term"),
          {(3, "cooperation"): "long_term"}, "upper and lower case made equal"),
    Valid("one name for two accounts", "accounts", cell("accounts", 4, "account_name", "Bay Clinic")),
]  # fmt: skip

MEANINGS = [
    Valid("a customer that several regions serve", "orders", lambda p: None, {(14, "region"): "East"}),
    Valid("stages entered again", "stage_history", lambda p: p.add("stage_history", "D3", "tender", "2024-05-01"),
          {(11, "stage"): "tender"}),
    Valid("stages skipped", "stage_history", lambda p: p.put("stage_history", [
          row for row in p.rows("stage_history") if row[:2] != ["D1", "need"]])),
    Valid("two stages on one day", "stage_history", cell("stage_history", 3, "entered", "2024-01-20")),
    Valid("a deal closed on the day it was created", "opportunities", lambda p: (
          p.plant("opportunities", 3, "created", "2024-10-10"), p.plant("opportunities", 3, "expected_close", ""))),
    Valid("an overdue deal", "opportunities", cell("opportunities", 4, "expected_close", "2024-06-30")),
    Valid("survey answers without a name that happen to agree", "satisfaction", lambda p: [
          p.add("satisfaction", "A01", "", "2024-06-01", "8", "", "", "") for _ in range(2)], {(6, "nps"): 8.0}),
    Valid("a market share target as a percentage", "targets", cell("targets", 4, "target", "0.35")),
    Valid("rows without the optional", "contacts",
          lambda p: p.add("contacts", "C9", "A03", "Z", "", "", "", "", "", "", ""),
          {(7, "name"): "Z"}),
    Valid("a prospect with a deal and a contact", "contacts", lambda p: p.add(
          "contacts", "C8", "A06", "Y", "", "", "coach", "1", "-2", "", ""), {(7, "stance"): -2.0}),
    Valid("paid in advance, accepted", "orders", lambda p: (p.plant("orders", 5, "paid_date", "2024-01-15"),
          p.mapping('[company]\naccept = ["orders: paid before invoiced"]'))),
]  # fmt: skip

WORKBOOKS = [
    Valid("a workbook with real dates and numbers", "orders", workbook("orders"),
          {**AMOUNT, (5, "order_date"): Day("2024-01-15")}),
    Valid("a workbook of text cells", "orders", workbook("orders", text=True), AMOUNT),
    Valid("a cover sheet first", "orders", workbook("orders", sheet_first), AMOUNT, "other sheets are ignored"),
    Valid("several sheets", "orders", workbook("orders", lambda b: b.create_sheet("pivot").append(["a", 1])), AMOUNT,
          "other sheets are ignored"),
    Valid("hidden rows", "orders", workbook("orders", lambda b: setattr(b.active.row_dimensions[3], "hidden", True)),
          AMOUNT, "hidden or filtered rows"),
    Valid("identifiers with leading zeros in text cells", "products", workbook("products", lambda b: (
          b.active.append(["000123", "spare", 5, 2, dt.datetime(2020, 1, 1)]))), {(5, "product"): "000123"}),
    Valid("numbers as identifiers", "products", workbook("products", lambda b: b.active.append([4711, "spare", 5, 2])),
          {(5, "product"): "4711"}),
    Valid("coloured empty cells far below", "orders", workbook("orders", lambda b: setattr(
          b.active["A900"], "fill", openpyxl.styles.PatternFill("solid", fgColor="FFFF00"))), AMOUNT),
    Valid("a percentage cell", "dealers", workbook("dealers", lambda b: setattr(b.active["F2"], "number_format", "0%")),
          {(2, "rebate_rate"): 0.03}),
    Valid("a title in upper-case ending", "products", lambda p: (workbook("products")(p),
          p.path("products", ".xlsx").rename(p.folder / "Products.XLSX")), {(2, "list_price"): 5_000_000.0}),
]  # fmt: skip


def zoned(column: pa.ChunkedArray) -> pa.Array:
    """Midnights of Shanghai, stored in UTC."""
    return pa.array(column.to_pandas().dt.tz_localize("Asia/Shanghai"))


PARQUETS = [
    Valid("Parquet", "orders", parquet("orders"), {**AMOUNT, (5, "order_date"): Day("2024-01-15")}),
    Valid("dictionaries", "orders", parquet("orders", account_id=lambda c: c.dictionary_encode(),
          product=lambda c: c.dictionary_encode()), {**AMOUNT, (2, "account_id"): "A01"}),
    Valid("decimals", "orders", parquet("orders", amount=lambda c: pa.array(
          [Decimal(str(x)) for x in c.to_pylist()], pa.decimal128(18, 2))), AMOUNT),
    Valid("dates without a time", "orders", parquet("orders", order_date=lambda c: c.cast(pa.date32())),
          {(5, "order_date"): Day("2024-01-15")}),
    Valid("moments in nanoseconds", "orders", parquet("orders", order_date=lambda c: c.cast(pa.timestamp("ns"))),
          {(5, "order_date"): Day("2024-01-15")}),
    Valid("moments with a time zone", "orders", parquet("orders", order_date=zoned),
          {(5, "order_date"): Day("2024-01-15")}, "clock of Asia/Shanghai"),
    Valid("whole numbers of eight bits and floats of 32", "orders", parquet(
          "orders", line=lambda c: c.cast(pa.int8()), quantity=lambda c: c.cast(pa.float32())), AMOUNT),
    Valid("whole numbers as identifiers", "products", parquet("products", product=lambda c: pa.array([1, 2, 3])),
          {(2, "product"): "1"}),
    Valid("dates as eight digits", "orders", parquet("orders", order_date=lambda c: pa.array(
          [int(day.strftime("%Y%m%d")) for day in c.to_pylist()])), {(5, "order_date"): Day("2024-01-15")}, "99999999"),
    Valid("a column of nothing", "orders", parquet("orders", cost=lambda c: pa.nulls(len(c))), AMOUNT),
    Valid("large strings", "orders", parquet("orders", order_id=lambda c: c.cast(pa.large_string())), AMOUNT),
]  # fmt: skip

ALL = [*ENCODINGS, *LAYOUTS, *NUMBERS, *DATES, *NAMES, *MEANINGS, *WORKBOOKS, *PARQUETS]


@pytest.mark.parametrize("valid", ALL, ids=lambda valid: valid.name)
def test_odd_but_valid_input_is_accepted_and_comes_out_right(valid, tmp_path):
    tables = set(around(valid.table)) | ({"products"} if valid.table == "orders" else set())
    planted = Planted(tmp_path, tuple(name for name in TABLES if name in tables))
    valid.make(planted)
    found = planted.check()
    assert found.ok, found.problems.to_string()
    frame = planted.open().table(valid.table).frame
    got = {place: frame.at[place] for place in valid.cells}
    assert got == valid.cells
    said = found.notes["what"] + " " + found.notes["example"]
    assert said.str.contains(valid.note, regex=False).any() or not valid.note, found.notes.to_string()


def test_the_company_of_the_tests_is_valid_and_needs_no_conversion(tmp_path):
    found = Planted(tmp_path).check()
    assert found.ok, found.problems.to_string()
    assert found.notes.empty, found.notes.to_string()


def test_only_regions_and_accounts_are_needed(tmp_path):
    assert Planted(tmp_path, ("regions", "accounts")).check().ok


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("regions", "accounts")])
def test_a_table_is_valid_without_the_tables_it_does_not_name(table, tmp_path):
    found = Planted(tmp_path, around(table)).check()
    assert found.ok, found.problems.to_string()
