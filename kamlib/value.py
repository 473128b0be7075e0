"""Value measurement: what each account leaves after the goods, the service and the waiting for its money (decade 2).

Frames in, frames out; one row is an account. The door of the pillar: what belongs to one subject stands beside it in
`lifetime` (orders to come), `retention` (what keeping costs), `wallet`, `matrix` and `roles`.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.lifetime import expected_orders as expected_orders
from kamlib.lifetime import fit_order_model as fit_order_model
from kamlib.lifetime import fit_spend_model as fit_spend_model
from kamlib.lifetime import lifetime_value as lifetime_value
from kamlib.order_history import customer_summary as customer_summary
from kamlib.stats import matched

DRIVERS = ("order_lines", "revenue", "service_cost")
"""What may divide a cost that is booked to no account."""
EFFECTS = ("price", "mix", "unit_cost", "service", "overhead", "payment")
YEAR_DAYS = 365


def costed_lines(orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row per order line: its amount, what its goods cost, and whether that is known.

    Parameters
    ----------
    orders
        account_id, order_date, product, quantity (units), amount (currency), cost (currency), invoice_date, paid_date.
    products
        product, unit_cost (currency a unit).

    Returns
    -------
    DataFrame
        The columns of ``orders`` in their order, and ``goods`` (currency: the line's cost; where it is blank the
        product's unit cost × quantity; 0 where both are), ``cost_known`` (bool).
    """
    unit = matched(products.set_index("product")["unit_cost"], orders["product"]).astype("float64")
    goods = orders["cost"].astype("float64").fillna(unit * orders["quantity"])
    return orders.assign(goods=goods.fillna(0.0), cost_known=goods.notna())


def account_rates(accounts: pd.DataFrame, regions: pd.DataFrame) -> pd.Series:
    """What money costs a year where each account is served (fraction), by account_id; the mean where several serve it.

    >>> accounts = pd.DataFrame({"account_id": ["a", "b"], "region": ["East", "all"]})
    >>> regions = pd.DataFrame({"region": ["East", "West"], "discount_rate": [0.08, 0.06]})
    >>> account_rates(accounts, regions).round(3).to_dict()
    {'a': 0.08, 'b': 0.07}
    """
    known = regions.set_index("region")["discount_rate"]
    rates = matched(known, accounts["region"]).fillna(known.mean())
    return pd.Series(rates.to_numpy(), index=pd.Index(accounts["account_id"]), name="discount_rate")


def account_profit(
    accounts: pd.DataFrame,
    lines: pd.DataFrame,
    service_costs: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    discount_rate: float | pd.Series,
    months: int = 12,
    overhead: float = 0.0,
    driver: str = "order_lines",
) -> pd.DataFrame:
    """One row per account: what it contributed in the window, step by step from revenue.

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, account_manager.
    lines
        The frame of `costed_lines`.
    service_costs
        account_id, month, activity, cost (currency). Rows without an account are divided like ``overhead``.
    as_of
        Last day that counts; an unpaid invoice is financed up to it.
    discount_rate
        What money costs, a fraction a year; one number, or one by account_id (`account_rates`).
    months
        Length of the window.
    overhead
        Cost of the window that is booked to no account, currency.
    driver
        What divides it: ``order_lines``, ``revenue`` or ``service_cost``.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: its four columns; revenue, goods, margin (revenue − goods), service_cost,
        overhead, financing_cost (all currency), contribution (margin − service_cost − overhead − financing_cost),
        contribution_rate (of revenue, missing without), payment_days (from invoice to money, weighted by amount),
        cost_known (share of turnover whose cost of goods is known).

    Raises
    ------
    ValueError
        If ``driver`` is none of the three.

    Notes
    -----
    Financing is simple interest: amount × rate × days ÷ 365, from the invoice to the money. Activity-based cost to
    serve follows Kaplan & Narayanan (2001), Measuring and Managing Customer Profitability.
    """
    if driver not in DRIVERS:
        raise ValueError(_("No such driver: {driver}; there are: {known}.", driver=driver, known=", ".join(DRIVERS)))
    as_of = pd.Timestamp(as_of)
    start = as_of - pd.DateOffset(months=months)
    lines = _financed(lines[(lines["order_date"] > start) & (lines["order_date"] <= as_of)], as_of, discount_rate)
    served = service_costs[
        (service_costs["month"] > start - pd.offsets.MonthBegin()) & (service_costs["month"] <= as_of)
    ]
    table = accounts[["account_id", "account_name", "account_type", "account_manager"]].reset_index(drop=True)
    sums = lines.groupby("account_id")[
        ["amount", "goods", "financing", "days_amount", "billed", "known", "turnover"]
    ].sum()
    sums = sums.reindex(pd.Index(table["account_id"])).fillna(0.0).reset_index(drop=True)
    table["revenue"], table["goods"] = sums["amount"], sums["goods"]
    table["margin"] = table["revenue"] - table["goods"]
    table["service_cost"] = matched(served.groupby("account_id")["cost"].sum(), table["account_id"]).fillna(0.0)
    unbooked = overhead + served.loc[served["account_id"].isna(), "cost"].sum()
    table["overhead"] = unbooked * _shares(table, lines, driver)
    table["financing_cost"] = sums["financing"]
    table["contribution"] = table["margin"] - table[["service_cost", "overhead", "financing_cost"]].sum(axis=1)
    table["contribution_rate"] = table["contribution"] / table["revenue"].where(table["revenue"] > 0)
    table["payment_days"] = sums["days_amount"] / sums["billed"].where(sums["billed"] > 0)
    table["cost_known"] = sums["known"] / sums["turnover"].where(sums["turnover"] > 0)
    return table


def _financed(lines: pd.DataFrame, as_of: pd.Timestamp, discount_rate: float | pd.Series) -> pd.DataFrame:
    """Lines with the days from invoice to money (or ``as_of``), and what waiting cost."""
    if isinstance(discount_rate, pd.Series):
        discount_rate = matched(discount_rate, lines["account_id"])
    days = (lines["paid_date"].fillna(as_of).clip(upper=as_of) - lines["invoice_date"]).dt.days.clip(lower=0)
    turnover, billed = lines["amount"].abs(), lines["amount"].clip(lower=0).where(days.notna(), 0.0)
    return lines.assign(
        financing=(lines["amount"] * discount_rate * days / YEAR_DAYS).fillna(0.0),
        days_amount=(billed * days).fillna(0.0),
        billed=billed,
        known=turnover.where(lines["cost_known"], 0.0),
        turnover=turnover,
    )


def _shares(table: pd.DataFrame, lines: pd.DataFrame, driver: str) -> pd.Series:
    """Each account's share of what is divided; equal where the driver is zero for all."""
    if driver == "order_lines":
        base = matched(lines.groupby("account_id").size(), table["account_id"]).fillna(0.0)
    else:
        base = table[driver].clip(lower=0)
    return base / base.sum() if base.sum() > 0 else pd.Series(1 / max(len(base), 1), index=base.index)


def whale_curve(profit: pd.DataFrame) -> pd.DataFrame:
    """One row per account that bought or cost anything, most profitable first: the contribution heaped up so far.

    Parameters
    ----------
    profit
        account_id, account_name, revenue, contribution (currency).

    Returns
    -------
    DataFrame
        account_id, account_name, contribution, rank, account_share (rank ÷ accounts), cumulative (currency),
        cumulative_share (of the total contribution; missing unless that is above 0).

    Notes
    -----
    The whale curve of Kaplan & Narayanan (2001): it rises above 100 % by what the losing accounts take away again.

    >>> table = pd.DataFrame({"account_id": list("abc"), "account_name": list("ABC"), "revenue": 9.0})
    >>> whale_curve(table.assign(contribution=[-20.0, 90, 30]))["cumulative_share"].tolist()
    [0.9, 1.2, 1.0]
    """
    alive = (profit["revenue"] != 0) | (profit["contribution"] != 0)
    table = profit.loc[alive, ["account_id", "account_name", "contribution"]]
    table = table.sort_values("contribution", ascending=False, kind="stable").reset_index(drop=True)
    table["rank"] = table.index + 1
    table["account_share"] = table["rank"] / max(len(table), 1)
    table["cumulative"] = table["contribution"].cumsum()
    total = table["contribution"].sum()
    table["cumulative_share"] = table["cumulative"] / total if total > 0 else np.nan
    return table


def contribution_gaps(
    profit: pd.DataFrame, lines: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account: why it contributes more or less than its revenue would at the average rate; adds up exactly.

    Parameters
    ----------
    profit
        The frame of `account_profit`, of the same window.
    lines
        The frame of `costed_lines`.

    Returns
    -------
    DataFrame
        In the order of ``profit``: account_id, account_name, revenue, expected (revenue × average contribution rate),
        price, mix, unit_cost, service, overhead, payment, contribution (all currency). ``expected`` plus the six
        effects is ``contribution``, and each effect sums to zero over the accounts.

    Notes
    -----
    With P, c the average price and cost of a unit of each product, m the average margin rate, E the account's revenue
    at average prices and M its margin at average prices and costs: price = (1 − m)(R − E); mix = M − m·E;
    unit_cost = −(C − C at average cost); service, overhead, payment = −(own − average rate × R). A price–mix–cost
    bridge against the average of the book instead of against last year.
    """
    as_of = pd.Timestamp(as_of)
    window = (lines["order_date"] > as_of - pd.DateOffset(months=months)) & (lines["order_date"] <= as_of)
    usual = _at_average(lines[window]).reindex(pd.Index(profit["account_id"])).fillna(0.0)
    revenue, at_price, at_cost = profit["revenue"], usual["at_price"].to_numpy(), usual["at_cost"].to_numpy()
    total = revenue.sum()
    rate = profit[["margin", "service_cost", "overhead", "financing_cost", "contribution"]].sum() / (total or np.nan)
    rate = rate.fillna(0.0)
    table = profit[["account_id", "account_name", "revenue"]].reset_index(drop=True)
    table["expected"] = revenue * rate["contribution"]
    table["price"] = (1 - rate["margin"]) * (revenue - at_price)
    table["mix"] = at_price - at_cost - rate["margin"] * at_price
    table["unit_cost"] = at_cost - profit["goods"]
    named = {"service": "service_cost", "overhead": "overhead", "payment": "financing_cost"}
    for effect, column in named.items():
        table[effect] = rate[column] * revenue - profit[column]
    table["contribution"] = profit["contribution"]
    return table


def _at_average(lines: pd.DataFrame) -> pd.DataFrame:
    """Per account: its units at the average price and at the average cost of each product (currency)."""
    products = lines.groupby("product")[["quantity", "amount", "goods"]].sum()
    units = products["quantity"].where(products["quantity"] != 0)
    price, cost = (matched(products[column] / units, lines["product"]) for column in ("amount", "goods"))
    flat = price.isna()  # a product whose units cancel out has no average: its lines stand for themselves
    at_price = (price * lines["quantity"]).mask(flat, lines["amount"])
    at_cost = (cost * lines["quantity"]).mask(flat, lines["goods"])
    return pd.DataFrame({"at_price": at_price, "at_cost": at_cost}).groupby(lines["account_id"]).sum()


def main_reason(gaps: pd.DataFrame) -> pd.Series:
    """For every account the effect that takes most away, by name; blank where none takes anything.

    Parameters
    ----------
    gaps
        The frame of `contribution_gaps`.
    """
    effects = gaps[list(EFFECTS)]
    worst = effects.idxmin(axis=1) if len(gaps) else pd.Series(dtype="str")
    return worst.where(effects.min(axis=1) < -0.005)


def effect_names() -> list[str]:
    """The six effects in the language spoken now, in the order of `EFFECTS`."""
    return [_("price"), _("mix"), _("unit cost"), _("service"), _("overhead"), _("payment")]


def remedies() -> dict[str, str]:
    """What to do about each effect, for the table of decisions."""
    return {
        "price": _("Review the discount: bring prices to the average of the book"),
        "mix": _("Shift the mix: offer what leaves more"),
        "unit_cost": _("Check the cost of goods: freight, special versions"),
        "service": _("Agree a level of service; charge for what goes beyond it"),
        "overhead": _("Bundle small orders"),
        "payment": _("Agree a date of payment; no further credit beyond it"),
    }


def profit_panel(
    accounts: pd.DataFrame,
    lines: pd.DataFrame,
    service_costs: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    discount_rate: float | pd.Series,
    years: int = 3,
) -> pd.DataFrame:
    """One row per account and year back from ``as_of``: what it contributed, and its years as a customer by then.

    Parameters
    ----------
    accounts
        The columns of `account_profit`, and since (first day as a customer; else the first order counts).
    lines, service_costs, as_of, discount_rate
        As for `account_profit`.

    Returns
    -------
    DataFrame
        account_id, year (0 = the latest, −1 the one before …), revenue, contribution (currency), tenure_years (at the
        end of the year). Only years in which the account bought, and only whole years of data.
    """
    as_of = pd.Timestamp(as_of)
    first_day = lines["order_date"].min()
    first = matched(lines.groupby("account_id")["order_date"].min(), accounts["account_id"])
    since = accounts["since"].fillna(first).reset_index(drop=True)
    parts = []
    for back in range(years):
        end = as_of - pd.DateOffset(years=back)
        if pd.isna(first_day) or first_day > end - pd.DateOffset(years=1) + pd.Timedelta(days=31):
            break
        year = account_profit(accounts, lines, service_costs, as_of=end, discount_rate=discount_rate)
        tenure = (end - since).dt.days / YEAR_DAYS
        parts.append(year.assign(year=-back, tenure_years=tenure)[year["revenue"] > 0])
    columns = ["account_id", "year", "revenue", "contribution", "tenure_years"]
    empty = pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[1:], "float64"))
    return pd.concat(parts, ignore_index=True)[columns] if parts else empty


def tenure_trend(
    panel: pd.DataFrame, key: pd.Series, *, level: float = 0.9, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """One row per group: by how much its contribution rate moves with one more year as a customer, with an interval.

    Parameters
    ----------
    panel
        The frame of `profit_panel`.
    key
        account_id of the key accounts.
    level
        Probability that the interval is to hold.
    draws, seed
        Bootstrap samples of whole accounts, and their seed.

    Returns
    -------
    DataFrame
        Rows key, other, difference: group, accounts (with at least two years), slope (change of the contribution rate
        a year), low, high. Missing where a group has fewer than two such accounts.

    Notes
    -----
    Regression of the contribution rate on years as a customer, within accounts (each account its own level), weighted
    by revenue: slope = Σ w(x − x̄)(y − ȳ) ÷ Σ w(x − x̄)². All accounts age in the same calendar years, so a group's
    own slope mixes ageing with the times; the difference between the groups does not. Sharma & Evanschitzky (2016).
    """
    parts = _within(panel)
    is_key = parts.index.isin(list(key))
    rng = np.random.default_rng(seed)
    drawn = [_slopes(parts[mask], rng, draws) for mask in (is_key, ~is_key)]
    drawn.append(drawn[0] - drawn[1])
    sizes = [int(is_key.sum()), int((~is_key).sum()), len(parts)]
    rows = []
    for group, n, slopes in zip(("key", "other", "difference"), sizes, drawn, strict=True):
        low, high = np.quantile(slopes[1:], [(1 - level) / 2, (1 + level) / 2])
        rows.append((group, n, slopes[0], low, high))
    return pd.DataFrame(rows, columns=["group", "accounts", "slope", "low", "high"])


def _within(panel: pd.DataFrame) -> pd.DataFrame:
    """Per account the sums above and below the line of the weighted regression within it; those with two years."""
    w, x = panel["revenue"].astype("float64"), panel["tenure_years"].astype("float64")
    y = panel["contribution"].astype("float64") / w
    names = panel["account_id"]
    sums = pd.DataFrame({"w": w, "x": w * x, "y": w * y}).groupby(names).transform("sum")
    dx, dy = x - sums["x"] / sums["w"], y - sums["y"] / sums["w"]
    parts = pd.DataFrame({"above": w * dx * dy, "below": w * dx * dx}).groupby(names).sum()
    return parts[parts["below"] > 1e-9]


def _slopes(parts: pd.DataFrame, rng: np.random.Generator, draws: int) -> np.ndarray:
    """The slope of a group, then that of ``draws`` resamples of its accounts."""
    if len(parts) < 2:
        return np.full(draws + 1, np.nan)
    chosen = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=draws)
    counts = np.vstack([np.ones(len(parts)), chosen])
    above, below = (counts @ parts[column].to_numpy() for column in ("above", "below"))
    return above / below
