"""The calendar of a business: how its pace depends on the month, the quarter and the day, learned with shrinkage."""

import numpy as np
from scipy.special import gammaln

_STRENGTHS = np.geomspace(0.5, 1e6, 48)
CALENDARS = {"quarter_month": 3, "month": 12, "weekday": 7, "month_end": 2}
"""Calendar -> number of its cells: month of the quarter, month of the year, weekday, and the last three days or not."""


def cells(dates: np.ndarray) -> dict[str, np.ndarray]:
    """For every calendar the cell of each day (``datetime64[D]``).

    >>> {name: code.tolist() for name, code in cells(np.array(["2024-05-31"], "datetime64[D]")).items()}
    {'quarter_month': [1], 'month': [4], 'weekday': [4], 'month_end': [1]}
    """
    month = month_number(dates)
    left = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - dates
    return {
        "quarter_month": month % 3,
        "month": month % 12,
        "weekday": (dates.astype(int) + 3) % 7,
        "month_end": (left.astype(int) <= 3).astype(int),
    }


def month_number(dates: np.ndarray) -> np.ndarray:
    """Months since January 1970, of days."""
    return dates.astype("datetime64[M]").astype(int)


def shrunk_effects(observed: np.ndarray, expected: np.ndarray, *, spread: float = 1.0, prior=1.0) -> np.ndarray:
    """For every cell how much more happens than expected: 1 is as expected, drawn to ``prior`` as evidence is thin.

    Parameters
    ----------
    observed, expected
        Events per cell.
    spread
        Variance of the events ÷ their mean; above 1 when they come in bunches.
    prior
        What a cell without evidence gets; a number or one per cell.

    Notes
    -----
    Events are Poisson around expected × effect, effects Gamma with mean ``prior`` and strength k; k is integrated over
    a grid, uniform in log k, by its marginal likelihood (negative binomial; Robbins 1956, Clayton and Kaldor 1987).

    >>> shrunk_effects(np.array([0.0, 300.0]), np.array([0.0, 200.0])).round(2)
    array([1.  , 1.48])
    """
    n, e = np.asarray(observed, float) / spread, np.asarray(expected, float) * prior / spread
    k = _STRENGTHS[:, None]
    likelihood = gammaln(n + k) - gammaln(k) + k * np.log(k / (k + e)) + n * np.log(np.maximum(e, 1e-300) / (k + e))
    total = np.where(e > 0, likelihood, 0.0).sum(axis=1)
    weight = np.exp(total - total.max())
    effect = ((n + k) / (e + k) * weight[:, None]).sum(axis=0) / weight.sum()
    return effect * prior


def bunching(observed: np.ndarray, expected: np.ndarray, parameters: int) -> float:
    """Variance ÷ mean of counts around their expectation (Pearson), at least 1; 1 where there is too little to tell."""
    used = expected > 0
    free = used.sum() - parameters
    return float(max(1.0, ((observed - expected)[used] ** 2 / expected[used]).sum() / free)) if free > 0 else 1.0


def _by(codes: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(codes, values, minlength=size)


def calendar_effects(
    counts: np.ndarray,
    level: np.ndarray,
    dates: np.ndarray,
    *,
    priors: dict[str, np.ndarray] | None = None,
    only: tuple[str, ...] = tuple(CALENDARS),
) -> dict[str, np.ndarray]:
    """For every calendar its cells' effects on events per day, each learned with the others held.

    Parameters
    ----------
    counts, level
        Events per day, and those expected without any calendar.
    priors
        The company's effects, where a region's are learned.
    only
        The calendars to learn; the others stay at 1 (for counts per month, whose days say nothing of weekdays).
    """
    codes = cells(dates)
    months = month_number(dates)
    months = months - months.min(initial=10**9) if len(months) else months
    effects = {name: np.ones(size) for name, size in CALENDARS.items()}
    for _round in range(2):
        for name in only:
            size = CALENDARS[name]
            others = np.prod([effects[o][codes[o]] for o in CALENDARS if o != name], axis=0) * level
            observed, expected = _by(codes[name], counts, size), _by(codes[name], others, size)
            prior = priors[name] if priors else 1.0
            spread = _spread(name, counts, others, codes[name], months, observed, expected)
            if name == "month" and not priors:
                observed = np.where(_years(codes[name], dates, size) > 1, observed, expected)
            effects[name] = shrunk_effects(observed, expected, spread=spread, prior=prior)
    return effects


def _years(codes: np.ndarray, dates: np.ndarray, size: int) -> np.ndarray:
    """In how many years each month was seen: one year cannot tell a season from a trend."""
    pairs = np.unique(codes * 10000 + month_number(dates) // 12)
    return np.bincount(pairs // 10000, minlength=size)


def _spread(name, counts, others, codes, months, observed, expected) -> float:
    """How bunched months (for calendars of months) or days (for those of days) are around their own calendar."""
    ratio = np.divide(observed, expected, out=np.ones_like(expected), where=expected > 0)
    fitted = others * ratio[codes]
    if name in ("quarter_month", "month"):
        return bunching(_by(months, counts, 0), _by(months, fitted, 0), int((expected > 0).sum()))
    return bunching(counts, fitted, int((expected > 0).sum()))


def pace(effects: dict[str, np.ndarray], dates: np.ndarray) -> np.ndarray:
    """How much faster than usual business runs on each day."""
    codes = cells(dates)
    return np.prod([effects[name][codes[name]] for name in CALENDARS], axis=0) if len(dates) else np.ones(0)
