"""Account profitability: worked examples, invariants, and the gallery of odd companies."""

import numpy as np
import pandas as pd
import pytest

from kamlib import value

AS_OF = pd.Timestamp("2025-12-31")


def accounts(n=3, kind="customer", since="2020-12-31"):
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "account_name": [f"Account {i}" for i in range(n)],
            "account_type": kind,
            "account_manager": "Wang",
            "since": pd.Timestamp(since) if since else pd.NaT,
        }
    )


def orders(rows):
    columns = ["account_id", "order_date", "product", "quantity", "amount", "cost", "invoice_date", "paid_date"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = {name: pd.to_datetime(frame[name]) for name in ("order_date", "invoice_date", "paid_date")}
    return frame.assign(**dates, **{name: frame[name].astype(float) for name in ("quantity", "amount", "cost")})


def service(rows=()):
    frame = pd.DataFrame(rows, columns=["account_id", "month", "activity", "cost"])
    return frame.assign(month=pd.to_datetime(frame["month"]), cost=frame["cost"].astype(float))


PRODUCTS = pd.DataFrame({"product": ["p", "q"], "unit_cost": [4.0, np.nan]})
SOLD = orders(
    [
        ("a0", "2025-02-01", "p", 100, 1000, 400, "2025-02-01", "2025-04-15"),  # 73 days: a fifth of a year
        ("a0", "2025-03-01", "q", 10, 500, 300, None, None),
        ("a1", "2025-10-01", "p", 50, 400, None, "2025-10-19", None),  # unit cost 4 × 50; unpaid for 73 days
        ("a1", "2025-11-01", "p", -10, -80, -40, None, None),  # a return
        ("a2", "2023-01-01", "p", 9, 900, 36, None, None),  # before the window
    ]
)
SERVED = service(
    [("a0", "2025-05-01", "visits", 100), ("a1", "2025-01-01", "visits", 300), ("a1", "2024-12-01", "x", 9)]
)


def profit(sold=SOLD, served=SERVED, who=None, **knobs):
    knobs = {"as_of": AS_OF, "discount_rate": 0.1} | knobs
    return value.account_profit(accounts() if who is None else who, value.costed_lines(sold, PRODUCTS), served, **knobs)


def lines(sold=SOLD):
    return value.costed_lines(sold, PRODUCTS)


def test_contribution_of_three_accounts_by_hand():
    """a0: 1500 − 700 − 100 − 1000·10 %·73/365 (20) = 680; a1: 320 − 160 − 300 − 400·10 %·73/365 (8) = −148."""
    table = profit().set_index("account_id")
    assert table["revenue"].tolist() == [1500, 320, 0]
    assert table["goods"].tolist() == [700, 160, 0]
    assert table["service_cost"].tolist() == [100, 300, 0]
    assert table["financing_cost"].tolist() == pytest.approx([20, 8, 0])
    assert table["contribution"].tolist() == pytest.approx([680, -148, 0])
    assert table["payment_days"].tolist() == pytest.approx([73, 73, np.nan], nan_ok=True)


def test_a_cost_booked_to_no_account_is_divided_by_the_driver_and_nothing_is_lost():
    by_lines = profit(overhead=90.0)["overhead"].tolist()
    assert by_lines == pytest.approx([45, 45, 0])  # two lines each
    by_revenue = profit(overhead=182.0, driver="revenue")["overhead"].tolist()
    assert by_revenue == pytest.approx([150, 32, 0])
    by_service = profit(overhead=40.0, driver="service_cost")["overhead"].tolist()
    assert by_service == pytest.approx([10, 30, 0])
    nobody = pd.concat([SERVED, service([(None, "2025-06-01", "office", 60)])])
    assert profit(served=nobody)["overhead"].sum() == pytest.approx(60)


def test_an_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="order_lines, revenue, service_cost"):
        profit(driver="visits")


def test_a_rate_for_each_account_counts_where_it_is_given():
    rates = pd.Series({"a0": 0.1, "a1": 0.2, "a2": 0.0})
    assert profit(discount_rate=rates)["financing_cost"].tolist() == pytest.approx([20, 16, 0])


def test_without_any_cost_of_goods_the_frame_says_so():
    blind = SOLD.assign(cost=np.nan, product="q")
    table = profit(blind)
    assert table["cost_known"].dropna().eq(0).all()
    assert table["margin"].tolist() == table["revenue"].tolist()


def test_inputs_stay_unchanged_and_row_order_does_not_matter():
    sold, served = SOLD.copy(), SERVED.copy()
    first = profit(sold, served)
    pd.testing.assert_frame_equal(sold, SOLD)
    pd.testing.assert_frame_equal(served, SERVED)
    pd.testing.assert_frame_equal(first, profit(sold.iloc[::-1], served.iloc[::-1]))


def test_the_whale_curve_starts_with_the_best_and_ends_at_the_total():
    curve = value.whale_curve(profit())
    assert curve["account_id"].tolist() == ["a0", "a1"]
    assert curve["cumulative"].tolist() == pytest.approx([680, 532])
    assert curve["cumulative_share"].tolist() == pytest.approx([680 / 532, 1])


def random_company(n=25, rows=600, seed=4):
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2025-01-05") + pd.to_timedelta(rng.integers(0, 355, rows), unit="D")
    quantity = rng.integers(-3, 12, rows)
    frame = orders(
        {
            "account_id": rng.choice([f"a{i}" for i in range(n)], rows),
            "order_date": day,
            "product": rng.choice(list("pqrstu"), rows),
            "quantity": quantity,
            "amount": quantity * rng.uniform(5, 15, rows),
            "cost": quantity * rng.uniform(2, 9, rows),
            "invoice_date": day + pd.Timedelta(days=3),
            "paid_date": day + pd.to_timedelta(rng.integers(3, 300, rows), unit="D"),
        }
    )
    spent = service([(f"a{i}", "2025-06-01", "visits", float(c)) for i, c in enumerate(rng.uniform(0, 90, n))])
    return frame, spent, accounts(n)


def test_the_gap_of_every_account_adds_up_exactly_and_every_effect_cancels_over_the_accounts():
    sold, spent, who = random_company()
    table = profit(sold, spent, who, overhead=120.0)
    gaps = value.contribution_gaps(table, lines(sold), as_of=AS_OF)
    effects = gaps[list(value.EFFECTS)]
    assert (gaps["expected"] + effects.sum(axis=1)).tolist() == pytest.approx(table["contribution"].tolist())
    assert effects.sum().abs().max() < 1e-6


def test_the_gap_agrees_with_a_naive_loop():
    sold, spent, who = random_company(n=6, rows=80)
    table = profit(sold, spent, who)
    gaps = value.contribution_gaps(table, lines(sold), as_of=AS_OF).set_index("account_id")
    margin_rate = table["margin"].sum() / table["revenue"].sum()
    for row in table.itertuples():
        at_price = at_cost = 0.0
        for line in sold[sold["account_id"] == row.account_id].itertuples():
            same = sold[sold["product"] == line.product]
            at_price += line.quantity * same["amount"].sum() / same["quantity"].sum()
            at_cost += line.quantity * same["cost"].sum() / same["quantity"].sum()
        assert gaps.at[row.account_id, "price"] == pytest.approx((1 - margin_rate) * (row.revenue - at_price))
        assert gaps.at[row.account_id, "mix"] == pytest.approx(at_price - at_cost - margin_rate * at_price)
        assert gaps.at[row.account_id, "unit_cost"] == pytest.approx(at_cost - row.goods)


def test_an_account_that_pays_half_the_usual_price_loses_by_price():
    """Both buy ten p for 100 and 50 in all, at a cost of 40: the average price is 7.5."""
    sold = orders([(f"a{i}", "2025-06-01", "p", 10, amount, 40, None, None) for i, amount in enumerate((100, 50))])
    table = profit(sold, service(), accounts(2))
    gaps = value.contribution_gaps(table, lines(sold), as_of=AS_OF)
    assert gaps["price"].tolist() == pytest.approx([25 * 80 / 150, -25 * 80 / 150])
    assert gaps["mix"].round(9).tolist() == [-5, -5] or gaps["mix"].sum() == pytest.approx(0)
    assert value.main_reason(gaps)[1] == "price"


def panel_of(seed=1, n=40):
    """Key accounts lose four points a year, the others none; noise of two points."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        level, age, revenue = rng.uniform(0.2, 0.5), rng.uniform(1, 9), rng.uniform(50, 900)
        for year in (-2, -1, 0):
            rate = level - (0.04 * year if i < n // 2 else 0) + rng.normal(0, 0.02)
            rows.append((f"a{i}", year, revenue, revenue * rate, age + year))
    frame = pd.DataFrame(rows, columns=["account_id", "year", "revenue", "contribution", "tenure_years"])
    return frame, pd.Series([f"a{i}" for i in range(n // 2)])


def test_the_trend_finds_what_was_put_in():
    panel, key = panel_of()
    trend = value.tenure_trend(panel, key).set_index("group")
    assert trend.at["key", "slope"] == pytest.approx(-0.04, abs=0.01)
    assert trend.at["other", "low"] < 0 < trend.at["other", "high"]
    assert trend.at["difference", "high"] < 0
    assert trend.at["difference", "accounts"] == 40


def test_the_slope_is_that_of_a_weighted_regression_with_a_level_for_every_account():
    statsmodels = pytest.importorskip("statsmodels.api")
    panel, key = panel_of(n=12)
    mine = panel[panel["account_id"].isin(key)]
    design = pd.get_dummies(mine["account_id"]).astype(float).assign(tenure=mine["tenure_years"])
    fitted = statsmodels.WLS(mine["contribution"] / mine["revenue"], design, weights=mine["revenue"]).fit()
    slope = value.tenure_trend(panel, key).set_index("group").at["key", "slope"]
    assert slope == pytest.approx(fitted.params["tenure"], rel=1e-9)


def test_the_interval_of_the_trend_holds_the_truth_about_as_often_as_it_says():
    hits = 0
    for seed in range(60):
        panel, key = panel_of(seed, n=40)
        trend = value.tenure_trend(panel, key, draws=300).set_index("group")
        hits += trend.at["key", "low"] <= -0.04 <= trend.at["key", "high"]
    assert 0.75 <= hits / 60 <= 0.99  # nominal 0.9; twenty accounts a group


def test_the_panel_holds_only_whole_years_of_data():
    panel = value.profit_panel(
        accounts(), lines(SOLD[SOLD["order_date"] > "2025-01-01"]), SERVED, as_of=AS_OF, discount_rate=0
    )
    assert panel.empty
    assert panel["revenue"].nlargest(3).empty  # amounts stay numbers also when there is none
    long = SOLD.assign(order_date=SOLD["order_date"].mask(SOLD["account_id"] == "a2", pd.Timestamp("2023-01-03")))
    panel = value.profit_panel(accounts(), lines(long), SERVED, as_of=AS_OF, discount_rate=0)
    assert set(panel["year"]) == {0, -2}
    assert panel["revenue"].gt(0).all()


GALLERY = {
    "no account": (accounts(0), SOLD.iloc[:0], service()),
    "one account": (accounts(1), SOLD[SOLD["account_id"] == "a0"], SERVED[SERVED["account_id"] == "a0"]),
    "no order": (accounts(), SOLD.iloc[:0], SERVED),
    "nothing at all": (accounts(), SOLD.iloc[:0], service()),
    "returns larger than sales": (accounts(), SOLD.assign(amount=-SOLD["amount"], quantity=-SOLD["quantity"]), SERVED),
    "zero cost": (accounts(), SOLD.assign(cost=0.0), service()),
    "zero revenue": (accounts(), SOLD.assign(amount=0.0), SERVED),
    "units cancel out": (accounts(), SOLD.assign(quantity=0.0), SERVED),
    "nobody's first day is known": (accounts(since=None), SOLD, SERVED),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_give_tables_that_add_up(case):
    who, sold, served = GALLERY[case]
    table = profit(sold, served, who)
    gaps = value.contribution_gaps(table, lines(sold), as_of=AS_OF)
    parts = gaps["expected"] + gaps[list(value.EFFECTS)].sum(axis=1)
    assert parts.tolist() == pytest.approx(table["contribution"].tolist(), abs=1e-9)
    assert len(value.whale_curve(table)) <= len(who)
    assert len(value.main_reason(gaps)) == len(who)
    panel = value.profit_panel(who, lines(sold), served, as_of=AS_OF, discount_rate=0.08)
    assert len(value.tenure_trend(panel, who["account_id"].head(1), draws=20)) == 3
