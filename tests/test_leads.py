"""Lead sources and tiers: worked examples, budgets that add up, naive recomputation, odd lead lists."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from kamlib import edition, leads, schema

AS_OF = pd.Timestamp("2025-12-31")


def found(rows):
    columns = ["lead_id", "account_id", "source", "created", "score", "status", "cost", "opportunity_id", "closed"]
    frame = pd.DataFrame(rows, columns=[*columns, "owner"]).assign(region="East")
    dates = {name: pd.to_datetime(frame[name]) for name in ("created", "closed")}
    return frame.assign(**dates).astype({"score": float, "cost": float})


LEADS = found(
    [
        ("k", "a", "exhibitions", "2025-01-05", 80, "converted", 300, "d1", "2025-01-15", "Li"),
        ("l", "b", "exhibitions", "2025-02-01", 40, "disqualified", 100, None, "2025-03-01", "Li"),
        ("m", None, "exhibitions", "2025-12-01", 70, "new", 200, None, None, None),
        ("n", "c", "installed_base", "2025-03-01", 65, "converted", 50, "d2", "2025-03-21", "Wu"),
        ("o", "c", "installed_base", "2025-11-01", 50, "qualified", 50, None, None, "Wu"),
        ("p", "c", "installed_base", "2024-01-01", 90, "qualified", 50, None, None, "Wu"),
    ]
)
DEALS = pd.DataFrame(
    {
        "opportunity_id": ["d1", "d2", "d3"],
        "closed": pd.to_datetime(["2025-04-05", "2025-06-01", None]),
        "outcome": ["won", "lost", "open"],
        "amount": [1000.0, 500, 900],
        "closed_amount": [900.0, np.nan, np.nan],
    }
)


def test_what_became_of_each_lead_by_hand():
    known = leads.lead_outcomes(LEADS, DEALS).set_index("lead_id")
    assert known["won_amount"].to_dict() == {"k": 900, "l": 0, "m": 0, "n": 0, "o": 0, "p": 0}
    assert known["days_to_convert"].dropna().to_dict() == {"k": 10, "n": 20}
    assert known["days_to_win"].dropna().to_dict() == {"k": 90}  # 5 January to 5 April


def test_source_counts_of_six_leads_by_hand():
    counts = leads.source_counts(LEADS, DEALS).set_index("source")
    fair = counts.loc["exhibitions", ["leads", "settled", "converted", "closed_deals", "won", "cost", "accounts"]]
    assert fair.tolist() == [3, 2, 1, 1, 1, 600, 3]  # a, b and the lead without an account
    base = counts.loc["installed_base", ["leads", "settled", "converted", "closed_deals", "won", "won_amount"]]
    assert base.tolist() == [3, 1, 1, 1, 0, 0]


def test_source_counts_agree_with_a_naive_loop_on_random_leads():
    rng = np.random.default_rng(3)
    many = LEADS.sample(200, replace=True, random_state=1).assign(
        lead_id=[f"L{i}" for i in range(200)], region=rng.choice(["East", "South"], 200)
    )
    table = leads.source_counts(many, DEALS).set_index(["region", "source"])
    outcome = DEALS.set_index("opportunity_id")["outcome"].to_dict()
    for (region, source), row in table.iterrows():
        mine = [x for x in many.to_dict("records") if x["region"] == region and x["source"] == source]
        assert row["leads"] == len(mine)
        assert row["settled"] == sum(x["status"] in ("converted", "disqualified") for x in mine)
        assert row["won"] == sum(outcome.get(x["opportunity_id"]) == "won" for x in mine)
        assert row["cost"] == pytest.approx(sum(x["cost"] for x in mine))
    assert table["leads"].sum() == 200


def test_a_thin_source_is_drawn_towards_the_other_regions_and_keeps_all_eight_rows():
    own = counts("East", exhibitions=(2, 0))
    others = pd.concat([counts(name, exhibitions=(200, 120)) for name in ("South", "North", "West")])
    table = leads.conversion_by_source(own, pd.concat([own, others])).set_index("source")
    assert list(table.index) == list(schema.LEAD_SOURCES)
    assert table.loc["exhibitions", "own_rate"] == 0
    assert 0.3 < table.loc["exhibitions", "rate"] < 0.6
    assert (table["low"] <= table["rate"]).all()
    assert table.loc["consultants", "leads"] == 0


def counts(region, **sources):
    rows = [(region, source, n, n, k, k, 0, 10.0 * n, 0.0, 0.0, 9) for source, (n, k) in sources.items()]
    columns = ["region", "source", "leads", "settled", "converted", "closed_deals", "won", "cost", "won_amount"]
    return pd.DataFrame(rows, columns=[*columns, "won_squares", "accounts"])


def test_the_whole_company_is_not_counted_a_second_time():
    whole = counts("all", exhibitions=(100, 30))
    parts = pd.concat([counts(name, exhibitions=(50, 15)) for name in ("South", "North")])
    assert leads.conversion_by_source(whole, parts).equals(leads.conversion_by_source(whole, parts.iloc[:0]))


def test_credible_means_of_two_groups_by_hand():
    """Values (0, 2) and (10, 12): s² = (2 + 2) ÷ 2 = 2, overall 6, Σn(m − 6)² = 100, spread 4 − 8 ÷ 4 = 2,
    a = (100 − 2) ÷ 2 = 49; weight 2 ÷ (2 + 2 ÷ 49) = 0.98."""
    means = leads.credible_means(pd.Series([2, 2]), pd.Series([2.0, 22.0]), pd.Series([4.0, 244.0]))
    assert means.tolist() == pytest.approx([0.98 * 1 + 0.02 * 6, 0.98 * 11 + 0.02 * 6])


def test_groups_that_differ_by_chance_only_get_the_mean_of_all():
    rng = np.random.default_rng(0)
    values = rng.normal(50, 20, (8, 30))
    means = leads.credible_means(pd.Series([30] * 8), pd.Series(values.sum(1)), pd.Series((values**2).sum(1)))
    raw = values.mean(1)
    assert np.ptp(means) < 0.7 * np.ptp(raw)


def test_credible_means_beat_raw_means_on_groups_of_unequal_size():
    rng = np.random.default_rng(1)
    raw_error = steadied_error = 0.0
    for _round in range(60):
        truth, n = rng.normal(100, 10, 8), rng.integers(1, 20, 8)
        draws = [rng.normal(mean, 40, size) for mean, size in zip(truth, n, strict=True)]
        sums, squares = (pd.Series([f(x) for x in draws]) for f in (np.sum, lambda x: (x**2).sum()))
        raw_error += ((sums / n - truth) ** 2).sum()
        steadied_error += ((leads.credible_means(pd.Series(n), sums, squares) - truth) ** 2).sum()
    assert steadied_error < 0.5 * raw_error


def test_the_yield_is_conversion_times_wins_times_amount():
    own = leads.source_counts(LEADS, DEALS)
    conversion, wins = leads.conversion_by_source(own, own), leads.wins_by_source(own, own)
    row = leads.source_yield(own, conversion, wins).set_index("source").loc["exhibitions"]
    assert row["mean_won"] == 900
    assert row["cost_per_lead"] == 200
    assert row["expected"] == pytest.approx(row["conversion"] * row["win_rate"] * 900)
    assert row["expected_low"] < row["expected"] < row["expected_high"]
    assert row["return_on_cost"] == pytest.approx(row["expected"] / 200)


def test_days_per_source_by_hand():
    table = leads.source_days(leads.lead_outcomes(LEADS, DEALS)).set_index("source")
    assert table.loc["exhibitions", ["days_to_convert", "wins", "days_to_win"]].tolist() == [10, 1, 90]
    assert table.loc["installed_base", "wins"] == 0
    assert np.isnan(table.loc["consultants", "days_to_win"])


def test_score_bands_count_settled_leads_only():
    bands = leads.score_bands(LEADS)
    assert bands[["band", "settled", "converted"]].to_numpy().tolist() == [[40, 1, 0], [60, 1, 1], [80, 1, 1]]
    assert leads.score_bands(LEADS.iloc[:0]).empty


def test_a_score_of_hundred_belongs_to_the_last_band():
    assert leads.score_bands(LEADS.assign(score=100.0))["band"].tolist() == [90]


def test_tiers_by_hand_old_leads_are_cold_whatever_their_score():
    tiers = leads.lead_tiers(LEADS, as_of=AS_OF, hot=60, warm=45, stale_days=100)
    assert tiers[["lead_id", "tier", "age_days"]].to_numpy().tolist() == [
        ["m", "hot", 30],
        ["o", "warm", 60],
        ["p", "cold", 730],
    ]
    without = leads.lead_tiers(LEADS, as_of=AS_OF, hot=60, warm=45)
    assert without["tier"].tolist() == ["hot", "hot", "warm"]


def test_a_lead_without_a_score_is_cold_and_a_line_upside_down_is_refused():
    blank = LEADS.assign(score=np.nan)
    assert set(leads.lead_tiers(blank, as_of=AS_OF, hot=60, warm=45)["tier"]) == {"cold"}
    with pytest.raises(ValueError, match="must not be above"):
        leads.lead_tiers(LEADS, as_of=AS_OF, hot=40, warm=45)


def test_the_load_of_an_owner_and_the_leads_nobody_owns():
    tiers = leads.lead_tiers(LEADS, as_of=AS_OF, hot=60, warm=45)
    load = leads.owner_load(tiers, capacity=4)
    assert load["owner"].fillna("-").tolist() == ["Wu", "-"]
    assert load["load"].tolist()[0] == 0.5  # one hot and one warm of four
    assert np.isnan(load["load"][1])
    assert load[["hot", "warm", "cold"]].to_numpy().sum() == len(tiers)
    with pytest.raises(ValueError, match="above 0"):
        leads.owner_load(tiers, capacity=0)


YIELDS = pd.DataFrame(
    {
        "source": ["exhibitions", "installed_base", "consultants"],
        "cost": [600.0, 300, 100],
        "cost_per_lead": [20.0, 10, 5],
        "expected": [40.0, 100, 5],
        "return_on_cost": [2.0, 10, 1],
    }
)


def test_the_effort_mix_by_hand():
    """Of 1000: 600, 300, 100 now; each keeps half: 300, 150, 50. The other 500 go to the best first: 300 to
    installed_base (its room), 200 to exhibitions."""
    mix = leads.effort_mix(YIELDS, budget=1000, shift=0.5).set_index("source")
    assert mix["spend_next"].to_dict() == {"exhibitions": 500, "installed_base": 450, "consultants": 50}
    assert mix.loc["installed_base", "leads_next"] == 45
    assert mix["expected_next"].sum() > mix["expected_now"].sum()


def test_the_effort_mix_is_the_optimum_of_the_linear_programme():
    rng = np.random.default_rng(2)
    for _run in range(25):
        yields = YIELDS.assign(cost=rng.random(3) + 0.1, return_on_cost=rng.random(3))
        shift = rng.random()
        mix = leads.effort_mix(yields, budget=100.0, shift=shift)
        bounds = [(s * (1 - shift), s * (1 + shift)) for s in mix["spend_now"]]
        best = linprog(-mix["return_on_cost"], A_eq=[[1, 1, 1]], b_eq=[100.0], bounds=bounds)
        assert mix["expected_next"].sum() == pytest.approx(-best.fun)
        assert mix["spend_next"].sum() == pytest.approx(100.0)


def test_without_cost_or_yield_there_is_no_mix():
    assert leads.effort_mix(YIELDS.assign(cost=0.0), budget=1000, shift=0.5).empty
    assert len(leads.effort_mix(YIELDS.assign(return_on_cost=[1, np.nan, 2]), budget=1000, shift=0.5)) == 2
    with pytest.raises(ValueError, match="between 0 and 1"):
        leads.effort_mix(YIELDS, budget=1000, shift=1.5)


EDGES = {
    "no lead": LEADS.iloc[:0],
    "one open lead": LEADS.iloc[2:3],
    "none converted": LEADS[LEADS["status"] == "disqualified"],
    "no cost": LEADS.assign(cost=np.nan),
}


@pytest.mark.parametrize("case", EDGES)
def test_thin_lead_lists_give_tables_without_failing(case):
    rows = EDGES[case]
    own = leads.source_counts(rows, DEALS)
    yields = leads.source_yield(own, leads.conversion_by_source(own, own), leads.wins_by_source(own, own))
    assert len(yields) == 8
    mix = leads.effort_mix(yields, budget=1000, shift=0.3)
    assert mix.empty or case == "no cost" or mix["spend_next"].sum() == pytest.approx(1000)
    outcomes = leads.lead_outcomes(rows, DEALS)
    assert len(leads.source_days(outcomes)) == 8
    tiers = leads.lead_tiers(rows, as_of=AS_OF, hot=60, warm=45, stale_days=leads.stale_after(outcomes))
    assert len(tiers) == rows["status"].isin(["new", "qualified"]).sum()
    leads.owner_load(tiers, capacity=5)


def test_order_of_rows_does_not_matter_and_input_is_unchanged():
    before = LEADS.copy()
    turned = leads.source_counts(LEADS[::-1], DEALS[::-1])
    pd.testing.assert_frame_equal(turned, leads.source_counts(LEADS, DEALS))
    one = leads.lead_tiers(LEADS[::-1], as_of=AS_OF, hot=60, warm=45)
    pd.testing.assert_frame_equal(one, leads.lead_tiers(LEADS, as_of=AS_OF, hot=60, warm=45))
    pd.testing.assert_frame_equal(LEADS, before)


def test_the_table_of_the_eight_sources_knows_the_sources_of_the_contract():
    table = edition.reference("lead_sources")
    assert table["source"].tolist() == list(schema.LEAD_SOURCES)
    assert (table != "").all().all()


def test_small_moves_of_money_are_not_worth_a_word_and_the_best_return_comes_first():
    mix = pd.DataFrame({"source": list("abc"), "return_on_cost": [2.0, 9.0, 5.0], "spend_now": [600.0, 300.0, 100.0]})
    mix["spend_next"] = [530.0, 390.0, 80.0]  # -70, +90, -20 of 1000: the last is below a twentieth
    assert leads.material_moves(mix)["source"].tolist() == ["b", "a"]
    assert leads.material_moves(mix)["change"].tolist() == [90.0, -70.0]
    assert leads.material_moves(mix.assign(spend_next=mix["spend_now"]), share=0.0).empty
    assert leads.material_moves(mix.iloc[:0]).empty


def test_what_is_spent_is_measured_by_what_was_signed_lately():
    deals = pd.DataFrame({"outcome": ["won", "won", "lost"], "amount": [100.0, 50.0, 70.0]})
    deals["closed_amount"] = [90.0, None, None]
    deals["closed"] = pd.to_datetime(["2025-12-01", "2025-08-01", "2025-12-02"])  # the second is too old
    assert leads.spend_share(9.0, deals, as_of=pd.Timestamp("2025-12-31")) == pytest.approx(9 / 90)
    assert np.isnan(leads.spend_share(9.0, deals.iloc[1:], as_of=pd.Timestamp("2025-12-31")))
