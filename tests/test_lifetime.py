"""Lifetime value: published figures of CDNOW, naive loops, invented regions whose truth is known, odd companies."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from regions import company
from scipy import integrate, special

from kamlib import data, hierarchy, order_model, spend_model
from kamlib.lifetime import (
    customer_summary,
    expected_orders,
    fit_order_model,
    fit_spend_model,
    lifetime_value,
    order_prior,
    recency_matrix,
    spend_prior,
)
from kamlib.order_history import contribution_rates

CDNOW = Path(os.environ.get("KAM_CDNOW", Path(__file__).parents[2] / "shared/data/cdnow")) / "CDNOW_sample.txt"
"""May not be shipped: the published figures are tested where the file is, and a synthetic twin everywhere."""


def lines(*rows):
    table = pd.DataFrame(rows, columns=["account_id", "order_date", "amount"])
    return table.assign(order_date=pd.to_datetime(table["order_date"]))


def invented(n=400, seed=3):
    """Accounts of one region, with orders worth Gamma–Gamma."""
    rng = np.random.default_rng(seed)
    summary, _theta = company(np.array([n]), rng)
    worth = rng.gamma(6.0 * summary["frequency"].clip(lower=1)) / rng.gamma(4.0, 1 / 15.0, n)
    return summary.drop(columns="region").assign(
        monetary=np.where(summary["frequency"] > 0, worth / summary["frequency"].clip(lower=1), 0.0)
    )


SUMMARY = invented()
ORDERS, SPEND = fit_order_model(SUMMARY), fit_spend_model(SUMMARY)


# --- CDNOW, as published ---


@pytest.fixture(scope="module")
def cdnow():
    if not CDNOW.exists():
        pytest.skip(f"no CDNOW at {CDNOW}: its licence does not allow shipping it")
    names = ["master", "account_id", "order_date", "cds", "amount"]
    orders = pd.read_csv(CDNOW, sep=r"\s+", header=None, names=names, dtype={"account_id": str})
    return orders.assign(order_date=pd.to_datetime(orders["order_date"].astype(str)))


@pytest.fixture(scope="module")
def first_39_weeks(cdnow):
    return customer_summary(cdnow, as_of=pd.Timestamp("1997-09-30"))


def test_bgnbd_on_cdnow_gives_the_published_parameters(first_39_weeks):
    model = fit_order_model(first_39_weeks)
    assert model.parameters.loc["all"].tolist() == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], abs=6e-5)
    assert model.log_likelihood["all"] == pytest.approx(-9582.4292, abs=6e-5)
    new = order_model.orders_to_come(model.theta, np.zeros(1), np.zeros(1), np.zeros(1), 52.0)
    assert new[0] == pytest.approx(1.444004, abs=2e-5)


def test_customer_1516_of_cdnow(first_39_weeks):
    table = expected_orders(first_39_weeks, fit_order_model(first_39_weeks), periods=52).set_index("account_id")
    assert table.at["1516", "expected_orders"] == pytest.approx(25.7566, abs=1e-3)
    assert table.at["1516", "p_alive"] == pytest.approx(0.968852, abs=3e-6)


def test_holdout_means_by_frequency_on_cdnow(first_39_weeks):
    table = expected_orders(first_39_weeks, fit_order_model(first_39_weeks), periods=39)
    means = table["expected_orders"].groupby(first_39_weeks["frequency"].clip(upper=7)).mean()
    assert means.tolist() == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=6e-4)


def test_gamma_gamma_on_cdnow_gives_the_published_parameters(first_39_weeks):
    model = fit_spend_model(first_39_weeks)
    assert model.parameters.loc["all"].tolist() == pytest.approx([6.25, 3.74, 15.45], abs=8e-3)
    assert model.log_likelihood["all"] == pytest.approx(-4055.923, abs=0.01)


def test_on_cdnow_expected_orders_rank_who_buys_again_and_p_alive_does_not(cdnow, first_39_weeks):
    table = expected_orders(first_39_weeks, fit_order_model(first_39_weeks), periods=39)
    again = table["account_id"].isin(cdnow.loc[cdnow["order_date"] > "1997-09-30", "account_id"]).to_numpy()

    def auc(score):
        ranks = score.rank().to_numpy()
        return (ranks[again].sum() - again.sum() * (again.sum() + 1) / 2) / (again.sum() * (~again).sum())

    assert auc(table["p_alive"]) == pytest.approx(0.316, abs=2e-3)
    assert auc(table["expected_orders"]) == pytest.approx(0.773, abs=2e-3)


def test_the_published_parameters_give_the_published_expectations_without_the_data():
    theta = np.log([[0.2426, 4.4136, 0.7929, 2.4259]])
    new = order_model.orders_to_come(theta, np.zeros(1), np.zeros(1), np.zeros(1), 52.0)[0]
    assert new == pytest.approx(1.444004, abs=1e-4)
    history = (np.array([26.0]), np.array([216 / 7]), np.array([31.0]))  # customer 1516
    assert order_model.orders_to_come(theta, *history, 52.0)[0] == pytest.approx(25.7566, abs=2e-3)
    assert order_model.alive(theta, *history)[0] == pytest.approx(0.968852, abs=1e-5)


# --- the summary ---


def test_a_summary_by_hand():
    # a: orders on days 0, 14 and 28, a return on day 35 of 40: net after day 0 = 20 + 40 - 6 = 54, two repeats -> 27
    table = customer_summary(
        lines(
            ("a", "2024-01-01", 10.0), ("a", "2024-01-15", 20.0), ("a", "2024-01-29", 40.0), ("a", "2024-02-05", -6.0)
        ),
        as_of=pd.Timestamp("2024-02-10"),
    )
    assert table.to_dict("list") == {
        "account_id": ["a"],
        "frequency": [2],
        "recency": [4.0],
        "age": [40 / 7],
        "monetary": [27.0],
    }


def test_two_orders_on_a_day_are_one_and_later_days_do_not_exist():
    table = customer_summary(
        lines(("a", "2024-01-01", 10.0), ("a", "2024-01-01", 5.0), ("a", "2024-03-01", 9.0)),
        as_of=pd.Timestamp("2024-02-01"),
    )
    assert table[["frequency", "recency", "monetary"]].iloc[0].tolist() == [0, 0.0, 0.0]


def test_a_summary_agrees_with_a_naive_loop():
    rng = np.random.default_rng(5)
    n = 600
    table = pd.DataFrame(
        {
            "account_id": rng.choice([f"a{i}" for i in range(40)], n),
            "order_date": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, n), unit="D"),
            "amount": rng.normal(20, 15, n).round(2),
        }
    )
    as_of = pd.Timestamp("2024-03-01")
    fast = customer_summary(table, as_of=as_of).set_index("account_id")
    for account, own in table[table["order_date"] <= as_of].groupby("account_id"):
        days = sorted(set(own.loc[own["amount"] >= 0, "order_date"]))
        if not days:
            assert account not in fast.index
            continue
        later = own.loc[own["order_date"] > days[0], "amount"].sum()
        expected = [len(days) - 1, (days[-1] - days[0]).days / 7, (as_of - days[0]).days / 7]
        assert fast.loc[account, ["frequency", "recency", "age"]].tolist() == pytest.approx(expected)
        assert fast.at[account, "monetary"] == pytest.approx(later / (len(days) - 1) if len(days) > 1 else 0)


def test_row_order_does_not_matter_and_the_input_stays_as_it_was():
    table = lines(
        ("b", "2024-01-01", 10.0), ("a", "2024-01-05", 20.0), ("b", "2024-01-20", 5.0), ("a", "2024-02-01", -3.0)
    )
    before = table.copy()
    forward = customer_summary(table, as_of=pd.Timestamp("2024-03-01"))
    pd.testing.assert_frame_equal(forward, customer_summary(table[::-1], as_of=pd.Timestamp("2024-03-01")))
    pd.testing.assert_frame_equal(table, before)


def test_a_region_on_some_lines_only_is_refused():
    table = lines(("a", "2024-01-01", 10.0), ("b", "2024-01-05", 20.0)).assign(region=["East", None])
    with pytest.raises(ValueError, match="Some rows have a region"):
        customer_summary(table, as_of=pd.Timestamp("2024-03-01"))


def test_a_scan_of_parquet_gives_the_same_summary(tmp_path):
    rng = np.random.default_rng(6)
    n = 4000
    table = pd.DataFrame(
        {
            "account_id": rng.choice([f"a{i:03d}" for i in range(200)], n),
            "order_date": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
            "amount": rng.normal(20, 25, n).round(2),
        }
    )
    table.to_parquet(tmp_path / "orders.parquet")
    whole = customer_summary(table, as_of=pd.Timestamp("2024-06-30"))
    scanned = data.order_histories(tmp_path / "orders.parquet", as_of="2024-06-30")
    pd.testing.assert_frame_equal(whole, scanned, check_dtype=False)
    with pytest.raises(data.DataError, match="cannot be scanned"):
        data.order_histories(tmp_path / "nothing.parquet", as_of="2024-06-30")


# --- the models ---


def naive_log_likelihood(theta, x, recency, age):
    """One account, straight from the integral over λ and p: no formula of the paper."""
    r, alpha, a, b = np.exp(theta)

    def density(rate, leaving):
        weight = rate ** (r - 1) * np.exp(-alpha * rate) * leaving ** (a - 1) * (1 - leaving) ** (b - 1)
        stays = (1 - leaving) ** x * rate**x * np.exp(-rate * age)
        left = leaving * (1 - leaving) ** (x - 1) * rate**x * np.exp(-rate * recency) if x > 0 else 0.0
        return weight * (stays + left)

    mass, _error = integrate.dblquad(density, 1e-9, 1 - 1e-9, 1e-9, 8.0)
    return np.log(mass * alpha**r / special.gamma(r) / special.beta(a, b))


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0.0, 10.0), (2, 5.0, 8.0), (4, 9.0, 9.0)])
def test_the_likelihood_of_one_account_is_the_integral_over_rates_and_leaving(x, recency, age):
    theta = np.log([1.3, 4.0, 1.4, 2.5])
    seen = order_model.histories(np.zeros(1, int), np.array([x]), np.array([recency]), np.array([age]), 1)
    value = order_model.likelihood(seen)(theta[None])[0][0]
    assert value == pytest.approx(naive_log_likelihood(theta, x, recency, age), abs=2e-4)


@pytest.mark.parametrize("likelihood", ["orders", "spend"])
def test_gradient_and_curvature_are_those_of_the_likelihood(likelihood):
    rng = np.random.default_rng(8)
    summary, _theta = company(np.array([30, 50]), rng)
    group = (summary["region"] == "R0001").to_numpy().astype(int)
    if likelihood == "orders":
        seen = order_model.histories(group, *summary[["frequency", "recency", "age"]].to_numpy().T, 2)
        of, theta = order_model.likelihood(seen), np.log([[0.5, 3.0, 0.7, 2.0], [1.5, 6.0, 1.2, 4.0]])
    else:
        of, theta = (
            spend_model.likelihood(group, rng.integers(1, 9, 80) * 1.0, rng.gamma(3, 9, 80), 2),
            np.log([[5.0, 2.0, 10.0], [2.0, 4.0, 30.0]]),
        )
    _value, slope, bend = of(theta)
    for k in range(theta.shape[1]):
        step = 1e-5 * np.eye(theta.shape[1])[k]
        up, down = of(theta + step), of(theta - step)
        assert slope[:, k] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-4)
        assert bend[:, k] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-3)


def test_expected_orders_of_a_new_account_are_those_of_many_invented_ones():
    from regions import CDNOW as THETA
    from regions import histories

    x, _recency = histories(np.tile(THETA, (400_000, 1)), np.full(400_000, 52.0), np.random.default_rng(1))
    answer = order_model.orders_to_come(THETA[None], np.zeros(1), np.zeros(1), np.zeros(1), 52.0)[0]
    assert answer == pytest.approx(x.mean(), abs=4 * x.std() / 400_000**0.5)


def test_expected_orders_do_not_break_at_a_equals_one_nor_with_a_thousand_orders():
    def orders(a, b, x, recency, age, periods):
        history = (np.array([float(value)]) for value in (x, recency, age))
        return order_model.orders_to_come(np.log([[1.2, 3.0, a, b]]), *history, periods)[0]

    below, at, above = (orders(a, 5.0, 3, 8, 9, 20.0) for a in (1 - 1e-4, 1.0, 1 + 1e-4))
    assert at == pytest.approx((below + above) / 2, rel=1e-6)
    many = orders(0.01, 50.0, 1000, 100, 100, 50.0)
    assert 450 < many < 500  # ten a week, for 50 weeks, and almost nobody leaves


def test_a_region_comes_out_the_same_whatever_the_order_of_rows():
    summary, _theta = company(np.array([20, 40, 60]), np.random.default_rng(2))
    forward, backward = fit_order_model(summary), fit_order_model(summary[::-1])
    pd.testing.assert_frame_equal(forward.parameters, backward.parameters)


def test_a_small_region_lies_between_its_own_and_the_company_and_a_large_one_keeps_its_own():
    rng = np.random.default_rng(4)
    summary, _theta = company(np.array([6, 60, 60, 60, 60, 60, 3000]), rng)
    model = fit_order_model(summary)
    alone = fit_order_model(summary[summary["region"] == "R0006"].drop(columns="region"))
    rate = model.parameters["r"] / model.parameters["alpha"]
    assert rate["R0006"] == pytest.approx((alone.parameters["r"] / alone.parameters["alpha"]).iloc[0], rel=0.05)
    direction = order_model.BASIS[0]
    few, many = (np.sqrt(direction @ model.covariance[place] @ direction) for place in (0, 6))
    assert few > 3 * many


def test_the_prior_of_the_company_gives_a_region_almost_the_parameters_of_the_joint_fit():
    rng = np.random.default_rng(9)
    summary, _theta = company(np.array([8, 40, 60, 80, 100, 60]), rng)
    joint = fit_order_model(summary)
    frame = joint.prior.frame(order_model.PARAMETERS)
    assert frame["accounts"].tolist() == [348] * 4
    again = hierarchy.Prior.from_frame(frame)
    assert np.allclose(again.covariance, joint.prior.covariance)
    alone = fit_order_model(summary[summary["region"] == "R0000"].drop(columns="region"), prior=frame)
    assert np.abs(alone.theta[0] - joint.theta[0]).max() < 0.15


def test_an_unknown_region_gets_what_the_company_expects_of_a_further_one():
    summary, _theta = company(np.array([40, 60, 80]), np.random.default_rng(3))
    model = fit_order_model(summary)
    odd = summary.head(3).assign(region="new")
    table = expected_orders(odd, model, periods=26)
    known = expected_orders(summary.head(3), model, periods=26)
    wide, narrow = (np.log(t["orders_high"] / t["orders_low"]).to_numpy() for t in (table, known))
    assert (wide > narrow).all()


def test_nothing_fails_on_a_hundred_random_regions():
    rng = np.random.default_rng(11)
    summary, _theta = company(rng.integers(5, 101, 100), rng)
    model = fit_order_model(summary)
    table = expected_orders(summary, model, periods=52)
    assert np.isfinite(table.drop(columns=["account_id", "region"])).all(axis=None)
    assert (table["orders_low"] <= table["expected_orders"]).all()
    assert (table["expected_orders"] <= table["orders_high"]).all()
    assert table["p_alive"].between(0, 1).all()


@pytest.mark.slow
def test_ninety_percent_intervals_of_expected_orders_hold_the_truth_in_88_to_93_percent():
    rng, inside = np.random.default_rng(12), []
    for _company in range(40):
        summary, theta = company(rng.choice([5, 8, 12, 20, 35, 60, 100], 8), rng)
        table = expected_orders(summary, fit_order_model(summary), periods=52)
        own = theta[summary["region"].str[1:].astype(int)]
        truth = order_model.orders_to_come(own, *summary[["frequency", "recency", "age"]].to_numpy().T, 52)
        held = (table["orders_low"] <= truth) & (truth <= table["orders_high"])
        inside.append(held.groupby(summary["region"]).mean())
    assert 0.88 <= pd.concat(inside).mean() <= 0.94


# --- value ---


def test_one_account_discounted_by_hand():
    # margin 0.5 of every order; month k counts 1 ÷ 1.08^(k/12)
    table = lifetime_value(SUMMARY, ORDERS, SPEND, discount_rate=0.08, months=3, margin=0.5)
    one = SUMMARY.iloc[[7]]
    until = [expected_orders(one, ORDERS, periods=k * 365.25 / 84)["expected_orders"].iloc[0] for k in (0.0, 1, 2, 3)]
    worth = spend_model.expected_worth(SPEND.theta, *one[["frequency", "monetary"]].to_numpy().T)[0]
    total = sum((until[k] - until[k - 1]) / 1.08 ** (k / 12) for k in (1, 2, 3))
    assert table["lifetime_value"].iloc[7] == pytest.approx(0.5 * worth * total, rel=1e-9)


def test_a_negative_margin_makes_a_negative_value_and_its_interval_stays_in_order():
    margin = pd.Series(np.where(np.arange(len(SUMMARY)) % 2, 0.3, -0.1), index=SUMMARY["account_id"])
    table = lifetime_value(SUMMARY, ORDERS, SPEND, discount_rate=0.08, margin=margin)
    assert ((table["lifetime_value"] < 0) == (table["contribution_rate"] < 0)).all()
    assert (table["value_low"] <= table["lifetime_value"]).all()
    assert (table["lifetime_value"] <= table["value_high"]).all()


def test_each_region_is_discounted_at_its_own_rate():
    summary, _theta = company(np.array([30, 30]), np.random.default_rng(1))
    orders = fit_order_model(summary)
    spend = fit_spend_model(summary.assign(monetary=20.0 + summary["frequency"]))
    rates = pd.Series({"R0000": 0.0, "R0001": 1.0})
    both = lifetime_value(summary, orders, spend, discount_rate=rates, months=24)
    for region, rate in rates.items():
        own = lifetime_value(summary, orders, spend, discount_rate=rate, months=24)
        of = (summary["region"] == region).to_numpy()
        assert both.loc[of, "lifetime_value"].tolist() == own.loc[of, "lifetime_value"].tolist()
    with pytest.raises(ValueError, match="No discount rate for: R0001"):
        lifetime_value(summary, orders, spend, discount_rate=rates.head(1))


def test_the_worth_of_an_order_is_drawn_towards_the_common_mean_by_few_orders():
    theta = np.log([[6.0, 3.0, 15.0]])
    common = 6 * 15 / 3
    one, many = (spend_model.expected_worth(theta, np.array([x]), np.array([90.0]))[0] for x in (1.0, 200.0))
    assert common < one < many < 90.0
    assert spend_model.expected_worth(theta, np.array([0.0]), np.array([0.0]))[0] == pytest.approx(common)


def test_contribution_by_hand():
    # a: 100 - 60 - 20 = 20 of 100, b: 300 - 150 = 150 of 300; four order days of 100, common rate 170/400 = 0.425
    orders = lines(
        ("a", "2024-01-01", 50.0), ("a", "2024-02-01", 50.0), ("b", "2024-01-01", 100.0), ("b", "2024-03-01", 200.0)
    )
    orders["cost"] = [30.0, 30.0, 50.0, 100.0]
    served = pd.DataFrame({"account_id": ["a"], "cost": [20.0]})
    table = contribution_rates(orders, served).set_index("account_id")
    assert table["contribution"].tolist() == [20.0, 150.0]
    assert table.at["a", "contribution_rate"] == pytest.approx((20 + 100 * 0.425) / 200)
    assert contribution_rates(orders.assign(cost=np.nan), served)["contribution_rate"].isna().all()


def test_recency_matrix_falls_with_silence():
    table = recency_matrix(ORDERS, age=52.0, periods=26, most=5, steps=6)
    assert len(table) == 30
    for _frequency, row in table.groupby("frequency"):
        assert (np.diff(row.sort_values("since_last")["p_alive"]) <= 1e-12).all()


# --- odd companies ---

DAY = pd.Timestamp("2024-12-31")
ODD = {
    "one order ever": lines(("a", "2024-05-01", 100.0)),
    "all orders on one day": lines(*((f"a{i}", "2024-05-01", 100.0 + i) for i in range(6))),
    "orders on the last day": lines(("a", "2024-12-31", 5.0), ("b", "2024-12-31", 5.0)),
    "returns larger than sales": lines(
        ("a", "2024-01-01", 10.0), ("a", "2024-02-01", 20.0), ("a", "2024-02-03", -90.0)
    ),
    "free goods only": lines(("a", "2024-01-01", 0.0), ("a", "2024-02-01", 0.0)),
    "one account": lines(*(("a", f"2024-{m:02d}-01", 50.0) for m in range(1, 13))),
    "everyone the same": lines(*((f"a{i}", f"2024-{m:02d}-01", 50.0) for m in range(1, 13) for i in range(5))),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_companies_get_a_finite_answer(name):
    summary = customer_summary(ODD[name], as_of=DAY)
    table = lifetime_value(summary, fit_order_model(summary), fit_spend_model(summary), discount_rate=0.08)
    assert len(table) == ODD[name]["account_id"].nunique()
    assert np.isfinite(table.drop(columns="account_id")).all(axis=None)
    assert (table["expected_orders"] >= 0).all()


def test_without_orders_there_is_nothing_to_learn_from_but_the_prior():
    none = customer_summary(lines().astype({"account_id": "str", "amount": float}), as_of=DAY)
    assert len(none) == 0
    with pytest.raises(ValueError, match="nothing to learn from"):
        fit_order_model(none)
    summary, _theta = company(np.array([40, 60]), np.random.default_rng(1))
    prior = fit_order_model(summary).prior.frame(order_model.PARAMETERS)
    assert len(expected_orders(none, fit_order_model(none, prior=prior), periods=10)) == 0


def test_only_returns_are_no_order():
    assert customer_summary(lines(("a", "2024-01-01", -5.0)), as_of=DAY).empty


def test_an_impossible_history_is_named():
    with pytest.raises(ValueError, match="a1: needs frequency"):
        fit_order_model(pd.DataFrame({"account_id": ["a1"], "frequency": [2], "recency": [9.0], "age": [5.0]}))


def test_priors_for_the_pool_say_how_many_accounts_stand_behind_them():
    rng = np.random.default_rng(2)
    table = lines(*((f"a{i}", f"2024-{m:02d}-{i + 1:02d}", 50.0 + i) for m in range(1, 13) for i in range(20)))
    table = table[rng.random(len(table)) < 0.5].assign(region=lambda t: np.where(t["account_id"] < "a15", "E", "W"))
    for frame, names in ((order_prior(table), order_model.PARAMETERS), (spend_prior(table), spend_model.PARAMETERS)):
        assert frame["parameter"].tolist() == list(names)
        assert (frame["accounts"] == 20).all()
    east = table[table["region"] == "E"]
    assert (order_prior(east)["accounts"] == east["account_id"].nunique()).all()
    assert len(order_prior(table.head(0))) == 0


def test_steady_accounts_have_the_same_expectation_by_series_and_by_scipy(monkeypatch):
    rng = np.random.default_rng(3)
    theta = np.log(rng.uniform([50, 80, 0.002, 50], [9000, 9000, 0.9, 2000], (200, 4)))
    x, age = rng.integers(0, 150, 200).astype(float), rng.uniform(20, 200, 200)
    recency, periods = np.where(x > 0, age * 0.9, 0), rng.uniform(1, 20, 200)
    monkeypatch.setattr(order_model, "_FALLS_FAST", 2.0)
    monkeypatch.setattr(order_model, "hyp2f1", None)
    ours = order_model.orders_to_come(theta, x, recency, age, periods)
    monkeypatch.undo()
    monkeypatch.setattr(order_model, "_FALLS_FAST", -1.0)
    assert np.allclose(ours, order_model.orders_to_come(theta, x, recency, age, periods), rtol=1e-7)
