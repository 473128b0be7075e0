"""Contracts: the figures Fader & Hardie (2007) published, a summary by hand, value by hand."""

import numpy as np
import pandas as pd
import pytest

from kamlib.contracts import contract_summary, contract_value, fit_contract_model, renewal_curve

SURVIVORS = {
    "regular": [1000, 631, 468, 382, 326, 289, 262, 241],
    "high end": [1000, 869, 743, 653, 593, 551, 517, 491],
}
"""Of 1,000 contracts, those still running after 0 … 7 years: Fader & Hardie (2007), table 1."""


def summary(name):
    left = SURVIVORS[name]
    rows = [(t, True) for t in range(7) for _lost in range(left[t] - left[t + 1])] + [(7, False)] * left[7]
    return pd.DataFrame(rows, columns=["renewals", "ended"]).assign(
        account_id=[f"{name}{i}" for i in range(1000)], term_worth=100.0
    )


@pytest.mark.parametrize(
    ("name", "alpha", "beta", "value"), [("regular", 0.704, 1.182, -1680.265), ("high end", 0.668, 3.806, -1611.158)]
)
def test_the_published_parameters(name, alpha, beta, value):
    model = fit_contract_model(summary(name))
    assert model.parameters.loc["all"].tolist() == pytest.approx([alpha, beta], abs=6e-4)
    assert model.log_likelihood["all"] == pytest.approx(value, abs=1e-3)


def test_the_curve_meets_what_was_seen_and_retention_rises():
    curve = renewal_curve(fit_contract_model(summary("high end")), terms=7)
    assert curve["survival"].tolist() == pytest.approx([n / 1000 for n in SURVIVORS["high end"]], abs=0.025)
    assert (np.diff(curve["retention"].dropna()) > 0).all()


def test_two_regions_are_fitted_apart_and_stay_in_order():
    both = pd.concat([summary("regular").assign(region="R"), summary("high end").assign(region="H")])
    ends = fit_contract_model(both).parameters.eval("alpha / (alpha + beta)")
    assert ends["R"] > 0.3 > ends["H"]


def test_value_by_hand():
    # after one renewal the next comes with probability (b + 1) / (a + b + 1), the one after with (b + 2) / (a + b + 2)
    model = fit_contract_model(summary("regular"))
    one = pd.DataFrame(
        {"account_id": ["a", "b"], "renewals": [1, 1], "ended": [False, True], "term_worth": [90.0, 90.0]}
    )
    alpha, beta = model.parameters.loc["all"]
    first, second = (beta + 1) / (alpha + beta + 1), (beta + 2) / (alpha + beta + 2)
    table = contract_value(one, model, discount_rate=0.1, terms=2, margin=0.5)
    assert table["p_renew"].tolist() == pytest.approx([first, 0.0])
    assert table["lifetime_value"].tolist() == pytest.approx([45 * (first / 1.1 + first * second / 1.21), 0.0])


def test_a_summary_by_hand():
    # terms of 12 months from the first order; c orders in terms 1 and 3: the gap ended it
    lines = pd.DataFrame(
        [
            ("a", "2021-03-31", 10.0), ("a", "2022-04-01", 20.0), ("a", "2023-12-31", 30.0),
            ("b", "2023-06-01", 5.0), ("c", "2021-01-01", 8.0), ("c", "2023-01-01", 8.0), ("c", "2023-02-01", -4.0),
        ],
        columns=["account_id", "order_date", "amount"],
    )  # fmt: skip
    lines["order_date"] = pd.to_datetime(lines["order_date"])
    before = lines.copy()
    table = contract_summary(lines, as_of=pd.Timestamp("2023-12-31")).set_index("account_id")
    assert table["renewals"].to_dict() == {"a": 2, "b": 0, "c": 0}
    assert table["ended"].to_dict() == {"a": False, "b": False, "c": True}
    assert table["term_worth"].to_dict() == {"a": 20.0, "b": 5.0, "c": 12.0}
    pd.testing.assert_frame_equal(lines, before)


@pytest.mark.parametrize("ended", [True, False])
def test_a_handful_that_all_ended_or_all_stayed_gives_a_finite_answer(ended):
    few = pd.DataFrame({"account_id": ["a", "b"], "renewals": [0, 3], "ended": ended, "term_worth": 10.0})
    model = fit_contract_model(few)
    assert np.isfinite(contract_value(few, model, discount_rate=0.08)["lifetime_value"]).all()
    assert 0 < renewal_curve(model)["survival"].iloc[1] < 1
