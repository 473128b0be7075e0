"""Planted faults: each is named by file, row, column, value, rule and remedy; none is silent, none is a traceback."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from company import TABLES, TODAY, Planted, around

from kamlib import data, schema
from kamlib.intake import checks, rules


@dataclass(frozen=True)
class Fault:
    """A fault: how it is planted, and what the check must say. ``row=None``: the file as a whole."""

    name: str
    table: str
    make: Callable[[Planted], object]
    row: int | None
    column: str
    value: str
    rule: str
    remedy: str
    file: str = ""
    with_tables: tuple[str, ...] = ()


def cell(table: str, row: int, column: str, value: str, rule: str, remedy: str, *with_tables: str) -> Fault:
    """One cell is spoilt."""
    name = f"{table}.{column}: {value.strip()[:25] or 'blank'} ({rule})"
    return Fault(
        name, table, lambda p: p.plant(table, row, column, value), row, column, value, rule, remedy, "", with_tables
    )


def edited(table: str, old: str, new: str) -> Callable[[Planted], object]:
    return lambda p: p.write(table, TABLES[table].replace(old, new, 1))


def recoded(table: str, content: str, encoding: str) -> Callable[[Planted], object]:
    return lambda p: p.write(table, TABLES[table].split("\n")[0] + "\n" + content, encoding=encoding)


def workbook(table: str, change: Callable[[openpyxl.Workbook], object]) -> Callable[[Planted], object]:
    def make(p: Planted) -> None:
        frame = p.open().table(table).frame
        p.remove(table)
        frame.to_excel(p.path(table, ".xlsx"), index=False)
        book = openpyxl.load_workbook(p.path(table, ".xlsx"))
        change(book)
        book.save(p.path(table, ".xlsx"))

    return make


def spoilt_file(table: str, ending: str, change: Callable[[bytes], bytes]) -> Callable[[Planted], object]:
    """The table in another kind of file, its bytes changed."""

    def make(p: Planted) -> None:
        frame = p.open().table(table).frame
        p.remove(table)
        path = p.path(table, ending)
        frame.to_excel(path, index=False) if ending == ".xlsx" else frame.to_parquet(path, index=False)
        path.write_bytes(change(path.read_bytes()))

    return make


def parquet(table: str, column: str, values: Callable[[int], pa.Array]) -> Callable[[Planted], object]:
    """The table as Parquet, one column replaced."""

    def make(p: Planted) -> None:
        arrow = pa.Table.from_pandas(p.open().table(table).frame, preserve_index=False)
        p.remove(table)
        arrow = arrow.set_column(arrow.column_names.index(column), column, values(arrow.num_rows))
        pq.write_table(arrow, p.path(table, ".parquet"))

    return make


def members_of(p: Planted) -> tuple[Path, dict[str, bytes]]:
    """The products as a workbook: its path and what is in it."""
    workbook("products", lambda book: None)(p)
    path = p.path("products", ".xlsx")
    with zipfile.ZipFile(path) as archive:
        return path, {name: archive.read(name) for name in archive.namelist()}


def with_entities(declared: str) -> Callable[[Planted], object]:
    """A workbook whose texts name an entity that its XML declares."""

    def make(p: Planted) -> None:
        path, members = members_of(p)
        sheet = members["xl/worksheets/sheet1.xml"].replace(b"<t>PUMP</t>", b"<t>&e;</t>")
        head = f'<?xml version="1.0"?><!DOCTYPE x [{declared}]>'.encode()
        members["xl/worksheets/sheet1.xml"] = head + sheet[sheet.index(b"<worksheet") :]
        with zipfile.ZipFile(path, "w") as new:
            for name, content in members.items():
                new.writestr(name, content)

    return make


LAUGHS = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 11))


def bomb(p: Planted) -> None:
    """A small workbook that unpacks to nearly a gigabyte."""
    path, members = members_of(p)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            with new.open(name, "w", force_zip64=True) as member:
                member.write(content)
                for _i in range(700 if name.endswith("sheet1.xml") else 0):
                    member.write(b" " * 1_000_000)


KEY = "Keep one of the two rows"
DATE = "Write it as 2024-01-05"

CELLS = [
    # blanks
    cell("accounts", 3, "account_name", "", "a required cell is blank", "Fill it in"),
    cell("accounts", 3, "account_id", "-", "a required cell is blank", "Fill it in"),
    cell("orders", 4, "amount", "N/A", "a required cell is blank", "Fill it in"),
    cell("stage_history", 4, "entered", "", "a required cell is blank", "Fill it in"),
    cell("orders", 4, "account_id", "", "a required cell is blank", "Fill it in"),
    cell("accounts", 3, "region", "", "a required cell is blank", "Fill it in"),
    cell("accounts", 3, "account_id", "", "a required cell is blank", "Fill it in"),
    # garbled
    cell("accounts", 3, "account_name", "ä¸œæµ·åŒ»é™¢", "characters were lost", "Export it again as UTF-8"),
    cell("accounts", 4, "account_name", "CafÃ© Nord", "characters were lost", "Export it again as UTF-8"),
    cell("contacts", 2, "name", "锟斤拷", "characters were lost", "Export it again as UTF-8"),
    cell("contacts", 2, "name", "张\ufffd", "characters were lost", "Export it again as UTF-8"),
    cell("accounts", 4, "account_name", "ºþÖÝÈËÃñÒ½Ôº", "characters were lost", "Export it again as UTF-8"),
    cell("accounts", 4, "account_name", "婀栧窞浜烘皯鍖婚櫌", "characters were lost", "Export it again as UTF-8"),
    cell("contacts", 2, "name", "??", "characters were lost", "Export it again as UTF-8"),
    cell("accounts", 3, "account_name", "East\x07 Clinic", "a control character", "Delete the invisible character"),
    cell("accounts", 3, "city", "\u202egnijieB", "a control character", "Delete the invisible character"),
    cell("orders", 4, "order_id", "O\x002", "a control character", "Delete the invisible character"),
    # spreadsheet damage
    cell("orders", 4, "amount", "#REF!", "a spreadsheet error", "Mend the formula"),
    cell("accounts", 3, "province", "#N/A", "a spreadsheet error", "Mend the formula"),
    cell("orders", 4, "order_date", "########", "a spreadsheet error", "widen the column"),
    cell("orders", 4, "order_id", "2.02401E+11", "a spreadsheet has shortened", "Format the column as text"),
    # dates
    cell("orders", 4, "order_date", "2024-02-30", "no such day", "2024-01-05"),
    cell("orders", 4, "order_date", "20241305", "no such day", "2024-01-05"),
    cell("orders", 4, "order_date", "2023年2月29日", "no such day", "2024-01-05"),
    cell("orders", 4, "order_date", "24-05-20", "a year of two digits", "four digits"),
    cell("orders", 4, "order_date", "5-Jan-24", "a year of two digits", "four digits"),
    cell("orders", 4, "order_date", "2023-05", "a date without its day", "Write the day too"),
    cell("orders", 4, "order_date", "5月20日", "a date without its year", "Write the year too"),
    cell("orders", 4, "order_date", "soon", "not a date", DATE),
    cell("orders", 4, "order_date", "2023-05-20 25:61", "not a date", DATE),
    cell("orders", 4, "order_date", "2023-05-20T10:00:00+25:00", "not a date", DATE),
    cell("orders", 4, "order_date", "12345", "not a date", DATE),
    cell("orders", 4, "order_date", "05/06/2023", "a day/month date in a column of another", "Write dates as 2024"),
    cell("orders", 4, "order_date", "25/12/2023", "a day/month date in a column of another", "Write dates as 2024"),
    cell("orders", 4, "order_date", "1923-05-20", "a date before 1990", "Correct the year"),
    cell("orders", 4, "paid_date", "9999-12-31", "a date outside 1900–2100", "Correct the year"),
    cell("accounts", 3, "since", "1900-01-01", "a date outside 1900–2100", "Correct the year"),
    cell("interactions", 2, "date", "2026-02-01", "a date in the future (after 2026-01-31)", "Correct the date"),
    cell("service_costs", 3, "month", "2026-02", "a date in the future", "Correct the date"),
    cell("service_costs", 3, "month", "2024-13", "no such day", "Correct the date"),
    cell("service_costs", 3, "month", "Q1", "not a month", "2024-01"),
    cell("targets", 3, "period", "2024-Q5", "not a period", "2024-Q1"),
    cell("market", 2, "year", "24", "less than 1990", "1990…2100"),
    cell("market", 2, "year", "FY2024", "not a year", "four digits"),
    # numbers
    cell("orders", 4, "amount", "32 thousand", "not a number", "Write digits only"),
    cell("orders", 4, "amount", "٣٢٠٠٠", "not a number", "Write digits only"),
    cell("orders", 4, "amount", "32.000,50", "a decimal comma", "1,234.50"),
    cell("orders", 4, "amount", "32000,5", "a decimal comma", "1,234.50"),
    cell("orders", 4, "amount", "3,2000", "misplaced thousands separator", "1,234.50"),
    cell("orders", 4, "amount", "€32000", "an amount in another currency", "(CNY)"),
    cell("orders", 4, "amount", "32000 USD", "an amount in another currency", "(CNY)"),
    cell("orders", 4, "amount", "32%", "a percentage where none belongs", "Write the number itself"),
    cell("orders", 4, "quantity", "¥40", "an amount of money where none belongs", "without a currency"),
    cell("orders", 4, "quantity", "40 pcs", "not a number", "Write digits only"),
    cell("orders", 4, "amount", "9" * 30, "more than 15 digits", "Correct the number"),
    cell("orders", 4, "amount", "--5", "not a number", "Write digits only"),
    cell("products", 3, "list_price", "-2000000", "less than 0", "an amount of 0 or more"),
    cell("opportunities", 3, "amount", "-120000", "less than 0", "an amount of 0 or more"),
    cell("service_costs", 3, "cost", "(800)", "less than 0", "an amount of 0 or more"),
    cell("accounts", 3, "employees", "900.5", "not a whole number", "Write a whole number"),
    cell("accounts", 3, "beds", "-7", "less than 0", "0…"),
    cell("regions", 2, "fiscal_year_start", "13", "more than 12", "1…12"),
    cell("regions", 2, "discount_rate", "8", "more than 1", "0.35, or 35%"),
    cell("competitors", 2, "market_share", "35", "more than 1", "0.35, or 35%"),
    cell("weights", 2, "weight", "50", "more than 1", "0.35, or 35%"),
    cell("stages", 3, "order", "x", "not a number", "Write digits only"),
    cell("market", 2, "growth_rate", "six", "not a fraction or percentage", "35%"),
    cell("contacts", 2, "influence", "6", "more than 5", "1…5"),
    cell("contacts", 2, "stance", "-3", "less than -2", "-2…2"),
    cell("satisfaction", 2, "nps", "11", "more than 10", "0…10"),
    cell("satisfaction", 2, "csat", "0", "less than 1", "1…5"),
    cell("leads", 2, "score", "120", "more than 100", "0…100"),
    cell("account_scores", 2, "score", "90", "more than 1", "0…1"),
    # values
    cell("accounts", 3, "account_type", "client", "an unknown value", "customer, prospect, dealer"),
    cell("accounts", 3, "size_class", "medum", "an unknown value", "Did you mean medium?"),
    cell("leads", 2, "source", "facebook", "an unknown value", "exhibitions"),
    cell("opportunities", 3, "outcome", "won/lost", "an unknown value", "won, lost, open"),
    cell("interactions", 2, "role", "XR", "an unknown value", "AR, SR, FR"),
    cell("contacts", 2, "decision_role", "boss", "an unknown value", "EB, UB, TB, coach"),
    cell("stages", 3, "funnel", "sales", "an unknown value", "lead, deal, delivery"),
    cell("regions", 2, "currency", "RMB", "not a currency code", "ISO 4217"),
    # orphans, one for every reference
    cell("accounts", 3, "region", "Est", "unknown region", "Did you mean East?"),
    cell("accounts", 3, "parent_account_id", "Z9", "unknown parent_account_id", "add the row to accounts"),
    cell("orders", 4, "account_id", "a02", "unknown account_id", "Known: A01"),
    cell("orders", 4, "product", "PUMPS", "unknown product", "Did you mean PUMP?"),
    cell("orders", 14, "region", "North", "unknown region", "Known: East, South"),
    cell("service_costs", 2, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("contacts", 3, "reports_to", "C9", "unknown reports_to", "add the row to contacts"),
    cell("interactions", 2, "contact_id", "C9", "unknown contact_id", "add the row to contacts"),
    cell("satisfaction", 2, "contact_id", "C9", "unknown contact_id", "add the row to contacts"),
    cell("leads", 2, "opportunity_id", "D9", "unknown opportunity_id", "add the row to opportunities"),
    cell("opportunities", 3, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("opportunities", 3, "product", "X-RAY", "unknown product", "Known: CT-2"),
    cell("stage_history", 3, "opportunity_id", "D9", "unknown opportunity_id", "add the row to opportunities"),
    cell("opportunities", 2, "region", "North", "unknown region", "Known: East, South"),
    cell("stage_history", 3, "stage", "tendr", "unknown stage", "Did you mean tender?"),
    cell("market", 2, "region", "North", "unknown region", "Known: East, South"),
    cell("targets", 3, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("events", 3, "region", "everywhere", "unknown region", "Known: East, South, all"),
    cell("promotions", 2, "product", "X-RAY", "unknown product", "Known: CT-2"),
    cell("dealers", 2, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("pilots", 2, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("account_scores", 2, "account_id", "Z9", "unknown account_id", "add the row to accounts"),
    cell("swot", 2, "region", "North", "unknown region", "Known: East, South, all"),
]

BROKEN_RULES = [
    cell("regions", 2, "region", "All", "a reserved name", "the whole company"),
    cell("regions", 3, "name_en", "east", "two regions have the same name", "Rename one of them"),
    cell("regions", 3, "name_zh", "华东", "two regions have the same Chinese name", "Rename one of them"),
    cell("accounts", 3, "parent_account_id", "A02", "an account is its own parent", "Leave parent_account_id blank"),
    cell("accounts", 2, "parent_account_id", "A02", "parent accounts form a circle", "leads upwards"),
    cell("accounts", 3, "account_type", "prospect", "a prospect that has ordered", "Make it a customer", "orders"),
    cell("accounts", 7, "since", "2024-01-01", "a prospect with a first day", "leave since blank"),
    cell("accounts", 3, "since", "2023-06-01", "after the first order", "Correct since", "orders"),
    cell("accounts", 3, "industry", "Public", "the same name, spelt otherwise", "letter by letter"),
    cell("market", 3, "industry", "PUBLIC", "the same name, spelt otherwise", "letter by letter"),
    cell("products", 3, "category", "Imaging", "the same name, spelt otherwise", "letter by letter"),
    cell("products", 4, "launched", "2024-01-01", "on sale after the first order", "Correct launched", "orders"),
    cell("orders", 3, "account_id", "A02", "one order, two accounts", "another order_id"),
    cell("orders", 4, "account_id", "A06", "an order of a prospect", "Make the account a customer"),
    cell("orders", 4, "quantity", "0", "a quantity of 0 with an amount", "a fee has quantity 1"),
    cell("orders", 4, "amount", "-32000", "quantity and amount have opposite signs", "A return has both"),
    cell("orders", 4, "cost", "-14000", "quantity and cost have opposite signs", "A return has both"),
    cell("orders", 4, "amount", "3200000", "more than ten times the list price", "decimal point", "products"),
    cell("orders", 4, "cost", "1400000", "more than ten times the product's", "decimal point", "products"),
    cell("orders", 4, "invoice_date", "2023-05-19", "invoiced before ordered", "Correct one of the dates"),
    cell("orders", 4, "paid_date", "2023-05-01", "paid before ordered", "Correct one of the dates"),
    cell("orders", 5, "paid_date", "2024-01-15", "paid before invoiced", "list this rule under accept"),
    cell("orders", 4, "order_date", "2020-05-01", "before the first day as a customer", "Correct since"),
    cell("orders", 4, "order_date", "2016-05-01", "before the product was on sale", "Correct launched", "products"),
    cell("orders", 14, "region", "", "no region owns this row", "served by several"),
    cell("orders", 4, "region", "South", "the account belongs to another region", "give it the region all"),
    cell("contacts", 3, "reports_to", "C2", "a person reports to themselves", "Leave reports_to blank"),
    cell("contacts", 3, "reports_to", "C3", "someone at another account", "Correct reports_to"),
    cell("contacts", 2, "reports_to", "C2", "people report to each other in a circle", "leads upwards"),
    cell("interactions", 2, "contact_id", "C3", "the person belongs to another account", "Correct contact_id"),
    cell("satisfaction", 2, "contact_id", "C3", "the person belongs to another account", "Correct contact_id"),
    cell("leads", 4, "region", "", "no region owns this row", "Fill in account_id or region"),
    cell("leads", 2, "region", "South", "the account belongs to another region", "give it the region all"),
    cell("leads", 2, "opportunity_id", "", "converted, but into no deal", "Fill in opportunity_id"),
    cell("leads", 2, "status", "qualified", "a deal from a lead that is not converted", "Correct the status"),
    cell("leads", 5, "closed", "2024-05-01", "closed before created", "Correct one of the dates"),
    cell("leads", 3, "closed", "2024-05-01", "an open lead with a closing date", "leave closed blank"),
    cell("leads", 5, "closed", "", "disqualified, but without a closing date", "Fill in closed"),
    cell("leads", 2, "account_id", "A02", "the lead's deal belongs to another account", "Correct opportunity_id"),
    cell("leads", 2, "created", "2024-01-21", "the deal is older than its lead", "Correct one of the dates"),
    cell("opportunities", 3, "closed", "", "won or lost, but without a closing date", "Fill in closed"),
    cell("opportunities", 4, "closed", "2024-12-01", "an open deal with a closing date", "leave closed blank"),
    cell("opportunities", 3, "closed", "2024-01-31", "closed before created", "Correct one of the dates"),
    cell("opportunities", 4, "expected_close", "2024-02-01", "expected to close before created", "Correct one"),
    cell("opportunities", 4, "expected_close", "2052-03-31", "more than ten years", "Correct one of the dates"),
    cell("opportunities", 3, "closed_amount", "5", "a signed amount on a deal that is not won", "Leave closed_amount"),
    cell("opportunities", 2, "closed_amount", "195000000", "signed for more than ten times", "decimal point"),
    cell("opportunities", 2, "created", "2024-01-04", "created before its lead", "Correct one", "leads"),
    cell("opportunities", 3, "created", "2024-02-02", "created after a stage was entered", "Correct one",
         "stage_history"),
    cell("opportunities", 3, "closed", "2024-06-30", "closed before a stage was entered", "Correct one",
         "stage_history"),
    cell("opportunities", 2, "lost_reason", "price", "a reason for losing a deal that is not lost", "Leave lost"),
    cell("opportunities", 5, "region", "", "no region owns this row", "Fill in account_id or region"),
    cell("opportunities", 2, "region", "South", "the account belongs to another region", "give it the region all"),
    cell("opportunities", 3, "competitor", "Medco", "the same name, spelt otherwise", "letter by letter"),
    cell("competitors", 2, "competitor", "MEDCO", "the same name, spelt otherwise", "letter by letter"),
    cell("stage_history", 5, "entered", "2024-01-31", "a stage entered before the deal was created", "Correct one"),
    cell("stage_history", 8, "entered", "2024-11-01", "a stage entered after the deal was closed", "Correct one"),
    cell("stage_history", 3, "entered", "2024-01-19", "a stage entered before an earlier stage", "the order in stages"),
    cell("stage_history", 9, "stage", "install", "a stage of delivery for a deal that is not won", "Correct the stage"),
    cell("stages", 3, "order", "3", "two stages in the same position", "its own order"),
    cell("stages", 3, "funnel", "delivery", "the funnels are not in the order", "Correct order or funnel"),
    cell("competitors", 2, "market_share", "0.8", "market shares sum to more than 1", "Correct the shares"),
    cell("targets", 3, "region", "South", "the account belongs to another region", "Correct region or account_id"),
    cell("targets", 2, "target", "-1", "a negative target", "0 or more"),
    cell("targets", 4, "target", "20", "a share above 1", "0.35 for 35%"),
    cell("initiatives", 2, "end", "2024-12-31", "ends before it starts", "Correct one of the dates"),
    cell("dealers", 2, "contract_end", "2023-12-31", "a contract that ends before it starts", "Correct one"),
    cell("dealers", 2, "account_id", "A01", "not a dealer's account", "Set account_type to dealer"),
    cell("promotions", 2, "end", "2024-04-30", "ends before it starts", "Correct one of the dates"),
    cell("promotions", 3, "account_id", "A01", "the account belongs to another region", "Correct region"),
    cell("pilots", 2, "end", "2024-12-31", "ends before it starts", "Correct one of the dates"),
    cell("weights", 2, "weight", "0.6", "the weights of a topic do not sum to 1", "Correct the weights"),
    Fault("an answer without a score", "satisfaction", lambda p: (p.plant("satisfaction", 2, "nps", ""),
          p.plant("satisfaction", 2, "csat", "")), 2, "nps", "", "without nps and csat", "Fill in one of them"),
    Fault("one deal from two leads", "leads", lambda p: p.copy("leads", 2, lead_id="L9"), 6, "opportunity_id", "D1",
          "one deal from two leads", "Keep the lead that found it"),
]  # fmt: skip

ROWS = [
    Fault("a row twice", "orders", lambda p: p.copy("orders", 3), 17, "order_id", "O1 · 2",
          "the same key as row 3", KEY),
    Fault("a key twice", "orders", lambda p: p.copy("orders", 3, amount="1"), 17, "order_id", "O1 · 2",
          "the same key as row 3", KEY),
    Fault("the first of two rows with a key is named too", "orders", lambda p: p.copy("orders", 3, amount="1"), 3,
          "order_id", "O1 · 2", "the same key as row 17", KEY),
    Fault("an account twice, apart from spaces", "accounts", lambda p: p.copy("accounts", 3, account_id=" A02 "), 14,
          "account_id", " A02 ", "the same key as row 3", KEY),
    Fault("an account twice, in full-width letters", "accounts", lambda p: p.copy("accounts", 3, account_id="Ａ０２"),
          14, "account_id", "Ａ０２", "the same key as row 3", KEY),
    Fault("an account twice, apart from case", "accounts", lambda p: p.copy("accounts", 3, account_id="a02"), 14,
          "account_id", "a02", "differs from row 3 only in upper and lower case", "Write it alike"),
    Fault("a region twice, apart from case", "regions", lambda p: p.copy("regions", 2, region="EAST"), 4, "region",
          "EAST", "differs from row 2 only in upper and lower case", "Write it alike"),
    Fault("a deal with two outcomes", "opportunities", lambda p: p.copy(
          "opportunities", 3, outcome="won", lost_reason=""), 6, "opportunity_id", "D2", "the same key as row 3", KEY),
    Fault("a target twice", "targets", lambda p: p.copy("targets", 2, target="7"), 6, "region",
          "East ·  ·  · sales · 2024", "the same key as row 2", KEY),
    Fault("a survey answer twice", "satisfaction", lambda p: p.copy("satisfaction", 2), 5, "account_id",
          "A01 · C1 · 2024-06-01 · 9 · 4.5 · service · quick", "the same row as row 2", "Delete one"),
    Fault("an order line twice, without line numbers", "orders", lambda p: (p.drop("orders", "line"),
          p.copy("orders", 4)), 17, "order_id", "O2 · A02 · 2023-05-20 · PUMP · 40 · 32000 · 14000 · 2023-05-21 · "
          "2023-07-01 · ", "the same row as row 4", "Delete one"),
    *(Fault(f"a row of totals: {label}", "orders", lambda p, label=label: p.add(
          "orders", label, "", "", "", "", "1000", "9999999", "", "", "", ""), 17, "order_id", label,
          "a row of totals", "Delete the row")
      for label in ("合计", "总计:", "小 计", "华东合计", "共计", "累计", "全部", "∑", "Total", "Grand Total")),
    Fault("a row of totals labelled in the column of dates", "orders", lambda p: p.add(
          "orders", "", "", "", "合计", "", "1000", "9999999", "", "", "", ""), 17, "order_date", "合计",
          "a row of totals", "Delete the row"),
    Fault("a row of totals without a word for it", "orders", lambda p: p.add(
          "orders", "", "", "", "", "", "1491", "9999999", "", "", "", "East"), 17, "quantity", "1491",
          "a row of totals", "Delete the row"),
    Fault("a sum over all industries beside them", "market", lambda p: p.add(
          "market", "East", "合计", "2024", "900000000", "", ""), 4, "industry", "合计", "a row of totals",
          "Delete the row"),
    Fault("a note in a cell of its own", "orders", lambda p: p.add("orders", "注：金额为含税", *[""] * 10), 17,
          "order_id", "注：金额为含税", "a row with a single cell", "a table holds no notes"),
    Fault("a row of totals below the names", "accounts", lambda p: p.add(
          "accounts", "", "合计", *[""] * 15), 14, "account_name", "合计", "a row of totals", "Delete the row"),
    Fault("a note below the table", "orders", lambda p: p.write("orders", TABLES["orders"] + "Source: ERP\n"), 17, "",
          "Source: ERP", "1 cells where the header has 11", "one cell for each column"),
    Fault("a short row", "orders", edited("orders", "PUMP,40,32000,14000,2023-05-21,2023-07-01,", "PUMP"), 4, "",
          "O2 | 1 | A02 | 2023-05-20 | PUMP", "5 cells where the header has 11", "one cell for each column"),
    Fault("a long row", "accounts", edited("accounts", "Bay Clinic", "Bay, Clinic"), 10, "",
          "B03 | Bay |  Clinic | South", "18 cells where the header has 17", "in quotation marks"),
    Fault("another separator in one row", "regions", edited("regions", "South,South,华南,CNY,1,0.09",
          "South;South;华南;CNY;1;0.09"), 3, "", "South;South;华南;CNY;1;0.09", "1 cells where the header has 6",
          "one cell for each column"),
    Fault("an unclosed quotation mark", "orders", edited("orders", "O3,1", '"O3,1'), 5, "", '"O3,1,A03',
          "a quotation mark is not closed", "Close the quotation mark"),
    Fault("text after a closing quotation mark", "orders", edited("orders", "O3,1", '"O3"x,1'), 5, "", '"O3"x,1',
          "a quotation mark is not closed", "write a quotation mark inside a cell twice"),
    Fault("quotation marks that take in rows", "accounts", lambda p: p.write("accounts", TABLES["accounts"].replace(
          "东海医院二院", '"东海医院二院').replace("湖州人民医院", '湖州人民医院"')), 3, "", "东海医院二院,East",
          "quotation marks that take in 3 rows", "Delete the quotation marks"),
    Fault("an identifier with a line break", "stage_history", edited(
          "stage_history", "D1,need,2024-01-20\nD1", '"D1,need,2024-01-20\nD1"'), 2, "opportunity_id", "D1,need,",
          "a line break or tab in an identifier", "check the quotation marks"),
]  # fmt: skip

HEADERS = [
    Fault("a title above the header", "orders", lambda p: p.write("orders", "Orders 2024\n" + TABLES["orders"]), 1, "",
          "Orders 2024", "a line above the header", "Delete the line"),
    Fault("a second line of headings", "orders", lambda p: p.write("orders", TABLES["orders"].replace(
          "\n", "\n编号,行号,客户,日期,产品,件,元,元,日期,日期,\n", 1)), 2, "", "编号 | 行号",
          "a second line of headings", "the header is one row"),
    Fault("a line of units", "products", lambda p: p.write("products", TABLES["products"].replace(
          "\n", "\n,,元,元,日期\n", 1)), 2, "", "元 | 元 | 日期", "a second line of headings", "the header is one row"),
    Fault("the header again", "orders", edited("orders", "O2,1", TABLES["orders"].split("\n")[0] + "\nO2,1"), 4,
          "order_id", "order_id", "the header again", "Delete the row"),
    Fault("no header", "orders", lambda p: p.write("orders", TABLES["orders"].partition("\n")[2]), 1, "", "",
          "no column of this table in the first row", "order_id, line, account_id"),
    Fault("a header in quotation marks as one cell", "orders", lambda p: p.write("orders", '"' + TABLES[
          "orders"].replace("\n", '"\n', 1)), 1, "", "", "no column of this table in the first row", "order_id, line"),
    Fault("a required column is missing", "orders", lambda p: p.drop("orders", "amount"), 1, "amount", "",
          "a required column is missing", "Add the column"),
    Fault("a misspelt header", "orders", lambda p: p.rename("orders", "invoice_date", "invoce_date"), 1, "invoce_date",
          "invoce_date", "an unknown column", "Did you mean invoice_date?"),
    Fault("a header twice", "orders", lambda p: p.rename("orders", "cost", "amount"), 1, "amount", "amount",
          "two columns have the same name", "Rename or delete"),
    Fault("a header twice, apart from case", "orders", lambda p: p.rename("orders", "cost", "Amount"), 1, "Amount",
          "Amount", "two columns have the same name (amount, Amount)", "Rename or delete"),
    Fault("a blank header", "orders", lambda p: p.rename("orders", "cost", " "), 1, "", "35000", "column 8 has no name",
          "Name the column"),
    Fault("a blank header at the end", "accounts", lambda p: p.rename("accounts", "city", ""), 1, "", "杭州",
          "column 17 has no name", "Name the column"),
    Fault("a unit in the header", "orders", lambda p: p.rename("orders", "amount", "amount (万元)"), 1, "amount", "",
          "a required column is missing", "mapping.toml"),
    Fault("too many columns", "products", lambda p: p.put("products", [row + [f"c{i}" for i in range(300)] for row in
          p.rows("products")]), 1, "c195", "305", "more columns than a table may have", "Delete the columns"),
    Fault("ambiguous dates", "orders", lambda p: p.all_of("orders", "order_date", ["03/04/2024"]), 2, "order_date",
          "03/04/2024", "day first or month first?", 'format = "%d/%m/%Y"'),
    Fault("day first and month first", "orders", lambda p: p.all_of("orders", "order_date", [
          "13/04/2024", "03/04/2024", "04/13/2024", "14/04/2024"]), 4, "order_date", "04/13/2024",
          "day first in some cells, month first in others", "Write dates as 2024-01-05"),
]  # fmt: skip

FILES = [
    Fault("Latin-1", "regions", recoded("regions", "East,Größe,华东,CNY,1,0.1\n".replace("华东", "Ost"), "latin-1"), 2,
          "name_en", "Größe", "neither UTF-8, UTF-16 nor GB18030", "CSV UTF-8"),
    Fault("Big5", "regions", recoded("regions", "East,East,華東地區業務處,CNY,1,0.1\n", "big5"), 2, "name_zh", "µØªF",
          "neither UTF-8, UTF-16 nor GB18030", "CSV UTF-8"),
    Fault("one GBK cell in UTF-8", "accounts", lambda p: p.write("accounts", TABLES["accounts"].encode().replace(
          "珠江医院".encode(), "珠江医院".encode("gbk"))), 9, "account_name", "\ufffd", "characters were lost",
          "UTF-8"),
    Fault("UTF-8 cut within a character", "regions", lambda p: p.write("regions", TABLES["regions"].encode()[:106]), 3,
          "", "\ufffd", "the file is cut off", "Export it again"),
    Fault("UTF-16 cut within a character", "regions", lambda p: p.write("regions", TABLES["regions"].encode("utf-16")[
          :-1]), 3, "", "\ufffd", "the file is cut off", "Export it again"),
    Fault("GBK cut within a character", "regions", lambda p: p.write("regions", TABLES["regions"].rstrip(
          "\n").removesuffix(",CNY,1,0.09").encode("gbk")[:-1]), 3, "", "South,South,华\ufffd", "the file is cut off",
          "Export it again"),
    Fault("an empty file", "orders", lambda p: p.write("orders", b""), None, "", "", "the file is empty", "delete it"),
    Fault("only blank lines", "orders", lambda p: p.write("orders", b"\n\n,,\n"), None, "", "", "the file is empty",
          "delete it"),
    Fault("a header only, where rows are needed", "accounts", lambda p: p.write("accounts", TABLES["accounts"].split(
          "\n")[0]), None, "", "", "the table has no rows", "Fill it in"),
    Fault("a workbook called .csv", "orders", lambda p: p.write("orders", b"PK\x03\x04" + b"\0" * 90), None, "", "",
          "not a text file but .xlsx", "the ending it should have"),
    Fault("a web page called .csv", "orders", lambda p: p.write("orders", "<html><table>"), None, "", "<html><table>",
          "a web page (HTML)", "save it as .xlsx or CSV"),
    Fault("a required table is missing", "regions", lambda p: p.remove("regions"), None, "", "",
          "a required table is missing", "kam new"),
    Fault("no stages for the stage history", "stage_history", lambda p: p.remove("stages"), None, "", "",
          "a required table is missing", "Add the table", "stages.csv"),
    Fault("two files for one table", "orders", lambda p: p.write("orders", "x", ending=".txt"), None, "", "",
          "a second file for the same table", "Keep orders.csv or orders.txt", "orders.txt"),
    Fault("a misspelt file name", "orders", lambda p: p.path("orders").rename(p.folder / "order.csv"), None, "", "",
          "not a table of the contract", "Rename it to orders.csv", "order.csv"),
    Fault("a file name in another language", "orders", lambda p: p.path("orders").rename(p.folder / "订单.csv"), None,
          "", "", "a table that is not read", "Rename it to orders.csv", "订单.csv"),
    Fault("a copy of a table", "orders", lambda p: shutil.copy(p.path("orders"), p.folder / "orders (1).csv"), None, "",
          "", "a table that is not read", "put its rows there", "orders (1).csv"),
    Fault("an ending that is not read", "orders", lambda p: p.path("orders").rename(p.folder / "orders.json"), None, "",
          "", "not a kind of file that is read", "Save it as .csv", "orders.json"),
    Fault("a folder instead of a file", "orders", lambda p: (p.remove("orders"), p.path("orders").mkdir()), None, "",
          "", "a folder where a file should be", "as one file: orders.csv"),
    Fault("a broken link", "orders", lambda p: (p.remove("orders"), p.path("orders").symlink_to("nowhere")), None, "",
          "", "not a file that can be read", "as one file: orders.csv"),
    Fault("judgements in the wrong folder", "weights", lambda p: p.path("weights").rename(p.folder / "weights.csv"),
          None, "", "", "a table in the wrong folder", "Move it to judgements/weights.csv", "weights.csv"),
    Fault("the folder of judgements misspelt", "weights", lambda p: (p.folder / "judgements").rename(
          p.folder / "judgments"), None, "", "", "a folder that is not read", "judgements", "judgments"),
]  # fmt: skip

BINARY = [
    Fault("a workbook cut off", "products", spoilt_file("products", ".xlsx", lambda raw: raw[:2000]), None, "",
          "not a zip", "not a readable .xlsx workbook", "export it as CSV", "products.xlsx"),
    Fault("an encrypted or old workbook", "products", spoilt_file("products", ".xlsx", lambda raw:
          b"\xd0\xcf\x11\xe0" + raw), None, "", "", "locked with a password", "without a password", "products.xlsx"),
    Fault("a workbook that explodes", "products", bomb, None, "", "", "larger than any table should be",
          "export it as CSV", "products.xlsx"),
    Fault("a workbook whose texts multiply", "products", with_entities(LAUGHS + '<!ENTITY e "&l10;">'), None, "", "",
          "not a readable .xlsx workbook", "export it as CSV", "products.xlsx"),
    Fault("a workbook that reads other files", "products", with_entities('<!ENTITY e SYSTEM "file:///etc/hosts">'),
          None, "", "", "not a readable .xlsx workbook", "export it as CSV", "products.xlsx"),
    Fault("a cell far to the right", "products", workbook("products", lambda b: b.active.__setitem__("XFD1", "x")), 1,
          "", "16384", "more columns than a table may have", "beside the table", "products.xlsx"),
    Fault("merged cells", "products", workbook("products", lambda b: b.active.merge_cells("B2:B3")), 2, "", "B2:B3",
          "merged cells", "Unmerge the cells", "products.xlsx"),
    Fault("a formula without a result", "products", workbook("products", lambda b: b.active.__setitem__(
          "C3", "=2*1000000")), 3, "list_price", "C3", "a formula whose result was never saved", "save it",
          "products.xlsx"),
    Fault("an error in a formula", "products", workbook("products", lambda b: b.active.__setitem__("C3", "#DIV/0!")), 3,
          "list_price", "#DIV/0!", "a spreadsheet error", "Mend the formula", "products.xlsx"),
    Fault("a second sheet of the same table", "products", workbook("products", lambda b: b.copy_worksheet(b.active)),
          None, "", "Sheet1 Copy", "another sheet with the same columns", "into one sheet", "products.xlsx"),
    Fault("a title in a workbook", "products", workbook("products", lambda b: (b.active.insert_rows(1),
          b.active.__setitem__("A1", "Products"))), 1, "", "Products", "a line above the header", "Delete the line",
          "products.xlsx"),
    Fault("a date where an amount belongs", "products", workbook("products", lambda b: b.active.__setitem__(
          "C3", pd.Timestamp("2024-01-05"))), 3, "list_price", "2024-01-05", "not a number", "Write digits only",
          "products.xlsx"),
    Fault("Parquet cut off", "products", spoilt_file("products", ".parquet", lambda raw: raw[:-9]), None, "",
          "Parquet magic bytes", "not a readable Parquet file", "Export it again", "products.parquet"),
    Fault("Parquet with damaged pages", "products", spoilt_file("products", ".parquet", lambda raw: raw[:4] +
          b"\xff" * 60 + raw[64:]), None, "", "", "not a readable Parquet file", "Export it again", "products.parquet"),
    Fault("Parquet: text as an amount", "products", parquet("products", "list_price", lambda n: pa.array(
          ["dear"] + ["1"] * (n - 1))), 2, "list_price", "dear", "not a number", "Write digits only",
          "products.parquet"),
    Fault("Parquet: infinity", "products", parquet("products", "list_price", lambda n: pa.array(
          [float("inf")] + [1.0] * (n - 1))), 2, "list_price", "inf", "not a number", "division by zero",
          "products.parquet"),
    Fault("Parquet: lists", "products", parquet("products", "product", lambda n: pa.array([["MRI"]] * n)), 2,
          "product", "['MRI']", "neither text, number nor date", "Write the column as text", "products.parquet"),
    Fault("Parquet: bytes", "products", parquet("products", "category", lambda n: pa.array([b"\x00\xff"] * n)), 2,
          "category", "b'\\x00\\xff'", "neither text, number nor date", "Write the column as text", "products.parquet"),
    Fault("Parquet: the year 9999", "products", parquet("products", "launched", lambda n: pa.array(
          [pd.Timestamp("9999-12-31").to_pydatetime()] * n)), 2, "launched", "9999-12-31", "outside 1900–2100",
          "Correct the year", "products.parquet"),
    Fault("Parquet: identifiers rounded as floats", "products", parquet("products", "product", lambda n: pa.array(
          [1.2345678901234567e17 + i for i in range(n)])), 2, "product", "123456789012345664",
          "too long to be kept exactly", "as text", "products.parquet"),
]  # fmt: skip

ALL = [*CELLS, *BROKEN_RULES, *ROWS, *HEADERS, *FILES, *BINARY]


ALONE = {
    "GBK cut within a character",
    "UTF-8 cut within a character",
    "UTF-16 cut within a character",
    "no header",
    "a header in quotation marks as one cell",
    *(fault.name for fault in ROWS if "totals" in fault.name or "note" in fault.name or "sum" in fault.name),
    *(fault.name for fault in HEADERS if "headings" in fault.name or "units" in fault.name),
    "orders.order_date: 1923-05-20 (a date before 1990)",
    "orders.account_id: blank (a required cell is blank)",
    "accounts.region: blank (a required cell is blank)",
    "accounts.account_id: blank (a required cell is blank)",
    "opportunities.region: North (unknown region)",
    "competitors.market_share: 35 (more than 1)",
    "weights.weight: 50 (more than 1)",
    "stages.order: x (not a number)",
    "interactions.date: 2026-02-01 (a date in the future (after 2026-01-31))",
}
"""Faults that are one problem in a company of every table: nothing is drawn behind them."""


@pytest.mark.parametrize("fault", [fault for fault in ALL if fault.name in ALONE], ids=lambda fault: fault.name)
def test_one_fault_is_one_problem(fault, tmp_path):
    planted = Planted(tmp_path)
    fault.make(planted)
    found = planted.check().problems
    assert len(found) == 1, found.to_string()


def test_the_list_of_lone_faults_names_faults_that_are_there():
    assert {fault.name for fault in ALL} >= ALONE


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named_by_file_row_column_value_rule_and_remedy(fault, tmp_path):
    wanted = {name for table in (fault.table, *fault.with_tables) for name in around(table)}
    planted = Planted(tmp_path, tuple(name for name in TABLES if name in wanted))
    file = fault.file or planted.file(fault.table)
    fault.make(planted)
    found = planted.check().problems
    at = found["row"].isna() if fault.row is None else found["row"] == fault.row
    said = found[(found["file"] == file) & at & (found["column"] == fault.column)]
    said = said[[fault.value in value for value in said["value"]]]
    said = said[said["rule"].str.contains(fault.rule, regex=False)]
    assert said["what_to_do"].str.contains(fault.remedy, regex=False).any(), found.to_string()


def test_every_rule_has_a_planted_fault():
    planted = {(fault.table, fault.rule) for fault in [*CELLS, *BROKEN_RULES]}
    planted |= {(table, fault.rule) for fault in BROKEN_RULES for table in fault.with_tables}
    untested = [rule.id for rule in rules.RULES if not any(t == rule.table and r in rule.name for t, r in planted)]
    assert untested == []


def test_every_reference_is_checked(tmp_path):
    for table in schema.TABLES.values():
        for column in (column for column in table.columns if column.refers):
            planted = Planted(tmp_path / table.name / column.name, around(table.name))
            planted.plant(table.name, 2, column.name, "nobody-knows-this")
            found = planted.check().problems
            hit = (found["file"] == planted.file(table.name)) & (found["column"] == column.name)
            assert (hit & (found["row"] == 2)).any(), f"{table.name}.{column.name}"


@pytest.mark.parametrize("table", schema.TABLES)
def test_every_required_cell_is_checked(table, tmp_path):
    planted = Planted(tmp_path, around(table))
    required = [column.name for column in schema.TABLES[table].columns if column.required]
    blanked = {planted.copy(table, 2, **{column: ""}): column for column in required}
    found = planted.check().problems
    blank = found[(found["file"] == planted.file(table)) & (found["rule"] == "a required cell is blank")]
    assert dict(zip(blank["row"], blank["column"], strict=True)) == blanked


# --- what a fault does not do ---


def test_all_faults_are_collected_at_once(tmp_path):
    planted = Planted(tmp_path)
    planted.plant("orders", 2, "amount", "abc")
    planted.plant("orders", 3, "order_date", "2024-02-30")
    planted.plant("accounts", 4, "region", "North")
    planted.plant("weights", 2, "weight", "0.9")
    planted.remove("products")
    planted.write("contacts", b"")
    files = planted.check().problems["file"]
    assert {"orders.csv", "accounts.csv", "judgements/weights.csv", "contacts.csv"} <= set(files)
    assert (files == "orders.csv").sum() == 2


def test_one_fault_does_not_draw_others_behind_it(tmp_path):
    planted = Planted(tmp_path)
    planted.plant("opportunities", 2, "closed", "2024-02-30")
    assert len(planted.check().problems) == 1


def test_two_faults_in_one_row_are_both_named(tmp_path):
    planted = Planted(tmp_path, around("orders"))
    planted.plant("orders", 4, "cost", "abc")
    planted.plant("orders", 4, "invoice_date", "2023-05-01")
    found = planted.check().problems
    assert list(found["column"]) == ["cost", "invoice_date", "order_date"], found.to_string()


def test_a_repeated_weight_or_stage_does_not_spoil_the_sum_or_the_order(tmp_path):
    planted = Planted(tmp_path)
    planted.copy("weights", 2)
    planted.copy("stages", 3, order="9")
    rules_named = set(planted.check().problems["rule"])
    assert all(rule.startswith("the same key as row") for rule in rules_named), rules_named


def test_a_deal_closed_before_it_was_created_does_not_blame_its_stages(tmp_path):
    planted = Planted(tmp_path)
    planted.plant("opportunities", 2, "closed", "2024-01-01")
    found = planted.check().problems
    assert set(found["rule"]) == {"closed before created"}, found.to_string()


def test_a_blank_key_does_not_hide_orphans_beside_those_it_explains(tmp_path):
    planted = Planted(tmp_path, around("orders"))
    planted.plant("accounts", 3, "account_id", "")
    planted.plant("orders", 5, "account_id", "Z9")
    found = planted.check().problems
    assert ((found["file"] == "orders.csv") & (found["value"] == "Z9")).any()


def test_rows_that_could_not_be_read_do_not_make_orphans_of_those_that_name_them(tmp_path):
    planted = Planted(tmp_path)
    planted.write("accounts", TABLES["accounts"].replace("A01,东海医院,", 'A01,"东海"医院,'))
    assert list(planted.check().problems["row"]) == [2]


def test_an_unreadable_table_does_not_make_orphans_of_all_others(tmp_path):
    planted = Planted(tmp_path)
    planted.write("accounts", b"PAR1" + bytes(100))
    assert list(planted.check().problems["file"]) == ["accounts.csv"]


def test_reading_goes_on_behind_a_broken_quotation_mark(tmp_path):
    planted = Planted(tmp_path)
    planted.write("orders", TABLES["orders"].replace("O2,1", '"O2,1').replace("46000", "46 thousand"))
    found = planted.check().problems
    assert list(found["row"]) == [4, 10]


def test_an_ambiguous_column_is_one_problem(tmp_path):
    planted = Planted(tmp_path, around("orders"))
    planted.all_of("orders", "order_date", ["01/02/2024", "03/04/2024"])
    assert len(planted.check().problems) == 1


def test_a_rule_may_be_accepted_by_its_name(tmp_path):
    planted = Planted(tmp_path)
    planted.plant("orders", 5, "paid_date", "2024-01-15")
    assert not planted.check().ok
    planted.mapping('[company]\naccept = ["orders: paid before invoiced"]')
    assert planted.check().ok


def test_the_tables_in_a_subfolder_are_found_and_named(tmp_path):
    Planted(tmp_path / "data")
    found = data.open_company(tmp_path).check(today=TODAY).problems
    assert found["what_to_do"].str.contains(f"{tmp_path}/data", regex=False).all()


def test_a_folder_that_does_not_exist_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(data.DataError, match="kam new"):
        data.open_company(tmp_path / "nowhere")


def test_a_file_that_vanishes_while_it_is_read_is_named(tmp_path):
    planted = Planted(tmp_path)
    company = planted.open()
    planted.remove("orders")
    found = company.check(today=TODAY).problems
    assert found["rule"].str.contains("cannot be read").any()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    planted = Planted(tmp_path)
    planted.path("orders").chmod(0)
    assert planted.check().problems["rule"].str.contains("cannot be read").any()


def test_the_reader_of_workbooks_runs_within_its_memory(tmp_path):
    path = tmp_path / "big.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>" + " " * 300_000_000)
    command = [sys.executable, "-m", "kamlib.intake.workbook", str(path), "", "", "100", "10", "600000000", "200000000"]
    child = subprocess.run(command, capture_output=True, check=False)
    assert child.returncode != 0
    assert b"MemoryError" in child.stderr or child.returncode < 0


def test_every_problem_says_a_rule_and_a_remedy(tmp_path):
    planted = Planted(tmp_path)
    for table in ("orders", "accounts", "leads"):
        planted.write(table, os.urandom(400))
    found = planted.check().problems
    assert (found["rule"] != "").all()
    assert (found["what_to_do"] != "").all()
    assert json.loads(found.to_json(orient="records"))


def test_a_hundred_thousand_unknown_accounts_are_named_without_delay(tmp_path):
    planted = Planted(tmp_path, ("regions", "accounts"))
    lines = ["account_id,date,nps", *(f"Z{i},2024-01-01,5" for i in range(20_000))]
    planted.write("satisfaction", "\n".join(lines))
    assert len(planted.check().problems) == 20_000


def test_near_misses_are_suggested_only_where_that_is_cheap():
    assert checks._SUGGEST_FOR * checks._SUGGEST_AMONG <= 100_000
