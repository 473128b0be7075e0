"""Features, groups that are there or are not, profiles with intervals, and the traits of success."""

import numpy as np
import pandas as pd
import pytest

from kamlib import profiles
from kamlib.profiles import (
    account_features,
    best_groups,
    fit,
    group_checks,
    groups,
    profile,
    scaled_features,
    trait_lift,
    traits_of,
)

AS_OF = pd.Timestamp("2025-12-31")


def test_features_of_one_account_by_hand():
    """600 and 300 this year in two orders, 300 last year: growth 600 ÷ 1200; list value 1000: price 0.9."""
    facts = pd.DataFrame(
        {"account_id": ["a", "b", "p"], "account_type": ["customer", "customer", "prospect"],
         "revenue": [900.0, 0.0, 5.0], "product_count": 1, "tenure_years": 2.0, "repeat_rate": 0.5}
    )  # fmt: skip
    orders = pd.DataFrame(
        [("1", "a", "2025-06-01", "p", 6.0, 600.0), ("2", "a", "2025-07-01", "p", 4.0, 300.0),
         ("3", "a", "2024-07-01", "p", 3.0, 300.0), ("4", "a", "2025-07-02", "free", 1.0, 0.0)],
        columns=["order_id", "account_id", "order_date", "product", "quantity", "amount"],
    ).assign(order_date=lambda frame: pd.to_datetime(frame["order_date"]))  # fmt: skip
    products = pd.DataFrame({"product": ["p"], "list_price": [100.0]})
    features = account_features(facts, orders, products, as_of=AS_OF)
    assert features["account_id"].tolist() == ["a"]
    assert features.loc[0, ["growth", "order_size", "price_realisation"]].tolist() == [0.5, 450, 0.9]
    without = account_features(facts, orders, products.assign(list_price=np.nan), as_of=AS_OF)
    assert without["price_realisation"].isna().all()


def points(*centres, n=30, seed=0, spread=0.3):
    random = np.random.default_rng(seed)
    values = np.vstack([random.normal(centre, spread, (n, 3)) for centre in centres])
    return pd.DataFrame(values, index=[f"a{i}" for i in range(len(values))], columns=["x", "y", "z"])


def test_three_groups_that_are_there_are_found():
    scaled = points((0, 0, 0), (3, 0, 0), (0, 3, 0))
    checks = group_checks(scaled, most=5)
    assert best_groups(checks) == 3
    found = groups(scaled, 3)
    assert sorted(found.value_counts()) == [30, 30, 30]
    assert found.groupby(np.repeat([0, 1, 2], 30)).nunique().tolist() == [1, 1, 1]


def test_in_a_single_cloud_there_is_no_structure_to_find():
    held = [best_groups(group_checks(points((0, 0, 0), n=90, seed=seed, spread=1.0), most=4)) for seed in range(6)]
    assert held.count(0) >= 5


@pytest.mark.parametrize("n", [0, 1, 19])
def test_few_accounts_are_not_grouped(n):
    scaled = points((0, 0, 0)).head(n)
    assert group_checks(scaled).empty
    assert best_groups(group_checks(scaled)) == 0
    assert set(groups(scaled, 0)) <= {"1"}


def test_alike_accounts_are_not_grouped():
    assert best_groups(group_checks(points((0, 0, 0), spread=0.0))) == 0


def features(n=40, seed=1):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "revenue": random.lognormal(10, 1, n),
            "growth": random.uniform(-1, 1, n),
            "order_size": random.lognormal(8, 1, n),
            "product_count": random.integers(1, 9, n),
            "tenure_years": random.uniform(0, 10, n),
            "repeat_rate": random.uniform(0, 1, n),
            "price_realisation": np.nan,
        }
    )


def test_scaling_leaves_out_what_is_unknown_or_alike_and_keeps_outliers_at_bay():
    table = features()
    table.loc[0, "revenue"] = 1e12
    scaled = scaled_features(table.assign(tenure_years=5.0))
    assert list(scaled) == ["revenue", "growth", "order_size", "product_count", "repeat_rate"]
    assert scaled.abs().max().max() <= 3
    assert scaled.median().abs().max() < 1e-9


def test_profiles_agree_with_a_naive_loop():
    table = features()
    member = pd.Series(np.where(np.arange(40) < 12, "A", "B"), index=table["account_id"])
    answer = profile(table, member).set_index(["group", "feature"])
    for name in ("A", "B"):
        for feature in ("growth", "tenure_years"):
            values = table.set_index("account_id")[feature]
            spread = values.quantile(0.75) - values.quantile(0.25)
            expected = (values[member == name].median() - values.median()) / spread
            assert answer.loc[(name, feature), "difference"] == pytest.approx(expected)
            assert answer.loc[(name, feature), "median"] == pytest.approx(values[member == name].median())
    assert (answer["low"] <= answer["difference"] + 1e-9).all()
    assert (answer["high"] >= answer["difference"] - 1e-9).all()


def test_the_intervals_of_a_profile_hold_the_truth_about_as_often_as_they_say():
    """Groups drawn at random differ from all by chance only: 90 % intervals hold 0 in 80 to 97 % of draws."""
    held = []
    for seed in range(60):
        table = features(200, seed)
        member = pd.Series(np.where(np.arange(200) < 25, "A", "B"), index=table["account_id"])
        row = profile(table, member, runs=200, seed=seed).set_index(["group", "feature"]).loc[("A", "growth")]
        held.append(row["low"] <= 0 <= row["high"])
    assert 0.8 <= np.mean(held) <= 0.97


def test_a_group_of_one_has_a_difference_and_no_interval():
    table = features()
    answer = profile(table, pd.Series({"a0": "alone", "a1": "two", "a2": "two"}))
    assert answer["difference"].notna().all()
    assert answer[["low", "high"]].isna().all(axis=None)
    assert profile(table.iloc[:0], pd.Series(dtype="str")).empty


def cases(n=400, seed=0, effect=0.5):
    random = np.random.default_rng(seed)
    industry = random.choice(["good", "plain"], n)
    chance = np.where(industry == "good", 0.3 * (1 + effect), 0.3)
    return pd.DataFrame(
        {"account_id": [f"a{i % 80}" for i in range(n)], "industry": industry, "success": random.random(n) < chance}
    )


def test_lift_by_hand():
    """good: 4 of 5; all: 5 of 10. One imagined case at 0.5: (4 + 0.5) ÷ 6 ÷ 0.5 = 1.5."""
    table = pd.DataFrame(
        {"account_id": [f"a{i}" for i in range(10)], "industry": ["good"] * 5 + ["plain"] * 5,
         "success": [True] * 4 + [False] * 5 + [True]}
    )  # fmt: skip
    row = trait_lift(table, ["industry"]).set_index("trait_value").loc["good"]
    assert row["lift"] == pytest.approx(1.5)
    assert row[["n", "accounts", "rate", "base_rate"]].tolist() == [5, 5, 0.8, 0.5]


def test_a_real_effect_is_seen_and_chance_mostly_is_not():
    real = trait_lift(cases(2000, effect=0.8), ["industry"]).set_index("trait_value")
    assert real.loc["good", "verdict"] == "look_for"
    assert real.loc["plain", "verdict"] == "avoid"
    false_alarms = [
        (trait_lift(cases(seed=s, effect=0), ["industry"])["verdict"] != "unclear").any() for s in range(40)
    ]
    assert np.mean(false_alarms) <= 0.3


def test_rows_may_come_in_any_order_and_totals_are_kept():
    table = cases()
    lift = trait_lift(table, ["industry"])
    assert lift["n"].sum() == len(table)
    shuffled = trait_lift(table.sample(frac=1, random_state=2), ["industry"])
    pd.testing.assert_frame_equal(lift, shuffled)


@pytest.mark.parametrize("success", [True, False])
def test_where_all_ended_alike_there_is_nothing_to_compare(success):
    assert trait_lift(cases().assign(success=success), ["industry"]).empty
    assert trait_lift(cases().iloc[:0], ["industry"]).empty


def test_a_value_with_few_accounts_has_no_interval_and_one_with_few_cases_no_row():
    table = cases()
    table.loc[:5, ["industry", "account_id"]] = ["rare", "a0"]
    table.loc[6:8, "industry"] = "rarer"
    lift = trait_lift(table, ["industry"]).set_index("trait_value")
    assert np.isnan(lift.loc["rare", "low"])
    assert lift.loc["rare", "verdict"] == "unclear"
    assert "rarer" not in lift.index


def test_prospects_are_ranked_by_what_their_traits_promise():
    """Lifts 2 and 0.5 cancel out; an unknown trait says nothing."""
    lift = pd.DataFrame(
        {"trait": ["industry", "size", "size"], "trait_value": ["x", "large", "small"], "lift": [2.0, 2.0, 0.5],
         "verdict": ["look_for", "look_for", "avoid"]}
    )  # fmt: skip
    table = pd.DataFrame(
        {"account_id": ["p", "q", "r"], "industry": ["x", "x", None], "size": ["small", "large", None]}
    )
    ranked = fit(table, lift).set_index("account_id")
    assert ranked.index.tolist() == ["q", "p", "r"]
    assert ranked["fit"].tolist() == pytest.approx([2.0, 1.0, 1.0])
    assert ranked["known"].tolist() == [2, 2, 0]
    assert ranked.loc["p", ["looked_for", "avoided"]].tolist() == [1, 1]
    assert fit(table, lift.iloc[:0])["fit"].tolist() == [1, 1, 1]


def test_a_parent_and_its_child_are_part_of_a_group():
    accounts = pd.DataFrame({"account_id": list("abc"), "industry": "x", "parent_account_id": [None, "a", None]})
    assert traits_of(accounts, pd.Series(["large"] * 3))["part_of_group"].tolist() == ["yes", "yes", "no"]
    assert set(profiles.TRAITS) < set(traits_of(accounts, pd.Series(["large"] * 3)))
