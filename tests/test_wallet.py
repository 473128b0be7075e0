"""Wallets: quantile regression against an independent solver, cross-fitting, fallbacks, and the room's word."""

import numpy as np
import pandas as pd
import pytest

from kamlib import wallet

AS_OF = pd.Timestamp("2025-12-31")


def accounts(n=60, seed=5):
    rng = np.random.default_rng(seed)
    beds = np.exp(rng.normal(6, 0.7, n)).round()
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "account_name": [f"Account {i}" for i in range(n)],
            "account_type": "customer",
            "account_manager": "Wang",
            "industry": rng.choice(["county hospital", "tertiary hospital"], n),
            "size_class": rng.choice(["large", "small"], n),
            "beds": beds,
            "employees": (beds * np.exp(rng.normal(0.4, 0.2, n))).round(),
            "annual_revenue": beds * 5e5,
        }
    )


def orders(who, seed=6, region="East"):
    """Each spends 2000 a bed at most, and a share of it that varies."""
    rng = np.random.default_rng(seed)
    amount = who["beds"].to_numpy() * 2000 * rng.uniform(0.05, 1, len(who))
    day = pd.Timestamp("2025-12-31") - pd.to_timedelta(rng.integers(0, 300, len(who)), unit="D")
    return pd.DataFrame({"account_id": who["account_id"], "region": region, "order_date": day, "amount": amount})


def judged(rows=()):
    return pd.DataFrame(rows, columns=["account_id", "wallet", "reason"])


def answer(who, sold, room=None, **knobs):
    models, peers = wallet.wallet_models(who, sold), wallet.peer_quantiles(who, sold)
    spend = wallet.yearly_spend(sold, as_of=AS_OF)
    return wallet.wallets(who, spend, models, peers, judged() if room is None else room, **{"scope": "region"} | knobs)


def test_the_median_of_five_by_hand_is_the_middle_one():
    assert wallet.quantile_regression(np.ones((5, 1)), np.array([9.0, 1, 5, 2, 7]), quantile=0.5) == pytest.approx(5)


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.9])
def test_coefficients_agree_with_statsmodels(quantile):
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(150), rng.normal(size=(150, 3))])
    y = design @ [1, 2, -1, 0.5] + rng.standard_t(4, 150)
    theirs = statsmodels.QuantReg(y, design).fit(q=quantile, max_iter=5000, p_tol=1e-10)
    ours = wallet.quantile_regression(design, y, quantile=quantile)
    assert ours == pytest.approx(np.asarray(theirs.params), abs=1e-4)
    loss = [wallet.pinball(y, design @ beta, quantile) for beta in (ours, np.asarray(theirs.params))]
    assert loss[0] <= loss[1] + 1e-12


def test_a_penalty_draws_coefficients_to_zero_but_never_the_constant():
    rng = np.random.default_rng(9)
    design = np.column_stack([np.ones(80), rng.normal(size=(80, 2))])
    y = 5 + design[:, 1] + rng.normal(size=80)
    sizes = [np.abs(wallet.quantile_regression(design, y, quantile=0.9, penalty=p)[1:]).sum() for p in (0, 5, 1e4)]
    assert sizes[0] > sizes[1] > sizes[2] == pytest.approx(0, abs=1e-9)
    constant = wallet.quantile_regression(design, y, quantile=0.9, penalty=1e4)[0]
    assert constant == pytest.approx(np.quantile(y, 0.9, method="inverted_cdf"), abs=0.2)


def test_the_pinball_loss_agrees_with_a_naive_loop():
    rng = np.random.default_rng(0)
    y, said = rng.normal(size=50), rng.normal(size=50)
    loop = sum(0.8 * (a - b) if a > b else 0.2 * (b - a) for a, b in zip(y, said, strict=True)) / 50
    assert wallet.pinball(y, said, 0.8) == pytest.approx(loop)


def test_folds_are_fixed_by_name_and_every_fold_is_used():
    ids = accounts(200)["account_id"]
    assert wallet.folds(ids).tolist() == wallet.folds(ids.iloc[::-1])[::-1].tolist()
    assert set(wallet.folds(ids)) == set(range(wallet.FOLDS))


def test_an_account_never_foretells_itself():
    """Ten times the spend of one account does not move its own estimate."""
    who, sold = accounts(), orders(accounts())
    more = sold.assign(amount=sold["amount"].where(sold["account_id"] != "a7", sold["amount"] * 10))
    before, after = (answer(who, s).set_index("account_id")["estimate"] for s in (sold, more))
    assert after["a7"] == pytest.approx(before["a7"])
    assert not np.allclose(after.drop("a7"), before.drop("a7"))


def test_a_wallet_is_never_below_what_the_account_spends_and_parts_add_up():
    table = answer(accounts(), orders(accounts()))
    assert (table["wallet"] >= table["revenue"]).all()
    assert (table["revenue"] + table["headroom"]).tolist() == pytest.approx(table["wallet"].tolist())
    assert table["share_of_wallet"].between(0, 1).all()
    assert (table["wallet_low"] <= table["wallet"]).all()
    assert (table["wallet"] <= table["wallet_high"]).all()


def test_unseen_accounts_fall_below_the_percentile_about_as_often_as_it_says():
    who = accounts(600)
    every = wallet.wallet_check(who, orders(who)).query("scope == 'region'")
    check, flat = (every[every["method"] == method] for method in ("model", "flat"))
    assert (check["coverage"] - check["quantile"]).abs().max() < 0.06  # two standard errors at n = 600: .04
    assert (check["pinball"].to_numpy() < flat["pinball"].to_numpy()).all()  # beds do tell


def test_the_room_overrules_with_a_reason():
    room = judged([("a3", 9e6, "they build a new wing")])
    table = answer(accounts(), orders(accounts()), room).set_index("account_id")
    assert table.loc["a3", ["wallet", "basis", "reason"]].tolist() == [9e6, "room", "they build a new wing"]
    assert table["basis"].eq("room").sum() == 1
    low = judged([("a3", 1.0, "nothing left")])
    table = answer(accounts(), orders(accounts()), low).set_index("account_id")
    assert table.at["a3", "wallet"] == table.at["a3", "revenue"]  # not below what it spends already


def test_an_account_without_firmographics_falls_back_to_its_peers_and_says_so():
    who = accounts()
    who.loc[0, ["beds", "employees", "annual_revenue"]] = np.nan
    table = answer(who, orders(accounts()))
    assert table["basis"].tolist() == ["peers"] + ["model"] * 59
    assert table["estimate"].gt(0).all()


def test_a_blank_size_is_stood_in_for_by_the_others():
    who = accounts()
    terms = pd.DataFrame({"term": ["constant", "beds", "employees"], "centre": [0, 6.0, 6], "spread": [1.0, 1, 2]})
    who.loc[0, "beds"], who.loc[0, "employees"] = np.nan, np.exp(8)
    assert wallet.design(who, terms)[0].tolist() == pytest.approx([1, 1, 1])


def test_few_accounts_get_no_model_but_their_peers():
    who = accounts(12)
    sold = orders(who)
    assert wallet.wallet_models(who, sold).empty
    assert wallet.wallet_check(who, sold).empty
    table = answer(who, sold)
    assert set(table["basis"]) == {"peers"}


def test_peers_are_drawn_towards_all_by_how_few_they_are_by_hand():
    """Log spend 10 for all (n = 40), 12 for the kind (n = 10), no row for kind and size: 10·½ + 12·½ = 11."""
    peers = pd.DataFrame(
        {
            "scope": "region",
            "quantile": 0.9,
            "industry": ["", "x"],
            "size_class": ["", ""],
            "log_spend": [10.0, 12.0],
            "accounts": [40, 10],
        }
    )
    who = pd.DataFrame({"industry": ["x", "y", None], "size_class": ["large", "large", None]})
    said = wallet.peers_say(who, peers, scope="region", quantile=0.9)
    assert np.log(said).tolist() == pytest.approx([11, 10, 10])


def test_a_kind_of_few_accounts_gets_no_coefficient_of_its_own():
    who = accounts()
    who.loc[:3, "industry"] = "rare"
    models = wallet.wallet_models(who, orders(accounts()))
    assert "industry=rare" not in set(models["term"])
    assert models["accounts"].min() >= 5


def test_an_account_that_two_regions_serve_counts_in_each_and_once_in_the_company():
    who = accounts(40)
    both = pd.concat([orders(who, region="East"), orders(who, seed=9, region="West")])
    models = wallet.wallet_models(who, both)
    whole = models[(models["term"] == "constant") & (models["fold"] == -1)].drop_duplicates("scope").set_index("scope")
    assert whole["accounts"].to_dict() == {"region": 80, "all": 40}


def test_inputs_stay_unchanged_and_row_order_does_not_matter():
    who, sold = accounts(), orders(accounts())
    first = answer(who, sold)
    pd.testing.assert_frame_equal(who, accounts())
    shuffled = answer(who, sold.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, shuffled)


def test_a_percentile_without_a_model_is_refused():
    with pytest.raises(ValueError, match=r"there are: 0\.5, 0\.75"):
        answer(accounts(), orders(accounts()), quantile=0.7)


BLANK = accounts().assign(beds=np.nan, employees=np.nan, annual_revenue=np.nan, industry=None, size_class=None)
GALLERY = {
    "no account": (accounts(0), orders(accounts(0))),
    "one account": (accounts(1), orders(accounts(1))),
    "no order": (accounts(), orders(accounts()).iloc[:0]),
    "all returns": (accounts(), orders(accounts()).assign(amount=-5.0)),
    "zero revenue": (accounts(), orders(accounts()).assign(amount=0.0)),
    "no firmographics": (BLANK, orders(accounts())),
    "all alike": (accounts().assign(beds=100, employees=10, annual_revenue=9.0), orders(accounts()).assign(amount=7.0)),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_give_a_wallet_for_everyone(case):
    who, sold = GALLERY[case]
    table = answer(who, sold)
    assert len(table) == len(who)
    assert table["wallet"].ge(0).all()
    assert not table["headroom"].isna().any()
