"""What is each account worth from now on: orders to come, their worth, and both in one discounted number (decade 2).

Order histories become one line per account; two models learn from all accounts how often they order, when they leave
and what an order is worth; regions borrow strength from the company. Times are in periods, by default weeks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from kamlib import hierarchy, order_model, spend_model
from kamlib.edition import _
from kamlib.hierarchy import Prior
from kamlib.order_history import WEEK, customer_summary, regions_of

MONTH = 365.25 / 12 / WEEK
"""Weeks in a month."""
LOST = 0.05
"""Below this probability of being alive an account counts as lost, not as at risk."""
_NUDGE = 0.01
"""Step of the numerical slope of an answer in a log parameter."""
_FADES_AFTER = 20
"""Accounts after which a model's starting guess counts for less than one account in twenty."""


@dataclass(frozen=True)
class Model:
    """A fitted model: parameters of each region (or of all accounts together), how sure they are, and the prior.

    ``parameters`` has one row per region, or one row ``all``; ``log_likelihood`` stands beside it row by row.
    """

    parameters: pd.DataFrame
    log_likelihood: pd.Series
    theta: np.ndarray
    covariance: np.ndarray
    prior: Prior
    accounts: int


def fit_order_model(summary: pd.DataFrame, *, prior: pd.DataFrame | None = None) -> Model:
    """How often accounts order and when they leave (BG/NBD), for all accounts or for every region.

    Parameters
    ----------
    summary
        `customer_summary`. With a ``region``, every region gets parameters of its own, drawn towards the company's
        by as much as its evidence is thin.
    prior
        What the company says, from `order_prior`; then all rows are taken as one region.

    Returns
    -------
    Model
        Parameters r, alpha (in periods), a, b.

    Raises
    ------
    ValueError
        If the summary is empty and there is no prior, or a history is impossible.

    Notes
    -----
    Maximum likelihood, with a guess that fades as accounts become many: from some hundred on it is below the fourth
    digit, and a handful still gives an answer. Regions: `hierarchy.shrunk`.
    """
    _checked(summary, prior)
    x, recency, age = (summary[name].to_numpy() for name in ("frequency", "recency", "age"))
    guess = np.array([-0.7, np.log((age.sum() + 1) / (x.sum() + 1)) - 0.7, -0.5, 0.7])

    def of(group: np.ndarray, groups: int) -> hierarchy.Likelihood:
        return order_model.likelihood(order_model.histories(group, x, recency, age, groups))

    return fitted(summary, of, order_model, guess, prior, len(summary), np.exp)


def fit_spend_model(summary: pd.DataFrame, *, prior: pd.DataFrame | None = None) -> Model:
    """What an order is worth (Gamma–Gamma), from accounts with repeat orders; all else as in `fit_order_model`.

    Returns
    -------
    Model
        Parameters p, q, gamma (currency).
    """
    _checked(summary, prior)
    seen = summary[(summary["frequency"] > 0) & (summary["monetary"] > 0)]
    x, worth = seen["frequency"].to_numpy(float), seen["monetary"].to_numpy(float)
    usual = np.exp(np.log(worth).mean()) if len(worth) else 1.0
    guess = np.array([0.5, 0.7, np.log(usual)])

    def of(group: np.ndarray, groups: int) -> hierarchy.Likelihood:
        return spend_model.likelihood(group, x, worth, groups)

    rows = seen if len(seen) else seen.drop(columns="region", errors="ignore")
    return fitted(rows, of, spend_model, guess, prior, len(seen), spend_model.natural)


def _checked(summary: pd.DataFrame, prior: pd.DataFrame | None) -> None:
    if not len(summary) and prior is None:
        raise ValueError(_("No account has ordered yet: there is nothing to learn from. Give the company's prior."))
    x, recency, age = (summary[name].to_numpy() for name in ("frequency", "recency", "age"))
    wrong = (x < 0) | (recency < 0) | (recency > age + 1e-9) | ((x == 0) & (recency > 0))
    if wrong.any():
        account = np.asarray(summary.get("account_id", summary.index))[wrong][0]
        raise ValueError(
            _("{account}: needs frequency ≥ 0 and 0 ≤ recency ≤ age, recency 0 without repeats.", account=account)
        )


def fitted(
    summary: pd.DataFrame, of: Callable, kind, guess: np.ndarray, prior: pd.DataFrame | None, n: int, natural: Callable
) -> Model:
    """All rows as one, then every region; or all rows under the company's prior."""
    one = of(np.zeros(n, np.int64), 1)
    told = Prior.from_frame(prior) if prior is not None and len(prior) else _faint(guess, kind, n)
    theta, covariance, value = hierarchy.maximum(
        one, told.mean[None], mean=told.mean, precision=np.linalg.inv(told.covariance)
    )
    code, regions = pd.factorize(summary["region"], sort=True) if regions_of(summary) else ([], [])
    if prior is not None or len(regions) < 2:
        name = "all" if len(regions) != 1 else regions[0]
        return _model([name], (theta, covariance, value), told, n, kind, natural)
    each = of(np.asarray(code), len(regions))
    start = np.repeat(theta, len(regions), axis=0)
    fit = hierarchy.shrunk(each, start, basis=kind.BASIS, spread=kind.SPREAD, accounts=n)
    return _model(regions, (fit.theta, fit.covariance, fit.log_likelihood), fit.prior, n, kind, natural)


def _faint(guess: np.ndarray, kind, n: int) -> Prior:
    """A guess that counts for a handful of accounts and vanishes beside hundreds."""
    precision = 1 / (1 + (n / _FADES_AFTER) ** 3)
    return Prior(guess, np.eye(len(guess)) / precision, n)


def _model(regions, found, prior, n, kind, natural) -> Model:
    theta, covariance, value = found
    index = pd.Index(regions, name="region", dtype=object)
    parameters = pd.DataFrame(natural(theta), index=index, columns=pd.Index(kind.PARAMETERS, dtype=object))
    return Model(parameters, pd.Series(value, index=index, name="log_likelihood"), theta, covariance, prior, n)


def order_prior(orders: pd.DataFrame) -> pd.DataFrame:
    """What the company says about a region's order model before its own accounts speak. For `Book.pooled`.

    Parameters
    ----------
    orders
        account_id, region, order_date, amount; taken up to the last order.

    Returns
    -------
    DataFrame
        One row per log parameter: parameter, mean, its covariance with each of the others, accounts.
    """
    return _prior(orders, fit_order_model, order_model)


def spend_prior(orders: pd.DataFrame) -> pd.DataFrame:
    """What the company says about a region's spend model; as `order_prior`."""
    return _prior(orders, fit_spend_model, spend_model)


def _prior(orders: pd.DataFrame, fit: Callable[[pd.DataFrame], Model], kind) -> pd.DataFrame:
    known = orders.dropna(subset=["region"])
    summary = customer_summary(known, as_of=known["order_date"].max()) if len(known) else known
    if not len(summary):
        return Prior(np.zeros(0), np.zeros((0, 0)), 0).frame(())
    model = fit(summary)
    if len(model.theta) == 1:  # one region: nothing says how regions differ but the first guess
        back = np.linalg.inv(kind.BASIS)
        between = back @ np.diag(kind.SPREAD**2) @ back.T
        return Prior(model.theta[0], model.covariance[0] + between, model.accounts).frame(kind.PARAMETERS)
    return model.prior.frame(kind.PARAMETERS)


def expected_orders(summary: pd.DataFrame, model: Model, *, periods: float, level: float = 0.9) -> pd.DataFrame:
    """One row per account: is it still a customer, and how many orders are to be expected from it.

    Parameters
    ----------
    summary
        `customer_summary`; if the model has regions, with a ``region``. A region the model does not know gets what the
        company would expect of a further region.
    model
        `fit_order_model`.
    periods
        How far ahead.
    level
        Probability that the interval holds the account's expected orders. It is about the expectation; how many orders
        come in the end varies more.

    Returns
    -------
    DataFrame
        In the order of ``summary``: account_id, region (if given), p_alive, expected_orders, orders_low, orders_high.
    """
    theta, covariance = rows_of(summary, model)
    x, recency, age = (summary[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    answer = summary[["account_id", *regions_of(summary)]].reset_index(drop=True)
    answer["p_alive"] = order_model.alive(theta, x, recency, age)

    def of(theta: np.ndarray) -> np.ndarray:
        return order_model.orders_to_come(theta, x, recency, age, periods)

    answer["expected_orders"] = of(theta)
    error = _log_error(of, theta, covariance)
    answer["orders_low"], answer["orders_high"] = _interval(answer["expected_orders"], error, level)
    return answer


def rows_of(summary: pd.DataFrame, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Every row's log parameters and their covariance: its region's, or what is expected of a further region."""
    if len(model.theta) == 1 or not regions_of(summary):
        known = len(model.theta) == 1
        theta = model.theta[0] if known else model.prior.mean
        covariance = model.covariance[0] if known else model.prior.covariance
        return np.tile(theta, (len(summary), 1)), np.tile(covariance, (len(summary), 1, 1))
    place = model.parameters.index.get_indexer(summary["region"])
    theta = np.append(model.theta, model.prior.mean[None], axis=0)
    covariance = np.append(model.covariance, model.prior.covariance[None], axis=0)
    return theta[place], covariance[place]


def _log_error(of: Callable[[np.ndarray], np.ndarray], theta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Standard error of the logarithm of a positive answer (delta method)."""
    steps = _NUDGE * np.eye(theta.shape[1])
    slopes = [(np.log(_above_0(of(theta + s))) - np.log(_above_0(of(theta - s)))) / (2 * _NUDGE) for s in steps]
    slope = np.stack(slopes, axis=1)
    return np.sqrt(np.einsum("nk,nkl,nl->n", slope, covariance, slope))


def _above_0(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 1e-300)


def _interval(values: pd.Series, error: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Equal-tailed, on the logarithm of the size."""
    wide = np.exp(np.minimum(ndtri(0.5 + level / 2) * error, 50))
    ends = np.stack([values * wide, values / wide])
    return ends.min(axis=0), ends.max(axis=0)


def lifetime_value(
    summary: pd.DataFrame,
    orders: Model,
    spend: Model,
    *,
    discount_rate: float | pd.Series,
    months: int = 36,
    margin: float | pd.Series = 1.0,
    level: float = 0.9,
    month: float = MONTH,
) -> pd.DataFrame:
    """One row per account: what it will contribute in the coming months, in today's money.

    Parameters
    ----------
    summary
        `customer_summary`.
    orders, spend
        `fit_order_model` and `fit_spend_model`.
    discount_rate
        What money costs, per year (fraction); a Series gives each region's.
    months
        How far ahead.
    margin
        Contribution after cost to serve per unit of revenue (`contribution_rates`): one for all, or a Series by
        account_id. A negative one makes a negative value.
    level
        Probability that the interval holds the expected value.
    month
        Length of a month in periods of the summary.

    Returns
    -------
    DataFrame
        In the order of ``summary``: account_id, region (if given), p_alive, expected_orders (in all the months),
        order_worth (currency), contribution_rate, lifetime_value, value_low, value_high, at_risk (currency: by how
        much the value would be higher if the account were surely alive; 0 where the value is negative or the account
        is as good as lost: alive with less than `LOST`).

    Notes
    -----
    Σₜ margin · worth · (orders expected in month t) ÷ (1 + rate)^(t/12) (Fader, Hardie & Lee 2005).
    """
    theta, covariance = rows_of(summary, orders)
    money, money_covariance = rows_of(summary, spend)
    x, recency, age, worth = (summary[n].to_numpy(float) for n in ("frequency", "recency", "age", "monetary"))
    rate = by_key(discount_rate, summary.get("region"), _("discount rate"))
    months = int(months)
    answer = summary[["account_id", *regions_of(summary)]].reset_index(drop=True)
    answer["p_alive"] = order_model.alive(theta, x, recency, age)

    def discounted(theta: np.ndarray, step: int = 6) -> np.ndarray:
        return _discounted(theta, x, recency, age, rate, months, month, step)

    def worth_of(money: np.ndarray) -> np.ndarray:
        return spend_model.expected_worth(money, x, worth)

    answer["expected_orders"] = order_model.orders_to_come(theta, x, recency, age, months * month)
    answer["order_worth"] = worth_of(money)
    answer["contribution_rate"] = by_key(margin, summary["account_id"], _("margin"))
    answer["lifetime_value"] = answer["contribution_rate"] * answer["order_worth"] * discounted(theta, 1)
    error = np.hypot(_log_error(discounted, theta, covariance), _log_error(worth_of, money, money_covariance))
    answer["value_low"], answer["value_high"] = _interval(answer["lifetime_value"], error, level)
    doubt = np.where(answer["p_alive"] >= LOST, 1 / np.maximum(answer["p_alive"], LOST) - 1, 0.0)
    return answer.assign(at_risk=answer["lifetime_value"].clip(lower=0) * doubt)


def _discounted(theta, x, recency, age, rate, months: int, month: float, step: int) -> np.ndarray:
    """Orders to come, each in today's money: ``step`` months at a time."""
    total, before = np.zeros(len(x)), np.zeros(len(x))
    for until in [*range(step, months, step), months]:
        orders = order_model.orders_to_come(theta, x, recency, age, until * month)
        total += (orders - before) / (1 + rate) ** (until / 12)
        before = orders
    return total


def by_key(value: float | pd.Series, keys: pd.Series | None, what: str) -> np.ndarray | float:
    """A number for every row: the same for all, or looked up."""
    if not isinstance(value, pd.Series):
        return value
    if keys is None:
        raise ValueError(_("A {what} for each region needs a summary with a region.", what=what))
    found = value.reindex(keys)
    if found.isna().any():
        missing = ", ".join(str(key) for key in found.index[found.isna()].unique()[:5])
        raise ValueError(_("No {what} for: {missing}. Add it to the Series.", what=what, missing=missing))
    return found.to_numpy(float)


def recency_matrix(model: Model, *, age: float, periods: float, most: int = 12, steps: int = 13) -> pd.DataFrame:
    """One row per history: what an account of a given age, frequency and last order has before it.

    Parameters
    ----------
    model
        `fit_order_model` of one region.
    age
        Periods since the first order.
    periods
        How far ahead.
    most
        Highest frequency.
    steps
        Number of different days of the last order, from the first order to today.

    Returns
    -------
    DataFrame
        frequency, since_last (periods since the last order), expected_orders, p_alive.
    """
    x, since = np.meshgrid(np.arange(1, most + 1), np.linspace(0, age, steps, endpoint=False), indexing="ij")
    table = pd.DataFrame({"frequency": x.ravel(), "since_last": since.ravel()})
    history = (table["frequency"].to_numpy(float), age - table["since_last"].to_numpy(), np.full(len(table), age))
    theta = np.tile(model.theta[0] if len(model.theta) == 1 else model.prior.mean, (len(table), 1))
    table["expected_orders"] = order_model.orders_to_come(theta, *history, periods)
    return table.assign(p_alive=order_model.alive(theta, *history))
