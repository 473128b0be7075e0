"""The page of an account: every account of every company gets one, and what is unknown stands on it."""

from pathlib import Path

import pandas as pd
import pytest

from kamlib import data, dossier, edition

ROOT = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def books():
    demo, maven = (data.open_company(ROOT / name) for name in ("demo", "maven_crm"))
    return {"demo": demo.book("Northwest", "2025-12-31"), "maven": maven.book("West", "2017-12-31")}


def gathered(book):
    return dossier.gather({name: getattr(book, name) for name in dossier.TABLES}, as_of=book.as_of)


@pytest.fixture(params=["en", "zh"])
def language(request):
    edition.use(request.param)
    yield request.param
    edition.use("en")


@pytest.mark.parametrize("company", ["demo", "maven"])
def test_every_account_has_a_page_in_both_languages(books, company, language):
    tables = gathered(books[company])
    for account_id in tables["accounts"]["account_id"]:
        page = dossier.page(tables, account_id)
        assert page["section"].iloc[-1] == edition._("What we do not know")
        assert page["detail"].str.len().gt(0).all()
        assert not page["detail"].str.contains(r"\b(?:nan|None|NaT)\b|<NA>").any()


def test_a_company_without_contacts_says_that_it_keeps_none(books):
    page = dossier.page(gathered(books["maven"]), books["maven"].accounts["account_id"].iloc[0])
    unknown = page[page["fact"] == "kept for no account"]["detail"].iloc[0]
    assert "contacts" in unknown
    assert "satisfaction" in unknown
    assert "People" not in set(page["section"])


def test_a_customer_without_an_order_says_so(books):
    book = books["demo"]
    tables = {name: getattr(book, name) for name in dossier.TABLES}
    tables["orders"] = tables["orders"].iloc[:0]
    page = dossier.page(dossier.gather(tables, as_of=book.as_of), book.accounts["account_id"].iloc[0])
    assert page.loc[page["section"] == "Buying", ["fact", "detail"]].values.tolist() == [["orders", "none on record"]]


def test_what_the_page_says_is_what_the_tables_say(books):
    book = books["demo"]
    tables = gathered(book)
    account = book.opportunities.query("outcome == 'open'")["account_id"].iloc[0]
    page = dossier.page(tables, account).set_index("fact")["detail"]
    deals = book.opportunities[book.opportunities["account_id"] == account]
    running = deals[deals["outcome"] == "open"]
    assert page["open"].startswith(f"{len(running)} worth {edition.compact(running['amount'].sum())}")
    assert page["closed so far"].endswith(f"won of {len(deals) - len(running)}")
    last = book.orders.query("account_id == @account and amount > 0")["order_date"].max()
    assert page["last order"].startswith(f"{last:%Y-%m-%d}")


def test_an_unknown_account_is_refused(books):
    with pytest.raises(ValueError, match="no account A999"):
        dossier.page(gathered(books["demo"]), "A999")


def test_the_interval_of_one_answer_is_the_whole_scale_and_of_alike_answers_a_point():
    assert dossier.mean_interval(pd.Series([4.0])) == (1, 5)
    assert dossier.mean_interval(pd.Series([4.0, 4.0, 4.0])) == (4, 4)
    low, high = dossier.mean_interval(pd.Series([1.0, 5.0]))
    assert (low, high) == (1, 5)


def test_names_that_nobody_planned_stay_as_they_are():
    assert dossier.need_name("cold chain") == "cold chain"
    assert dossier.fact_name("postcode") == "postcode"
