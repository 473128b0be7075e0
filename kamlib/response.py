"""How sales answer to effort: ADBUDG curves from judgement, from history, or from the published elasticity.

f(x) = a + (b − a) xᶜ ÷ (d + xᶜ): x is the effort as a multiple of today's, f sales as a multiple of today's; a is what
would be left without effort, b what no effort can exceed.
"""

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from kamlib.edition import _
from kamlib.schema import TEAM_ROLES

ELASTICITY = 0.34
"""Mean elasticity of sales to personal selling over 506 estimates (Albers, Mantrala & Sridhar 2010)."""
DETAILING = 0.245
"""The same for pharmaceutical detailing."""
ELASTICITY_SPREAD = 0.2
"""How far accounts lie around the mean, a standard deviation: our assumption, wide on purpose."""
SHAPE, HALF = 1.4, 1.0
"""Exponent c and half-way constant d of a curve nobody has judged: a mild S whose half-way point is today's effort."""
PARAMETERS = ("a", "b", "c", "d")
_STARTS = ((1.0, 1.0), (2.0, 1.0), (4.0, 0.7), (1.0, 4.0))
_LOWEST, _HIGHEST = 0.02, 0.62
FEWEST_QUARTERS = 6


def response(curves: pd.DataFrame, effort: np.ndarray) -> np.ndarray:
    """Sales of every curve (rows) at its efforts (columns), both as multiples of today's.

    >>> response(pd.DataFrame({"a": [0.5], "b": [1.5], "c": [1.0], "d": [1.0]}), np.array([[0.0, 1.0]])).tolist()
    [[0.5, 1.0]]
    """
    low, high, shape, half = (curves[name].to_numpy(float)[:, None] for name in PARAMETERS)
    powered = np.asarray(effort, float) ** shape
    return low + (high - low) * powered / (half + powered)


def elasticity(curves: pd.DataFrame) -> pd.Series:
    """The per cent by which sales change when today's effort changes by one per cent."""
    a, b, c, d = (curves[name] for name in PARAMETERS)
    return ((b - a) * c * d / (1 + d) ** 2 / (a + (b - a) / (1 + d))).rename("elasticity")


def fit_response(points: pd.DataFrame) -> pd.DataFrame:
    """One row per judged curve: the ADBUDG parameters that fit its points best.

    Parameters
    ----------
    points
        effort (multiple of today's, 0 or more), response (sales as a multiple of today's); account_id, role or both
        where there are several curves. A curve needs four different efforts.

    Returns
    -------
    DataFrame
        The columns that name a curve, a, b, c, d, sse (sum of squared errors), n (points), elasticity.

    Raises
    ------
    ValueError
        If a column is missing, a number is below 0, or a curve has too few efforts.

    Notes
    -----
    Least squares with 0 ≤ a ≤ b and c, d > 0, from four starts. Little 1970, Management Science 16(8); Lodish 1971
    asks for five points: none, half, today's, half as much again, saturation.

    >>> efforts = [0, 0.5, 1, 1.5, 3]
    >>> points = pd.DataFrame({"effort": efforts, "response": [0.5 + x / (1 + x) for x in efforts]})
    >>> fit_response(points)[["a", "b", "c", "d"]].round(2).to_numpy().tolist()
    [[0.5, 1.5, 1.0, 1.0]]
    """
    lacking = [name for name in ("effort", "response") if name not in points]
    if lacking:
        raise ValueError(_("Points lack the columns: {lacking}.", lacking=", ".join(lacking)))
    keys = [name for name in ("account_id", "role") if name in points]
    rows = []
    for names, group in points.groupby(keys, sort=False) if keys else [((), points)]:
        told = group[["effort", "response"]].to_numpy(float)
        rows.append((*names, *_fitted(told, " ".join(map(str, names))), len(group)))
    table = pd.DataFrame(rows, columns=[*keys, *PARAMETERS, "sse", "n"])
    return table.assign(elasticity=elasticity(table))


def _fitted(told: np.ndarray, name: str) -> tuple[float, ...]:
    if not (np.isfinite(told).all() and (told >= 0).all()):
        raise ValueError(_("{name}: effort and response must be 0 or more, and none missing.", name=name))
    if len(np.unique(told[:, 0])) < 4:
        raise ValueError(_("{name}: a curve needs at least four different efforts.", name=name))
    effort, sales = told.T

    def missed(parameters: np.ndarray) -> np.ndarray:
        low, rise, shape, half = parameters[0], parameters[1], np.exp(parameters[2]), np.exp(parameters[3])
        powered = effort**shape
        return low + rise * powered / (half + powered) - sales

    limits = ([0, 0, np.log(0.2), np.log(1e-3)], [np.inf, np.inf, np.log(12), np.log(1e3)])
    reach = max(sales.max() - sales.min(), 1e-6)
    starts = [(sales.min(), reach, np.log(shape), np.log(half)) for shape, half in _STARTS]
    best = min((least_squares(missed, start, bounds=limits) for start in starts), key=lambda found: found.cost)
    low, rise, shape, half = best.x
    return float(low), float(low + rise), float(np.exp(shape)), float(np.exp(half)), float(2 * best.cost)


def curve_points(fitted: pd.DataFrame, *, most: float = 3.0, steps: int = 31) -> pd.DataFrame:
    """One row per curve and effort from 0 to ``most``: the points of its line, with the columns that name the curve.

    Parameters
    ----------
    fitted
        `fit_response`, or any frame with a, b, c, d.

    Returns
    -------
    DataFrame
        The columns of ``fitted`` but a, b, c, d; effort, response.
    """
    effort = np.linspace(0, most, steps)
    names = fitted.drop(columns=list(PARAMETERS)).reset_index(drop=True)
    rows = names.loc[names.index.repeat(steps)].reset_index(drop=True)
    return rows.assign(effort=np.tile(effort, len(fitted)), response=response(fitted, effort[None, :]).ravel())


def curve_of(elasticities: pd.Series, *, shape: float = SHAPE, half: float = HALF) -> pd.DataFrame:
    """One row per elasticity: the ADBUDG curve through (1, 1) that has it, of a given shape.

    Notes
    -----
    With d = half, b − 1 = half·(1 − a); the elasticity at 1 is (1 − a)·c·d ÷ (1 + d), which gives a. Elasticities
    outside .02 to .62 are drawn to these ends, so that every curve rises and none starts below 0.

    >>> curve_of(pd.Series([0.35]), shape=1.4, half=1.0).round(3).to_numpy().tolist()
    [[0.5, 1.5, 1.4, 1.0]]
    """
    most = shape * half / (1 + half)
    wanted = elasticities.clip(_LOWEST, min(_HIGHEST, 0.98 * most)).to_numpy(float)
    low = 1 - wanted / most
    table = pd.DataFrame({"a": low, "b": 1 + half * (1 - low)}, index=elasticities.index)
    return table.assign(c=shape, d=half)


def effort_elasticity(
    interactions: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    quarters: int = 12,
    prior: float = ELASTICITY,
    spread: float = ELASTICITY_SPREAD,
) -> pd.DataFrame:
    """One row per account and role with touches: how its orders followed our effort, steadied by published experience.

    Parameters
    ----------
    interactions
        account_id, role, date.
    orders
        account_id, order_date, amount (currency).
    quarters
        How many quarters back from ``as_of``.
    prior, spread
        Mean and standard deviation of the elasticity of all roles together, before looking.

    Returns
    -------
    DataFrame
        account_id, role, usual (touches a quarter, over the last four), share (of the account's touches), own (the
        account's raw elasticity to all its touches, missing with less than six quarters of orders), own_error (its
        standard error), elasticity (the account's, steadied), error (standard deviation of that).

    Notes
    -----
    Within an account: log of a quarter's orders on log of its touches (both over the account's mean and the region's
    of that quarter, ½ added to touches and a twentieth of the mean to orders). The slope is drawn towards ``prior`` by
    precision (normal–normal). Effort is not an experiment: we visit where something moves, so the raw slope is too high
    where visits follow deals, and too low where they follow trouble.
    """
    day = pd.Timestamp(as_of)
    touches = _by_quarter(interactions["date"], interactions["account_id"], None, day, quarters)
    sales = _by_quarter(orders["order_date"], orders["account_id"], orders["amount"], day, quarters)
    slopes = _slopes(touches, sales.reindex(touches.index).fillna(0.0))
    precision = 1 / slopes["own_error"] ** 2
    known = (precision.fillna(0.0) * slopes["own"].fillna(0.0), precision.fillna(0.0))
    slopes["elasticity"] = (known[0] + prior / spread**2) / (known[1] + 1 / spread**2)
    slopes["error"] = 1 / np.sqrt(known[1] + 1 / spread**2)
    recent = interactions[interactions["date"] > day - pd.DateOffset(months=12)]
    usual = recent.groupby(["account_id", "role"]).size().div(4).rename("usual").reset_index()
    table = usual.merge(slopes.rename_axis("account_id").reset_index(), on="account_id")
    table["share"] = table["usual"] / table.groupby("account_id")["usual"].transform("sum")
    order = {role: place for place, role in enumerate(TEAM_ROLES)}
    table = table.sort_values(["account_id", "role"], key=lambda c: c.map(order) if c.name == "role" else c)
    columns = ["account_id", "role", "usual", "share", "own", "own_error", "elasticity", "error"]
    return table[columns].reset_index(drop=True)


def _by_quarter(dates, accounts, amounts, day: pd.Timestamp, quarters: int) -> pd.DataFrame:
    """Accounts × quarters back from ``day`` (0 = the latest): sums of amounts, or counts."""
    back = ((day - dates).dt.days // 91).to_numpy()
    values = pd.Series(1.0, index=dates.index) if amounts is None else amounts
    frame = pd.DataFrame({"account_id": accounts.to_numpy(), "back": back, "value": values.to_numpy(float)})
    frame = frame[(frame["back"] >= 0) & (frame["back"] < quarters)]
    wide = frame.pivot_table(index="account_id", columns="back", values="value", aggfunc="sum")
    return wide.reindex(columns=range(quarters)).fillna(0.0)


def _slopes(touches: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """Each account's slope of log orders on log touches, region and account means taken out; and its standard error."""
    mean = sales.mean(axis=1)
    enough = (sales > 0).sum(axis=1) >= FEWEST_QUARTERS
    x = np.log(touches + 0.5)
    y = np.log(sales.clip(lower=0).add(0.05 * mean, axis=0).where(mean > 0))
    x, y = (v.sub(v.mean(axis=1), axis=0) for v in (x, y))
    x, y = (v.sub(v[enough].mean(axis=0).fillna(0.0), axis=1) for v in (x, y))
    x, y = (v.sub(v.mean(axis=1), axis=0) for v in (x, y))
    squares = (x**2).sum(axis=1)
    usable = enough & (squares > 1e-9)
    slope = ((x * y).sum(axis=1) / squares).where(usable)
    freedom = max(touches.shape[1] - 2, 1)
    error = np.sqrt(((y.sub(x.mul(slope, axis=0))) ** 2).sum(axis=1) / freedom / squares).where(usable)
    return pd.DataFrame({"own": slope, "own_error": error.clip(lower=1e-3)})


def response_curves(
    history: pd.DataFrame,
    judged: pd.DataFrame,
    sales: pd.Series,
    *,
    margin: float | pd.Series = 1.0,
    spread: float = 0.1,
) -> pd.DataFrame:
    """One row per account and role: its curve, where it comes from, and what today's sales are worth.

    Parameters
    ----------
    history
        `effort_elasticity`: account_id, role, usual, share, elasticity, error.
    judged
        account_id, role, effort, response: what the room said (table ``response_curves``). May be empty.
    sales
        Sales of a year by account_id (currency).
    margin
        Contribution per unit of sales, as a fraction: one for all, or a Series by account_id.
    spread
        How far the room's elasticities (of the account's sales to one role) lie from the truth, a standard deviation.

    Returns
    -------
    DataFrame
        account_id, role, usual (touches a quarter), a, b, c, d, elasticity, error, scale (contribution a quarter of the
        role's part of the sales at today's effort, currency), source (``judged`` or ``history``). Judged elasticities
        and those from history are averaged by precision; the exponent c is the middle one of all judged curves.

    Notes
    -----
    An account's sales are divided over its roles by their share of the touches, and each part follows its own role's
    effort; so the parts add up, and an elasticity of the account to one role is the part's × the share. Accounts
    without sales have no curve: there is nothing to multiply.
    """
    table = history[history["account_id"].map(sales).fillna(0.0) > 0].reset_index(drop=True)
    told = fit_response(judged) if len(judged) else pd.DataFrame(columns=["account_id", "role", *PARAMETERS])
    told = told[[*("account_id", "role"), *PARAMETERS]].assign(
        said=elasticity(told).astype(float) if len(told) else pd.Series(dtype=float)
    )
    table = table.merge(told.rename(columns={"a": "_a", "b": "_b"}), on=["account_id", "role"], how="left")
    usable = table["said"] > 0
    own, theirs = 1 / table["error"] ** 2, usable * (table["share"] / spread) ** 2
    said = (table["said"] / table["share"]).where(usable, 0.0)
    table["elasticity"] = (table["elasticity"] * own + said * theirs) / (own + theirs)
    table["error"] = 1 / np.sqrt(own + theirs)
    shape = float(np.clip(told["c"].median(), 1.0, 3.0)) if len(told) else SHAPE
    curves = curve_of(table["elasticity"], shape=shape)
    table = table[["account_id", "role", "usual", "share", "elasticity", "error"]].join(curves)
    kept = table["account_id"].map(margin).to_numpy(float) if isinstance(margin, pd.Series) else margin
    table["scale"] = table["account_id"].map(sales).to_numpy(float) * table["share"] * kept / 4
    table["source"] = np.where(usable, "judged", "history")
    columns = ["account_id", "role", "usual", *PARAMETERS, "elasticity", "error", "scale", "source"]
    return table[columns]
