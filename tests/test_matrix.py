"""The value matrix: scores by hand, anchors that hold still, stability, tornado, horizon."""

import numpy as np
import pandas as pd
import pytest

from kamlib import matrix

AS_OF = pd.Timestamp("2025-12-31")


def table(n=30, seed=1):
    rng = np.random.default_rng(seed)
    revenue = rng.exponential(2e6, n)
    wallet = revenue * rng.uniform(1, 5, n)
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "account_name": [f"Account {i}" for i in range(n)],
            "account_type": "customer",
            "account_manager": "Wang",
            "revenue": revenue,
            "contribution": revenue * rng.uniform(-0.1, 0.5, n),
            "wallet": wallet,
            "wallet_low": wallet * 0.8,
            "wallet_high": wallet * 1.3,
            "headroom": wallet - revenue,
            "share_of_wallet": revenue / wallet,
            "pipeline": rng.exponential(1e6, n),
            "win_share": rng.random(n),
            "stance": rng.uniform(-2, 2, n),
            "csat": rng.uniform(1, 5, n),
            "growth": rng.uniform(0, 0.1, n),
        }
    )


def monthly(who, seed=2):
    rng = np.random.default_rng(seed)
    rows = [(a, month, rng.exponential(2e5)) for a in who["account_id"] for month in range(12)]
    made = pd.DataFrame(rows, columns=["account_id", "month", "revenue"])
    return made.assign(contribution=made["revenue"] * 0.3)


def test_measures_of_one_account_by_hand():
    profit = table(2)[["account_id", "account_name", "account_type", "account_manager", "revenue", "contribution"]]
    deals = pd.DataFrame(
        {"account_id": ["a0"] * 5, "amount": [10.0, 30, 20, 40, 7], "outcome": ["won", "lost", "won", "lost", "open"]}
    )
    people = pd.DataFrame({"account_id": ["a0", "a0"], "influence": [4.0, 1.0], "stance": [2.0, -2.0]})
    asked = pd.DataFrame({"account_id": ["a0", "a0"], "csat": [5.0, 4.0]})
    who = pd.DataFrame({"account_id": ["a0", "a1"], "industry": ["x", "y"]})
    market = pd.DataFrame({"industry": ["x", "x"], "year": 2025, "growth_rate": [0.1, 0.04], "market_size": [1.0, 2.0]})
    made = matrix.measures(profit.assign(contribution_rate=0.1), table(2), deals, people, asked, who, market)
    first = made.iloc[0]
    assert first["pipeline"] == 7
    assert first["win_share"] == pytest.approx(0.3)
    assert first["stance"] == pytest.approx((4 * 2 - 2) / 5)
    assert first["csat"] == 4.5
    assert first["growth"] == pytest.approx(0.06)
    assert made.loc[1, ["win_share", "stance", "csat", "growth"]].isna().all()


def test_a_score_by_hand_and_a_missing_measure_leaves_its_weight_to_the_others():
    """0.5·clip(3/4) + 0.5·clip((0 + 2)/4) = 0.375 + 0.25."""
    scale = pd.DataFrame(
        {"axis": "value", "criterion": ["revenue", "stance"], "weight": 0.5, "zero_at": [0.0, -2], "full_at": [4.0, 2]}
    )
    two = pd.DataFrame({"revenue": [3.0, 9.0], "stance": [0.0, np.nan]})
    assert matrix.scored(two, scale, "value").tolist() == pytest.approx([0.625, 1.0])


@pytest.mark.parametrize("across", ["value", "strength"])
def test_scores_lie_between_0_and_1_and_weights_of_an_axis_sum_to_1(across):
    scale = matrix.scales(table(), across=across)
    assert scale.groupby("axis")["weight"].sum().tolist() == pytest.approx([1, 1])
    grid = matrix.placed(table(), scale)
    assert grid[["value", "potential"]].stack().between(0, 1).all()
    assert set(grid["box"]) <= set(matrix.BOXES)


def test_an_account_that_leaves_moves_no_other():
    """What TOPSIS cannot promise: the ideal point goes with the account that held it."""
    whole = table()
    scale = matrix.scales(whole)
    before = matrix.placed(whole, scale).set_index("account_id")
    for gone in whole.nlargest(3, "revenue")["account_id"]:
        rest = whole[whole["account_id"] != gone]
        after = matrix.placed(rest, scale).set_index("account_id")
        pd.testing.assert_frame_equal(after, before.loc[after.index])


def test_topsis_does_change_ranks_when_an_account_leaves():
    """The reason for anchored scales, shown with an independent implementation."""
    pymcdm = pytest.importorskip("pymcdm.methods")
    rng = np.random.default_rng(0)
    reversed_ = 0
    for _trial in range(40):
        grid = rng.random((6, 3))
        weights, kinds = np.full(3, 1 / 3), np.ones(3)
        topsis = pymcdm.TOPSIS()
        whole, rest = (topsis(rows, weights, kinds, validation=False)[:5] for rows in (grid, grid[:5]))
        reversed_ += (np.argsort(whole) != np.argsort(rest)).any()
    assert reversed_ > 0


def test_the_rooms_weights_replace_the_defaults_of_their_axis():
    room = pd.DataFrame({"axis": "potential", "criterion": ["headroom", "growth"], "weight": [3.0, 1.0]})
    scale = matrix.scales(table(), weights=room).set_index("axis")
    assert scale.loc["potential", "weight"].tolist() == [0.75, 0.25]
    assert scale.loc["value", "criterion"].tolist() == list(matrix.VALUE_WEIGHTS)


def test_ends_of_amounts_are_round_numbers():
    scale = matrix.scales(table()).set_index("criterion")
    high = scale.loc["revenue", "full_at"]
    assert high == round(high, -int(np.floor(np.log10(high))))


def test_boxes_by_hand():
    grid = matrix.value_matrix(pd.Series([0.4, 0.9, 0.1, 0.39]), pd.Series([0.4, 0.1, 0.8, 0.39]))
    assert grid["box"].tolist() == ["invest", "defend", "develop", "serve"]
    assert grid["distance"].tolist() == pytest.approx([0, 0.3, 0.3, 0.01])


def test_months_are_counted_back_and_nothing_is_lost():
    lines = pd.DataFrame(
        {
            "account_id": ["a0", "a0", "a1"],
            "order_date": pd.to_datetime(["2025-12-01", "2025-01-31", "2024-12-31"]),
            "amount": [10.0, 20, 40],
            "goods": [4.0, 5, 6],
        }
    )
    served = pd.DataFrame({"account_id": ["a0"], "month": pd.to_datetime(["2025-12-01"]), "cost": [1.0]})
    made = matrix.monthly_values(lines, served, as_of=AS_OF)
    assert made.to_numpy().tolist() == [["a0", 0, 10, 5], ["a0", 11, 20, 15]]


def test_the_bootstrap_is_the_same_for_the_same_seed_and_its_shares_sum_to_1():
    who = table()
    scale = matrix.scales(who)
    one, two = (matrix.box_stability(who, monthly(who), scale, draws=50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert one[list(matrix.BOXES)].sum(axis=1).tolist() == pytest.approx([1] * len(who))
    assert one["box"].tolist() == matrix.placed(who, scale)["box"].tolist()


def test_the_bootstrap_agrees_with_a_naive_loop():
    who = table(8)
    scale, months = matrix.scales(who), monthly(who)
    rng = np.random.default_rng(7)
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=20)
    other = matrix._other_years(who, months, 12, 20, np.random.default_rng(7))
    for draw in range(20):
        for place, account in enumerate(who["account_id"]):
            mine = months[months["account_id"] == account].set_index("month")["revenue"]
            drawn = who["revenue"][place] + sum((counts[draw][m] - 1) * mine[m] for m in range(12))
            assert other["revenue"][place, draw] == pytest.approx(drawn)
        frame = who.assign(**{name: values[:, draw] for name, values in other.items()})
        loop = matrix.scored(frame, scale, "potential")
        assert matrix._scored_draws(who, other, scale, "potential", 20)[:, draw].tolist() == pytest.approx(
            loop.tolist()
        )


def test_an_account_that_never_changes_stays_in_its_box():
    who = table().assign(wallet_low=lambda t: t["wallet"], wallet_high=lambda t: t["wallet"])
    flat = monthly(who).assign(revenue=5.0, contribution=1.0)
    assert matrix.box_stability(who, flat, matrix.scales(who), draws=20)["stability"].eq(1).all()


def test_the_tornado_counts_moves_as_a_loop_would():
    who = table()
    scale = matrix.scales(who)
    base = matrix.placed(who, scale)["box"]
    more = matrix.placed(who.assign(headroom=who["headroom"] * 1.25), scale)["box"]
    found = matrix.tornado(who, scale).set_index(["assumption", "kind"])
    assert found.at[("headroom", "measure"), "up"] == (more != base).sum()
    higher = matrix.placed(who, scale, value_cut=0.5)["box"]
    assert found.at[("value_cut", "cut"), "up"] == (higher != base).sum()


def test_three_years_by_hand():
    """r = 0: 3·100 + 60·0.5·0.1·(1 + 2 + 3)/3; r = 100 %: 100·(.5 + .25 + .125)."""
    one = pd.DataFrame({"account_id": ["a"], "contribution": [100.0], "headroom": [60.0]})
    made = matrix.three_year_value(one, discount_rate=0, margin_rate=0.5, capture=0.1)
    assert made.loc[0, ["as_is", "upside", "total"]].tolist() == pytest.approx([300, 6, 306])
    assert matrix.three_year_value(one, discount_rate=1, margin_rate=0)["total"][0] == pytest.approx(87.5)


NOTHING = dict.fromkeys(("pipeline", "win_share", "stance", "csat", "growth"), np.nan)
GALLERY = {
    "no account": table(0),
    "one account": table(1),
    "nothing known but orders": table().assign(**NOTHING),
    "no wallet": table().assign(
        wallet=np.nan, wallet_low=np.nan, wallet_high=np.nan, headroom=np.nan, share_of_wallet=np.nan
    ),
    "zero revenue": table().assign(revenue=0.0, contribution=0.0),
    "returns larger than sales": table().assign(revenue=-1e5, contribution=-2e5, share_of_wallet=0.0),
    "all alike": table().assign(**dict.fromkeys(("revenue", "contribution", "headroom", "wallet", "pipeline"), 1.0)),
}


@pytest.mark.parametrize("across", ["value", "strength"])
@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_get_a_matrix(case, across):
    who = GALLERY[case]
    copy = who.copy()
    scale = matrix.scales(who, across=across)
    assert len(matrix.placed(who, scale)) == len(who)
    stays = matrix.box_stability(who, monthly(who), scale, draws=10)
    assert stays["stability"].between(0, 1).all()
    assert (matrix.tornado(who, scale)[["down", "up"]] >= 0).all().all()
    assert not matrix.three_year_value(who, discount_rate=0.08, margin_rate=0.3)["total"].isna().any()
    pd.testing.assert_frame_equal(who, copy)
