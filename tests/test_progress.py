"""Progress of the deals: leaks that add up, slips, the leads a target needs, the promise of the stages and its band."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from kamlib import progress

AS_OF = pd.Timestamp("2025-12-31")
PATHS = pd.DataFrame(
    {
        "opportunity_id": list("abcdefg"),
        "account_id": list("xxyyzzz"),
        "owner": "Li",
        "stage": ["need", "need", "tender", None, "tender", "need", "tender"],
        "order": [1.0, 1, 2, np.nan, 2, 1, 2],
        "entered": pd.to_datetime(["2025-01-01"] * 3 + [None] + ["2025-02-01"] * 3),
        "closed": pd.to_datetime(["2025-01-11", "2025-01-31", "2025-03-01", "2025-03-01", None, None, "2020-01-01"]),
        "outcome": ["lost", "lost", "lost", "lost", "open", "open", "lost"],
        "value": [10.0, 30, 60, 100, 200, 40, 999],
        "amount": [10.0, 30, 60, 100, 200, 40, 999],
        "expected_close": pd.to_datetime([None] * 4 + ["2025-12-01", "2026-02-01", None]),
        "lost_reason": ["price", "price", None, None, None, None, "old"],
    }
)
CONVERSION = pd.DataFrame({"stage": ["need", "tender"], "rate": [0.5, 0.4], "low": [0.4, 0.3], "high": [0.6, 0.5]})


def test_the_leaks_by_hand_sum_to_all_that_was_lost():
    table = progress.leakage(PATHS, since=pd.Timestamp("2024-12-31"))
    assert table["stage"].fillna("-").tolist() == ["need", "tender", "-"]
    assert table["lost_n"].tolist() == [2, 1, 1]
    assert table["lost_amount"].sum() == 200  # 10 + 30 + 60 + 100
    assert table["share"].tolist() == [0.2, 0.3, 0.5]
    assert table["days"].tolist()[:2] == [20, 59]  # of 10 and 30; 1 January to 1 March
    assert table["reason"].fillna("-").tolist() == ["price", "-", "-"]


def test_reasons_that_are_equally_common_are_named_by_the_alphabet():
    tied = PATHS.assign(lost_reason=["price", "budget", *[None] * 5])
    table = progress.leakage(tied, since=pd.Timestamp("2024-12-31"))
    assert table.loc[0, ["reason", "reason_share"]].tolist() == ["budget", 0.5]


def test_a_deal_slips_when_its_expected_day_has_passed():
    table = progress.slipped(PATHS, as_of=AS_OF)
    assert table[["opportunity_id", "days_past"]].to_numpy().tolist() == [["e", 30]]


LEADS = pd.DataFrame(
    {
        "lead_id": list("12345"),
        "account_id": ["x", "y", None, "z", "z"],
        "status": ["converted", "disqualified", "disqualified", "new", "converted"],
        "opportunity_id": ["a", None, None, None, "q"],
        "region": "East",
    }
)
DEALS = pd.DataFrame({"opportunity_id": ["a", "b"], "created": pd.to_datetime(["2025-06-01", "2025-06-01"])})


def test_lead_counts_by_hand():
    row = progress.lead_counts(LEADS).iloc[0]
    assert row[["settled", "converted", "accounts"]].tolist() == [4, 2, 4]  # x, y, z and the lead without an account


def test_the_feed_by_hand_is_drawn_towards_the_other_regions():
    company = pd.DataFrame({"region": ["East", "South", "North"], "settled": [4, 400, 300], "converted": [2, 80, 60]})
    row = progress.lead_feed(LEADS, DEALS, company, since=pd.Timestamp("2025-01-01")).iloc[0]
    assert row[["settled", "converted", "deals", "from_leads"]].tolist() == [4, 2, 2, 0.5]
    assert 0.18 < row["rate"] < 0.4
    whole = progress.lead_feed(LEADS.assign(region="all"), DEALS, company, since=pd.Timestamp("2025-01-01")).iloc[0]
    assert whole["rate"] > row["rate"]


def test_the_leads_solved_forward_again_feed_the_first_stage():
    required = pd.DataFrame({"stage": ["need"], "rate": [0.5], "required": [40.0], "required_high": [60.0]})
    feed = pd.DataFrame({"rate": [0.4], "low": [0.3], "from_leads": [0.9]})
    table = progress.with_leads(required, feed, stage="lead")
    assert table["stage"].tolist() == ["lead", "need"]
    assert table["required"][0] * 0.4 / 0.9 == pytest.approx(40)
    assert table["required_high"][0] > table["required"][0]


@pytest.mark.parametrize(
    "feed", [{"rate": np.nan, "low": np.nan, "from_leads": 0.5}, {"rate": 0.5, "low": 0.4, "from_leads": 0}]
)
def test_without_leads_the_required_funnel_stays_as_it_is(feed):
    required = pd.DataFrame({"stage": ["need"], "rate": [0.5], "required": [40.0], "required_high": [60.0]})
    assert progress.with_leads(required, pd.DataFrame([feed]), stage="lead").equals(required)
    assert progress.with_leads(required.iloc[:0], pd.DataFrame([feed]), stage="lead").empty


def test_the_promise_of_the_stages_by_hand():
    """need: 40 × 0.5 × 0.4; tender: 200 × 0.4."""
    table = progress.stage_promise(PATHS, CONVERSION)
    assert table["chance"].tolist() == [0.2, 0.4]
    assert table["promised_amount"].tolist() == [8, 80]
    assert table["open_n"].tolist() == [1, 1]


def many(n):
    return pd.DataFrame({"stage": "tender", "outcome": "open", "value": np.full(n, 1.0)})


def test_the_band_of_known_rates_is_that_of_the_binomial():
    sure = CONVERSION.assign(low=CONVERSION["rate"], high=CONVERSION["rate"])
    row = progress.promise_band(many(100), sure, target=40, draws=20_000).iloc[0]
    assert row["mean"] == pytest.approx(40, abs=0.3)
    assert (row["p10"], row["p90"]) == (binom.ppf(0.1, 100, 0.4), binom.ppf(0.9, 100, 0.4))
    assert row["p_target"] == pytest.approx(binom.sf(39, 100, 0.4), abs=0.015)


def test_unsure_rates_make_the_band_wider_and_the_mean_stays():
    sure = CONVERSION.assign(low=CONVERSION["rate"], high=CONVERSION["rate"])
    narrow, wide = (
        progress.promise_band(many(400), rates, target=0, draws=5000).iloc[0] for rates in (sure, CONVERSION)
    )
    assert wide["p90"] - wide["p10"] > 1.5 * (narrow["p90"] - narrow["p10"])
    assert wide["mean"] == pytest.approx(narrow["mean"], rel=0.03)


def test_the_same_seed_gives_the_same_band():
    one, two = (progress.promise_band(many(50), CONVERSION, target=9, seed=7) for _run in range(2))
    assert one.equals(two)


@pytest.mark.parametrize("case", ["no deal", "nothing lost or open"])
def test_thin_pipelines_give_tables_without_failing(case):
    paths = PATHS.iloc[:0] if case == "no deal" else PATHS.assign(outcome="won")
    assert progress.leakage(paths, since=pd.Timestamp("2020-01-01")).empty
    assert progress.slipped(paths, as_of=AS_OF).empty
    assert progress.stage_promise(paths, CONVERSION)["promised_amount"].sum() == 0
    assert progress.promise_band(paths, CONVERSION, target=1)["p_target"][0] == 0
    assert progress.stage_promise(paths, CONVERSION.iloc[:0]).empty
    assert progress.promise_band(paths, CONVERSION.iloc[:0], target=1)["mean"][0] == 0
    empty = progress.lead_feed(LEADS.iloc[:0], DEALS, progress.lead_counts(LEADS.iloc[:0]), since=AS_OF)
    assert np.isnan(empty["rate"][0])


def test_input_frames_are_unchanged():
    before = PATHS.copy(), LEADS.copy()
    progress.leakage(PATHS, since=pd.Timestamp("2024-12-31"))
    progress.lead_counts(LEADS)
    pd.testing.assert_frame_equal(PATHS, before[0])
    pd.testing.assert_frame_equal(LEADS, before[1])
