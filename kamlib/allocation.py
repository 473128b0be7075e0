"""Where the next visit goes: whole visits over accounts and roles, best under capacity, and how sure that is.

A curve's value at v visits is scale × f(v ÷ usual), f an ADBUDG curve (`response.response`).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from kamlib.edition import _
from kamlib.response import curve_of, response

MOST_TIMES = 3.0
"""Without a maximum, no account gets more than this multiple of its usual visits."""
SMALL = 3_000_000
"""Up to so many steps (curves × capacity × levels) a pool is solved exactly."""
CORE = 40


def allocate(
    curves: pd.DataFrame,
    *,
    capacity: float | Mapping[str, float],
    minimum: float | pd.Series = 0,
    maximum: float | pd.Series | None = None,
) -> pd.DataFrame:
    """One row per curve: the whole visits that together bring most under capacity.

    Parameters
    ----------
    curves
        a, b, c, d; usual (visits at effort 1) and scale (value at response 1, currency), both 1 if not given; names in
        account_id and role are handed through. With ``capacity`` by role, role is needed.
    capacity
        Visits to give, in all or by role.
    minimum, maximum
        Visits a curve gets at least and at most: one number, or one per row. Without a maximum: three times the usual.

    Returns
    -------
    DataFrame
        In the order of ``curves``: account_id, role (where given), visits, value (currency), next_gain (what one more
        visit would bring; 0 at the maximum).

    Raises
    ------
    ValueError
        If a bound is impossible or the minima need more than the capacity.

    Notes
    -----
    Values are replaced by their concave hull, whose pieces are taken steepest first: exact for concave curves, and for
    S-shaped ones but for the last piece (Sinha & Zoltners 1979, Operations Research 27(3)). What is left is settled by
    dynamic programming over the curves whose next or last piece lies nearest to the price. Small pools are solved
    exactly. `allocate_exact` proves the optimum.

    >>> curves = pd.DataFrame({"a": 0.5, "b": 1.5, "c": 1.0, "d": 1.0, "usual": [4, 4], "scale": [100.0, 300.0]})
    >>> allocate(curves, capacity=8)["visits"].tolist()
    [2, 6]
    """
    low, high = _limits(curves, minimum, maximum)
    visits = low.copy()
    for rows, most in _pools(curves, capacity):
        _check_pool(low[rows].sum(), most)
        visits[rows] = _best(curves.iloc[rows], low[rows], high[rows], int(most))
    names = [name for name in ("account_id", "role") if name in curves]
    table = curves[names].reset_index(drop=True)
    table["visits"] = visits
    table["value"] = value_of(curves, visits)
    table["next_gain"] = np.where(visits < high, value_of(curves, np.minimum(visits + 1, high)) - table["value"], 0.0)
    return table


def value_of(curves: pd.DataFrame, visits: np.ndarray) -> np.ndarray:
    """What each curve brings at its visits, in currency."""
    return _values(curves, np.asarray(visits, float)[:, None])[:, 0]


def _values(curves: pd.DataFrame, visits: np.ndarray) -> np.ndarray:
    usual = curves["usual"].to_numpy(float) if "usual" in curves else np.ones(len(curves))
    scale = curves["scale"].to_numpy(float) if "scale" in curves else np.ones(len(curves))
    return scale[:, None] * response(curves, visits / usual[:, None])


def _limits(curves: pd.DataFrame, minimum, maximum) -> tuple[np.ndarray, np.ndarray]:
    usual = curves["usual"].to_numpy(float) if "usual" in curves else np.ones(len(curves))
    if not (usual > 0).all() or (curves["b"] < curves["a"]).any():
        raise ValueError(_("Every curve needs usual visits above 0 and must not fall (b at least a)."))
    low = np.ceil(np.broadcast_to(np.asarray(minimum, float), len(curves)) - 1e-9)
    most = np.maximum(np.ceil(MOST_TIMES * usual), low) if maximum is None else np.asarray(maximum, float)
    high = np.floor(np.broadcast_to(most, len(curves)) + 1e-9)
    bad = np.flatnonzero(~((low >= 0) & (low <= high) & np.isfinite(high)))
    if len(bad):
        raise ValueError(
            _(
                "Row {row}: the minimum {low:g} and the maximum {high:g} allow no whole number of visits.",
                row=bad[0],
                low=low[bad[0]],
                high=high[bad[0]],
            )
        )
    return low.astype(int), high.astype(int)


def _pools(curves: pd.DataFrame, capacity) -> list[tuple[np.ndarray, float]]:
    """The rows that share a capacity, and how much there is. Raises ValueError for a role without one."""
    if not isinstance(capacity, Mapping | pd.Series):
        return [(np.arange(len(curves)), float(capacity))]
    roles = curves["role"].to_numpy()
    unknown = sorted(set(roles) - set(capacity.keys()))
    if unknown:
        raise ValueError(_("No capacity is given for the roles: {roles}.", roles=", ".join(map(str, unknown))))
    return [(np.flatnonzero(roles == role), float(capacity[role])) for role in dict.fromkeys(roles)]


def _check_pool(needed: float, capacity: float) -> None:
    if not capacity >= needed:
        raise ValueError(
            _("The minima need {needed:,.0f} visits, but there are {capacity:,.0f}.", needed=needed, capacity=capacity)
        )


def _best(curves: pd.DataFrame, low: np.ndarray, high: np.ndarray, capacity: int) -> np.ndarray:
    if not len(curves):
        return low
    capacity = min(capacity, int(high.sum()))
    levels = int((high - low).max()) + 1
    table = _gains(curves, low, high, levels)
    if len(curves) * levels * (capacity - low.sum() + 1) <= SMALL:
        return low + _dynamic(table, high - low, capacity - int(low.sum()))
    return low + _greedy(table, high - low, capacity - int(low.sum()))


def _gains(curves: pd.DataFrame, low: np.ndarray, high: np.ndarray, levels: int) -> np.ndarray:
    """Value over the minimum of 0, 1, 2 … more visits (curves × levels); flat beyond the maximum."""
    visits = np.minimum(low[:, None] + np.arange(levels), high[:, None])
    values = _values(curves, visits)
    return values - values[:, :1]


def _greedy(gains: np.ndarray, room: np.ndarray, budget: int) -> np.ndarray:
    """More visits by curve: pieces of the concave hull, steepest first, then the best use of what is left."""
    first, price = _first_piece(gains, room)
    steps = np.diff(gains, axis=1)
    level = np.arange(gains.shape[1] - 1)
    single = (level >= first[:, None]) & (level < room[:, None])
    curve = np.concatenate([np.flatnonzero(room > 0), np.nonzero(single)[0]])
    slope = np.concatenate([price[room > 0], steps[single]])
    size = np.concatenate([first[room > 0], np.ones(single.sum(), int)])
    order = np.argsort(-slope, kind="stable")
    taken = np.cumsum(size[order]) <= budget
    last = int(np.argmin(taken)) if not taken.all() else len(order)
    extra = np.bincount(curve[order[:last]], size[order[:last]], len(gains)).astype(int)
    left = budget - int(extra.sum())
    if left <= 0 or last == len(order):
        return extra
    return _settled(gains, room, extra, left, curve[order], last)


def _first_piece(gains: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first piece of each curve's concave hull: how many visits it spans, and its slope."""
    level = np.arange(1, gains.shape[1])
    slope = np.where(level <= room[:, None], gains[:, 1:] / level, -np.inf)
    if not slope.shape[1]:
        return np.zeros(len(gains), int), np.zeros(len(gains))
    first = slope.argmax(axis=1) + 1
    return np.where(room > 0, first, 0), slope.max(axis=1)


def _settled(gains, room, extra, left: int, curve: np.ndarray, last: int) -> np.ndarray:
    """Dynamic programming over the curves nearest to the price, with the visits left and those they hold."""
    near = np.concatenate([curve[last : last + CORE], curve[max(last - CORE, 0) : last]])
    core = np.array(list(dict.fromkeys(near.tolist())))[: 2 * CORE]
    held = extra.copy()
    budget = left + int(extra[core].sum())
    held[core] = _dynamic(gains[core], room[core], budget)
    return held


def _dynamic(gains: np.ndarray, room: np.ndarray, budget: int) -> np.ndarray:
    """The best division of at most ``budget`` visits, exactly: curve after curve, every level tried."""
    best = np.zeros(budget + 1)
    choice = np.zeros((len(gains), budget + 1), np.int32)
    for at, (gain, most) in enumerate(zip(gains, np.minimum(room, budget), strict=True)):
        better = best.copy()
        for level in range(1, int(most) + 1):
            value = best[: budget + 1 - level] + gain[level]
            improved = value > better[level:]
            better[level:][improved] = value[improved]
            choice[at, level:][improved] = level
        best = better
    extra = np.zeros(len(gains), int)
    for at in range(len(gains) - 1, -1, -1):
        extra[at] = choice[at, budget]
        budget -= extra[at]
    return extra


def allocate_exact(
    curves: pd.DataFrame,
    *,
    capacity: float | Mapping[str, float],
    minimum: float | pd.Series = 0,
    maximum: float | pd.Series | None = None,
    account_maximum: pd.Series | None = None,
    seconds: float = 60.0,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The best division, proved by a mixed-integer solver; it may also limit an account's visits over all its roles.

    Parameters
    ----------
    curves, capacity, minimum, maximum
        As in `allocate`.
    account_maximum
        Visits by account_id over all roles; accounts not named have no such limit.
    seconds
        When to stop looking for a proof.

    Returns
    -------
    tuple
        The frame of `allocate`; and ``value``, ``bound`` (no division brings more), ``proved`` (1.0 or 0.0).

    Raises
    ------
    ValueError
        As `allocate`, and if the limits cannot hold together.

    Notes
    -----
    One 0/1 variable per curve and level, exactly one level per curve (multiple-choice knapsack), solved by HiGHS
    through `scipy.optimize.milp` to a relative gap of 10⁻⁹.
    """
    low, high = _limits(curves, minimum, maximum)
    pools = _pools(curves, capacity)
    for rows, most in pools:
        _check_pool(low[rows].sum(), most)
    sizes = high - low + 1
    owner = np.repeat(np.arange(len(curves)), sizes)
    visits = np.concatenate([np.arange(least, most + 1) for least, most in zip(low, high, strict=True)])
    value = _values(curves.iloc[owner], visits[:, None].astype(float))[:, 0]
    chosen = milp(
        -value,
        integrality=np.ones(len(value)),
        bounds=Bounds(0, 1),
        constraints=_constraints(curves, owner, visits, pools, account_maximum),
        options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )
    if chosen.x is None:
        raise ValueError(_("No division keeps to all limits: raise a capacity or lower a minimum."))
    picked = np.bincount(owner, np.rint(chosen.x) * visits, len(curves)).astype(int)
    table = allocate(curves, capacity=1e18, minimum=picked, maximum=picked).assign(next_gain=0.0)
    more = np.where(picked < high, value_of(curves, np.minimum(picked + 1, high)) - table["value"], 0.0)
    bound = -(chosen.mip_dual_bound if chosen.mip_dual_bound is not None else chosen.fun)
    proof = {"value": float(table["value"].sum()), "bound": float(bound), "proved": float(chosen.status == 0)}
    return table.assign(next_gain=more), proof


def _constraints(curves, owner, visits, pools, account_maximum) -> list[LinearConstraint]:
    places = np.arange(len(owner))
    one = csr_matrix((np.ones(len(owner)), (owner, places)))
    pool = np.zeros(len(curves), int)
    for number, (rows, _most) in enumerate(pools):
        pool[rows] = number
    spent = csr_matrix((visits, (pool[owner], places)))
    limits = [LinearConstraint(one, 1, 1), LinearConstraint(spent, -np.inf, [most for _rows, most in pools])]
    if account_maximum is not None and len(account_maximum):
        place = pd.Index(account_maximum.index).get_indexer(curves["account_id"])[owner]
        named = place >= 0
        held = csr_matrix((visits[named], (place[named], places[named])), shape=(len(account_maximum), len(owner)))
        limits.append(LinearConstraint(held, -np.inf, account_maximum.to_numpy(float)))
    return limits


# --- what it is worth ---


def reallocation_gain(curves: pd.DataFrame, best: pd.DataFrame, *, by: str = "role") -> pd.DataFrame:
    """One row per group, and one for all: today's visits and value beside the best.

    Parameters
    ----------
    curves
        As in `allocate`, with the column ``by``; today = usual.
    best
        `allocate` of the same curves.

    Returns
    -------
    DataFrame
        The group (``all`` last), visits_now, visits_best, value_now, value_best, gain (currency), gain_share.
    """
    frame = pd.DataFrame(
        {
            by: curves[by].to_numpy(),
            "visits_now": curves["usual"].to_numpy(float),
            "visits_best": best["visits"].to_numpy(float),
            "value_now": value_of(curves, curves["usual"].to_numpy(float)),
            "value_best": best["value"].to_numpy(float),
        }
    )
    table = frame.groupby(by, sort=False, as_index=False).sum()
    table = pd.concat([table, frame.drop(columns=by).sum().to_frame().T.assign(**{by: "all"})], ignore_index=True)
    table["gain"] = table["value_best"] - table["value_now"]
    table["gain_share"] = (table["gain"] / table["value_now"]).where(table["value_now"] > 0)
    return table[[by, "visits_now", "visits_best", "value_now", "value_best", "gain", "gain_share"]]


def shadow_prices(
    curves: pd.DataFrame,
    *,
    capacity: Mapping[str, float],
    minimum: float | pd.Series = 0,
    maximum: float | pd.Series | None = None,
    step: float = 0.05,
) -> pd.DataFrame:
    """One row per role: what one more visit a quarter is worth, and one less.

    Parameters
    ----------
    step
        Capacity is raised and lowered by this share (at least one visit): single visits of S-shaped curves jump.

    Returns
    -------
    DataFrame
        role, capacity, price_up (currency per further visit), price_down (currency per visit taken away).
    """
    there = allocate(curves, capacity=capacity, minimum=minimum, maximum=maximum)
    least = pd.Series(_limits(curves, minimum, maximum)[0]).groupby(curves["role"].to_numpy()).sum()
    rows = []
    for role, visits in capacity.items():
        size = max(int(visits * step), 1)
        more, less = (
            allocate(curves, capacity={**capacity, role: amount}, minimum=minimum, maximum=maximum)
            for amount in (visits + size, max(visits - size, least.get(role, 0)))
        )
        up = (more["value"].sum() - there["value"].sum()) / size
        down = (there["value"].sum() - less["value"].sum()) / max(visits - max(visits - size, least.get(role, 0)), 1)
        rows.append((role, visits, up, down))
    return pd.DataFrame(rows, columns=["role", "capacity", "price_up", "price_down"])


def capacity_steps(
    curves: pd.DataFrame,
    *,
    capacity: Mapping[str, float],
    minimum: float | pd.Series = 0,
    maximum: float | pd.Series | None = None,
    shares: tuple[float, ...] = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3),
) -> pd.DataFrame:
    """One row per share of today's capacity: what the best division of so many visits brings.

    Returns
    -------
    DataFrame
        capacity_share, value_best, value_now (currency; the minima give way where they need more than there is).
    """
    low = np.asarray(np.broadcast_to(minimum, len(curves)), float)
    rows = []
    for share in shares:
        each = {role: np.floor(visits * share) for role, visits in capacity.items()}
        fits = all(low[(curves["role"] == role).to_numpy()].sum() <= visits for role, visits in each.items())
        best = allocate(curves, capacity=each, minimum=low if fits else 0, maximum=maximum)
        rows.append((share, best["value"].sum()))
    now = value_of(curves, curves["usual"].to_numpy(float)).sum()
    return pd.DataFrame(rows, columns=["capacity_share", "value_best"]).assign(value_now=now)


def allocation_stability(
    curves: pd.DataFrame,
    *,
    capacity: float | Mapping[str, float],
    minimum: float | pd.Series = 0,
    maximum: float | pd.Series | None = None,
    draws: int = 60,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per curve: how the best visits move when the curves are not quite what we think.

    Parameters
    ----------
    curves
        As in `allocate`, with account_id, elasticity and error (its standard deviation).
    draws
        How often all elasticities are drawn anew (normal, within .02 to .62).

    Returns
    -------
    DataFrame
        In the order of ``curves``: visits_low, visits_high (10 and 90 % points), more_share (in how many draws the
        curve gets more than today's visits).
    """
    rng = np.random.default_rng(seed)
    mean, error = curves["elasticity"].to_numpy(float), curves["error"].to_numpy(float)
    found = np.empty((draws, len(curves)))
    for number in range(draws):
        drawn = pd.Series(mean + error * rng.standard_normal(len(curves)), index=curves.index)
        anew = curves.assign(**curve_of(drawn, shape=float(curves["c"].median()) if len(curves) else 1.0))
        found[number] = allocate(anew, capacity=capacity, minimum=minimum, maximum=maximum)["visits"]
    low, high = np.quantile(found, [0.1, 0.9], axis=0)
    more = (found > curves["usual"].to_numpy(float)).mean(axis=0)
    return pd.DataFrame({"visits_low": low, "visits_high": high, "more_share": more})
