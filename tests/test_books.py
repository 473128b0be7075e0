"""What leaves through the door: one region's rows, as they were known on a day, and aggregates over enough accounts."""

import datetime as dt
import pickle

import pandas as pd
import pytest
from company import AS_OF, TABLES, Planted
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import data, edition, schema
from kamlib.intake import books, checks
from kamlib.problems import Cells

DAYS = ("2023-03-01", "2024-02-01", "2024-06-15", "2024-10-09", "2025-06-30", AS_OF)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> data.Company:
    """The company of the tests; nobody changes it."""
    return Planted(tmp_path_factory.mktemp("company")).open()


def events(table: schema.Table) -> list[schema.Column]:
    return [column for column in table.columns if column.event and column.kind == "date"]


# --- as_of ---


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("region", ["East", "South", "all"])
def test_no_event_after_as_of_is_in_any_table(company, region, day):
    book = company.book(region, day)
    for table in schema.TABLES.values():
        frame = getattr(book, table.name)
        for column in events(table):
            assert not (frame[column.name] > day).any(), f"{table.name}.{column.name}"


def test_a_deal_closed_later_is_open_and_says_nothing_of_its_end(company):
    deals = company.book("East", "2024-06-14").opportunities.set_index("opportunity_id")
    assert list(deals["outcome"]) == ["open", "open"]
    assert deals[["closed", "closed_amount", "competitor", "lost_reason"]].isna().all(axis=None)


def test_a_deal_closed_on_the_day_itself_is_closed(company):
    deals = company.book("East", "2024-06-15").opportunities.set_index("opportunity_id")
    assert deals.loc["D1", "outcome"] == "won"
    assert deals.loc["D1", "closed_amount"] == 1_950_000


def test_a_stage_entered_later_does_not_exist(company):
    stages = company.book("East", "2024-05-01").stage_history
    assert list(stages["stage"]) == ["need", "tender", "need", "tender"]


def test_a_deal_created_later_does_not_exist_nor_what_names_it(company):
    book = company.book("South", "2024-12-31")
    assert list(book.opportunities["opportunity_id"]) == ["D3"]
    assert set(book.stage_history["opportunity_id"]) == {"D3"}


def test_a_lead_converted_later_is_still_qualified(company):
    leads = company.book("East", "2024-01-19").leads.set_index("lead_id")
    assert leads.loc["L1", "status"] == "qualified"
    assert pd.isna(leads.loc["L1", "opportunity_id"])


def test_a_lead_whose_deal_is_not_known_yet_is_still_qualified_even_without_a_closing_date(tmp_path):
    planted = Planted(tmp_path)
    planted.drop("leads", "closed")
    leads = planted.open().book("East", "2024-01-19").leads.set_index("lead_id")
    assert leads.loc["L1", "status"] == "qualified"


def test_invoices_and_payments_that_lie_ahead_are_blank_while_the_order_stays(company):
    orders = company.book("South", "2023-08-01").orders.set_index("order_id")
    assert orders.loc["O8", "amount"] == 46_000
    assert pd.isna(orders.loc["O8", "invoice_date"])
    assert pd.isna(orders.loc["O7", "paid_date"])
    assert orders.loc["O7", "invoice_date"] == pd.Timestamp("2023-04-10")


def test_a_future_customer_is_a_prospect(company):
    accounts = company.book("South", "2022-06-30").accounts.set_index("account_id")
    assert accounts.loc["B03", "account_type"] == "prospect"
    assert pd.isna(accounts.loc["B03", "cooperation"])
    assert pd.isna(accounts.loc["B03", "since"])


def test_a_month_and_a_year_are_known_when_they_are_over(company):
    assert len(company.book("East", "2024-02-28").service_costs) == 1
    assert len(company.book("East", "2024-02-29").service_costs) == 3
    assert company.book("East", "2024-12-30").market.empty
    assert len(company.book("East", "2024-12-31").market) == 1


def test_plans_may_lie_ahead(company):
    book = company.book("South", "2024-06-30")
    assert (book.opportunities["expected_close"] > "2024-06-30").all()
    assert len(company.book("East", "2025-06-30").initiatives) == 1


def test_a_product_not_yet_on_sale_a_judgement_not_yet_made_and_a_contract_not_yet_signed_are_unknown(company):
    book = company.book("all", "2016-12-31")
    assert list(book.products["product"]) == ["MRI-1", "PUMP"]
    assert book.weights.empty
    assert book.dealers.empty


def test_rows_without_a_date_that_may_be_blank_are_known_on_the_last_day_only(tmp_path):
    planted = Planted(tmp_path, ("regions", "accounts", "products"))
    (tmp_path / "raw.csv").write_text("id,acc,day\nD1,A01,\nD2,A01,2024-01-01\n", "utf-8")
    planted.mapping(
        '[company]\nexported = 2025-12-31\n[tables.opportunities]\nfile = "raw.csv"\n[tables.opportunities.columns]\n'
        'opportunity_id = "id"\naccount_id = "acc"\noutcome = { const = "open" }\namount = { const = "1" }\n'
        'created = { from = "day", may_be_blank = true }\n'
    )
    assert len(planted.open().book("East").opportunities) == 2
    assert list(planted.open().book("East", "2025-12-30").opportunities["opportunity_id"]) == ["D2"]


def test_the_data_ends_with_its_last_event_or_on_the_day_of_the_export(tmp_path, company):
    assert company.as_of == pd.Timestamp("2025-11-12")
    planted = Planted(tmp_path)
    planted.mapping("[company]\nexported = 2025-12-31")
    assert planted.open().as_of == pd.Timestamp("2025-12-31")
    assert planted.open().book("East").as_of == pd.Timestamp("2025-12-31")


# --- isolation ---


def canary(planted: Planted) -> data.Company:
    """Everything that is South's alone sings."""
    ours = {f"B0{i}" for i in range(1, 6)} | {
        "C3",
        "C4",
        "D3",
        "D4",
        "I3",
        "L3",
        "L4",
        "N2",
        "P2",
        "Chen Jie",
        "岭南医院",
    }
    for table in TABLES:
        rows = planted.rows(table)
        planted.put(table, [[f"CANARY-{c}" if c in ours else c for c in row] for row in rows])
    planted.plant("accounts", 2, "parent_account_id", "CANARY-B01")
    return planted.open()


def test_nothing_of_another_region_is_in_a_book_not_even_in_its_memory(tmp_path):
    book = canary(Planted(tmp_path)).book("East", AS_OF)
    for name in schema.TABLES:
        frame = getattr(book, name)
        assert b"CANARY" not in pickle.dumps(frame), name
        assert "CANARY" not in frame.to_csv(), name
    assert book.accounts["parent_account_id"].dropna().tolist() == ["A01"]


def test_nothing_of_another_region_is_in_a_book_cut_from_parquet_dictionaries(tmp_path):
    planted = Planted(tmp_path)
    source = canary(planted)
    for name in TABLES:
        frame = source.table(name).frame
        texts = frame.select_dtypes("str").columns
        frame.astype(dict.fromkeys(texts, "category")).to_parquet(planted.path(name, ".parquet"))
        planted.remove(name)
    assert planted.check().ok
    book = planted.open().book("East", AS_OF)
    for name in schema.TABLES:
        frame = getattr(book, name)
        assert b"CANARY" not in pickle.dumps(frame), name
        assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes)


def test_a_saved_book_holds_nothing_of_another_region(tmp_path):
    canary(Planted(tmp_path / "company")).book("East", AS_OF).save(tmp_path / "saved")
    for path in (tmp_path / "saved").iterdir():
        assert b"CANARY" not in path.read_bytes(), path.name


def test_a_shared_customer_is_seen_by_the_regions_that_serve_it_and_each_sees_its_own_rows(company):
    east, south = company.book("East", AS_OF), company.book("South", AS_OF)
    assert "G01" in set(east.accounts["account_id"])
    assert list(east.orders.loc[east.orders["account_id"] == "G01", "order_id"]) == ["O12"]
    assert list(south.orders.loc[south.orders["account_id"] == "G01", "order_id"]) == ["O13"]


def test_a_shared_customer_is_not_seen_before_a_region_serves_it(company):
    assert "G01" not in set(company.book("East", "2025-02-01").accounts["account_id"])
    assert "G01" in set(company.book("East", "2025-02-02").accounts["account_id"])


@pytest.mark.parametrize("table", ["orders", "opportunities", "leads"])
def test_every_row_belongs_to_exactly_one_region(company, table):
    key = list(schema.TABLES[table].key)
    cut = pd.concat([getattr(company.book(region, AS_OF), table) for region in company.regions])
    whole = getattr(company.book("all", AS_OF), table)
    assert sorted(map(tuple, cut[key].to_numpy())) == sorted(map(tuple, whole[key].to_numpy()))


def test_a_region_goes_by_its_english_and_chinese_name_too(company):
    assert company.book("华东", AS_OF).region == "East"
    with pytest.raises(data.DataError, match=r"unknown region 'North'. Known: East, South"):
        company.book("North", AS_OF)


def test_a_row_that_nobody_knows_the_owner_of_stops_the_book(tmp_path):
    planted = Planted(tmp_path)
    planted.plant("orders", 5, "account_id", "Z9")
    with pytest.raises(data.DataError, match="unknown account_id 'Z9'"):
        _ = planted.open().book("East", AS_OF).orders


# --- the book itself ---


def test_a_table_the_company_lacks_is_an_empty_one_with_its_types(tmp_path):
    book = Planted(tmp_path, ("regions", "accounts")).open().book("East", AS_OF)
    assert book.orders.empty
    assert list(book.orders.columns) == list(schema.TABLES["orders"].by_name)
    assert book.orders["order_date"].dtype == "datetime64[us]"
    assert not book.has("orders")
    assert book.has("accounts")


def test_what_a_notebook_does_to_a_frame_stays_in_the_notebook(company):
    book = company.book("East", AS_OF)
    mine = book.orders
    mine["amount"] = 0
    assert book.orders["amount"].sum() > 0


def test_an_unknown_table_is_an_attribute_error_that_names_it(company):
    with pytest.raises(AttributeError, match="'sales'"):
        _ = company.book("East", AS_OF).sales


def test_a_book_has_a_name_in_both_languages_and_a_currency(company):
    book = company.book("East", AS_OF)
    assert (book.name, book.currency) == ("East", "CNY")
    edition.use("zh")
    try:
        assert book.name == "华东"
    finally:
        edition.use("en")


def test_amounts_of_different_currencies_cannot_be_added_up(tmp_path):
    planted = Planted(tmp_path, ("regions", "accounts"))
    planted.plant("regions", 3, "currency", "USD")
    with pytest.raises(data.DataError, match="cannot be added up"):
        _ = planted.open().book("all", AS_OF).currency
    assert planted.open().book("South", AS_OF).currency == "USD"


# --- aggregates over all regions ---


def revenue(orders: pd.DataFrame) -> pd.DataFrame:
    """Per region: sales and how many accounts are behind them."""
    groups = orders.groupby("region", as_index=False)
    return groups.agg(amount=("amount", "sum"), accounts=("account_id", "nunique"))


def test_an_aggregate_over_fewer_than_five_accounts_is_left_out(company):
    assert list(company.book("East", AS_OF).pooled(revenue, "orders")["region"]) == ["East", "South"]
    early = company.book("East", "2024-06-30").pooled(revenue, "orders")
    assert list(early["region"]) == ["East"]
    assert early["accounts"].tolist() == [5]


def test_four_accounts_are_too_few(company):
    orders = company.book("East", "2024-03-31").orders
    assert orders["account_id"].nunique() == 4
    assert company.book("South", "2024-03-31").pooled(revenue, "orders").empty


def test_an_aggregate_knows_nothing_after_as_of(company):
    early = company.book("South", "2024-12-31").pooled(revenue, "orders")
    whole = company.book("all", "2024-12-31").orders
    assert early.loc[early["region"] == "East", "amount"].iloc[0] <= whole["amount"].sum()


def test_an_aggregate_must_say_how_many_accounts_are_behind_it(company):
    with pytest.raises(ValueError, match="'accounts'"):
        company.book("East", AS_OF).pooled(lambda orders: orders[["amount"]], "orders")


def test_the_levels_of_a_category_that_was_left_out_are_gone(company):
    def labelled(orders: pd.DataFrame) -> pd.DataFrame:
        return revenue(orders).astype({"region": "category"})

    early = company.book("East", "2024-06-30").pooled(labelled, "orders")
    assert list(early["region"].cat.categories) == ["East"]


# --- snapshots ---


def test_a_saved_book_opens_as_it_was(company, tmp_path):
    book = company.book("East", "2025-06-30")
    book.save(tmp_path / "saved", [(revenue, ("orders",))])
    opened = data.open_company(tmp_path / "saved").book("East", "2025-06-30")
    assert (opened.region, opened.as_of, opened.company, opened.tables) == (
        book.region, book.as_of, book.company, book.tables)  # fmt: skip
    for name in schema.TABLES:
        pd.testing.assert_frame_equal(getattr(opened, name), getattr(book, name))
    pd.testing.assert_frame_equal(opened.pooled(revenue, "orders"), book.pooled(revenue, "orders"))
    assert opened.name == book.name


def test_a_saved_book_is_of_one_region_and_day(company, tmp_path):
    company.book("East", AS_OF).save(tmp_path)
    saved = data.open_company(tmp_path)
    with pytest.raises(data.DataError, match="another region or day"):
        saved.book("South", AS_OF)
    with pytest.raises(data.DataError, match="another region or day"):
        saved.book("East", "2026-01-01")


def test_a_saved_book_has_only_the_aggregates_that_were_saved_with_it(company, tmp_path):
    company.book("East", AS_OF).save(tmp_path)
    with pytest.raises(data.DataError, match="holds no such aggregate"):
        data.open_company(tmp_path).book("East").pooled(revenue, "orders")


# --- any company ---


class InMemory:
    """A source of tables that are frames of text."""

    def __init__(self, tables: dict[str, pd.DataFrame]):
        self.tables, self.problems, self.notes = tables, [], []

    def names(self) -> dict[str, str]:
        return {name: f"{name}.csv" for name in self.tables}

    def cells(self, name: str) -> Cells:
        frame = self.tables[name].astype("str")
        return Cells(f"{name}.csv", frame.set_axis(pd.RangeIndex(2, len(frame) + 2), axis=0))

    def slice(self, *_args: object, **_more: object) -> None:
        return None

    def latest(self, *_args: object) -> None:
        return None

    def elsewhere(self) -> str:
        return ""


DAY = st.dates(dt.date(2023, 1, 1), dt.date(2025, 12, 31)).map(str)
REGIONS = ("East", "South", "West")


@st.composite
def companies(draw) -> data.Company:
    """A company of three regions with accounts, orders, deals and stages that keep the rules."""
    homes = draw(st.lists(st.sampled_from([*REGIONS, "all"]), min_size=1, max_size=12))
    ids = [f"A{i}" for i in range(len(homes))]

    def owned(ids: list[str], days: int, size: int) -> list[list[str]]:
        rows = []
        for i in range(draw(st.integers(0, size))):
            home = draw(st.integers(0, len(ids) - 1))
            own = draw(st.sampled_from(REGIONS)) if homes[home] == "all" else ""
            rows.append([f"X{i}", ids[home], own, *sorted(draw(DAY) for _d in range(days))])
        return rows

    orders = [[*row, "1", "5"] for row in owned(ids, 2, 25)]
    deals = [[*row, draw(st.sampled_from(["won", "lost"])), "7"] for row in owned(ids, 2, 15)]
    stages = [[row[0], "need", row[3]] for row in deals]
    parents = [draw(st.sampled_from(["", *ids[:i]])) if i else "" for i in range(len(ids))]
    tables = {
        "regions": [[r, r, f"区{r}", "CNY", "1", "0.1"] for r in REGIONS],
        "accounts": [[i, f"name {i}", h, "customer", p] for i, h, p in zip(ids, homes, parents, strict=True)],
        "orders": orders,
        "opportunities": deals,
        "stage_history": stages,
        "stages": [["need", "1", "deal"]],
    }
    columns = {
        "regions": ["region", "name_en", "name_zh", "currency", "fiscal_year_start", "discount_rate"],
        "accounts": ["account_id", "account_name", "region", "account_type", "parent_account_id"],
        "orders": ["order_id", "account_id", "region", "order_date", "paid_date", "quantity", "amount"],
        "opportunities": ["opportunity_id", "account_id", "region", "created", "closed", "outcome", "amount"],
        "stage_history": ["opportunity_id", "stage", "entered"],
        "stages": ["stage", "order", "funnel"],
    }
    frames = {name: pd.DataFrame(rows, columns=columns[name], dtype="str") for name, rows in tables.items()}
    frames["orders"]["product"] = "P"
    return data.Company("memory", "memory", InMemory(frames))


@settings(max_examples=25, deadline=None)
@given(companies(), DAY, st.sampled_from(REGIONS))
def test_in_any_company_a_book_is_one_regions_and_of_its_day(company, day, region):
    assert company.check(today=dt.date(2026, 1, 1)).ok
    book = company.book(region, day)
    homes = company.table("accounts").frame.set_index("account_id")["region"]
    assert set(book.accounts["region"]) <= {region, "all"}
    for frame in (book.orders, book.opportunities):
        owner = frame["region"].fillna(frame["account_id"].map(homes))
        assert set(owner) <= {region}
        assert set(frame["account_id"]) <= set(book.accounts["account_id"])
    assert set(book.stage_history["opportunity_id"]) <= set(book.opportunities["opportunity_id"])
    assert set(book.accounts["parent_account_id"].dropna()) <= set(book.accounts["account_id"])
    assert not (book.orders[["order_date", "paid_date"]] > day).any(axis=None)
    assert not (book.opportunities[["created", "closed"]] > day).any(axis=None)
    assert (book.opportunities.loc[book.opportunities["closed"].isna(), "outcome"] == "open").all()


@settings(max_examples=25, deadline=None)
@given(companies(), DAY, st.sampled_from(REGIONS))
def test_in_any_company_no_aggregate_is_over_fewer_than_five_accounts(company, day, region):
    pooled = company.book(region, day).pooled(revenue, "orders")
    whole = company.book("all", day)
    homes = company.table("accounts").frame.set_index("account_id")["region"]
    orders = whole.orders.assign(region=lambda d: d["region"].fillna(d["account_id"].map(homes)))
    counts = orders.groupby("region")["account_id"].nunique()
    assert set(pooled["region"]) == set(counts[counts >= books.FEWEST_ACCOUNTS].index)


def test_the_empty_frames_have_the_types_of_full_ones(company):
    for name, table in schema.TABLES.items():
        full = company.table(name).frame
        assert checks.empty(table).dtypes.equals(full.dtypes), name
