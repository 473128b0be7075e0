"""Win propensity: features of the time only, calibrated, and modest with few deals."""

import numpy as np
import pandas as pd
import pytest

from kamlib import funnel
from kamlib.propensity import LEAKS, cross_fitted


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(
        {"opportunity_id": [f"D{i}" for i in range(n)], "size": rng.normal(size=n), "kind": rng.choice(list("abc"), n)}
    )
    p = 1 / (1 + np.exp(-(x["size"] + 1.5 * (x["kind"] == "a") - 0.5)))
    return x.assign(outcome=np.where(rng.random(n) < p, "won", "lost")), p.to_numpy()


def test_chances_follow_the_truth_and_are_calibrated():
    deals, truth = table(3000)
    answer = funnel.win_propensity(deals.iloc[:2200], deals.iloc[2200:], features=["size", "kind"])
    assert np.corrcoef(answer["p_won"], truth[2200:])[0, 1] > 0.9
    assert answer["p_won"].mean() == pytest.approx(truth[2200:].mean(), abs=0.04)
    assert (answer["low"] <= answer["p_won"]).all()
    assert (answer["p_won"] <= answer["high"]).all()


def test_rows_keep_the_order_of_the_open_deals():
    deals, _truth = table(800)
    standing = deals.iloc[700:][::-1]
    answer = funnel.win_propensity(deals.iloc[:700], standing, features=["size"])
    assert list(answer) == ["opportunity_id", "p_won", "low", "high"]
    assert list(answer["opportunity_id"]) == list(standing["opportunity_id"])


@pytest.mark.parametrize("leak", sorted(LEAKS))
def test_a_column_of_the_outcome_is_refused_by_name(leak):
    deals, _truth = table(20)
    with pytest.raises(ValueError, match=f"{leak} is known only when a deal has ended"):
        funnel.win_propensity(deals.assign(**{leak: "won"}), deals.assign(**{leak: None}), features=[leak])


@pytest.mark.parametrize(
    "leak",
    [
        "Elapsed Days In Sales Stage", "Total Days Identified Through Closing", "Ratio Days Qualified To Total Days",
        "Close Date", "days-to-close",
    ],
)  # fmt: skip
def test_a_column_that_grows_until_the_end_is_refused_however_it_is_spelt(leak):
    deals, _truth = table(20)
    with pytest.raises(ValueError, match=f"{leak} is known only when a deal has ended"):
        funnel.win_propensity(deals.assign(**{leak: 1}), deals.assign(**{leak: 1}), features=["size", leak])


@pytest.mark.parametrize("name", ["Competitor Type", "Client Size By Revenue", "Enclosure", "Route To Market"])
def test_a_column_known_at_the_time_is_taken(name):
    deals, _truth = table(60)
    named = deals.rename(columns={"kind": name})
    assert len(funnel.win_propensity(named, named, features=[name])) == 60


@pytest.mark.parametrize("n", [900, 6000])
def test_the_interval_holds_the_true_chance_of_about_as_many_deals_as_it_promises(n):
    deals, truth = table(n + 1500, seed=5)
    for level in (0.8, 0.9):
        answer = funnel.win_propensity(deals.iloc[:n], deals.iloc[n:], features=["size", "kind"], level=level)
        inside = (truth[n:] >= answer["low"]) & (truth[n:] <= answer["high"])
        assert level - 0.1 < inside.mean() <= 0.99
        assert (answer["high"] - answer["low"]).mean() < 2.5 * truth.std()  # and still tells deals apart


def test_a_higher_level_gives_a_wider_interval_around_the_same_chance():
    deals, _truth = table(1200)
    narrow, wide = (
        funnel.win_propensity(deals.iloc[:900], deals.iloc[900:], features=["size", "kind"], level=level)
        for level in (0.5, 0.9)
    )
    assert wide["p_won"].to_numpy() == pytest.approx(narrow["p_won"].to_numpy())
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()


def test_a_column_blank_for_open_deals_only_is_refused():
    deals, _truth = table(200)
    standing = deals.assign(kind=deals["kind"].where(deals.index % 2 == 0))
    with pytest.raises(ValueError, match="blank only for deals of one kind"):
        funnel.win_propensity(deals, standing, features=["kind"])


def test_a_missing_feature_is_named():
    deals, _truth = table(20)
    with pytest.raises(ValueError, match="closed has no column colour"):
        funnel.win_propensity(deals, deals, features=["colour"])


def test_few_deals_fall_back_to_shrunk_rates_of_the_telling_feature():
    rows = pd.DataFrame({"kind": ["a"] * 40 + ["b"] * 40, "noise": list("xy") * 40})
    rows["outcome"] = ["won"] * 36 + ["lost"] * 4 + ["won"] * 4 + ["lost"] * 36
    rows["opportunity_id"] = range(80)
    answer = funnel.win_propensity(rows, rows.iloc[[0, 50]], features=["noise", "kind"])
    # 36 of 40 and 4 of 40, drawn a little to one half
    assert answer["p_won"].tolist() == pytest.approx([0.88, 0.12], abs=0.04)


@pytest.mark.parametrize("outcomes", [[], ["won"] * 3, ["lost"] * 600])
def test_no_deal_three_wins_or_losses_only_are_answered(outcomes):
    closed = pd.DataFrame({"opportunity_id": range(len(outcomes)), "outcome": outcomes, "kind": ["a"] * len(outcomes)})
    standing = pd.DataFrame({"opportunity_id": ["x", "y"], "kind": ["a", "new"]})
    answer = funnel.win_propensity(closed, standing, features=["kind"])
    assert answer["p_won"].between(0, 1).all()
    assert funnel.win_propensity(closed, standing.iloc[:0], features=["kind"]).empty


def test_identical_deals_never_teach_their_own_answer():
    # 400 pairs of identical rows with a random outcome each: nothing can be learned, so nothing may be foretold
    rng = np.random.default_rng(3)
    x = np.repeat(rng.normal(size=(400, 2)), 2, axis=0)
    won = np.repeat(rng.integers(0, 2, 400), 2).astype(float)
    score, _said = cross_fitted(x, won, x[:0], [False, False])
    assert abs(np.corrcoef(score, won)[0, 1]) < 0.15


def test_blanks_in_both_and_odd_types_are_taken_as_they_are():
    deals, _truth = table(700)
    deals["kind"] = deals["kind"].where(deals.index % 7 > 0).astype("category")
    deals["since"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(700), unit="D")
    answer = funnel.win_propensity(deals.iloc[:600], deals.iloc[600:], features=["size", "kind", "since"])
    assert answer[["p_won", "low", "high"]].notna().all(axis=None)
