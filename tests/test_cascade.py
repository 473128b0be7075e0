"""The division of a target: worked examples, random trees, and bounds that clash."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from kamlib.planning import decompose_target, target_conflicts

THREE = pd.DataFrame({"node": ["East", "a", "b", "c"], "parent": [None, "East", "East", "East"]})
DEEP = pd.DataFrame(
    {
        "node": ["all", "E", "W", "e1", "e2", "w1", "p1", "p2"],
        "parent": [None, "all", "all", "E", "E", "W", "e1", "e1"],
    }
)


def fen(values):
    return np.rint(np.asarray(values, float) * 100).astype(np.int64)


def by_node(table):
    return dict(zip(table["node"], table["target"], strict=True))


def test_a_hundred_over_weights_five_three_two():
    """100 × 5/10, 3/10, 2/10 = 50, 30, 20."""
    table = decompose_target(THREE, pd.Series({"a": 5, "b": 3, "c": 2}), total=100.0)
    assert table["target"].tolist() == [100, 50, 30, 20]
    assert table["share"].tolist() == [1, 0.5, 0.3, 0.2]
    assert table["depth"].tolist() == [0, 1, 1, 1]


def test_the_odd_fen_goes_to_the_largest_remainder():
    """0.10 over 1:1:1.6 is 2.78, 2.78, 4.44 fen: 2 + 2 + 4 leaves two fen, for the two remainders of .78."""
    table = decompose_target(THREE, pd.Series({"a": 1, "b": 1, "c": 1.6}), total=0.10)
    assert table["target"].tolist() == [0.10, 0.03, 0.03, 0.04]


def test_of_equal_remainders_the_heavier_comes_first_whatever_the_noise_of_floats():
    """Ten per cent on whole amounts leaves a tenth of a unit each: 3 × 1.1 and 7 × 1.1 → 3 + 7, one unit for the 7."""
    names = [f"c{i}" for i in range(10)]
    weights = pd.Series([1.0, 11, 21, 31, 41, 51, 61, 71, 81, 91], index=names)
    tree = pd.DataFrame({"node": ["top", *names], "parent": [None, *["top"] * 10]})
    table = decompose_target(tree, weights * 1e6 + 1, total=round((weights * 1e6 + 1).sum() * 1.1), unit=1.0)
    exact = np.floor((weights * 1e6 + 1) * 1.1).to_numpy()
    assert (table["target"].to_numpy()[1:] - exact).tolist() == [0] * 9 + [1]


def test_floors_caps_and_locks_hold_and_the_others_share_the_rest():
    """b is locked at 50, c capped at 10: a has 100 − 60 = 40."""
    weights = pd.Series({"a": 1.0, "b": 1.0, "c": 1.0})
    table = decompose_target(THREE, weights, total=100.0, locks=pd.Series({"b": 50.0}), caps=pd.Series({"c": 10.0}))
    assert by_node(table) == {"East": 100, "a": 40, "b": 50, "c": 10}
    assert table["bound"].tolist() == ["", "", "lock", "cap"]
    floored = decompose_target(THREE, weights, total=90.0, floors=pd.Series({"a": 60.0}))
    assert by_node(floored) == {"East": 90, "a": 60, "b": 15, "c": 15}
    assert floored["bound"].tolist() == ["", "floor", "", ""]


def test_a_lock_deep_in_the_tree_pushes_its_parents_up():
    """p1 alone is locked at 80, so e1 and E must have at least 80 of 100, whatever E weighs."""
    weights = pd.Series({"E": 1.0, "W": 9.0, "e1": 1.0, "e2": 1.0, "w1": 1.0, "p1": 1.0, "p2": 1.0})
    table = by_node(decompose_target(DEEP, weights, total=100.0, locks=pd.Series({"p1": 80.0})))
    assert table["E"] == table["e1"] == table["p1"] == 80
    assert table["W"] == table["w1"] == 20
    assert table["e2"] == table["p2"] == 0


def test_children_without_weight_share_equally_and_only_when_the_others_are_full():
    assert by_node(decompose_target(THREE, pd.Series(dtype=float), total=9.0))["b"] == 3
    some = decompose_target(THREE, pd.Series({"a": 1.0}), total=9.0)
    assert by_node(some) == {"East": 9, "a": 9, "b": 0, "c": 0}
    full = decompose_target(THREE, pd.Series({"a": 1.0}), total=9.0, caps=pd.Series({"a": 5.0}))
    assert by_node(full) == {"East": 9, "a": 5, "b": 2, "c": 2}


def test_other_units_than_the_fen():
    table = decompose_target(THREE, pd.Series({"a": 1, "b": 1, "c": 1}), total=100_000, unit=10_000)
    assert table["target"].tolist() == [100_000, 40_000, 30_000, 30_000]
    assert decompose_target(THREE, pd.Series({"a": 1}), total=7, unit=1)["target"].sum() == 14


def test_more_columns_are_handed_through_and_the_input_is_unchanged():
    tree, weights = THREE.assign(owner=list("wxyz")), pd.Series({"a": 1.0})
    before = tree.copy(), weights.copy()
    table = decompose_target(tree, weights, total=1.0)
    assert table["owner"].tolist() == list("wxyz")
    pd.testing.assert_frame_equal(tree, before[0])
    pd.testing.assert_series_equal(weights, before[1])


def test_the_order_of_rows_does_not_matter_where_remainders_differ():
    rng = np.random.default_rng(4)
    tree, weights = random_tree(rng, 60)
    shuffled = tree.sample(frac=1, random_state=1)
    one = by_node(decompose_target(tree, weights, total=12_345.67))
    other = by_node(decompose_target(shuffled, weights.sample(frac=1, random_state=2), total=12_345.67))
    assert one == other


def random_tree(rng, size):
    parent = [None] + [f"n{rng.integers(max(0, i - 12), i)}" for i in range(1, size)]
    tree = pd.DataFrame({"node": [f"n{i}" for i in range(size)], "parent": parent})
    weights = pd.Series(rng.gamma(0.7, 1.0, size) * (rng.random(size) > 0.15), index=tree["node"])
    return tree, weights


def random_forest(rng, trees):
    """Many random trees under one root, each with a total of its own: checked in one call."""
    parts, weights, totals = [], [], {}
    for number in range(trees):
        tree, weight = random_tree(rng, int(rng.integers(2, 40)))
        tree = tree.assign(node=f"t{number}" + tree["node"], parent=f"t{number}" + tree["parent"])
        totals[tree["node"][0]] = round(float(rng.choice([0, 0.01, 1, 1e4, 3e9]) * rng.random()), 2)
        parts.append(tree.fillna({"parent": "all"}))
        weights.append(weight.set_axis(tree["node"]))
    top = pd.DataFrame({"node": ["all"], "parent": [None]})
    return pd.concat([top, *parts], ignore_index=True), pd.concat(weights), pd.Series(totals)


def random_bounds(rng, tree, weights, totals):
    """Locks, floors and caps around a division that is possible, on any nodes of the tree."""
    total = round(totals.sum(), 2)
    there = decompose_target(tree, weights, total=total, locks=totals).set_index("node")["target"]
    nodes = rng.permutation(there.index.drop(["all", *totals.index]).to_numpy())
    quarter = len(nodes) // 4
    locks, low, high = (there[nodes[i * quarter : (i + 1) * quarter]] for i in range(3))
    floors = (low * rng.random(len(low))).round(2)
    caps = (high * (1 + rng.random(len(high)))).round(2)
    return total, pd.concat([totals, locks]), floors, caps


@pytest.mark.parametrize("seed", range(20))
def test_random_trees_sum_to_the_last_fen_with_every_bound_kept(seed):
    """20 × 200 = 4,000 random trees, a quarter of their nodes locked, a quarter with floors, a quarter with caps."""
    rng = np.random.default_rng(seed)
    tree, weights, totals = random_forest(rng, 200)
    total, locks, floors, caps = random_bounds(rng, tree, weights, totals)
    other = pd.Series(rng.gamma(0.7, 1.0, len(tree)), index=tree["node"])
    table = decompose_target(tree, other, total=total, locks=locks, floors=floors, caps=caps)
    units = pd.Series(fen(table["target"]), index=table["node"])
    sums = units.groupby(table["parent"].to_numpy()).sum()
    assert (sums == units[sums.index]).all(), "a parent is not the sum of its children"
    assert units.iloc[0] == fen([total])[0]
    assert (units >= 0).all()
    assert (units[locks.index] == fen(locks)).all()
    assert (units[floors.index] >= fen(floors)).all()
    assert (units[caps.index] <= fen(caps)).all()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=12),
    st.floats(0, 1),
)
def test_one_level_agrees_with_the_solution_in_real_numbers(children, part):
    """Independent check: clip(λw, low, high) with λ found by Brent's method; ours differ by less than a unit."""
    names = [f"c{i}" for i in range(len(children))]
    weights = pd.Series([max(w, 1e-3) for w, _a, _b in children], index=names)
    low = pd.Series([min(a, b) for _w, a, b in children], index=names, dtype=float)
    high = pd.Series([max(a, b) for _w, a, b in children], index=names, dtype=float)
    total = int(low.sum() + part * (high.sum() - low.sum()))
    tree = pd.DataFrame({"node": ["top", *names], "parent": [None, *["top"] * len(names)]})
    table = decompose_target(tree, weights, total=total, floors=low, caps=high, unit=1.0)
    ours = table["target"].to_numpy()[1:]
    assert ours.sum() == total
    if not low.sum() < total < high.sum():
        return

    def missing(factor):
        return np.clip(factor * weights, low, high).sum() - total

    factor = brentq(missing, 0, float((high / weights).max()) + 1, xtol=1e-300, rtol=1e-15, maxiter=500)
    assert np.abs(ours - np.clip(factor * weights, low, high)).max() < 1 + 1e-6 * total


def test_clashing_locks_are_named_with_their_amounts():
    with pytest.raises(ValueError, match=r"E: lock e2 40\.00, lock p1 70\.00 ask for at least 110\.00") as told:
        decompose_target(
            DEEP, pd.Series(dtype=float), total=500.0, locks=pd.Series({"E": 100.0, "p1": 70.0, "e2": 40.0})
        )
    assert "lock E 100.00 allow at most 100.00" in str(told.value)


def test_locks_that_do_not_reach_the_total_are_named():
    clash = target_conflicts(THREE, total=100.0, locks=pd.Series({"a": 10.0, "b": 20.0, "c": 30.0}))
    assert clash["node"].tolist() == ["East"]
    assert clash[["at_least", "at_most"]].to_numpy().tolist() == [[100.0, 60.0]]
    assert "lock a 10.00, lock b 20.00, lock c 30.00" in clash["message"][0]


def test_every_clash_is_named_not_only_the_first():
    locks = pd.Series({"E": 10.0, "e1": 20.0, "W": 5.0, "w1": 6.0})
    assert set(target_conflicts(DEEP, total=1000.0, locks=locks)["node"]) == {"E", "W", "all"}


def test_a_floor_above_its_cap_clashes_and_a_possible_set_does_not():
    bad = target_conflicts(THREE, total=10.0, floors=pd.Series({"a": 5.0}), caps=pd.Series({"a": 4.0}))
    assert "floor a 5.00" in bad["message"][0]
    assert target_conflicts(THREE, total=10.0, floors=pd.Series({"a": 4.0}), caps=pd.Series({"a": 5.0})).empty


@pytest.mark.parametrize(
    ("tree", "more", "message"),
    [
        (THREE.assign(node=["East", "a", "a", "c"]), {}, "stands twice"),
        (THREE.assign(parent=[None, "East", "East", "West"]), {}, "not a node of the tree: West"),
        (THREE.assign(parent=[None, None, "East", "East"]), {}, "one root"),
        (THREE.assign(parent=[None, "b", "a", "East"]), {}, "circle"),
        (THREE, {"locks": pd.Series({"z": 1.0})}, "locks: no such node in the tree: z"),
        (THREE, {"floors": pd.Series({"a": -1.0})}, "floors must be 0 or more: a"),
        (THREE, {"caps": pd.Series({"a": 0.005})}, "no whole number of 0.01"),
        (THREE, {"locks": pd.Series([1.0, 2.0], index=["a", "a"])}, "stands twice: a"),
        (THREE, {"total": -1.0}, "0 or more"),
        (THREE, {"total": float("nan")}, "0 or more"),
    ],
)
def test_impossible_input_is_refused_with_the_reason(tree, more, message):
    with pytest.raises(ValueError, match=message):
        decompose_target(tree, pd.Series(dtype=float), **{"total": 10.0, **more})


def test_a_tree_of_its_root_alone_and_a_total_of_nothing():
    alone = decompose_target(THREE.iloc[:1], pd.Series(dtype=float), total=5.0)
    assert alone["target"].tolist() == [5.0]
    assert decompose_target(THREE, pd.Series({"a": 1.0}), total=0.0)["target"].tolist() == [0, 0, 0, 0]


def test_amounts_near_the_limit_of_exact_numbers_still_sum():
    rng = np.random.default_rng(9)
    tree = pd.DataFrame({"node": ["top", *map(str, range(997))], "parent": [None, *["top"] * 997]})
    table = decompose_target(tree, pd.Series(rng.random(997), index=tree["node"][1:]), total=2**52, unit=1.0)
    assert sum(int(x) for x in table["target"][1:]) == 2**52
