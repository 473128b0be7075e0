"""The demonstration company: made anew byte for byte, without a fault, and with the stories that notebooks tell."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib import data, schema

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "demo"
SHARES = {"East": 30, "North": 24, "Central": 16, "Northeast": 11, "Northwest": 8, "Southwest": 6, "South": 4}
LAST = pd.Timestamp("2025-12-31")
DATES = ["order_date", "invoice_date", "paid_date", "created", "closed", "expected_close", "entered", "date", "since"]


def read(path: Path) -> pd.DataFrame:
    """A table with its dates as dates and its blanks in texts as blanks."""
    frame = pd.read_csv(path, dtype={"opportunity_id": str, "contact_id": str})
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in DATES if name in frame})


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The committed tables; accounts' regions and types stand beside orders, deals, surveys and leads."""
    found = {path.stem: read(path) for path in [*DEMO.glob("*.csv"), *DEMO.glob("judgements/*.csv")]}
    home = found["accounts"][["account_id", "region", "account_type", "industry", "cooperation"]]
    for name in ("orders", "opportunities", "satisfaction"):
        found[name] = found[name].merge(home, on="account_id", how="left")
    own = found["leads"]["account_id"].map(home.set_index("account_id")["region"])
    found["leads"]["region"] = found["leads"]["region"].fillna(own)
    found["orders"]["year"] = found["orders"]["order_date"].dt.year
    return found


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    """The hidden values, from the script itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DEMO))
        return importlib.import_module("generate").truth()


@pytest.fixture(scope="module")
def closed(tables) -> pd.DataFrame:
    """Deals won or lost."""
    deals = tables["opportunities"]
    return deals[deals["outcome"] != "open"].assign(
        won=lambda d: d["outcome"] == "won", year=lambda d: d["closed"].dt.year
    )


def reorders(orders: pd.DataFrame) -> pd.DataFrame:
    """Order lines that neither come from a deal nor are returns."""
    return orders[orders["order_id"].str.startswith("S")]


# --- the files --------------------------------------------------------------------------------------------------------


def test_the_script_writes_the_committed_files_byte_for_byte_whatever_the_clock_zone_and_hash_seed(tmp_path):
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham", "LC_ALL": "C"}
    subprocess.run([sys.executable, str(DEMO / "generate.py"), str(tmp_path)], check=True, env=environment)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    kept = {path.relative_to(DEMO): path.read_bytes() for path in DEMO.rglob("*.csv")}
    assert set(made) == set(kept)
    assert [str(name) for name in made if made[name] != kept[name]] == []


def test_the_check_finds_no_problem_and_converts_nothing():
    check = data.open_company(DEMO).check()
    assert check.problems.to_dict("records") == []
    assert check.notes.to_dict("records") == []


def test_every_table_of_the_contract_is_there_with_every_column_but_the_region_of_orders_and_deals(tables):
    assert set(tables) == set(schema.TABLES)
    for path in DEMO.rglob("*.csv"):
        header = path.read_text("utf-8").split("\n", 1)[0].split(",")
        missing = [name for name in schema.TABLES[path.stem].by_name if name not in header]
        assert missing in ([], ["region"]), path.name


def test_files_are_small_utf_8_with_plain_line_ends_and_no_float_noise():
    files = list(DEMO.rglob("*.csv"))
    assert 6e6 < sum(path.stat().st_size for path in files) < 9.5e6
    for path in files:
        text = path.read_bytes().decode("utf-8")
        assert not text.startswith("\ufeff"), path.name
        assert "\r" not in text, path.name
        assert not pd.Series(text.split("\n")).str.contains(r"\d\.\d{4,}").any(), path.name


def test_hidden_values_are_not_in_the_data_folder():
    headers = " ".join(path.read_text("utf-8").split("\n", 1)[0] for path in DEMO.glob("*.csv"))  # not judgements/
    assert not any(word in headers for word in ("wallet", "p_win", "uplift", "elasticity", "dropout"))


def test_tables_have_the_sizes_that_notebooks_count_on(tables):
    sizes = {name: len(frame) for name, frame in tables.items()}
    assert sizes["accounts"] == 400
    assert 40_000 < sizes["orders"] < 60_000
    assert 2_500 < sizes["opportunities"] < 4_000
    assert 7_000 < sizes["leads"] < 10_000
    assert 1_500 < sizes["contacts"] < 2_000
    assert 18 <= sizes["products"] <= 25
    kinds = tables["accounts"]["account_type"].value_counts()
    assert kinds["dealer"] == 30
    assert abs(kinds["customer"] - 330) <= 10
    assert abs(kinds["prospect"] - 40) <= 10
    assert tables["products"]["category"].nunique() == 6


# --- accounts and people ----------------------------------------------------------------------------------------------


def test_provinces_are_the_31_of_the_mainland_in_seven_regions_and_accounts_stand_in_their_own():
    provinces = pd.read_csv(ROOT / "data" / "provinces.csv")
    accounts = pd.read_csv(DEMO / "accounts.csv")
    assert list(provinces.columns) == ["province_zh", "province_en", "region"]
    assert len(provinces) == provinces["province_zh"].nunique() == 31
    assert set(provinces["region"]) == set(accounts["region"]) == set(SHARES)
    known = set(provinces["province_zh"] + " " + provinces["province_en"] + "|" + provinces["region"])
    assert set(accounts["province"] + "|" + accounts["region"]) <= known


def test_account_names_are_unique_bilingual_and_narrow_enough_for_a_table(tables):
    names = tables["accounts"]["account_name"]
    assert names.is_unique
    assert names.str.match(r"^[\u4e00-\u9fff]+ [A-Za-z][A-Za-z.0-9 ]+$").all()
    assert names.map(lambda name: len(name.encode("gbk"))).max() <= 26


def test_south_has_few_accounts_and_key_accounts_are_few_everywhere(tables):
    accounts = tables["accounts"]
    assert 8 <= (accounts["region"] == "South").sum() <= 10
    hospitals = accounts[accounts["account_type"] == "customer"]
    assert 0.05 <= (hospitals["cooperation"] == "strategic").mean() <= 0.10
    assert set(accounts.loc[accounts["cooperation"] == "strategic", "region"]) == set(SHARES)


def test_some_accounts_lack_a_decision_role_or_someone_to_look_after_it(tables):
    contacts = tables["contacts"]
    roles = contacts.groupby("account_id")["decision_role"].nunique()
    assert 0.2 < (roles < 4).mean() < 0.9
    assert 0.1 < contacts["owner"].isna().mean() < 0.4
    assert contacts["reports_to"].notna().mean() > 0.4


# --- trade ------------------------------------------------------------------------------------------------------------


def test_regions_have_their_shares_of_sales(tables):
    sales = tables["orders"].groupby("region")["amount"].sum()
    share = 100 * sales / sales.sum()
    wanted = pd.Series(SHARES) * 100 / sum(SHARES.values())
    assert (share - wanted).abs().max() < 1.5


def test_margins_are_those_of_direct_sales_and_of_dealers(tables):
    orders = tables["orders"]
    sums = orders.groupby(orders["account_type"] == "dealer")[["amount", "cost"]].sum()
    margin = 1 - sums["cost"] / sums["amount"]
    assert margin[False] == pytest.approx(0.60, abs=0.03)
    assert margin[True] == pytest.approx(0.26, abs=0.03)
    assert sums["amount"][True] / sums["amount"].sum() == pytest.approx(0.2, abs=0.05)


def test_the_year_has_a_spring_festival_dip_and_a_year_end_rush(tables):
    orders = reorders(tables["orders"])
    month = orders.groupby(orders["order_date"].dt.month)["order_id"].nunique()
    usual = month.loc[3:9].mean()
    assert month[2] < 0.75 * usual
    assert month[12] > 1.25 * usual


def test_the_company_grows(tables):
    sales = tables["orders"].groupby("year")["amount"].sum()
    assert sales.is_monotonic_increasing


def test_reorders_are_as_uneven_as_gamma_rates_make_them_and_some_accounts_fall_silent(tables):
    orders = reorders(tables["orders"])
    hospitals = orders[orders["account_type"] == "customer"]
    count = hospitals.groupby("account_id")["order_id"].nunique()
    assert count.var() > 10 * count.mean()
    silent = (hospitals.groupby("account_id")["order_date"].max() < "2025-07-01").mean()
    assert 0.08 < silent < 0.25


def test_returns_bear_negative_quantities_amounts_and_costs_and_are_rare(tables):
    orders = tables["orders"]
    back = orders["order_id"].str.startswith("R")
    assert (orders.loc[back, ["quantity", "amount", "cost"]] < 0).all(axis=None)
    assert (orders.loc[~back, ["quantity", "amount", "cost"]] > 0).all(axis=None)
    assert 0.005 < back.mean() < 0.02


def test_prices_erode_and_products_sell_only_after_their_launch(tables):
    orders = tables["orders"].merge(tables["products"], on="product")
    assert (orders["order_date"] >= pd.to_datetime(orders["launched"])).all()
    hospitals = orders[(orders["account_type"] == "customer") & (orders["quantity"] > 0)]
    realised = (hospitals["amount"] / hospitals["quantity"] / hospitals["list_price"]).groupby(hospitals["year"]).mean()
    assert realised.is_monotonic_decreasing
    assert 0.01 < realised[2023] - realised[2025] < 0.08


def test_public_hospitals_pay_up_to_a_year_late_and_some_money_is_still_out(tables):
    deals = tables["orders"][lambda o: o["order_id"].str.startswith("D")]
    days = (deals["paid_date"] - deals["invoice_date"]).dt.days
    public = ~deals["industry"].isin(["private hospital", "dealer"])
    assert 130 < days[public].mean() < 190
    assert days[~public].mean() < 80
    assert 365 < days.max() <= 90 + 366
    assert tables["orders"]["paid_date"].isna().mean() > 0.05


def test_cost_to_serve_makes_some_key_accounts_lose_money(tables):
    sums = (
        tables["orders"].groupby(["account_id", "cooperation"], dropna=False)[["amount", "cost"]].sum().reset_index(1)
    )
    served = tables["service_costs"].groupby("account_id")["cost"].sum().reindex(sums.index, fill_value=0)
    profit = sums["amount"] - sums["cost"] - served
    assert 0.10 < served.sum() / sums["amount"].sum() < 0.20
    key = profit[sums["cooperation"] == "strategic"]
    assert 3 <= (key < 0).sum() <= 0.35 * len(key)
    assert key.median() > 0


def test_margins_of_key_accounts_fall_with_the_years(tables):
    key = tables["orders"][lambda o: o["cooperation"] == "strategic"].groupby("account_id")[["amount", "cost"]].sum()
    since = tables["accounts"].set_index("account_id")["since"].reindex(key.index)
    assert (1 - key["cost"] / key["amount"]).corr(LAST - since, method="spearman") < -0.2


def test_potential_drives_spend(tables, truth):
    spend = tables["orders"].groupby("account_id")["amount"].sum()
    beds = tables["accounts"].set_index("account_id")["beds"].reindex(spend.index)
    assert spend.corr(beds, method="spearman") > 0.6
    wallet = truth["accounts"].set_index("account_id")["wallet"].reindex(spend.index)
    assert (spend / 3 <= wallet).all()
    assert 0.15 < (spend / 3 / wallet).median() < 0.35


# --- leads and deals --------------------------------------------------------------------------------------------------


def test_five_to_fourteen_leads_in_a_hundred_become_orders(tables, closed):
    leads = tables["leads"][lambda f: f["created"] < "2025-06-01"]
    won = leads["opportunity_id"].isin(closed.loc[closed["won"], "opportunity_id"])
    assert 0.05 < won.mean() < 0.14
    by_source = won.groupby(leads["source"]).mean()
    assert by_source.between(0.035, 0.145).all()
    assert by_source.idxmax() == "installed_base"
    assert by_source.idxmin() == "exhibitions"


def test_deals_are_won_as_often_as_in_the_trade_and_take_117_days_from_the_lead(tables, closed):
    assert closed.groupby("region")["won"].mean().between(0.13, 0.31).all()
    assert 0.18 < closed["won"].mean() < 0.25
    won = closed[closed["won"]]
    found = tables["leads"][["opportunity_id", "created"]].dropna().rename(columns={"created": "found"})
    won = won.merge(found, on="opportunity_id")
    days = (won["closed"] - won["found"]).dt.days
    assert days.mean() == pytest.approx(117, abs=6)
    assert days.std() > 30


def test_stages_are_entered_in_order_some_again_and_a_win_is_the_award(tables, closed):
    history = tables["stage_history"].merge(tables["stages"][["stage", "order"]], on="stage")
    history = history.sort_values(["opportunity_id", "entered", "order"])
    back = history.groupby("opportunity_id")["order"].diff() < 0
    assert 0.05 < back.groupby(history["opportunity_id"]).any().mean() < 0.25
    award = history[history["stage"] == "award"].set_index("opportunity_id")["entered"]
    won = closed[closed["won"]].set_index("opportunity_id")["closed"]
    assert award.sort_index().equals(won.sort_index().rename("entered"))
    first = history.drop_duplicates("opportunity_id").set_index("opportunity_id")
    assert (first["stage"] == "need").all()
    created = tables["opportunities"].set_index("opportunity_id")["created"]
    assert (first["entered"] == created.reindex(first.index)).all()


def test_the_order_of_a_won_deal_bears_its_number_day_and_amount(tables, closed):
    won = closed[closed["won"]].set_index("opportunity_id").sort_index()
    orders = tables["orders"][lambda o: o["order_id"].str.startswith("D")].groupby("order_id")
    assert orders["amount"].sum().to_dict() == won["closed_amount"].astype(int).to_dict()
    assert orders["order_date"].first().to_dict() == won["closed"].to_dict()
    assert 0.90 < (won["closed_amount"] / won["amount"]).mean() < 0.98


def test_the_stated_closing_date_does_not_tell_the_outcome_or_the_true_date(closed):
    stated = (closed["expected_close"] - closed["created"]).dt.days
    assert abs(stated.corr(closed["won"].astype(float))) < 0.05
    won = closed["won"]
    assert abs(stated[won].corr((closed["closed"] - closed["created"]).dt.days[won])) < 0.1


def test_chances_of_winning_are_as_the_truth_says(closed, truth):
    deals = closed.merge(truth["deals"], on="opportunity_id")
    groups = deals.groupby(pd.qcut(deals["p_win"], 5, labels=False))[["p_win", "won"]].mean()
    assert (groups["p_win"] - groups["won"]).abs().max() < 0.06
    assert groups["won"].iloc[-1] > 4 * groups["won"].iloc[0]


def test_covered_roles_weak_rivals_and_the_installed_base_win_more(tables, closed):
    contacts = tables["contacts"][lambda c: c["owner"].notna()]
    covered = closed["account_id"].map(contacts.groupby("account_id")["decision_role"].nunique()).fillna(0)
    rate = closed.groupby(covered.clip(1, 4))["won"].mean()
    assert rate.is_monotonic_increasing
    assert rate[4] > 1.5 * rate[1]
    rival = closed.groupby("competitor")["won"].mean()
    assert rival["锐岑 Ruicen"] > rival["哈瓦德 Halvard"] + 0.08


# --- the stories ------------------------------------------------------------------------------------------------------


def test_northwest_is_in_trouble(tables, closed):
    orders = tables["orders"][lambda o: o["region"] == "Northwest"]
    sales = orders.groupby("year")["amount"].sum()
    assert sales.is_monotonic_decreasing
    assert sales[2025] < 0.6 * sales[2023]
    won = closed[closed["region"] == "Northwest"].groupby("year")["won"].mean()
    assert won.is_monotonic_decreasing
    assert won[2025] < 0.10
    moods = tables["satisfaction"][lambda s: s["region"] == "Northwest"]
    assert moods.groupby(moods["date"].dt.year)["csat"].mean().is_monotonic_decreasing
    direct = orders[orders["account_type"] == "customer"]
    waited = (direct["paid_date"].fillna(LAST) - direct["invoice_date"]).dt.days
    median = waited.groupby(direct["invoice_date"].dt.to_period("Q")).median()
    assert median["2025Q2"] > 1.3 * median["2023Q2"]


def test_a_batch_of_northwest_deals_stands_still(tables):
    deals = tables["opportunities"][lambda d: d["outcome"] == "open"]
    age = (LAST - deals["created"]).dt.days
    old = (age > 150).groupby(deals["region"]).agg(["sum", "mean"])
    assert old.loc["Northwest", "sum"] >= 10
    assert old.loc["Northwest", "mean"] > 0.6
    assert (old["mean"].drop("Northwest") < 0.25).all()


def test_northwest_loses_its_largest_key_account(tables, truth):
    keys = tables["accounts"][lambda a: (a["region"] == "Northwest") & (a["cooperation"] == "strategic")]
    left = truth["accounts"].set_index("account_id")["left"].reindex(keys["account_id"])
    gone = tables["orders"][lambda o: o["account_id"].isin(left[left != ""].index)]
    assert len(gone)
    assert reorders(gone).groupby("account_id")["order_date"].max().max() < pd.Timestamp("2025-02-15")


def test_southwest_shines(tables, closed):
    orders = tables["orders"][lambda o: o["region"] == "Southwest"]
    sales = orders.groupby("year")["amount"].sum()
    assert sales.is_monotonic_increasing
    assert sales[2025] > 1.9 * sales[2023]
    recent = closed[closed["year"] == 2025].groupby("region")["won"].mean()
    assert recent.idxmax() == "Southwest"
    moods = tables["satisfaction"][lambda s: s["date"].dt.year == 2025].groupby("region")["csat"].mean()
    assert moods.idxmax() == "Southwest"


def test_delays_lower_satisfaction_and_the_dissatisfied_leave(tables, truth):
    lines = tables["orders"]
    wait = (lines["invoice_date"] - lines["order_date"]).dt.days.groupby(lines["account_id"]).mean()
    mood = tables["satisfaction"].groupby("account_id")["csat"].mean()
    assert mood.corr(wait.reindex(mood.index), method="spearman") < -0.1
    left = truth["accounts"].set_index("account_id")["left"].reindex(mood.index) != ""
    assert mood[left].mean() < mood[~left].mean() - 0.08


def test_effort_pays_with_the_published_elasticity(tables, truth):
    assert truth["response"]["elasticity"].mean() == pytest.approx(0.34, abs=0.02)
    effort = np.log(truth["effort"]).stack().rename("effort")
    quarter = 4 * (tables["orders"]["year"] - 2023) + tables["orders"]["order_date"].dt.quarter - 1
    lines = reorders(tables["orders"].assign(quarter=quarter))
    count = lines.groupby(["account_id", "quarter"])["order_id"].nunique()
    both = pd.concat([effort.rename_axis(["account_id", "quarter"]), np.log(count).rename("orders")], axis=1).dropna()
    both = both[both.groupby("account_id")["orders"].transform("mean") > np.log(4)]
    both -= both.groupby("account_id").transform("mean")
    both -= both.groupby("quarter").transform("mean")
    slope = (both["effort"] * both["orders"]).sum() / (both["effort"] ** 2).sum()
    assert 0.2 < slope < 0.45


def test_the_pilot_shows_its_effect_and_its_arms_were_alike_before(tables, truth):
    orders = reorders(tables["orders"]).merge(tables["pilots"][["account_id", "arm"]], on="account_id")
    count = orders.groupby(["year", "arm"])["order_id"].nunique().unstack()
    ratio = count["treated"] / count["control"]
    effect = truth["pilot"]["effect"].iloc[0]
    assert abs(ratio[2024] / ratio[2023] - 1) < 0.1
    assert ratio[2025] / ratio[2024] - 1 == pytest.approx(effect, abs=0.15)


def test_discount_promotions_raise_quantities_and_borrow_from_the_weeks_after(tables, truth):
    promotions = tables["promotions"].merge(truth["promotions"], on="promotion_id")
    during, after, usual = 0.0, 0.0, 0.0
    for promotion in promotions.itertuples():
        start, end = pd.Timestamp(promotion.start), pd.Timestamp(promotion.end)
        mine = tables["orders"][
            lambda o, p=promotion: (o["region"] == p.region) & (o["product"] == p.product) & (o["quantity"] > 0)
        ]
        month = mine["order_date"]
        weight = 1 / mine["quantity"].sum()
        during += weight * mine.loc[month.between(start, end), "quantity"].sum() / ((end - start).days + 1)
        later = month.between(end + pd.Timedelta(days=1), end + pd.Timedelta(days=42))
        after += weight * mine.loc[later, "quantity"].sum() / 42
        usual += 1 / 1096
    assert during / usual > 1.2
    assert after < during


def test_targets_cover_three_years_and_sum_to_their_regions(tables):
    targets = tables["targets"][lambda t: t["metric"] == "sales"].assign(period=lambda t: t["period"].astype(str))
    region = targets[targets["account_id"].isna() & targets["owner"].isna()].set_index(["region", "period"])["target"]
    assert set(region.index) >= {(name, year) for name in SHARES for year in ("2024", "2025", "2026")}
    for name in SHARES:
        year = region[name]
        assert year[year.index.str.match("2025-Q")].sum() == year["2025"]
        assert year[year.index.str.fullmatch(r"2025-\d\d")].sum() == year["2025"]
        people = targets[(targets["region"] == name) & targets["owner"].notna()].groupby("period")["target"].sum()
        assert people.to_dict() == {period: year[period] for period in people.index}


def test_every_region_has_a_joint_plan_and_a_few_actions_are_incomplete(tables):
    actions = tables["initiatives"]
    home = tables["accounts"].set_index("account_id")["region"]
    assert set(actions["account_id"].map(home)) == set(SHARES)
    gaps = actions[["our_owner", "their_owner", "end", "their_cost"]].isna().any(axis=1)
    assert 0.03 < gaps.mean() < 0.35


def test_nothing_happened_after_the_day_of_the_export(tables):
    for name, table in schema.TABLES.items():
        for column in table.columns:
            if column.event and column.name in tables[name]:
                assert pd.to_datetime(tables[name][column.name]).max() <= LAST, (name, column.name)
