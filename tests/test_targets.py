"""Bases, seasons, outlook, share and satisfaction targets: worked examples, invariants, odd companies."""

import numpy as np
import pandas as pd
import pytest

from kamlib import planning

AS_OF = pd.Timestamp("2025-12-31")


def accounts(n=3, region="East"):
    ids = [f"a{i}" for i in range(n)]
    return pd.DataFrame(
        {
            "account_id": ids,
            "account_name": [name.upper() for name in ids],
            "account_type": "customer",
            "region": region,
            "industry": "hospital",
            "size_class": "large",
            "account_manager": ["Wang", "Li", None][:n] if n <= 3 else "Wang",
        }
    )


def orders(rows):
    frame = pd.DataFrame(rows, columns=["account_id", "order_date", "amount"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]), amount=frame["amount"].astype(float))


def touches(rows=()):
    frame = pd.DataFrame(rows, columns=["account_id", "date"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def deals(rows=()):
    columns = ["account_id", "created", "closed", "outcome", "amount", "closed_amount", "owner"]
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("created", "closed"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.astype({"amount": float, "closed_amount": float})


SOLD = orders([("a0", "2025-03-01", 600), ("a1", "2025-10-01", 300), ("a2", "2023-01-01", 900)])
NO_DEALS = deals()


def base_of(sold=SOLD, who=None, **more):
    told = {"region": "East", "as_of": AS_OF, **more}
    return planning.target_base(accounts() if who is None else who, sold, touches(), **told)


def test_the_weight_is_a_product_of_powers_by_hand():
    """History 600, 300, 0 (mean 300), potential: 80th percentile 480, at least one's own: 600, 480, 480 (mean 520)."""
    base = base_of()
    assert base["history"].tolist() == [600, 300, 0]
    assert base["potential"].tolist() == pytest.approx([600, 480, 480])
    assert base["capacity"].tolist() == [1, 1, 1]
    by_hand = (0.9 * 600 / 300 + 0.1) ** 0.5 * (0.9 * 600 / 520 + 0.1) ** 0.3
    assert base["weight"][0] == pytest.approx(by_hand)


def test_capacity_counts_touches_of_the_window():
    seen = touches([("a0", "2025-05-01"), ("a0", "2025-06-01"), ("a1", "2020-01-01")])
    base = planning.target_base(accounts(), SOLD, seen, region="East", as_of=AS_OF)
    assert base["capacity"].tolist() == [2, 0, 0]


def test_accounts_of_the_whole_company_stand_where_they_buy():
    shared = accounts(2).assign(region=["all", "West"])
    sold = orders([("a0", "2025-03-01", 5), ("a0", "2025-04-01", 7), ("a1", "2025-04-01", 1)])
    base = planning.target_base(
        shared, sold.assign(region=["East", "West", None]), touches(), region="all", as_of=AS_OF
    )
    assert base[["region", "account_id", "history"]].to_numpy().tolist() == [
        ["East", "a0", 5],
        ["West", "a0", 7],
        ["West", "a1", 1],
    ]


def test_people_share_an_account_by_what_went_through_their_hands():
    """a0 sold 600, of which Zhao's won deal 200: the manager Wang keeps 400. a2 has neither manager nor deal."""
    won = deals([("a0", "2025-01-01", "2025-02-01", "won", 250, 200, "Zhao")])
    base = base_of()
    people = planning.target_people(base, accounts(), won, region="East", as_of=AS_OF)
    assert people[["account_id", "owner", "weight"]].to_numpy().tolist() == [
        ["a0", "Wang", 400],
        ["a0", "Zhao", 200],
        ["a1", "Li", 300],
    ]


def test_the_tree_divides_to_the_last_fen_at_every_level():
    base = base_of()
    tree = planning.target_tree(
        base, planning.target_people(base, accounts(), NO_DEALS, region="East", as_of=AS_OF), region="East"
    )
    assert tree["level"].tolist() == ["region", "account", "account", "account", "person", "person"]
    divided = planning.decompose_target(tree, tree.set_index("node")["weight"], total=1000.01)
    by_level = (divided["target"] * 100).round().astype(int).groupby(divided["level"]).sum()
    assert by_level["region"] == by_level["account"] == 100_001
    parts = planning.target_parts(divided, base, accounts(), level="account")
    assert parts["target"].sum() == pytest.approx(1000.01)
    assert parts["label"].tolist() == ["A0", "A1", "A2"]


def test_bounds_on_file_become_locks_and_the_others_get_floors_and_caps():
    filed = pd.DataFrame(
        {
            "region": "East",
            "account_id": ["a0", None],
            "owner": None,
            "metric": "sales",
            "period": "2026",
            "target": [700.0, 2000.0],
        }
    )
    base = base_of()
    bounds = planning.agreed_bounds(base, filed, period="2026", least=0.5, most=2.0)
    assert bounds["locks"].to_dict() == {"East/a0": 700}
    assert bounds["floors"].to_dict() == {"East/a1": 150, "East/a2": 0}
    assert bounds["caps"].to_dict() == {"East/a1": 600}
    assert planning.filed_targets(filed, period="2026").to_dict() == {"sales": 2000}
    assert planning.filed_targets(filed, period="2020").empty


def year_of(amounts, account="a", start=2023, years=3, lines=1):
    days = [(account, f"{start + y}-{m + 1:02d}-15", v / lines) for y in range(years) for m, v in enumerate(amounts)]
    return orders(days * lines)


def test_the_season_of_three_equal_years_is_their_shares():
    amounts = np.arange(1, 13.0)
    shares = planning.seasonal_shares(year_of(amounts), as_of=AS_OF)
    assert shares["share"].tolist() == pytest.approx((amounts / amounts.sum()).tolist())


def test_shares_sum_to_one_and_lie_between_own_and_all():
    rng = np.random.default_rng(1)
    sold = pd.concat([year_of(rng.gamma(2, 10, 12), f"a{i}") for i in range(5)])
    shares = planning.seasonal_shares(sold, as_of=AS_OF, strength=20.0)
    assert shares.groupby("account_id")["share"].sum().tolist() == pytest.approx([1] * 5)
    assert ((shares["weight"] > 0) & (shares["weight"] < 1)).all()
    together = (shares["share"] - shares["weight"] * shares["own_share"]) / (1 - shares["weight"])
    assert together.groupby(shares["month"]).std().max() < 1e-12


def test_noise_is_shrunk_away_and_a_real_season_of_one_account_is_kept():
    rng = np.random.default_rng(3)
    flat = pd.concat(
        [year_of(rng.gamma(1, 10, 12), f"a{i}", start=2023 + y, years=1) for i in range(20) for y in range(3)]
    )
    noise = planning.seasonal_shares(flat, as_of=AS_OF)
    real = pd.concat([year_of(np.roll(np.arange(1.0, 13), 4 * (i % 3)), f"a{i}", lines=5) for i in range(6)])
    kept = planning.seasonal_shares(real, as_of=AS_OF)
    assert noise["weight"].max() < 0.3
    assert kept["weight"].min() > 0.9


def test_a_month_never_seen_gets_the_average_and_no_order_gives_twelfths():
    short = orders([("a", f"2025-{m:02d}-15", 10) for m in range(3, 13)])
    assert planning.seasonal_shares(short, as_of=AS_OF)["share"].tolist() == pytest.approx([1 / 12] * 12)
    assert planning.seasonal_shares(SOLD.iloc[:0], as_of=AS_OF).empty


def test_the_companys_season_counts_whole_years_only():
    sold = pd.concat([year_of(np.ones(12), f"a{i}", lines=1) for i in range(6)])
    late = pd.concat([sold, orders([("a0", "2026-01-03", 1e6)])])
    season = planning.company_season(late)
    assert season["share"].tolist() == pytest.approx([1 / 12] * 12)
    assert season["accounts"].tolist() == [6] * 12
    assert planning.company_season(sold.iloc[:0]).empty


def test_months_of_every_account_sum_to_its_target():
    targets = pd.DataFrame({"node": ["E/a", "E/b"], "account_id": ["a", "b"], "target": [100.01, 0.05]})
    shares = planning.seasonal_shares(year_of(np.arange(1.0, 13)), as_of=AS_OF)
    months = planning.monthly_targets(targets, shares, start=pd.Timestamp("2026-04-01"))
    assert len(months) == 24
    assert months["month_start"].min() == pd.Timestamp("2026-04-01")
    fen = (months["target"] * 100).round().astype(int).groupby(months["account_id"]).sum()
    assert fen.to_dict() == {"a": 10_001, "b": 5}


# --- the outlook ---

YEAR = {"start": "2026-01-01", "end": "2026-12-31", "as_of": AS_OF}


def test_the_outlook_of_a_steady_account_is_what_it_always_does():
    outlook = planning.sales_outlook(year_of(np.full(12, 10.0)), **YEAR).iloc[0]
    assert outlook[["p20", "p50", "p80", "sold"]].tolist() == pytest.approx([120, 120, 120, 0])


def test_what_is_sold_in_the_period_counts_as_it_was():
    half = planning.sales_outlook(year_of(np.full(12, 10.0)), start="2025-01-01", end="2025-12-31", as_of="2025-06-30")
    assert half["sold"].item() == 60
    assert half["p50"].item() == pytest.approx(120)


def test_the_band_of_the_outlook_covers_what_comes():
    """Of 200 companies with 24 months of noise, 60 % of the next years should lie between P20 and P80."""
    rng = np.random.default_rng(5)
    inside = 0
    for _company in range(200):
        amounts = rng.gamma(4, 25, 36)
        past = orders([("a", f"{2024 + m // 12}-{m % 12 + 1:02d}-10", v) for m, v in enumerate(amounts[:24])])
        band = planning.sales_outlook(past, draws=200, **YEAR).iloc[0]
        inside += band["p20"] <= amounts[24:].sum() <= band["p80"]
    assert 0.48 <= inside / 200 <= 0.72


def test_the_outlook_is_the_same_for_the_same_seed_and_any_order_of_rows():
    sold = year_of(np.random.default_rng(2).gamma(2, 10, 12))
    pd.testing.assert_frame_equal(
        planning.sales_outlook(sold, **YEAR), planning.sales_outlook(sold.sample(frac=1, random_state=1), **YEAR)
    )


def test_the_steps_of_the_bridge_add_up_to_the_target_by_hand():
    """Last year 1200, of which won deals 200; win rate by value 200 ÷ 400; open 300 → 150; a year's wins 200 − 150."""
    pipe = deals(
        [
            ("a", "2025-01-01", "2025-02-01", "won", 250, 200, "x"),
            ("a", "2025-01-01", "2025-03-01", "lost", 200, None, "x"),
            ("a", "2025-11-01", None, "open", 300, None, "x"),
        ]
    )
    steps = planning.target_bridge(year_of(np.full(12, 100.0)), pipe, target=1500.0, **YEAR).set_index("step")["amount"]
    assert steps.to_dict() == pytest.approx(
        {"sold": 0, "flow": 1000, "open_deals": 150, "new_deals": 50, "gap": 300, "target": 1500}
    )
    assert steps.drop("target").sum() == pytest.approx(steps["target"])


def test_share_scenarios_by_hand():
    """Markets of 600 and 400 growing 0 and 10 %: weighted middle 0 + (0.5 − 0.3)/(0.8 − 0.3) × 10 % = 4 %."""
    market = pd.DataFrame(
        {"industry": ["x", "y"], "year": [2025, 2025], "market_size": [600.0, 400.0], "growth_rate": [0.0, 0.1]}
    )
    table = planning.share_scenarios(market, sales=80.0, share=0.1).set_index("scenario")
    assert table.at["usual", "growth"] == pytest.approx(0.04)
    assert table.at["usual", "needed_sales"] == pytest.approx(104)
    assert table.at["shrinking", "needed_sales"] == pytest.approx(96)
    assert table["share_now"].tolist() == [0.08] * 4
    assert planning.share_scenarios(market.iloc[:0], sales=80.0, share=0.1).empty


def answers(scores):
    rows = [(account, "2025-06-01", score) for account, given in scores.items() for score in given]
    frame = pd.DataFrame(rows, columns=["account_id", "date", "csat"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def people_of(n, account="a0"):
    return pd.DataFrame({"contact_id": [f"c{i}" for i in range(n)], "account_id": account})


def test_a_single_bad_answer_is_drawn_towards_the_others_and_many_speak_for_themselves():
    given = answers({"a0": [1], "a1": [2, 3] * 20, "a2": [4, 5] * 20})
    table = planning.satisfaction_targets(given, accounts(), people_of(4), as_of=AS_OF, target=4.2).set_index(
        "account_id"
    )
    assert table.at["a0", "estimate"] > table.at["a0", "csat"]
    assert abs(table.at["a2", "estimate"] - 4.5) < 0.05
    assert table.at["a0", "high"] - table.at["a0", "low"] > table.at["a2", "high"] - table.at["a2", "low"]


def test_how_many_must_be_asked_agrees_with_cochran():
    """s = √(2/3·…): n₀ = (1.645·s ÷ 0.3)²; of 5 people n₀ ÷ (1 + (n₀ − 1) ÷ 5), rounded up."""
    given = answers({"a0": [3, 4, 5], "a1": [3, 4, 5]})
    table = planning.satisfaction_targets(given, accounts(), people_of(5), as_of=AS_OF, target=4.0).set_index(
        "account_id"
    )
    endless = (1.6448536 / 0.3) ** 2 * 1.0
    assert table.at["a0", "required_n"] == np.ceil(endless / (1 + (endless - 1) / 5))
    assert table.at["a1", "required_n"] == np.ceil(endless)
    assert not table.at["a1", "enough_people"]


@pytest.mark.parametrize("given", [answers({}), answers({"a0": [4]}), answers({"a0": [5, 5], "a1": [5, 5]})])
def test_odd_surveys_give_a_table_without_failing(given):
    table = planning.satisfaction_targets(given, accounts(), people_of(0), as_of=AS_OF, target=4.2)
    assert len(table) == given["account_id"].nunique()
    assert table[["estimate", "low", "high", "target"]].notna().all(axis=None)
    assert (table["high"] <= 5).all()


GALLERY = {
    "no order": SOLD.iloc[:0],
    "returns only": orders([("a0", "2025-05-01", -50)]),
    "one order": SOLD.iloc[:1],
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_are_divided_without_failing(case):
    sold = GALLERY[case]
    base = base_of(sold)
    people = planning.target_people(base, accounts(), NO_DEALS, region="East", as_of=AS_OF)
    tree = planning.target_tree(base, people, region="East")
    divided = planning.decompose_target(tree, tree.set_index("node")["weight"], total=100.0)
    shares = planning.seasonal_shares(sold, as_of=AS_OF)
    months = planning.monthly_targets(divided[divided["level"] == "account"], shares, start=pd.Timestamp("2026-01-01"))
    assert months["target"].sum() == pytest.approx(100)
    outlook = planning.sales_outlook(sold, shares, **YEAR)
    assert len(outlook) == (1 if len(sold) else 0)
    steps = planning.target_bridge(sold, NO_DEALS, target=100.0, **YEAR)
    assert steps["amount"].iloc[:-1].sum() == pytest.approx(100)


@pytest.mark.parametrize(("text", "days"), [("2026", 365), ("2026-Q1", 90), ("2026-02", 28)])
def test_periods_have_a_first_and_a_last_day(text, days):
    first, last = planning.period_bounds(text)
    assert (last - first).days + 1 == days


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-Q5", "next year", "2026-"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError, match="is no period"):
        planning.period_bounds(text)


def test_a_business_year_that_begins_in_april():
    assert planning.plan_year(pd.Timestamp("2026-03-15"), fiscal_year_start=4)[0] == "2025"
    name, first, last = planning.plan_year(pd.Timestamp("2026-03-31"), fiscal_year_start=4)
    assert (name, first, last) == ("2026", pd.Timestamp("2026-04-01"), pd.Timestamp("2027-03-31"))


# --- SMART ---


def target(**more):
    usual = {"region": "East", "account_id": None, "owner": "Wang", "metric": "sales", "period": "2026"}
    usual |= {"target": 100.0, "baseline": 90.0, "p50": 95.0, "p80": 105.0, "parent": "company"}
    return pd.DataFrame([usual | more])


def failures(frame, as_of=AS_OF):
    checked = planning.check_smart(frame, as_of=as_of)
    return dict(checked.loc[~checked["passed"], ["rule", "write"]].to_numpy())


def test_a_smart_target_passes_every_rule():
    assert failures(target()) == {}


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"metric": None}, "specific", "Write what is measured"),
        ({"metric": "happiness"}, "specific", "Write the unit of “happiness”"),
        ({"target": float("nan")}, "measurable", "Write the target as a number"),
        ({"baseline": None}, "measurable", "Write the baseline"),
        ({"metric": "market_share", "target": 9.0, "p80": 10.0}, "measurable", "from 0 to 1"),
        ({"target": 130.0}, "attainable", "write 105 or less, or name the actions that bring 25 more"),
        ({"p80": None}, "attainable", "P50 and P80"),
        ({"p80": 0.0}, "attainable", "Nothing comes here by itself"),
        ({"parent": None}, "relevant", "no sales target of the region for 2026"),
        ({"period": "soon"}, "time_bound", "Write the period"),
        ({"period": "2025-Q3"}, "time_bound", "ended on 2025-09-30"),
        ({"owner": "  "}, "owned", "one person"),
    ],
)
def test_each_failing_rule_says_what_to_write(change, rule, words):
    assert words in failures(target(**change))[rule]


def test_parts_that_do_not_sum_to_the_whole_are_named():
    whole = target(owner=None, parent=None, target=100.0)
    people = pd.concat([target(owner=name, parent=None, target=amount) for name, amount in (("A", 60.0), ("B", 30.0))])
    told = planning.check_smart(pd.concat([whole, people]))
    relevant = told[told["rule"] == "relevant"].set_index("row")
    assert relevant.at[0, "write"] == "Its people's targets sum to 90: share out 10 more."
    assert relevant.loc[[1, 2], "passed"].all()


def test_accounts_may_name_only_the_large_ones_but_not_exceed_the_whole():
    whole = target(owner=None, parent=None, target=100.0)
    some = target(account_id="a", parent=None, target=60.0)
    assert "relevant" not in failures(pd.concat([whole, some]))
    assert "more than the whole" in failures(pd.concat([whole, some, some.assign(account_id="b")]))["relevant"]


def test_a_quarter_is_linked_to_its_year():
    quarter = target(owner=None, parent=None, period="2026-Q1")
    assert "for 2026 " in failures(quarter)["relevant"]
    assert "relevant" not in failures(pd.concat([quarter, target(owner=None, parent=None)]))


def test_targets_without_the_three_columns_are_refused_and_none_gives_none():
    with pytest.raises(ValueError, match="lack the columns: period"):
        planning.check_smart(pd.DataFrame({"metric": ["sales"], "target": [1.0]}))
    assert planning.check_smart(target().iloc[:0]).empty


def test_every_target_is_checked_by_six_rules_and_the_shares_count_them():
    checked = planning.check_smart(pd.concat([target(), target(account_id="a"), target(owner=None)]))
    assert len(checked) == 18
    shares = planning.smart_share(checked)
    assert set(shares["level"]) == {"person", "account", "region"}
    assert shares.groupby("level")["targets"].first().sum() == 3
