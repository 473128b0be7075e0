"""The front page's order of decisions: five to begin with by a stated rule, nothing lost, each account together."""

import pandas as pd
import pytest

from kamlib import edition, exports
from kamlib.driver import agenda, narrative, pages
from kamlib.driver.jobs import Entry, Report

SOON, LATE = pd.Timestamp("2025-01-14"), pd.Timestamp("2025-01-30")


@pytest.fixture(autouse=True)
def _english():
    edition.use("en")
    yield
    edition.use("en")


def made(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["chapter", "account_name", "owner", "by_when"])
    return frame.assign(evidence="e", action="a")


ROWS = made(
    ("10", "X", "Li", LATE),
    ("11", "Y", "Li", LATE),
    ("12", "X", "Li", SOON),
    ("12", "Y", None, LATE),
    ("20", "Y", "Wu", LATE),
    ("20", "Z", "Wu", LATE),
)


def test_the_earliest_date_comes_first_then_the_account_most_chapters_name_and_no_account_twice():
    # X in 12 is due soonest; of the rest Y is named by three chapters, Z by one
    begin = agenda.first(ROWS)
    assert list(zip(begin["account_name"], begin["chapter"], strict=True)) == [("X", "12"), ("Y", "11"), ("Z", "20")]


def test_at_most_five_are_to_begin_with_and_the_others_are_all_under_an_owner():
    many = made(*[("10", f"A{n}", "Li" if n % 2 else None, LATE) for n in range(12)])
    begin = agenda.first(many)
    owned = agenda.by_owner(many, begin)
    assert len(begin) == agenda.FIRST
    assert sorted([*begin.index, *(at for _name, rows in owned for at in rows.index)]) == list(range(12))
    assert [name for name, _rows in owned] == ["Li", ""]


def test_decisions_of_several_chapters_about_an_account_stand_together():
    found = agenda.by_account(ROWS)
    assert [(name, list(rows["chapter"])) for name, rows in found] == [("Y", ["11", "12", "20"]), ("X", ["10", "12"])]


def test_no_decisions_are_no_fault():
    none = ROWS.head(0)
    assert agenda.first(none).empty
    assert agenda.by_account(none) == agenda.by_owner(none, none) == []


def front(rows: pd.DataFrame) -> str:
    numbers = sorted(set(rows["chapter"]))
    entries = [Entry(f"{number}_x", f"Chapter {number}", "done") for number in numbers]
    columns = list(exports.DECISION_COLUMNS)
    contents = {f"{n}_x": narrative.Content(decisions=rows.loc[rows["chapter"] == n, columns]) for n in numbers}
    names = {"en": "East", "zh": "华东"}
    report = Report("en", names, names, "East", "East", "2025-01-01", "acme", entries=entries)
    return pages.region_page(report, contents, glossary=False)


def test_the_front_page_marks_accounts_with_three_decisions_and_names_the_ownerless():
    page = front(ROWS)
    assert "First five things this week" in page
    assert 'Y <span class="badge warned">3 decisions' in page
    assert 'X <span class="badge">2 decisions' in page
    assert "3 more, by owner" in page
    assert "to be named" in page


def test_a_front_page_without_decisions_says_so():
    assert "No chapter published decisions." in front(ROWS.head(0))
