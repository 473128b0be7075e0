"""White space: states by hand, sizes recomputed by a loop, odds, odd companies."""

import numpy as np
import pandas as pd
import pytest

from kamlib import planning

AS_OF = pd.Timestamp("2025-12-31")
PRODUCTS = pd.DataFrame(
    {
        "product": ["P", "Q", "R", "loose"],
        "category": ["one", "two", "two", None],
        "launched": pd.to_datetime(["2010-01-01", "2010-01-01", "2025-02-01", None]),
    }
)


def accounts(n=3):
    ids = [f"a{i}" for i in range(n)]
    return pd.DataFrame(
        {
            "account_id": ids,
            "account_name": [name.upper() for name in ids],
            "account_type": "customer",
            "account_manager": "Wang",
            "industry": "hospital",
            "size_class": "large",
        }
    )


def orders(rows=()):
    frame = pd.DataFrame(rows, columns=["account_id", "order_date", "product", "amount"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]), amount=frame["amount"].astype(float))


def deals(rows=()):
    columns = ["account_id", "product", "amount", "created", "closed", "outcome", "competitor"]
    frame = pd.DataFrame(rows, columns=columns).astype({"amount": float})
    for column in ("created", "closed"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


SOLD = orders([("a0", "2025-03-01", "P", 600), ("a1", "2025-03-01", "Q", 300), ("a2", "2020-01-01", "P", 900)])
PIPE = deals(
    [
        ("a0", "Q", 50, "2025-11-01", None, "open", None),
        ("a1", "P", 70, "2025-01-01", "2025-04-01", "lost", "Old"),
        ("a1", "P", 70, "2025-05-01", "2025-08-01", "lost", "Rival"),
        ("a2", "P", 70, "2025-05-01", "2025-08-01", "lost", None),
    ]
)


def test_every_cell_is_in_one_state_by_hand():
    """a0 bought one and has a deal open in two; a1 lost one to Rival last; a2's order is too old, its rival unknown."""
    cells = planning.white_space(accounts(), SOLD, PIPE, PRODUCTS, as_of=AS_OF).set_index(["account_id", "category"])
    assert cells.index.get_level_values("category").unique().tolist() == ["loose", "one", "two"]
    assert cells.loc[("a0", "one"), "state"] == "have"
    assert cells.loc[("a0", "two"), ["state", "open_amount"]].tolist() == ["open", 50]
    assert cells.loc[("a1", "one"), ["state", "rival"]].tolist() == ["rival", "Rival"]
    assert cells.loc[("a2", "one"), "state"] == "none"
    assert len(cells) == 9


def test_what_is_bought_stays_in_sum_and_the_input_is_unchanged():
    before = SOLD.copy(), PIPE.copy()
    cells = planning.white_space(accounts(), SOLD, PIPE, PRODUCTS, as_of=AS_OF, months=120)
    assert cells["bought"].sum() == SOLD["amount"].sum()
    pd.testing.assert_frame_equal(SOLD, before[0])
    pd.testing.assert_frame_equal(PIPE, before[1])


def test_dealers_have_no_white_space():
    some = accounts().assign(account_type=["customer", "dealer", "prospect"])
    cells = planning.white_space(some, SOLD, PIPE, PRODUCTS, as_of=AS_OF)
    assert cells["account_id"].unique().tolist() == ["a0", "a2"]


def many(n=12, seed=1):
    rng = np.random.default_rng(seed)
    some = accounts(n).assign(size_class=["large", "small"] * (n // 2))
    rows = [
        (f"a{i}", "2025-06-01", product, float(rng.lognormal(10, 1)))
        for i in range(n)
        for product in ("P", "Q")
        if rng.random() < 0.6
    ]
    return some, orders(rows)


def test_sizes_agree_with_a_naive_loop():
    some, sold = many()
    peers = planning.peer_spend(some, sold, PRODUCTS)
    cells = planning.white_space(some, sold, deals(), PRODUCTS, as_of=AS_OF)
    growth = planning.growth_cells(cells, peers, planning.cell_odds(sold, deals(), PRODUCTS))
    checked = 0
    for row in growth.dropna(subset=["year_size"]).itertuples():
        product = {"one": "P", "two": "Q"}[row.category]
        spend = sold[sold["product"] == product].groupby("account_id")["amount"].sum()
        alike = some.loc[("hospital/" + some["size_class"]) == row.segment, "account_id"]
        own, every = np.log(spend[spend.index.isin(alike)]), np.log(spend)
        n = len(own)
        middle = (own.sum() + 4 * every.mean()) / (n + 4)
        fit = (n + 4 * len(every) / len(some)) / (len(alike) + 4)
        half = 1.2816 * every.std() * np.sqrt(1 + 1 / (n + 4))
        assert row.year_size == pytest.approx(np.exp(middle))
        assert (row.size_low, row.size_high) == pytest.approx((np.exp(middle - half), np.exp(middle + half)))
        assert row.fit == pytest.approx(fit)
        assert row.expected == pytest.approx(row.year_size * row.fit * row.ease)
        checked += 1
    assert checked >= 6
    assert growth["rank"].tolist() == list(range(1, len(growth) + 1))


def test_the_interval_of_a_size_holds_what_new_buyers_spend():
    """Of 400 new buyers drawn from the same law, about 80 % should lie within the interval."""
    rng = np.random.default_rng(7)
    sold = orders([(f"a{i}", "2025-06-01", "P", a) for i, a in enumerate(rng.lognormal(11, 0.8, 40))])
    peers = planning.peer_spend(accounts(41), sold, PRODUCTS)
    cells = planning.white_space(accounts(41), sold, deals(), PRODUCTS, as_of=AS_OF)
    row = planning.growth_cells(cells, peers, planning.cell_odds(sold, deals(), PRODUCTS)).iloc[0]
    fresh = rng.lognormal(11, 0.8, 400)
    assert 0.7 <= ((fresh >= row["size_low"]) & (fresh <= row["size_high"])).mean() <= 0.9


def test_an_open_deal_counts_its_own_amount():
    some, sold = many()
    cells = planning.white_space(
        some, sold.iloc[:0], deals([("a0", "P", 50, "2025-11-01", None, "open", None)]), PRODUCTS, as_of=AS_OF
    )
    growth = planning.growth_cells(
        cells, planning.peer_spend(some, sold, PRODUCTS), planning.cell_odds(sold, deals(), PRODUCTS)
    )
    opened = growth[growth["state"] == "open"].iloc[0]
    assert opened[["year_size", "size_low", "size_high", "fit"]].tolist() == [50, 50, 50, 1]


def test_odds_tell_cells_with_a_rival_from_cells_without():
    """a0 is won fresh; a1 is lost, then tried again against a known rival and won; a2 had bought before: not white."""
    tried = deals(
        [
            ("a0", "P", 1, "2025-01-01", "2025-02-01", "won", None),
            ("a1", "P", 1, "2025-01-01", "2025-02-01", "lost", "Rival"),
            ("a1", "P", 1, "2025-03-01", "2025-04-01", "won", "Rival"),
            ("a2", "P", 1, "2025-01-01", "2025-02-01", "won", None),
        ]
    )
    odds = planning.cell_odds(
        SOLD.assign(order_date=SOLD["order_date"].where(SOLD["account_id"] == "a2", AS_OF)), tried, PRODUCTS
    )
    assert odds.loc["none", ["deals", "won"]].tolist() == [2, 1]
    assert odds.loc["rival", ["deals", "won"]].tolist() == [1, 1]
    assert odds.loc["open", ["deals", "won"]].tolist() == [3, 2]
    assert odds["rate"].between(0, 1).all()


def test_one_offer_an_account_with_the_product_most_accounts_buy():
    some, sold = many()
    growth = planning.growth_cells(
        planning.white_space(some, sold, deals(), PRODUCTS, as_of=AS_OF),
        planning.peer_spend(some, sold, PRODUCTS),
        planning.cell_odds(sold, deals(), PRODUCTS),
    )
    offers = planning.next_offers(growth, sold, PRODUCTS)
    assert offers["account_id"].is_unique
    best = growth.groupby("account_id")["expected"].max()
    assert offers.set_index("account_id")["expected"].equals(best.reindex(offers["account_id"]))
    assert set(offers["product"].dropna()) <= {"P", "Q"}


def test_new_products_count_buyers_and_those_who_know_the_category():
    sold = pd.concat([SOLD, orders([("a2", "2025-06-01", "R", 40)])])
    table = planning.new_products(PRODUCTS, sold, as_of=AS_OF)
    assert table["product"].tolist() == ["R"]
    assert table[["buyers", "candidates", "amount"]].to_numpy().tolist() == [[1, 1, 40.0]]
    assert planning.new_products(PRODUCTS.assign(launched=pd.NaT), sold, as_of=AS_OF).empty


def test_room_is_what_is_missing_to_our_mean_share():
    """900 of 9,000 + 1,000 is 9 %; hospitals buy 900 ÷ 9,000 = 10 %, clinics nothing of 1,000: room 90."""
    market = pd.DataFrame({"industry": ["hospital", "clinic"], "year": 2025, "market_size": [9000.0, 1000.0]})
    room = planning.industry_room(accounts(), SOLD, market, as_of=AS_OF)
    assert room["industry"].tolist() == ["clinic", "hospital"]
    assert room["room"].tolist() == pytest.approx([90, 0])
    assert planning.industry_room(accounts(), SOLD, market.iloc[:0], as_of=AS_OF).empty


GALLERY = {
    "no account": (accounts().iloc[:0], SOLD.iloc[:0]),
    "no order": (accounts(), SOLD.iloc[:0]),
    "returns only": (accounts(), orders([("a0", "2025-05-01", "P", -50)])),
    "unknown product": (accounts(), orders([("a0", "2025-05-01", "Z", 50)])),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_give_tables_without_failing(case):
    some, sold = GALLERY[case]
    cells = planning.white_space(some, sold, deals(), PRODUCTS, as_of=AS_OF)
    growth = planning.growth_cells(
        cells, planning.peer_spend(some, sold, PRODUCTS), planning.cell_odds(sold, deals(), PRODUCTS)
    )
    assert len(cells) == 3 * len(some)
    assert set(growth["state"]) <= {"none"}
    assert growth["year_size"].notna().all()
    assert len(planning.next_offers(growth, sold, PRODUCTS)) == growth["account_id"].nunique()
