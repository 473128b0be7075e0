"""Forecasts from past days: no look ahead, the calendar's arithmetic by hand, naive rules by a loop."""

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast_origins import (
    RULES,
    by_frequency,
    calendar_total,
    compare_origins,
    forecast_errors,
    forecasts,
    likely_orders,
    matching_periods,
    order_days,
    tracking,
    winner,
)
from kamlib.lifetime import customer_summary, expected_orders, fit_order_model


def seasonal(accounts=150, seed=1, days=820):
    """Accounts that order three times as often in the last quarter of a year."""
    rng = np.random.default_rng(seed)
    calendar = pd.date_range("2022-01-01", periods=days)
    busy = np.where(calendar.month >= 10, 3.0, 1.0)
    rate = rng.gamma(1.5, 0.02, accounts)
    start = rng.integers(0, 600, accounts)
    hits = rng.random((accounts, days)) < np.clip(rate[:, None] * busy, 0, 1)
    hits &= np.arange(days) >= start[:, None]
    who, when = np.nonzero(hits)
    return pd.DataFrame(
        {"account_id": [f"A{i:03d}" for i in who], "order_date": calendar[when], "amount": rng.gamma(2, 50, len(who))}
    )


ORDERS = seasonal()
ORIGIN = pd.Timestamp("2023-12-31")
TABLE = forecasts(ORDERS, origin=ORIGIN, weeks=13)


def test_every_rule_has_its_column_and_no_account_is_lost():
    assert set(RULES) <= set(TABLE.columns)
    known = ORDERS[ORDERS["order_date"] <= ORIGIN]["account_id"].nunique()
    assert len(TABLE) == known
    assert TABLE[list(RULES)].notna().all(axis=None)


def test_nothing_later_than_the_origin_enters_a_forecast():
    cut = forecasts(ORDERS[ORDERS["order_date"] <= ORIGIN], origin=ORIGIN, weeks=13)
    pd.testing.assert_frame_equal(TABLE[list(RULES)], cut[list(RULES)])
    assert cut["actual"].sum() == 0


def test_actual_and_naive_rules_agree_with_a_loop():
    days = ORDERS.drop_duplicates(["account_id", "order_date"])
    for row in TABLE.head(25).itertuples():
        own = days.loc[days["account_id"] == row.account_id, "order_date"]
        ahead, week = own - ORIGIN, pd.Timedelta(weeks=1)
        zero = pd.Timedelta(0)
        assert row.actual == ((ahead > zero) & (ahead <= 13 * week)).sum()
        assert row.naive_last == ((ahead > -13 * week) & (ahead <= zero)).sum()
        assert row.naive_year == ((ahead > -52 * week) & (ahead <= -39 * week)).sum()
        before = own[own <= ORIGIN]
        age = max((ORIGIN - before.min()).days / 7, 1)
        assert row.naive_average == pytest.approx((len(before) - 1) / age * 13)


def test_the_calendar_takes_the_surprise_out_of_december():
    errors = forecast_errors(TABLE).set_index("rule")
    assert errors.at["model_plain", "bias"] > 0.3
    assert abs(errors.at["model_calendar", "bias"]) < errors.at["model_plain", "bias"] / 2
    assert errors.at["model_likely", "mae"] < errors.at["naive_last", "mae"]


def test_calendar_total_by_hand():
    # 13 weeks of one order a week a year ago, the same pace since, nobody new: 13 orders, growth (52 + 20) / (52 + 20)
    days = pd.date_range(end="2023-12-31", periods=104, freq="7D")
    steady = pd.DataFrame({"account_id": "a", "order_date": days, "amount": 1.0})
    assert calendar_total(steady, origin=pd.Timestamp("2023-12-31"), weeks=13) == pytest.approx(13.0, abs=0.6)


def test_without_a_year_of_data_the_calendar_is_silent():
    young = ORDERS[ORDERS["order_date"] > "2023-06-01"]
    assert np.isnan(calendar_total(young, origin=ORIGIN, weeks=13))
    table = forecasts(young, origin=ORIGIN, weeks=13)
    assert np.allclose(table["model_calendar"], table["model_plain"])


def test_a_naive_rule_without_its_past_is_missing_and_cannot_win():
    young = ORDERS[ORDERS["order_date"] > "2023-06-01"]
    errors = forecast_errors(forecasts(young, origin=ORIGIN, weeks=13)).set_index("rule")
    assert np.isnan(errors.at["naive_year", "mae"])
    assert np.isnan(errors.at["naive_year", "forecast"])
    assert np.isfinite(errors.at["naive_last", "mae"])
    assert not errors.at["naive_year", "won"]


def test_matching_periods_hold_the_total():
    summary = customer_summary(ORDERS, as_of=ORIGIN)
    model = fit_order_model(summary)
    periods = matching_periods(summary, model, total=100.0, periods=13)
    assert expected_orders(summary, model, periods=periods)["expected_orders"].sum() == pytest.approx(100, rel=1e-4)
    assert matching_periods(summary, model, total=np.nan, periods=13) == 13


def test_likely_orders_are_whole_or_half_and_the_same_for_the_same_seed():
    summary = customer_summary(ORDERS, as_of=ORIGIN)
    model = fit_order_model(summary)
    first, again = (likely_orders(summary, model, periods=13, seed=4) for _run in range(2))
    assert first.tolist() == again.tolist()
    assert np.allclose(first * 2, np.round(first * 2))
    assert first.sum() < expected_orders(summary, model, periods=13)["expected_orders"].sum()


def test_errors_by_hand_and_one_rule_wins():
    table = pd.DataFrame({"actual": [2.0, 0.0], **{rule: [1.0, 1.0] for rule in RULES}}).assign(naive_last=[2.0, 1.0])
    errors = forecast_errors(table).set_index("rule")
    assert errors.at["naive_last", "bias"] == pytest.approx(0.5)  # 3 forecast, 2 came
    assert errors.at["naive_last", "mae"] == 0.5
    assert errors.at["model_plain", "mae"] == 1.0
    assert errors["won"].sum() == 1
    assert errors.at["naive_last", "won"]


def test_the_winner_is_the_rule_that_is_best_over_all_origins():
    comparison = compare_origins(ORDERS, origins=["2023-12-31", "2023-06-30"], weeks=13)
    assert comparison["origin"].is_monotonic_increasing
    assert len(comparison) == 2 * len(RULES)
    assert winner(comparison) in RULES
    assert winner(comparison.head(0)) == ""


def test_origins_before_any_order_are_left_out():
    assert compare_origins(ORDERS, origins=["2001-01-01"], weeks=13).empty
    assert forecasts(ORDERS, origin=pd.Timestamp("2001-01-01"), weeks=13).empty
    assert tracking(ORDERS, origin=pd.Timestamp("2001-01-01"), as_of=ORIGIN).empty


def test_by_frequency_keeps_every_account():
    groups = by_frequency(TABLE, most=4)
    assert groups["accounts"].sum() == len(TABLE)
    assert (groups["actual"] * groups["accounts"]).sum() == pytest.approx(TABLE["actual"].sum())


def test_tracking_counts_repeat_orders_and_the_line_starts_where_knowledge_ends():
    table = tracking(ORDERS, origin=ORIGIN, as_of=pd.Timestamp("2024-03-30"))
    known = ORDERS[ORDERS["account_id"].isin(TABLE["account_id"])]
    repeats = len(order_days(known[known["order_date"] <= table["week"].iloc[-1]])) - len(TABLE)
    assert table["actual"].iloc[-1] == repeats
    assert table["naive"].notna().sum() == (~table["known"]).sum()
    assert (np.diff(table["model"]) >= 0).all()
