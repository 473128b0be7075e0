"""A target handed down a tree in whole units: floors, caps and locks kept, every parent the exact sum of its children.

Amounts are counted in whole units (fen, cents) from the first step to the last, so nothing is left to rounding.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.edition import _

UNIT = 0.01
"""The smallest amount: one fen, one cent."""
BOUNDS = ("floor", "cap", "lock")
_EXACT = 2.0**53
_MOST_NAMED = 6
_SAME = 5
"""Remainders that agree to so many decimals are equal: what differs beyond is the noise of floating point."""


@dataclass(frozen=True)
class _Tree:
    names: pd.Index
    parent: np.ndarray
    """Row of the parent; −1 for the root."""
    levels: list[np.ndarray]
    """Rows by depth, the root first."""


def decompose_target(
    tree: pd.DataFrame,
    weights: pd.Series,
    *,
    total: float,
    floors: pd.Series | None = None,
    caps: pd.Series | None = None,
    locks: pd.Series | None = None,
    unit: float = UNIT,
) -> pd.DataFrame:
    """One row per node of the tree: its part of ``total``; every parent is the sum of its children to the last unit.

    Parameters
    ----------
    tree
        node (unique), parent (missing for the one root). Further columns are handed through.
    weights
        By node, 0 or more: how siblings share what their parent has. A node not named weighs 0; where all of a parent's
        free children weigh 0 they share equally.
    total
        What the root has: a whole number of units, 0 or more (currency).
    floors, caps, locks
        By node, any part of the tree, whole units (currency): the least, the most, the exact amount.
    unit
        The smallest amount: 0.01, or 10000 to plan in whole 万.

    Returns
    -------
    DataFrame
        The rows and columns of ``tree``, then depth (0 = root), share (of the parent), target (currency), bound
        (``lock``, ``floor`` or ``cap`` where one holds the node, else blank).

    Raises
    ------
    ValueError
        If the tree is none, a weight or bound is impossible, or the bounds contradict each other or the total; then it
        says which clash (`target_conflicts` gives them as a table).

    Notes
    -----
    Children get ``clip(λ·weight, floor, cap)`` with λ such that they sum to their parent (Bitran & Hax 1981, Management
    Science 27(4): bounded proportional allocation), rounded by largest remainders within the bounds; of equal
    remainders the heavier node comes first, then the one listed first.

    >>> tree = pd.DataFrame({"node": ["East", "A", "B", "C"], "parent": [None, "East", "East", "East"]})
    >>> weights = pd.Series({"A": 1, "B": 1, "C": 1})
    >>> decompose_target(tree, weights, total=100.0)["target"].tolist()
    [100.0, 33.34, 33.33, 33.33]
    >>> decompose_target(tree, weights, total=100.0, locks=pd.Series({"B": 50.0}))["target"].tolist()
    [100.0, 25.0, 50.0, 25.0]
    """
    nodes = _tree(tree)
    said = _declared(nodes, total, floors, caps, locks, unit)
    low, high, conflicts = _needs(nodes, said, unit)
    if len(conflicts):
        raise ValueError("\n".join(conflicts["message"].head(10)))
    weight = _by_node(nodes, weights, "weights", 0.0)
    amount = np.zeros(len(nodes.names))
    amount[nodes.levels[0]] = low[nodes.levels[0]]
    for rows in nodes.levels[1:]:
        amount[rows] = _split(amount, nodes.parent[rows], weight[rows], low[rows], high[rows])
    above = np.where(nodes.parent >= 0, amount[nodes.parent], amount)
    table = tree.reset_index(drop=True)
    table["depth"] = _depths(nodes)
    table["share"] = np.divide(amount, above, out=np.zeros_like(amount), where=above > 0)
    table["target"] = _currency(amount, unit)
    table["bound"] = _held(amount, said)
    return table


def target_conflicts(
    tree: pd.DataFrame,
    *,
    total: float,
    floors: pd.Series | None = None,
    caps: pd.Series | None = None,
    locks: pd.Series | None = None,
    unit: float = UNIT,
) -> pd.DataFrame:
    """One row per node at which floors, caps, locks and the total cannot all hold; empty when they can.

    Returns
    -------
    DataFrame
        node, at_least (what its floors and locks ask for, currency), at_most (what its caps and locks allow), message
        (which of them clash). Parameters as in `decompose_target`.
    """
    nodes = _tree(tree)
    return _needs(nodes, _declared(nodes, total, floors, caps, locks, unit), unit)[2]


def fitting_bounds(
    tree: pd.DataFrame, *, total: float, unit: float = UNIT, **bounds: pd.Series
) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """The bounds that can hold together, and what clashed: caps are given up first, then floors, then locks.

    Parameters
    ----------
    bounds
        floors, caps, locks, as in `decompose_target`.

    Returns
    -------
    tuple
        The bounds kept, by name; `target_conflicts` of all of them.
    """
    kept = {name: bounds[name] for name in ("locks", "floors", "caps") if name in bounds}
    clash = target_conflicts(tree, total=total, unit=unit, **kept)
    while kept and len(target_conflicts(tree, total=total, unit=unit, **kept)):
        kept.popitem()
    return kept, clash


# --- the tree ---


def _tree(tree: pd.DataFrame) -> _Tree:
    index = pd.Index(tree["node"])
    if not index.is_unique:
        twice = index[index.duplicated()].unique()[:3]
        raise ValueError(_("A node stands twice in the tree: {nodes}.", nodes=_listed(twice)))
    has_parent = tree["parent"].notna().to_numpy()
    parent = np.full(len(tree), -1)
    parent[has_parent] = index.get_indexer(tree["parent"][has_parent])
    unknown = tree["parent"][has_parent & (parent < 0)].unique()[:3]
    if len(unknown):
        raise ValueError(_("A parent is not a node of the tree: {nodes}.", nodes=_listed(unknown)))
    if (~has_parent).sum() != 1:
        raise ValueError(
            _("A tree has one root, a node without a parent; this one has {n}.", n=int((~has_parent).sum()))
        )
    return _Tree(index, parent, _levels(index, parent))


def _levels(names: pd.Index, parent: np.ndarray) -> list[np.ndarray]:
    """Rows by depth, siblings side by side. Raises ValueError where parents form a circle."""
    order = np.argsort(parent, kind="stable")
    starts = np.searchsorted(parent[order], np.arange(len(parent) + 1))
    levels, seen = [order[:1]], 1
    while True:
        rows = levels[-1]
        sizes = starts[rows + 1] - starts[rows]
        if not sizes.sum():
            break
        first = np.repeat(starts[rows] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        levels.append(order[first + np.arange(sizes.sum())])
        seen += sizes.sum()
    if seen < len(parent):
        circle = np.setdiff1d(np.arange(len(parent)), np.concatenate(levels))[:3]
        raise ValueError(_("Parents form a circle: {nodes}.", nodes=_listed(names[circle])))
    return levels


def _depths(nodes: _Tree) -> np.ndarray:
    depth = np.zeros(len(nodes.names), int)
    for at, rows in enumerate(nodes.levels):
        depth[rows] = at
    return depth


def _listed(names) -> str:
    return ", ".join(str(name) for name in names)


# --- bounds ---


def _by_node(nodes: _Tree, values: pd.Series | None, name: str, missing: float) -> np.ndarray:
    """The values in the order of the nodes. Raises ValueError for an unknown node or a value below 0."""
    found = np.full(len(nodes.names), missing)
    if values is None:
        return found
    given = values.dropna()
    place = nodes.names.get_indexer(given.index)
    amounts = given.to_numpy(float)
    if (place < 0).any():
        unknown = _listed(given.index[place < 0][:3])
        raise ValueError(_("{name}: no such node in the tree: {nodes}.", name=name, nodes=unknown))
    if not given.index.is_unique:
        twice = _listed(given.index[given.index.duplicated()][:3])
        raise ValueError(_("{name}: a node stands twice: {nodes}.", name=name, nodes=twice))
    if (amounts < 0).any():
        below = _listed(given.index[amounts < 0][:3])
        raise ValueError(_("{name} must be 0 or more: {nodes}.", name=name, nodes=below))
    found[place] = amounts
    return found


def _units(nodes: _Tree, values: pd.Series | None, name: str, missing: float, unit: float) -> np.ndarray:
    """The values as whole units. Raises ValueError where one is none."""
    found = _by_node(nodes, values, name, missing)
    known = np.isfinite(found)
    whole = np.rint(found[known] / unit)
    odd = np.abs(found[known] / unit - whole) > 1e-6 * np.maximum(1.0, np.abs(whole) * 1e-6)
    if odd.any():
        first = nodes.names[known][odd][0]
        raise ValueError(
            _(
                "{name}: {value} of {node} is no whole number of {unit}; round it.",
                name=name,
                value=repr(float(found[known][odd][0])),
                node=first,
                unit=f"{unit:g}",
            )
        )
    found[known] = whole
    return found


def _declared(nodes: _Tree, total, floors, caps, locks, unit) -> dict[str, np.ndarray]:
    if not 0 <= total / unit <= _EXACT:
        raise ValueError(
            _("The total must be 0 or more, and below {most:,.0f} units of {unit}.", most=_EXACT, unit=f"{unit:g}")
        )
    root = pd.Series([float(total)], index=[nodes.names[nodes.levels[0][0]]])
    return {
        "floor": _units(nodes, floors, "floors", 0.0, unit),
        "cap": _units(nodes, caps, "caps", np.inf, unit),
        "lock": _units(nodes, locks, "locks", np.nan, unit),
        "total": _units(nodes, root, "total", np.nan, unit),
    }


def _needs(nodes: _Tree, said: dict[str, np.ndarray], unit: float) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The least and the most each node can take, its children's bounds included; and where that is impossible."""
    own_low = np.fmax(np.fmax(said["floor"], said["lock"]), said["total"])
    own_high = np.fmin(np.fmin(said["cap"], said["lock"]), said["total"])
    low, high = own_low.copy(), own_high.copy()
    rows = []
    for level in reversed(nodes.levels):
        for at in level[low[level] > high[level]]:
            rows.append(_conflict(nodes, int(at), low, high, said, unit))
            high[at] = low[at]
        if nodes.parent[level[0]] >= 0:
            above, place = np.unique(nodes.parent[level], return_inverse=True)
            low[above] = np.maximum(own_low[above], np.bincount(place, low[level]))
            high[above] = np.minimum(own_high[above], np.bincount(place, high[level]))
    return low, high, pd.DataFrame(rows, columns=["node", "at_least", "at_most", "message"])


def _conflict(nodes: _Tree, at: int, low: np.ndarray, high: np.ndarray, said, unit: float) -> tuple:
    message = _(
        "{node}: {askers} ask for at least {least:,.2f}, but {holders} allow at most {most:,.2f}. Change one of them.",
        node=nodes.names[at],
        askers=_sources(nodes, at, low, said, ("total", "lock", "floor"), unit),
        least=_currency(low[at], unit),
        holders=_sources(nodes, at, high, said, ("total", "lock", "cap"), unit),
        most=_currency(high[at], unit),
    )
    return nodes.names[at], _currency(low[at], unit), _currency(high[at], unit), message


def _sources(nodes: _Tree, at: int, bound: np.ndarray, said, kinds: tuple[str, ...], unit: float) -> str:
    """The totals, locks, floors or caps that make up ``bound`` of a node, in words."""
    words = {"total": _("the total"), "lock": _("lock"), "floor": _("floor"), "cap": _("cap")}
    found, waiting = [], [at]
    while waiting:
        node = waiting.pop(0)
        kind = next((kind for kind in kinds if said[kind][node] == bound[node]), None)
        if kind == "total":
            found.append(words[kind])
        elif kind is not None and (kind != "floor" or said[kind][node] > 0):
            amount = _currency(said[kind][node], unit)
            found.append(f"{words[kind]} {nodes.names[node]} {amount:,.2f}")
        elif kind is None:
            waiting += [int(child) for child in np.flatnonzero(nodes.parent == node)]
    more = len(found) - _MOST_NAMED
    return _(", ").join(found[:_MOST_NAMED]) + (_(" and {n} more", n=more) if more > 0 else "")


# --- one level: every parent's amount over its children ---


def _split(amount: np.ndarray, parent: np.ndarray, weight: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    above, group = np.unique(parent, return_inverse=True)
    total = amount[above]
    weight, low, high = _all_weighty(total, group, weight, low, high)
    exact = _filled(total, group, weight, low, high)
    return _rounded(total, group, exact, weight, low, high)


def _all_weighty(total, group, weight, low, high):
    """Weights above 0 only: children that weigh nothing stay at their floor, unless the others are all full."""
    none = weight <= 0
    most = np.bincount(group, np.where(none, low, high), len(total))
    full = (total > most)[group]
    low = np.where(full & ~none, high, low)
    high = np.where(~full & none, low, high)
    return np.where(none, 1.0, weight), low, high


def _filled(total, group, weight, low, high) -> np.ndarray:
    """``clip(λ·weight, low, high)``, each group's λ such that it sums to its total (in real numbers)."""
    value = np.zeros_like(weight)
    free = np.ones(len(weight), bool)
    rest = total.astype(float)
    while free.any():
        sums = np.bincount(group[free], weight[free], len(total))
        factor = np.divide(rest, sums, out=np.zeros_like(rest), where=sums > 0)
        value[free] = factor[group[free]] * weight[free]
        under, over = np.maximum(low - value, 0) * free, np.maximum(value - high, 0) * free
        lack, excess = np.bincount(group, under, len(total)), np.bincount(group, over, len(total))
        settled = np.where((lack >= excess)[group], under > 0, over > 0)
        if not settled.any():
            break
        value[settled] = np.clip(value, low, high)[settled]
        rest = rest - np.bincount(group[settled], value[settled], len(total))
        free &= ~settled
    return np.clip(value, low, high)


def _rounded(total, group, exact, weight, low, high) -> np.ndarray:
    """Whole numbers within the bounds that sum to each group's total: by largest remainders."""
    whole = np.clip(np.floor(exact), low, high)
    while True:
        short = total - np.bincount(group, whole, len(total))
        if not short.any():
            return whole
        step = np.sign(short)[group]
        able = (step != 0) & np.where(step > 0, whole < high, whole > low)
        rows = np.flatnonzero(able)
        rows = rows[np.lexsort((-weight[rows], -np.round(step * (exact - whole), _SAME)[rows], group[rows]))]
        sizes = np.bincount(group[rows], minlength=len(total))
        place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        chosen = rows[place < np.abs(short)[group[rows]]]
        whole[chosen] += step[chosen]


def _currency(units, unit: float):
    """Whole units as currency, by division where the unit divides 1, so that 3334 units of .01 are 33.34 exactly."""
    per_one = round(1 / unit) if unit < 1 else 0
    return units / per_one if per_one and abs(per_one * unit - 1) < 1e-12 else units * unit


def _held(amount: np.ndarray, said: dict[str, np.ndarray]) -> np.ndarray:
    at_floor = (said["floor"] > 0) & (amount == said["floor"])
    return np.select([~np.isnan(said["lock"]), at_floor, amount == said["cap"]], ["lock", "floor", "cap"], "")
