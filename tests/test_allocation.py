"""Response curves and the allocation of visits: published numbers, exact optima, odd pools."""

import itertools

import numpy as np
import pandas as pd
import pytest

from kamlib import planning

AS_OF = pd.Timestamp("2025-12-31")
ROLES = ("AR", "SR", "FR")


def syntex():
    """Lodish, Curtis, Ness & Simpson 1988: nine judged points, effort 0 to twice today's in quarters."""
    sales = [0.50, 0.53, 0.55, 0.75, 1.00, 1.20, 1.27, 1.32, 1.35]
    return pd.DataFrame({"effort": np.arange(9) / 4, "response": sales})


def curves(n, roles=("AR",), seed=0, steep=5.0):
    rng, size = np.random.default_rng(seed), n * len(roles)
    a, b = rng.uniform(0.2, 0.8, size), rng.uniform(1.1, 2, size)
    return pd.DataFrame(
        {
            "account_id": np.repeat([f"a{i}" for i in range(n)], len(roles)),
            "role": list(roles) * n,
            "a": a,
            "b": b,
            "c": rng.uniform(0.6, steep, size),
            "d": (b - 1) / (1 - a),
            "usual": rng.integers(2, 9, size).astype(float),
            "scale": rng.lognormal(10, 1, size),
        }
    )


def test_the_published_judgement_points_give_the_published_curve():
    fit = planning.fit_response(syntex()).iloc[0]
    assert fit[["a", "b", "c", "d"]].round(3).tolist() == pytest.approx([0.511, 1.371, 4.515, 0.734], abs=0.002)
    assert fit["sse"] == pytest.approx(8.4e-4, abs=0.05e-4)


def test_points_on_a_curve_give_that_curve_back():
    true = curves(6, steep=3.0, seed=3)
    points = planning.curve_points(true[["account_id", "role", "a", "b", "c", "d"]], most=3, steps=7)
    fit = planning.fit_response(points)
    effort = np.linspace(0, 3, 40)[None, :]
    assert np.abs(planning.response(fit, effort) - planning.response(true, effort)).max() < 1e-3
    assert fit["account_id"].tolist() == true["account_id"].tolist()


def test_the_elasticity_is_the_slope_at_todays_effort():
    some = curves(8)
    up, down = (planning.response(some, np.array([[x]]))[:, 0] for x in (1.0001, 0.9999))
    by_hand = (np.log(up) - np.log(down)) / (np.log(1.0001) - np.log(0.9999))
    assert planning.elasticity(some).tolist() == pytest.approx(by_hand.tolist(), rel=1e-5)


@pytest.mark.parametrize("wanted", [0.05, 0.245, 0.34, 0.6])
def test_a_curve_made_from_an_elasticity_has_it_and_passes_through_today(wanted):
    made = planning.curve_of(pd.Series([wanted]))
    assert planning.elasticity(made).item() == pytest.approx(wanted)
    assert planning.response(made, np.array([[1.0]])).item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (syntex()[["effort"]], "lack the columns: response"),
        (syntex().head(3), "four different efforts"),
        (syntex().assign(response=-1.0), "0 or more"),
    ],
)
def test_points_that_make_no_curve_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        planning.fit_response(points)


def by_force(table, low, high, capacity):
    """Every combination of whole visits, by trial."""
    best = -np.inf
    for visits in itertools.product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))):
        if sum(visits) <= capacity:
            best = max(best, planning.value_of(table, np.array(visits)).sum())
    return best


@pytest.mark.parametrize("seed", range(12))
def test_small_pools_are_optimal_by_trying_everything(seed):
    table = curves(4, seed=seed)
    rng = np.random.default_rng(seed)
    low, high = rng.integers(0, 2, 4), rng.integers(3, 8, 4)
    capacity = int(rng.integers(low.sum(), high.sum() + 2))
    plan = planning.allocate(table, capacity=capacity, minimum=pd.Series(low), maximum=pd.Series(high))
    assert plan["value"].sum() == pytest.approx(by_force(table, low, high, capacity))
    assert plan["visits"].sum() <= capacity
    assert ((plan["visits"] >= low) & (plan["visits"] <= high)).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_greedy_reaches_the_optimum_of_dynamic_programming_to_a_thousandth(seed, monkeypatch):
    from kamlib import allocation

    table = curves(150, seed=seed)
    capacity = int(table["usual"].sum() * (0.4 + 0.3 * seed))
    exact = planning.allocate(table, capacity=capacity)["value"].sum()
    monkeypatch.setattr(allocation, "SMALL", 0)
    greedy = planning.allocate(table, capacity=capacity)
    nothing = planning.value_of(table, np.zeros(len(table))).sum()
    assert (greedy["value"].sum() - nothing) / (exact - nothing) >= 0.999
    assert greedy["visits"].sum() <= capacity


def test_the_solver_proves_what_the_allocation_found():
    table = curves(20, ROLES, seed=5)
    capacity = table.groupby("role")["usual"].sum().to_dict()
    plan = planning.allocate(table, capacity=capacity)
    exact, proof = planning.allocate_exact(table, capacity=capacity)
    assert proof["proved"] == 1
    assert plan["value"].sum() == pytest.approx(proof["value"], rel=1e-9)
    assert exact["visits"].groupby(table["role"]).sum().le(pd.Series(capacity)).all()


def test_the_solver_keeps_the_limit_of_an_account_over_all_its_roles():
    table = curves(8, ROLES, seed=6)
    capacity = table.groupby("role")["usual"].sum().to_dict()
    limit = pd.Series({"a0": 3.0, "a1": 0.0})
    plan, proof = planning.allocate_exact(table, capacity=capacity, account_maximum=limit)
    given = plan.groupby("account_id")["visits"].sum()
    assert given["a0"] <= 3
    assert given["a1"] == 0
    free = planning.allocate_exact(table, capacity=capacity)[1]["value"]
    assert proof["value"] <= free


@pytest.mark.slow
def test_the_solver_proves_two_hundred_accounts_with_three_roles():
    table = curves(200, ROLES, seed=7)
    capacity = table.groupby("role")["usual"].sum().to_dict()
    _plan, proof = planning.allocate_exact(table, capacity=capacity)
    assert proof["proved"] == 1
    assert planning.allocate(table, capacity=capacity)["value"].sum() == pytest.approx(proof["value"], rel=1e-6)


def test_more_capacity_never_brings_less_and_the_order_of_rows_does_not_matter():
    table = curves(30, seed=8)
    values = [planning.allocate(table, capacity=n)["value"].sum() for n in range(0, 200, 20)]
    assert values == sorted(values)
    shuffled = table.sample(frac=1, random_state=1)
    one, other = (planning.allocate(t, capacity=90).set_index("account_id")["visits"] for t in (table, shuffled))
    assert one.sort_index().equals(other.sort_index())


def test_input_is_unchanged_and_each_role_keeps_its_own_capacity():
    table = curves(10, ROLES)
    before = table.copy()
    plan = planning.allocate(table, capacity={"AR": 10, "SR": 0, "FR": 7})
    assert plan.groupby("role")["visits"].sum().to_dict() == {"AR": 10, "FR": 7, "SR": 0}
    pd.testing.assert_frame_equal(table, before)


def test_an_s_curve_gets_a_whole_block_or_nothing():
    """Ten times the usual is needed before anything moves: with 3 visits the concave account gets them all."""
    table = pd.DataFrame({"a": 0.0, "b": [10.0, 1.0], "c": [6.0, 1.0], "d": [1e5, 1.0], "usual": 1.0, "scale": 1.0})
    assert planning.allocate(table, capacity=3, maximum=20)["visits"].tolist() == [0, 3]
    assert planning.allocate(table, capacity=12, maximum=20)["visits"][0] >= 8


@pytest.mark.parametrize(
    ("change", "told", "message"),
    [
        ({"usual": 0.0}, {}, "usual visits above 0"),
        ({"b": 0.0}, {}, "must not fall"),
        ({}, {"minimum": 5, "maximum": 4}, "allow no whole number"),
        ({}, {"minimum": 4}, "The minima need 12 visits, but there are 10"),
        ({}, {"capacity": {"SR": 3}}, "No capacity is given for the roles: AR"),
        ({}, {"minimum": -1}, "allow no whole number"),
    ],
)
def test_impossible_limits_are_refused_with_the_reason(change, told, message):
    with pytest.raises(ValueError, match=message):
        planning.allocate(curves(3).assign(**change), **{"capacity": 10, **told})


@pytest.mark.parametrize("n", [0, 1])
def test_no_account_and_one_account(n):
    plan = planning.allocate(curves(n), capacity=5)
    assert len(plan) == n
    assert plan["visits"].sum() == min(5 * n, plan["visits"].sum())


def test_the_gain_and_the_price_of_a_visit_by_hand():
    """Curves .5 + x ÷ (1 + x), worth 100 and 300, four visits each: 400 now; best 2 and 6, 100×.8333 + 300×1.1."""
    table = pd.DataFrame(
        {"role": "AR", "a": 0.5, "b": 1.5, "c": 1.0, "d": 1.0, "usual": [4.0, 4.0], "scale": [100.0, 300.0]}
    )
    best = planning.allocate(table, capacity=8)
    gain = planning.reallocation_gain(table, best).set_index("role")
    assert best["visits"].tolist() == [2, 6]
    assert gain.at["all", "value_now"] == pytest.approx(400)
    assert gain.at["all", "gain"] == pytest.approx(100 * (0.5 + 1 / 3) + 300 * 1.1 - 400)
    price = planning.shadow_prices(table, capacity={"AR": 8.0}).iloc[0]
    more = planning.allocate(table, capacity=9)["value"].sum() - best["value"].sum()
    assert price["price_up"] == pytest.approx(more)
    assert price["price_down"] > price["price_up"]
    steps = planning.capacity_steps(table, capacity={"AR": 8.0}, shares=(1.0, 1.125))
    assert steps["value_best"].diff().iloc[1] == pytest.approx(more)


def test_sure_curves_do_not_move_and_unsure_ones_do():
    table = curves(12, seed=2).assign(elasticity=0.3)
    made = table.assign(**planning.curve_of(table["elasticity"]))
    still = planning.allocation_stability(made.assign(error=0.0), capacity=60, draws=8)
    loose = planning.allocation_stability(made.assign(error=0.2), capacity=60, draws=30)
    assert (still["visits_low"] == still["visits_high"]).all()
    assert (loose["visits_high"] - loose["visits_low"]).sum() > 0
    assert loose["more_share"].between(0, 1).all()


# --- effort and orders ---


def effort_and_orders(slope, seed=0, accounts=40, noise=0.05):
    """Twelve quarters in which orders follow touches with a known elasticity."""
    rng = np.random.default_rng(seed)
    touches, orders = [], []
    for number in range(accounts):
        for back in range(12):
            day = AS_OF - pd.Timedelta(days=91 * back + 40)
            n = int(rng.integers(2, 30))
            amount = 1000.0 * (number + 1) * (n + 0.5) ** slope * np.exp(noise * rng.standard_normal())
            touches += [(f"a{number}", ROLES[i % 2], day) for i in range(n)]
            orders.append((f"a{number}", day, amount))
    return (
        pd.DataFrame(touches, columns=["account_id", "role", "date"]),
        pd.DataFrame(orders, columns=["account_id", "order_date", "amount"]),
    )


def test_a_strong_history_speaks_for_itself():
    found = planning.effort_elasticity(*effort_and_orders(0.5), as_of=AS_OF)
    assert found["own"].median() == pytest.approx(0.48, abs=0.05)
    assert (found["elasticity"] - found["own"]).abs().max() < 0.05
    assert found.groupby("account_id")["share"].sum().tolist() == pytest.approx([1] * 40)


def test_a_noisy_history_leaves_the_published_elasticity():
    found = planning.effort_elasticity(*effort_and_orders(0.0, noise=6.0), as_of=AS_OF)
    assert found["elasticity"].median() == pytest.approx(0.34, abs=0.1)
    assert (found["elasticity"] - 0.34).abs().median() < found["own"].sub(0.34).abs().median()
    detailing = planning.effort_elasticity(*effort_and_orders(0.0, noise=6.0), as_of=AS_OF, prior=0.245)
    assert detailing["elasticity"].median() < found["elasticity"].median()


def test_too_few_orders_or_no_touches_leave_the_prior_or_nothing():
    touches, orders = effort_and_orders(0.5, accounts=2)
    alone = planning.effort_elasticity(touches, orders.head(1), as_of=AS_OF)
    assert alone["own"].isna().all()
    assert alone["elasticity"].tolist() == pytest.approx([0.34] * len(alone))
    assert planning.effort_elasticity(touches.iloc[:0], orders, as_of=AS_OF).empty


def test_the_room_moves_the_curve_it_judged_and_parts_add_up_to_the_contribution():
    touches, orders = effort_and_orders(0.3)
    history = planning.effort_elasticity(touches, orders, as_of=AS_OF)
    sales = pd.Series(4000.0, index=[f"a{i}" for i in range(40)])
    judged = planning.curve_points(planning.curve_of(pd.Series([0.3])).assign(account_id="a0", role="AR"), steps=6)
    with_room = planning.response_curves(history, judged, sales, margin=0.5)
    without = planning.response_curves(history, judged.iloc[:0], sales, margin=0.5)
    each = planning.response_curves(history, judged, sales, margin=pd.Series(0.25, index=sales.index))
    assert np.allclose(each["scale"], with_room["scale"] / 2)
    assert with_room["source"].tolist().count("judged") == 1
    assert with_room["elasticity"][0] > without["elasticity"][0]
    assert with_room.groupby("account_id")["scale"].sum().tolist() == pytest.approx([500] * 40)
    assert planning.value_of(without, without["usual"].to_numpy()).sum() == pytest.approx(500 * 40)
    assert planning.response_curves(history, judged.iloc[:0], sales * 0).empty


# --- strategies ---


def test_four_boxes_four_strategies_and_their_limits():
    base = pd.DataFrame(
        {
            "account_id": list("wxyz"),
            "account_name": list("WXYZ"),
            "history": [1.0, 9.0, 4.0, 0.5],
            "potential": [10.0, 10.0, 5.0, 5.0],
        }
    )
    boxes = planning.account_strategies(base)
    assert boxes["strategy"].tolist() == ["invest", "defend", "maintain", "exit"]
    limits = planning.visit_limits(pd.DataFrame({"account_id": list("wxyz?"), "usual": 4.0}), boxes)
    assert limits["minimum"].tolist() == [3, 3, 2, 0, 0]
    assert limits["maximum"].tolist() == [12, 8, 5, 4, 4]
    assert planning.account_strategies(base.iloc[:0]).empty
    assert planning.account_strategies(base.assign(potential=0.0, history=0.0))["strength"].eq(0).all()


def test_a_role_that_covers_an_account_keeps_one_visit_except_where_we_leave():
    base = pd.DataFrame({"account_id": list("mx"), "account_name": list("mx")})
    boxes = planning.account_strategies(base.assign(history=[9.0, 1.0], potential=[9.0, 9.0]))
    boxes["strategy"] = ["maintain", "exit"]
    curves = pd.DataFrame({"account_id": list("mmx"), "role": ["AR", "FR", "FR"], "usual": [6.0, 1.0, 3.0]})
    assert planning.visit_limits(curves, boxes)["minimum"].tolist() == [3, 1, 0]
    assert planning.visit_limits(curves, boxes, floor=0)["minimum"].tolist() == [3, 0, 0]
    assert planning.visit_limits(curves.assign(usual=[6.0, 0.0, 3.0]), boxes)["minimum"].tolist() == [3, 0, 0]


def test_floors_never_ask_for_more_visits_than_a_role_has():
    # 5 accounts with 0.5 each: 2 visits a quarter in whole; 0.7 and then the first 0.5 keep theirs
    boxes = pd.DataFrame({"account_id": list("abcde"), "strategy": "maintain"})
    curves = pd.DataFrame({"account_id": list("abcde"), "role": "SR", "usual": [0.5, 0.5, 0.5, 0.7, 0.5]})
    limits = planning.visit_limits(curves, boxes)
    assert limits["minimum"].tolist() == [1, 0, 0, 1, 0]
    assert (limits["maximum"] >= limits["minimum"]).all()
