"""``mapping.toml``: an export read unchanged, and every slip in the mapping named by line, place and value."""

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from company import TODAY, Planted

from kamlib import data
from kamlib.intake.mapping import Mapping, line_of, read_mapping

MAVEN = Path(__file__).parents[1] / "data" / "maven_crm"
DEALS = """\
Deal ID,Client,Stage,Opened,Value,Office
D1,A01,Won,05/01/2024,10,O1
D2,B01,Lost,25/02/2024,20,O2
D3,B02,Working,26/03/2024,30,O2
"""
OFFICES = "office,reg\nO1,East\nO2,South\n"
GOOD = """\
[company]
name_en = "A company"
name_zh = "某公司"

[tables.opportunities]
file = "raw/deals.csv"

[tables.opportunities.columns]
opportunity_id = "Deal ID"
account_id = "Client"
amount = { from = "Value", times = 1000 }
created = { from = "Opened", format = "%d/%m/%Y" }
outcome = { const = "open" }
owner = { from = "Stage", values = { Won = "Ann", Lost = "Bo" } }
region = { from = "Office", lookup = "raw/offices.csv", key = "office", value = "reg" }
"""


@pytest.fixture
def planted(tmp_path):
    """A company whose deals come from an export."""
    company = Planted(tmp_path, ("regions", "accounts", "products"))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "deals.csv").write_text(DEALS, "utf-8")
    (tmp_path / "raw" / "offices.csv").write_text(OFFICES, "utf-8")
    company.mapping(GOOD)
    return company


def changed(planted: Planted, old: str, new: str) -> data.Check:
    """The check after the mapping was changed in one place."""
    assert old in GOOD
    planted.mapping(GOOD.replace(old, new))
    return planted.check()


# --- what it does ---


def test_an_export_is_read_as_the_mapping_says(planted):
    assert planted.check().ok
    deals = planted.open().table("opportunities").frame
    assert deals["opportunity_id"].tolist() == ["D1", "D2", "D3"]
    assert deals["amount"].tolist() == [10_000, 20_000, 30_000]
    assert deals["created"].tolist() == [pd.Timestamp(2024, 1, 5), pd.Timestamp(2024, 2, 25), pd.Timestamp(2024, 3, 26)]
    assert deals["outcome"].tolist() == ["open"] * 3
    assert deals["owner"].tolist() == ["Ann", "Bo", "Working"]
    assert deals["region"].tolist() == ["East", "South", "South"]


def test_what_was_renamed_left_out_and_not_used_is_listed(planted):
    found = changed(planted, 'file = "raw/deals.csv"', 'file = "raw/deals.csv"\nwhere = { Stage = ["Won", "Lost"] }')
    said = dict(zip(found.notes["what"], found.notes["cells"], strict=True))
    assert said["rows not taken, as mapping.toml says"] == 1
    assert said["values renamed, as mapping.toml says"] == 2
    assert found.ok


def test_a_failed_look_up_is_one_problem(planted):
    found = changed(planted, 'lookup = "raw/offices.csv"', 'lookup = "raw/office.csv"')
    assert list(found.problems["file"]) == ["raw/office.csv"], found.problems.to_string()


def test_a_day_of_the_export_that_is_still_to_come_is_named(planted):
    found = changed(planted, 'name_zh = "某公司"', "exported = 2099-12-31").problems
    assert found.loc[0, ["file", "row", "column", "value"]].tolist() == [
        "mapping.toml",
        3,
        "company.exported",
        "2099-12-31",
    ]


@pytest.mark.parametrize("sheet", ["Deals", "deals "])
def test_the_sheet_that_is_stated_is_read_though_others_look_alike(planted, sheet):
    book(planted, "Deals")
    assert changed(planted, 'file = "raw/deals.csv"', f'file = "raw/deals.xlsx"\nsheet = "{sheet}"').ok
    assert planted.open().table("opportunities").frame["opportunity_id"].tolist() == ["D1", "D2", "D3"]


def test_a_stated_sheet_that_is_not_there_is_named_and_no_other_read_for_it(planted):
    book(planted, "Deals 2024")
    found = changed(planted, 'file = "raw/deals.csv"', 'file = "raw/deals.xlsx"\nsheet = "Deals"').problems
    assert list(found["rule"]) == ["no sheet of the name stated in mapping.toml"]
    assert list(found["value"]) == ["Old, Deals 2024"]


def book(planted: Planted, title: str) -> None:
    """The export as a workbook, its sheet behind another with the same columns."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "Old"
    rows = [line.split(",") for line in DEALS.splitlines()]
    workbook.active.append(rows[0])
    sheet = workbook.create_sheet(title)
    for row in rows:
        sheet.append(row)
    workbook.save(planted.folder / "raw" / "deals.xlsx")


def test_problems_are_named_in_the_exports_own_words(planted):
    (planted.folder / "raw" / "deals.csv").write_text(DEALS.replace("20,O2", "twenty,O2"), "utf-8")
    found = planted.check().problems
    assert found[["file", "row", "column", "value", "rule"]].to_numpy().tolist() == [
        ["raw/deals.csv", 3, "Value", "twenty", "not a number"]
    ]


def test_the_company_has_a_name_in_both_languages_and_a_last_day(planted):
    told = read_mapping(planted.folder)
    assert (told.name_en, told.name_zh, told.exported) == ("A company", "某公司", None)
    changed(planted, "[company]", "[company]\nexported = 2024-03-26")
    assert planted.open().as_of == pd.Timestamp("2024-03-26")


def test_an_event_after_the_day_of_the_export_is_a_problem(planted):
    found = changed(planted, "[company]", "[company]\nexported = 2024-03-01").problems
    assert found["rule"].tolist() == ["a date after the day of the export, 2024-03-01, as mapping.toml says"]
    assert found["row"].tolist() == [4]


def test_a_fault_of_an_export_that_becomes_two_tables_is_named_once(planted):
    raw = planted.folder / "raw" / "deals.csv"
    raw.write_text(raw.read_text("utf-8") + "D4,B01\n", "utf-8")
    planted.mapping(GOOD + '[tables.leads]\nfile = "raw/deals.csv"\n[tables.leads.columns]\nlead_id = "Deal ID"\n'
                    'account_id = "Client"\nsource = { const = "consultants" }\nstatus = { const = "new" }\n'
                    'created = { from = "Opened", format = "%d/%m/%Y" }\n')  # fmt: skip
    assert planted.check().problems["row"].tolist() == [5]


def test_an_export_of_numbers_is_mapped_by_what_people_see(planted):
    frame = pd.DataFrame({"Deal ID": [1, 2], "Client": ["A01", "B01"], "Stage": [1, 2], "Value": [1.5, 2.5],
                          "Opened": pd.to_datetime(["2024-01-05", "2024-02-05"]), "Office": ["O1", "O2"]})  # fmt: skip
    frame.to_parquet(planted.folder / "raw" / "deals.parquet")
    text = GOOD.replace("deals.csv", "deals.parquet").replace(', format = "%d/%m/%Y"', "").replace("Won =", "1 =")
    planted.mapping(text.replace('file = "raw', 'where = { Stage = [1, 2] }\nfile = "raw'))
    assert planted.check().ok
    deals = planted.open().table("opportunities").frame
    assert deals["opportunity_id"].tolist() == ["1", "2"]
    assert deals["owner"].tolist() == ["Ann", "2"]


def test_a_sheet_of_a_workbook_may_be_named(planted):
    with pd.ExcelWriter(planted.folder / "raw" / "all.xlsx") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="First", index=False)
        pd.DataFrame([line.split(",") for line in DEALS.splitlines()[1:]], columns=DEALS.split("\n")[0].split(",")
                     ).to_excel(book, sheet_name="All Deals", index=False)  # fmt: skip
    assert changed(planted, 'file = "raw/deals.csv"', 'file = "raw/all.xlsx"\nsheet = "All Deals"').ok


def test_the_public_crm_export_is_read_unchanged():
    found = data.open_company(MAVEN).check(today=TODAY)
    assert found.ok, found.problems.to_string()
    company = data.open_company(MAVEN)
    raw = pd.read_csv(MAVEN / "raw" / "sales_pipeline.csv")
    deals = company.book("all").opportunities
    assert len(deals) == len(raw) == 8800
    assert deals.loc[deals["outcome"] == "won", "closed_amount"].sum() == raw["close_value"].sum()
    offices = pd.read_csv(MAVEN / "raw" / "sales_teams.csv").set_index("sales_agent")["regional_office"]
    assert deals["region"].tolist() == raw["sales_agent"].map(offices).tolist()


# --- what may be wrong with it ---

SLIPS = [
    ("[tables.opportunities]\n", "[tables.oportunities]\n", 5, "tables.oportunities", "oportunities",
     "no table of the contract", "Did you mean opportunities?"),
    ('owner = { from', 'ower = { from', 14, "tables.opportunities.columns.ower", "ower", "no column of this table",
     "Did you mean owner?"),
    ("times = 1000", "time = 1000", 11, "tables.opportunities.columns.amount.time", "time", "no such setting",
     "Did you mean times?"),
    ('name_en = "A company"', 'name = "A company"', 2, "company.name", "name", "no such setting", "name_en"),
    ('file = "raw/deals.csv"', "file = 3", 6, "tables.opportunities.file", "3", "a wrong kind of value", "quotation"),
    ('file = "raw/deals.csv"', "", 5, "tables.opportunities.file", "", "the file is not named", "raw/export.csv"),
    ('file = "raw/deals.csv"', 'file = "raw/deals.csv"\nwhere = 5', 7, "tables.opportunities.where", "5",
     "a wrong kind of value", "a table of settings"),
    ("times = 1000", 'times = "1000"', 11, "tables.opportunities.columns.amount.times", "1000",
     "a wrong kind of value", "Write a number"),
    ("times = 1000", "times = 0", 11, "tables.opportunities.columns.amount.times", "0", "no useful factor", "1000"),
    ('account_id = "Client"', 'account_id = { from = "Client", times = 2 }', 10,
     "tables.opportunities.columns.account_id.times", "2", "only a number can be multiplied", "Delete times"),
    ('format = "%d/%m/%Y"', 'format = "%m/%Y"', 12, "tables.opportunities.columns.created.format", "%m/%Y",
     "a format that does not say which day it is", "%d/%m/%Y"),
    ('format = "%d/%m/%Y"', 'format = "%d%d"', 12, "tables.opportunities.columns.created.format", "%d%d",
     "a format that does not say which day it is", "%d/%m/%Y"),
    ('account_id = "Client"', 'account_id = { from = "Client", may_be_blank = "yes" }', 10,
     "tables.opportunities.columns.account_id.may_be_blank", "yes", "a wrong kind of value", "true or false"),
    ('account_id = "Client"', 'account_id = { from = "Client", const = "A01" }', 10,
     "tables.opportunities.columns.account_id", "{'from': 'Client', 'const': 'A01'}", "both a column and a constant",
     "const"),
    (', key = "office"', "", 15, "tables.opportunities.columns.region", "raw/offices.csv",
     "a look-up without key and value", "key"),
    ("[company]\n", '[company]\nexported = "2024-01-01"\n', 2, "company.exported", "2024-01-01",
     "a wrong kind of value", "without quotation marks"),
    ("[company]\n", '[company]\naccept = ["orders: paid before invoice"]\n', 2, "company.accept",
     "orders: paid before invoice", "no such rule", "Did you mean orders: paid before invoiced?"),
    ('account_id = "Client"\n', "", 5, "tables.opportunities.columns.account_id", "", "a required column is not mapped",
     "Say where it comes from"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "value", "rule", "remedy"), SLIPS, ids=lambda part: str(part)[:30]
)
def test_a_slip_in_the_mapping_is_named_by_line_and_place(planted, old, new, row, column, value, rule, remedy):
    found = changed(planted, old, new).problems
    said = found[(found["file"] == "mapping.toml") & (found["column"] == column) & (found["rule"] == rule)]
    assert said[["row", "value"]].to_numpy().tolist() == [[row, value]], found.to_string()
    assert remedy in said["what_to_do"].iloc[0]


@pytest.mark.parametrize(
    ("old", "new", "file", "row", "column", "value", "rule"),
    [
        ("raw/deals.csv", "raw/deal.csv", "raw/deal.csv", None, "", "", "no such file"),
        ("raw/deals.csv", "../deals.csv", "../deals.csv", None, "", "", "a file outside the company's folder"),
        ("raw/deals.csv", "raw\\u0000", "raw\0", None, "", "embedded null byte", "no such file"),
        ("raw/offices.csv", "raw/office.csv", "raw/office.csv", None, "", "", "no such file"),
        ('"Deal ID"', '"Deal"', "raw/deals.csv", 1, "Deal", "", "the column named in mapping.toml is missing"),
        ('value = "reg"', 'value = "region"', "raw/offices.csv", 1, "region", "",
         "the column named in mapping.toml is missing"),
        ('file = "raw/deals.csv"', 'file = "raw/deals.csv"\nwhere = { Stage = "Wonn" }', "raw/deals.csv", None, "Stage",
         "Wonn", "no row has this value"),
        ('{ const = "open" }', '{ from = "Stage", values = { Won = "open" } }', "raw/deals.csv", 3, "Stage", "Lost",
         "won or lost, but without a closing date"),
        ('{ const = "open" }', '{ const = "opn" }', "raw/deals.csv", 2, "outcome", "opn", "an unknown value"),
        ('"%d/%m/%Y"', '"%m/%d/%Y"', "raw/deals.csv", 3, "Opened", "25/02/2024",
         "not a date in the stated format %m/%d/%Y"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_the_export_is_named_there(planted, old, new, file, row, column, value, rule):
    found = changed(planted, old, new).problems
    at = found["row"].isna() if row is None else found["row"] == row
    said = found[(found["file"] == file) & at & (found["column"] == column) & (found["rule"] == rule)]
    assert value in said["value"].tolist(), found.to_string()


def test_a_key_that_is_not_found_in_a_look_up_is_named_at_the_row_that_asks(planted):
    (planted.folder / "raw" / "offices.csv").write_text("office,reg\nO1,East\n", "utf-8")
    found = planted.check().problems
    assert found[["row", "column", "value", "rule"]].to_numpy().tolist() == [
        [3, "Office", "O2", "not found in raw/offices.csv"],
        [4, "Office", "O2", "not found in raw/offices.csv"],
    ]


def test_a_key_that_stands_twice_in_a_look_up_is_named_there(planted):
    (planted.folder / "raw" / "offices.csv").write_text(OFFICES + "O1,South\n", "utf-8")
    found = planted.check().problems
    assert ["raw/offices.csv", 4, "office", "O1"] in found[["file", "row", "column", "value"]].to_numpy().tolist()


def test_a_table_that_stands_in_a_file_too_is_named(planted):
    planted.write("opportunities", "x")
    assert "a table that mapping.toml reads from another file" in set(planted.check().problems["rule"])


@pytest.mark.parametrize(
    ("content", "row"),
    [(b"[company\n", 1), (b"a = 1\na = 2\n", 2), (b"\xff\xfe[\x00", None), ('name = "公司"'.encode("gbk"), None),
     (b"\0", 1), (b"a = " + b"[" * 5000 + b"]" * 5000, None)],
)  # fmt: skip
def test_a_mapping_that_is_no_toml_is_named_with_its_line(planted, content, row):
    (planted.folder / "mapping.toml").write_bytes(content)
    found = planted.check().problems
    said = found[found["rule"] == "not a readable TOML file"]
    assert said["file"].tolist() == ["mapping.toml"]
    assert (None if said["row"].isna().iloc[0] else int(said["row"].iloc[0])) == row


@pytest.mark.parametrize("name", ["mapping.tml", "mapping.toml.txt", "Mapping.toml", "mappings.toml"])
def test_a_misnamed_mapping_is_named(planted, name):
    (planted.folder / "mapping.toml").rename(planted.folder / name)
    found = planted.check().problems
    assert (name, "not read") in set(zip(found["file"], found["rule"], strict=True))


@pytest.mark.parametrize("value", ["3", "[]", '"x"', "1979-05-27", "{}", "true", "nan", '[["x"]]', "{ a = { b = 1 } }"])
@pytest.mark.parametrize(
    "place",
    ["company", "company.name_en", "company.exported", "company.accept", "tables", "tables.orders",
     "tables.orders.file", "tables.orders.where", "tables.orders.columns", "tables.orders.sheet",
     "tables.orders.columns.amount",
     "tables.orders.columns.amount.from", "tables.orders.columns.amount.values", "tables.orders.columns.amount.times",
     "tables.orders.columns.amount.lookup", "tables.orders.columns.order_date.format",
     "tables.orders.columns.amount.const", "tables.orders.columns.amount.may_be_blank"],
)  # fmt: skip
def test_no_setting_of_whatever_kind_makes_the_check_fail(tmp_path, place, value):
    planted = Planted(tmp_path, ("regions", "accounts"))
    (tmp_path / "x").write_text("a\n1\n", "utf-8")
    planted.mapping(f"{place} = {value}\n")
    planted.check()


def test_a_company_without_a_mapping_has_an_empty_one(tmp_path):
    assert read_mapping(tmp_path) == Mapping()


def test_the_line_of_a_setting_is_found_by_its_place():
    text = "[company]\naccept = []\n[tables.orders]\nfile = 'a'\n"
    assert [line_of(text, place) for place in ("company", "company.accept", "tables.orders.file", "x")] == [
        1,
        2,
        4,
        None,
    ]


def test_a_moment_counts_as_its_day(planted):
    changed(planted, "[company]", "[company]\nexported = 2024-03-26T12:00:00")
    assert read_mapping(planted.folder).exported == dt.date(2024, 3, 26)
