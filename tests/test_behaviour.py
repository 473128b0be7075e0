"""RFM, rhythm, mix, price, needs and completeness: worked examples, an independent SQL, and the gallery."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from kamlib.behaviour import (
    _median_of_others,
    category_mix,
    completeness,
    needs,
    not_kept,
    order_history,
    price_position,
    rfm,
    rhythm,
)

AS_OF = pd.Timestamp("2025-12-31")


def orders(rows):
    frame = pd.DataFrame(rows, columns=["order_id", "account_id", "order_date", "product", "quantity", "amount"])
    return frame.assign(
        order_date=pd.to_datetime(frame["order_date"]),
        amount=frame["amount"].astype(float),
        quantity=frame["quantity"].astype(float),
    )


def many(n=300, accounts=25, seed=0):
    random = np.random.default_rng(seed)
    days = AS_OF - pd.to_timedelta(random.integers(0, 900, n), "D")
    amount = np.round(random.lognormal(5, 1, n) * random.choice([1, 1, 1, -0.2], n), 2)
    return pd.DataFrame(
        {"order_id": [f"o{i // 2}" for i in range(n)], "account_id": [f"a{i // 2 % accounts:02d}" for i in range(n)],
         "order_date": days, "product": random.choice(list("pqr"), n), "quantity": 1.0, "amount": amount}
    )  # fmt: skip


def test_rfm_agrees_with_an_independent_sql():
    lines = many()
    told = duckdb.sql(
        """
        with window_ as (select * from lines where order_date > timestamp '2023-12-31' and order_date <= '2025-12-31'),
        bought as (select account_id, date_diff('day', max(order_date), timestamp '2025-12-31') recency_days,
                          count(distinct order_id) frequency from window_ where amount > 0 group by 1),
        money as (select account_id, sum(amount) monetary from window_ group by 1),
        both_ as (select * from bought join money using (account_id)),
        ranked as (select *, count(*) over () n,
            rank() over (order by recency_days desc) + (count(*) over (partition by recency_days) - 1) / 2.0 rr,
            rank() over (order by frequency) + (count(*) over (partition by frequency) - 1) / 2.0 rf,
            rank() over (order by monetary) + (count(*) over (partition by monetary) - 1) / 2.0 rm from both_)
        select account_id, recency_days, frequency, monetary, ceil((rr - 0.5) / n * 5)::int r,
               ceil((rf - 0.5) / n * 5)::int f, ceil((rm - 0.5) / n * 5)::int m from ranked order by account_id
        """
    ).df()
    ours = rfm(lines, as_of=AS_OF, months=24)
    assert ours["account_id"].tolist() == told["account_id"].tolist()
    for column in ("recency_days", "frequency", "monetary", "r", "f", "m"):
        assert ours[column].tolist() == pytest.approx(told[column].tolist())


def test_rfm_of_five_accounts_by_hand():
    """Last orders 1, 2, 3, 4, 5 days ago: the scores are 5, 4, 3, 2, 1; one order each: all 3 in frequency."""
    lines = orders([(f"o{i}", f"a{i}", AS_OF - pd.Timedelta(days=i), "p", 1, 10 * i) for i in range(1, 6)])
    table = rfm(lines, as_of=AS_OF)
    assert table["r"].tolist() == [5, 4, 3, 2, 1]
    assert table["f"].tolist() == [3] * 5
    assert table["m"].tolist() == [1, 2, 3, 4, 5]


def test_an_account_that_only_returned_has_no_score_and_returns_lower_the_money():
    lines = orders([("1", "a", "2025-12-01", "p", 1, 100), ("2", "a", "2025-12-02", "p", -1, -30),
                    ("3", "b", "2025-12-02", "p", -1, -30)])  # fmt: skip
    table = rfm(lines, as_of=AS_OF)
    assert table[["account_id", "recency_days", "frequency", "monetary"]].values.tolist() == [["a", 30, 1, 70]]


def regular(gap, last, n=12, name="a"):
    days = AS_OF - pd.Timedelta(days=last) - pd.to_timedelta(np.arange(n) * gap, "D")
    return orders([(f"{name}{i}", name, day, "p", 1, 10) for i, day in enumerate(days)])


def test_a_long_silence_is_overdue_and_a_short_one_is_not():
    varied = [regular(28 + 4 * i, 10, name=f"n{i}") for i in range(6)]
    lines = pd.concat([*varied, regular(30, 300, name="silent"), regular(30, 1, name="fresh")])
    table = rhythm(lines, as_of=AS_OF).set_index("account_id")
    assert table.loc["silent", "overdue_probability"] > 0.99
    assert table.loc["fresh", "overdue_probability"] < 0.05
    assert table.loc["silent", "days_since"] == 300
    assert table.loc["fresh", "usual_gap"] == pytest.approx(30, rel=0.1)


def test_an_account_with_one_order_borrows_the_rhythm_of_the_others():
    lines = pd.concat([*(regular(25 + i, 10, name=f"n{i}") for i in range(8)), regular(1, 400, n=1, name="once")])
    row = rhythm(lines, as_of=AS_OF).set_index("account_id").loc["once"]
    assert 24 < row["usual_gap"] < 34
    assert row["overdue_probability"] > 0.9


def test_the_probability_is_right_as_often_as_it_says():
    """Gaps drawn from the model, each account seen at a random point within a gap long enough to be seen:

    of the accounts whose next order came within the silence that was looked at, the share is the mean probability."""
    random = np.random.default_rng(4)
    frames, came = [], []
    for at in range(400):
        mean = random.normal(3.4, 0.5)
        gaps = np.maximum(np.exp(random.normal(mean, 0.6, 15)).round(), 1)
        look = int(random.integers(1, 120))
        came.append(np.exp(random.normal(mean, 0.6)) <= look)
        days = AS_OF - pd.Timedelta(days=look) - pd.to_timedelta(np.concatenate([[0], np.cumsum(gaps)]), "D")
        frames.append(orders([(f"{at}-{i}", f"a{at:03d}", day, "p", 1, 10) for i, day in enumerate(days)]))
    table = rhythm(pd.concat(frames), as_of=AS_OF)
    assert table["overdue_probability"].mean() == pytest.approx(np.mean(came), abs=0.05)
    sure = table["overdue_probability"] >= 0.8
    assert np.mean(np.array(came)[sure]) == pytest.approx(table.loc[sure, "overdue_probability"].mean(), abs=0.08)


def test_history_and_mix_keep_the_totals():
    lines = many()
    history = order_history(lines, as_of=AS_OF, quarters=12)
    assert history["amount"].sum() == pytest.approx(lines["amount"].sum())
    products = pd.DataFrame({"product": list("pq"), "category": ["one", "two"]})
    mix = category_mix(lines, products, as_of=AS_OF, months=12)
    assert mix.groupby("account_id")["share"].sum().tolist() == pytest.approx([1.0] * mix["account_id"].nunique())
    assert set(mix["category"]) == {"one", "two", "r"}  # a product without a category stands for itself
    assert mix.drop_duplicates("category")["region_share"].sum() == pytest.approx(1)


def test_what_an_account_does_not_buy_is_a_row_of_zero():
    """a buys only p, b both: of 30 + 10 + 60 the region spends 60 % on q, and a nothing."""
    lines = orders([(n, a, "2025-06-01", p, 1, m) for n, a, p, m in (("1", "a", "p", 30), ("2", "b", "p", 10))])
    lines = pd.concat([lines, orders([("3", "b", "2025-06-01", "q", 1, 60)])])
    products = pd.DataFrame({"product": ["p", "q"], "category": ["one", "two"]})
    mix = category_mix(lines, products, as_of=AS_OF).set_index(["account_id", "category"])
    assert mix.loc[("a", "two"), ["amount", "share"]].tolist() == [0, 0]
    assert mix.loc[("a", "two"), "region_share"] == pytest.approx(0.6)


def test_discounts_of_three_peers_by_hand():
    """a pays 90, b 80, c 50 of 100: a's peers b and c have 35 % in the middle. d has no peer, e no list price."""
    rows = [(name, name, "2025-06-01", "p", 1, paid) for name, paid in zip("abcd", (90, 80, 50, 60), strict=True)]
    lines = orders([*rows, ("e", "e", "2025-06-01", "q", 1, 10)])
    accounts = pd.DataFrame(
        {"account_id": list("abcde"), "account_type": "customer", "industry": ["x", "x", "x", None, "x"]}
    )
    products = pd.DataFrame({"product": ["p", "q"], "list_price": [100.0, np.nan]})
    table = price_position(accounts, lines, products, as_of=AS_OF).set_index("account_id")
    assert table["discount"].tolist() == pytest.approx([0.1, 0.2, 0.5, 0.4])
    assert table.loc["a", ["peer_discount", "peers"]].tolist() == pytest.approx([0.35, 2])
    assert table.loc["d", "peers"] == 0
    assert np.isnan(table.loc["d", "peer_discount"])


TOUCHES = pd.DataFrame(
    {"account_id": ["a"] * 6 + ["b"], "date": pd.Timestamp("2025-06-01"),
     "topic": ["price", "price", "price", "delivery", "training", None, "price"]}
)  # fmt: skip
ANSWERS = pd.DataFrame(
    {"account_id": ["a", "a", "b"], "date": pd.to_datetime(["2025-06-01", "2025-07-01", "2025-07-01"]),
     "csat": [2.0, 5.0, 5.0], "nps": [3, 9, 9], "topic": ["price", "delivery", "price"],
     "comment": ["Too dear", None, None]}
)  # fmt: skip


def test_needs_by_hand():
    """a raises price 4 of 7 times and is at 2 of 5; delivery 2 of 7, content; training 1 of 7, nobody asked."""
    table = needs(TOUCHES, ANSWERS, as_of=AS_OF)
    mine = table[table["account_id"] == "a"].set_index("need")
    assert mine["mentions"].tolist() == [4, 2, 1]
    assert mine["importance"].tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert mine["verdict"].tolist() == ["fix", "ease", "ask"]
    assert mine.loc["price", "pain"] == "Too dear"
    assert mine.loc["price", "usual_csat"] == 3.5
    assert table.loc[table["account_id"] == "b", "verdict"].tolist() == ["keep"]


def test_without_touches_and_answers_there_are_no_needs():
    assert needs(TOUCHES.iloc[:0], ANSWERS.iloc[:0], as_of=AS_OF).empty
    only_touches = needs(TOUCHES, ANSWERS.iloc[:0], as_of=AS_OF)
    assert set(only_touches["verdict"]) == {"ask"}


def accounts():
    blank = dict.fromkeys(
        ["size_class", "employees", "annual_revenue", "cooperation", "solution_manager", "delivery_manager"]
    )
    return pd.DataFrame(
        {"account_id": list("abp"), "account_type": ["customer", "customer", "prospect"],
         "industry": ["hospital", "shop", None], "beds": [100.0, None, None],
         "since": pd.to_datetime(["2020-01-01", None, None]), "account_manager": "Wang", **blank}
    )  # fmt: skip


def test_completeness_by_hand():
    """Kept: industry, beds, since, account manager; roles (4); touch, answer. a lacks TB, UB and coach: 7 known.

    Asked are all 16 facts, the 6 kept for nobody too; what is unknown of a is what is kept for others.
    b is no kind of institution that has beds; p, a prospect, is asked neither for since nor for an answer."""
    people = pd.DataFrame({"account_id": ["a"], "decision_role": ["EB"]})
    when = pd.DataFrame({"account_id": ["a", "b"], "date": pd.to_datetime(["2025-12-01", "2025-01-15"])})
    table = completeness(accounts(), people, when, when, as_of=AS_OF).set_index("account_id")
    assert table.loc["a", ["known", "asked"]].tolist() == [7, 16]
    assert table.loc["a", "unknown"] == ("UB", "TB", "coach")
    assert table.loc["b", ["known", "asked"]].tolist() == [3, 15]  # industry, manager and the answer of January
    assert table.loc["b", "unknown"] == ("since", "EB", "UB", "TB", "coach", "touch")
    assert table.loc["p", "unknown"] == ("industry", "EB", "UB", "TB", "coach", "touch")


def test_what_is_kept_for_nobody_is_a_gap_of_the_company():
    empty = pd.DataFrame({"account_id": [], "date": pd.to_datetime([])})
    table = completeness(accounts(), pd.DataFrame({"account_id": [], "decision_role": []}), empty, empty, as_of=AS_OF)
    # 16 facts; b has no beds; p, a prospect, neither beds nor since, cooperation and answer
    assert table["asked"].tolist() == [16, 15, 12]
    assert table["completeness"].max() == 4 / 16
    assert not any({"size_class", "EB", "touch"} & set(facts) for facts in table["unknown"])
    gaps = not_kept(accounts(), contacts=empty)
    assert gaps == ["size_class", "employees", "annual_revenue", "cooperation", "solution_manager", "delivery_manager",
                    "contacts"]  # fmt: skip


GALLERY = {
    "no order": many().iloc[:0],
    "all returns": many().assign(amount=-5.0),
    "one account, one order": many().head(1).assign(amount=10.0),
    "all equal, one day": many().assign(amount=10.0, order_date=AS_OF),
    "orders of tomorrow only": many().assign(order_date=AS_OF + pd.Timedelta(days=1)),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_books_of_orders_are_read_without_failing(case):
    lines = GALLERY[case]
    before = lines.copy()
    products = pd.DataFrame({"product": list("pqr"), "category": "one", "list_price": 10.0})
    known = pd.DataFrame({"account_id": lines["account_id"].unique(), "account_type": "customer", "industry": None})
    tables = (
        rfm(lines, as_of=AS_OF),
        rhythm(lines, as_of=AS_OF),
        order_history(lines, as_of=AS_OF),
        category_mix(lines, products, as_of=AS_OF),
        price_position(known, lines, products, as_of=AS_OF),
    )
    assert all("account_id" in table for table in tables)
    pd.testing.assert_frame_equal(lines, before)


def test_rows_may_come_in_any_order():
    lines = many()
    shuffled = lines.sample(frac=1, random_state=1)
    for function in (rfm, rhythm, order_history):
        pd.testing.assert_frame_equal(function(lines, as_of=AS_OF), function(shuffled, as_of=AS_OF))


@pytest.mark.parametrize("n", range(1, 9))
def test_the_median_of_the_others_agrees_with_a_naive_loop(n):
    values = pd.Series(np.random.default_rng(n).integers(0, 5, n).astype(float))
    naive = [values.drop(at).median() for at in values.index]
    assert _median_of_others(values).tolist() == pytest.approx(naive, nan_ok=True)
