"""Would the forecast have come true? Orders forecast from several past days, naive rules beside the model (decade 2).

What a forecast is worth depends on the day it is made: from the end of a strong season a model that knows no calendar
promises far too much. Here the calendar tells the model how many orders to expect in all, and it says who places them.
"""

import numpy as np
import pandas as pd

from kamlib import order_model
from kamlib.lifetime import Model, expected_orders, fit_order_model, rows_of
from kamlib.order_history import WEEK, customer_summary

YEAR = 52
"""Weeks."""
_SETTLES = 26
"""Weeks after the start of the data in which an old account still looks new."""
_PSEUDO_ORDERS = 20
_DRAWS = 200

RULES = {
    "model_calendar": "model",
    "model_likely": "model",
    "model_plain": "model",
    "naive_average": "naive",
    "naive_last": "naive",
    "naive_year": "naive",
}
"""Forecast -> its kind: the model with the calendar, its middle number, the model alone, and three naive rules."""


def order_days(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per account and day with an order (not only a return): account_id, region (if given), order_date."""
    columns = [name for name in ("account_id", "region", "order_date") if name in orders]
    days = orders.loc[orders["amount"] >= 0, columns].drop_duplicates(["account_id", "order_date"])
    return days.sort_values(["account_id", "order_date"], kind="stable").reset_index(drop=True)


def calendar_total(orders: pd.DataFrame, *, origin: pd.Timestamp, weeks: int) -> float:
    """Orders to expect from today's accounts in the next ``weeks``, by last year's calendar; missing without a year.

    Parameters
    ----------
    orders
        account_id, order_date, amount.
    origin
        Last day that is known.

    Notes
    -----
    Orders in the same weeks a year ago × growth over the year (damped by how many weeks show it) × the share of orders
    that comes from accounts already known at the start of such a window.
    """
    origin = pd.Timestamp(origin)
    days = order_days(orders[orders["order_date"] <= origin])
    age = (origin - days["order_date"]).dt.days / WEEK
    history = age.max() if len(days) else 0.0
    if history < YEAR:
        return float("nan")
    overlap = min(history - YEAR, YEAR)
    now, then = (age < overlap).sum(), ((age >= YEAR) & (age < YEAR + overlap)).sum()
    growth = ((now + _PSEUDO_ORDERS) / (then + _PSEUDO_ORDERS)) ** (overlap / YEAR)
    same_weeks = ((age < YEAR) & (age >= YEAR - weeks)).sum()
    return float(same_weeks * growth * _share_of_known(days["account_id"], age, history, weeks))


def _share_of_known(account: pd.Series, age: pd.Series, history: float, weeks: int) -> float:
    """Share of a window's orders from accounts that had ordered before it: mean over the windows of the last year."""
    first = age.groupby(account).transform("max")
    shares = []
    for start in range(weeks, YEAR + 1, weeks):
        inside = (age < start) & (age >= start - weeks)
        if shares and start > history - _SETTLES:
            break
        shares.append((first[inside] >= start).mean())
    return float(np.nanmean(shares)) if np.isfinite(shares).any() else 1.0


def matching_periods(summary: pd.DataFrame, model: Model, *, total: float, periods: float) -> float:
    """How many usual periods hold as many orders as the calendar says (``total``); ``periods`` if it is silent."""
    if not np.isfinite(total) or not len(summary):
        return periods
    theta, _covariance = rows_of(summary, model)
    history = [summary[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    low, high = periods / 8, periods * 8
    for _step in range(30):
        middle = (low * high) ** 0.5
        enough = order_model.orders_to_come(theta, *history, middle).sum() >= total
        low, high = (low, middle) if enough else (middle, high)
    return (low * high) ** 0.5


def calendar_periods(
    orders: pd.DataFrame, summary: pd.DataFrame, model: Model, *, origin: pd.Timestamp, weeks: int
) -> float:
    """How many usual weeks hold as many orders as the calendar expects in the next ``weeks``: both steps in one."""
    total = calendar_total(orders, origin=origin, weeks=weeks)
    return matching_periods(summary, model, total=total, periods=weeks)


def likely_orders(summary: pd.DataFrame, model: Model, *, periods: float, seed: int = 0) -> np.ndarray:
    """The middle of each account's possible numbers of orders: half the time more, half the time fewer.

    The expectation is right in sum; for one account the middle is nearer, since few accounts order very often.
    """
    theta, _covariance = rows_of(summary, model)
    x, recency, age = (summary[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    r, alpha, a, b = np.exp(theta).T
    random = np.random.default_rng(seed)
    alive = order_model.alive(theta, x, recency, age)
    draws = np.empty((_DRAWS, len(summary)), np.int32)
    for draw in draws:
        rate, leaving = random.gamma(r + x) / (alpha + age), random.beta(a, b + x)
        placed = random.poisson(np.minimum(rate * periods, 1e6))
        until_left = random.geometric(np.clip(leaving, 1e-9, 1))
        draw[:] = np.where(random.random(len(x)) < alive, np.minimum(placed, until_left), 0)
    return np.median(draws, axis=0)


def forecasts(
    orders: pd.DataFrame, *, origin: pd.Timestamp, weeks: int, prior: pd.DataFrame | None = None, seed: int = 0
) -> pd.DataFrame:
    """One row per account known on the day ``origin``: what each rule forecast for it, and what it did.

    Parameters
    ----------
    orders
        account_id, order_date, amount, up to the present day. With a ``region``, each region has its own parameters.
    origin
        The day of the forecast; the rules see nothing later.
    weeks
        How far ahead.
    prior
        `lifetime.order_prior`.

    Returns
    -------
    DataFrame
        account_id, region (if given), frequency, actual (days with an order after it), p_alive, then a column for each
        of `RULES`: orders forecast by the model matched to the calendar, its middle value, the model alone, the
        account's average so far, its last ``weeks`` again, and the same weeks of last year (missing where
        the data do not reach back so far).
    """
    origin = pd.Timestamp(origin)
    summary = customer_summary(orders, as_of=origin)
    if not len(summary):
        return pd.DataFrame(columns=["account_id", "frequency", "actual", "p_alive", *RULES])
    model = fit_order_model(summary, prior=prior)
    periods = calendar_periods(orders, summary, model, origin=origin, weeks=weeks)
    days = order_days(orders)
    ahead, week = pd.Timedelta(weeks=weeks), pd.Timedelta(weeks=1)

    def counted(start: pd.Timestamp) -> np.ndarray | float:
        if start < days["order_date"].min() - pd.Timedelta(days=1):
            return float("nan")
        inside = days[(days["order_date"] > start) & (days["order_date"] <= start + ahead)]
        return inside["account_id"].value_counts().reindex(summary["account_id"]).fillna(0).to_numpy(float)

    table = summary.drop(columns=["recency", "age", "monetary"])
    ours = expected_orders(summary, model, periods=periods)
    return table.assign(
        actual=counted(origin),
        p_alive=ours["p_alive"],
        model_calendar=ours["expected_orders"],
        model_likely=likely_orders(summary, model, periods=periods, seed=seed),
        model_plain=expected_orders(summary, model, periods=weeks)["expected_orders"],
        naive_average=summary["frequency"] / summary["age"].clip(lower=1) * weeks,
        naive_last=counted(origin - ahead),
        naive_year=counted(origin - YEAR * week),
    )


def forecast_errors(table: pd.DataFrame) -> pd.DataFrame:
    """One row per rule: how far it was off in sum and for the single account.

    Parameters
    ----------
    table
        `forecasts`.

    Returns
    -------
    DataFrame
        rule, kind (model or naive), accounts, forecast, actual (orders), bias (forecast ÷ actual − 1; missing if nobody
        ordered), mae (mean absolute error per account, orders), won (the smallest mae).
    """
    actual = table["actual"].sum()
    rows = [
        (rule, kind, len(table), table[rule].sum(), actual, (table[rule] - table["actual"]).abs().mean())
        for rule, kind in RULES.items()
    ]
    errors = pd.DataFrame(rows, columns=["rule", "kind", "accounts", "forecast", "actual", "mae"])
    errors["forecast"] = errors["forecast"].where(errors["mae"].notna())
    errors.insert(5, "bias", errors["forecast"] / actual - 1 if actual > 0 else np.nan)
    return errors.assign(won=errors.index == (errors["mae"].idxmin() if errors["mae"].notna().any() else -1))


def compare_origins(
    orders: pd.DataFrame, *, origins: list[pd.Timestamp], weeks: int, prior: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row per origin and rule: `forecast_errors` of every day in ``origins`` that has accounts, in time order."""
    found = []
    for origin in sorted(pd.to_datetime(origins)):
        table = forecasts(orders, origin=origin, weeks=weeks, prior=prior)
        if len(table):
            found.append(forecast_errors(table).assign(origin=origin))
    if not found:
        return pd.DataFrame(columns=["origin", *forecast_errors(pd.DataFrame(columns=["actual", *RULES]))])
    whole = pd.concat(found, ignore_index=True)
    return whole[["origin", *whole.columns.drop("origin")]]


def winner(comparison: pd.DataFrame) -> str:
    """The rule with the smallest mean absolute error over all origins, each of the same weight; "" without any."""
    if comparison.empty:
        return ""
    best = comparison.groupby("origin")["mae"].transform("min").clip(lower=1e-9)
    return str((comparison["mae"] / best).groupby(comparison["rule"], sort=False).mean().idxmin())


def by_frequency(table: pd.DataFrame, *, most: int = 7) -> pd.DataFrame:
    """One row per frequency (the last one: ``most`` or more): accounts, and the mean of forecast and actual orders.

    Parameters
    ----------
    table
        `forecasts`.

    Returns
    -------
    DataFrame
        frequency, accounts, model_calendar, model_plain, naive_average, actual (orders per account).
    """
    columns = ["model_calendar", "model_plain", "naive_average", "actual"]
    groups = table.groupby(table["frequency"].clip(upper=most))
    return groups[columns].mean().assign(accounts=groups.size()).reset_index()[["frequency", "accounts", *columns]]


def ranking_power(score: pd.Series, happened: pd.Series) -> float:
    """How well a score tells who orders again: the chance that one who does has the higher score (AUC, 0.5 = by lot).

    Missing where all did, or none.

    >>> ranking_power(pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([False, True, False, True]))
    0.75
    """
    yes, ranks = np.asarray(happened, bool), score.rank().to_numpy()
    n, others = yes.sum(), (~yes).sum()
    return float((ranks[yes].sum() - n * (n + 1) / 2) / (n * others)) if n and others else float("nan")


def tracking(
    orders: pd.DataFrame, *, origin: pd.Timestamp, as_of: pd.Timestamp, prior: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row per week: repeat orders so far of the accounts known on ``origin``, and what the model and a line say.

    Returns
    -------
    DataFrame
        week (its last day), actual, model (fitted up to ``origin``; before it, expected since each account's first
        order), naive (as many a week as in the last 13 weeks before ``origin``), known (bool: up to ``origin``).
    """
    origin, as_of = pd.Timestamp(origin), pd.Timestamp(as_of)
    summary = customer_summary(orders, as_of=origin)
    if not len(summary):
        return pd.DataFrame(columns=["week", "actual", "model", "naive", "known"])
    model = fit_order_model(summary, prior=prior)
    days = order_days(orders[(orders["order_date"] <= as_of) & orders["account_id"].isin(summary["account_id"])])
    repeat = days[days["account_id"].duplicated()]["order_date"]
    born = origin - pd.to_timedelta(summary["age"] * WEEK, unit="D")
    weeks = pd.date_range(
        origin - (origin - born.min()) // pd.Timedelta(weeks=1) * pd.Timedelta(weeks=1), as_of, freq="7D"
    )
    actual = np.searchsorted(np.sort(repeat.to_numpy("datetime64[ns]")), weeks.to_numpy("datetime64[ns]"), "right")
    theta, _covariance = rows_of(summary, model)
    since_birth = [((week - born).dt.days / WEEK).clip(lower=0).to_numpy() for week in weeks]
    expected = [order_model.orders_to_come(theta, 0.0, 0.0, 0.0, ages).sum() for ages in since_birth]
    table = pd.DataFrame({"week": weeks, "actual": actual, "model": expected, "known": weeks <= origin})
    at = int(table["known"].sum()) - 1
    pace = (actual[at] - actual[max(at - 13, 0)]) / max(min(at, 13), 1)
    return table.assign(naive=np.where(table["known"], np.nan, actual[at] + pace * (table.index - at)))
