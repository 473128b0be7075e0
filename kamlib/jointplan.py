"""Joint business planning with one customer: what both sides put in, and what both get out.

Frames in, frames out; one row is an initiative. What a plan still lacks, and how it goes: `jointreview`.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _

SIDES = ("us", "them")
DEFAULT_TERMS = {
    "baseline_amount": 0.0,
    "months": 12.0,
    "cogs_rate": 0.5,
    "rebate_rate": 0.0,
    "pull_forward": 0.1,
    "cannibalised": 0.05,
    "customer_margin": 0.12,
    "service_income": 0.05,
    "stock_days": 30.0,
    "capital_cost": 0.06,
    "low_share": 0.6,
    "high_share": 1.3,
    "together": 0.3,
}
"""What a plan assumes until the room says otherwise; every one of them is a row of the plan's table ``terms``."""
SHARES = ("cogs_rate", "rebate_rate", "pull_forward", "cannibalised", "capital_cost", "together", "low_share")
LINES = (
    ("us", "net_sales"),
    ("us", "cogs"),
    ("us", "rebate"),
    ("us", "plan_cost"),
    ("us", "plan_margin"),
    ("them", "purchases"),
    ("them", "customer_margin"),
    ("them", "service_income"),
    ("them", "rebate_received"),
    ("them", "stock_cost"),
    ("them", "plan_cost"),
    ("them", "benefit"),
)


# --- terms ---


def settled(terms: object) -> dict[str, float]:
    """Every term of `DEFAULT_TERMS` with its value; what ``terms`` does not name, or leaves blank, keeps its default.

    Parameters
    ----------
    terms
        A frame with term and setting (or value), or a mapping or Series from term to value.

    Raises
    ------
    ValueError
        For an unknown term, a share outside 0 to 1, or pull-forward and cannibalised above 1 together.

    >>> settled({"cogs_rate": 0.4})["cogs_rate"], settled({})["stock_days"]
    (0.4, 30.0)
    """
    if isinstance(terms, pd.DataFrame):
        terms = dict(zip(terms["term"], terms["setting" if "setting" in terms else "value"], strict=True))
    given = {name: float(value) for name, value in dict(terms).items() if not (pd.isna(name) or pd.isna(value))}
    unknown = [name for name in given if name not in DEFAULT_TERMS]
    if unknown:
        known = ", ".join(DEFAULT_TERMS)
        raise ValueError(_("No such term: {unknown}; there are: {known}.", unknown=", ".join(unknown), known=known))
    odd = [name for name in SHARES if not 0 <= given.get(name, 0) <= 1]
    if odd:
        raise ValueError(_("These terms are shares from 0 to 1: {odd}.", odd=", ".join(odd)))
    settled = {**DEFAULT_TERMS, **given}
    if settled["pull_forward"] + settled["cannibalised"] > 1:
        raise ValueError(_("Pull-forward and cannibalised sales together are more than what is expected."))
    return settled


def measured_terms(orders: pd.DataFrame, initiatives: pd.DataFrame, *, as_of: object, **known: float) -> pd.DataFrame:
    """One row per term of the plan: its value, and whether it was measured, is known, or assumed until agreed.

    Parameters
    ----------
    orders
        The account's: order_date, amount, cost (currency).
    initiatives
        The account's: start, end, status. Without dates the plan is for the twelve months after ``as_of``.
    known
        Terms known from elsewhere, such as ``rebate_rate`` from the dealer's contract.

    Returns
    -------
    DataFrame
        term, setting, basis (measured, given, assumed), in the order of `DEFAULT_TERMS`.

    Notes
    -----
    The baseline is what the account would buy without the plan: its monthly average in the twelve months before the
    plan starts, times the months of the plan. The rate of cost of goods is that of its orders with a cost.
    """
    start, end = plan_window(initiatives, as_of=as_of)
    months = (end - start).days / (365.25 / 12)
    found = {"months": round(months, 2), "baseline_amount": round(monthly_before(orders, start) * months, 2)}
    costed = orders[orders["cost"].notna()]
    if costed["amount"].sum() > 0 and costed["cost"].sum() >= 0:
        found["cogs_rate"] = round(min(costed["cost"].sum() / costed["amount"].sum(), 1.0), 4)
    basis = {
        **dict.fromkeys(DEFAULT_TERMS, "assumed"),
        **dict.fromkeys(found, "measured"),
        **dict.fromkeys(known, "given"),
    }
    values = settled({**found, **known})
    return pd.DataFrame([(term, values[term], basis[term]) for term in values], columns=["term", "setting", "basis"])


def plan_window(initiatives: pd.DataFrame, *, as_of: object) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a plan: of its initiatives that are not stopped, else the year after ``as_of``."""
    kept = initiatives[initiatives["status"] != "stopped"]
    start = kept["start"].min()
    start = pd.Timestamp(as_of) + pd.Timedelta(days=1) if pd.isna(start) else start
    end = kept["end"].max()
    return start, (end if not pd.isna(end) and end > start else start + pd.DateOffset(years=1))


def monthly_before(orders: pd.DataFrame, start: pd.Timestamp) -> float:
    """Average sales per month in the year before ``start``, or since the first order; never below 0."""
    before = orders[orders["order_date"] < start]
    if before.empty:
        return 0.0
    first = max(before["order_date"].min(), start - pd.DateOffset(years=1))
    months = max((start - first).days / (365.25 / 12), 1.0)
    return max(float(before.loc[before["order_date"] >= first, "amount"].sum()) / months, 0.0)


# --- what the initiatives add ---


def incremental_sales(initiatives: pd.DataFrame, terms: object) -> pd.DataFrame:
    """One row per initiative: the sales it adds, cautious, expected and bold; nothing once it is stopped.

    Parameters
    ----------
    initiatives
        expected_amount (currency); low_amount, high_amount (P10 and P90, optional: where blank, the terms ``low_share``
        and ``high_share`` of what is expected); status (optional).
    terms
        See `settled`.

    Returns
    -------
    DataFrame
        p10, p50, p90 (currency), index of ``initiatives``. Incremental = expected − pull-forward − cannibalised; a
        blank expectation counts as 0 (`check_initiatives` says so).

    >>> plan = pd.DataFrame({"expected_amount": [100.0]})
    >>> incremental_sales(plan, {"pull_forward": 0.1, "cannibalised": 0.1, "low_share": 0.5}).round(1)
        p10   p50    p90
    0  40.0  80.0  104.0
    """
    t = settled(terms)
    gross = _column(initiatives, "expected_amount").fillna(0.0)
    low = _column(initiatives, "low_amount").fillna(gross * t["low_share"])
    high = _column(initiatives, "high_amount").fillna(gross * t["high_share"])
    kept = (1 - t["pull_forward"] - t["cannibalised"]) * _counted(initiatives)
    parts = {"p10": np.minimum(low, gross), "p50": gross, "p90": np.maximum(high, gross)}
    return pd.DataFrame({name: part * kept for name, part in parts.items()})


def _counted(initiatives: pd.DataFrame) -> pd.Series:
    stopped = initiatives["status"] == "stopped" if "status" in initiatives else pd.Series(False, initiatives.index)
    return (~stopped.fillna(False)).astype(float)


def _column(initiatives: pd.DataFrame, column: str) -> pd.Series:
    if column not in initiatives:
        return pd.Series(np.nan, initiatives.index, dtype="float64")
    return initiatives[column].astype("float64")


def total_range(parts: pd.DataFrame, *, together: float) -> dict[str, float]:
    """P10, P50 and P90 of a sum of initiatives that succeed and fail partly together.

    Parameters
    ----------
    parts
        p10, p50, p90 of each.
    together
        Correlation between any two: 0 independent, 1 all rise and fall as one.

    Notes
    -----
    With distances d from P50, the sum's distance is √((1 − ρ)·Σd² + ρ·(Σd)²): exact for normal initiatives of equal
    correlation ρ, taken to each side by itself. Adding up the P10s (ρ = 1) would be too gloomy, ρ = 0 too rosy.

    >>> parts = pd.DataFrame({"p10": [7.0, 6.0], "p50": [10.0, 10.0], "p90": [13.0, 14.0]})
    >>> total_range(parts, together=0), total_range(parts, together=1)
    ({'p10': 15.0, 'p50': 20.0, 'p90': 25.0}, {'p10': 13.0, 'p50': 20.0, 'p90': 27.0})
    """
    middle = float(parts["p50"].sum())
    below, above = (_spread(gap, together) for gap in (parts["p50"] - parts["p10"], parts["p90"] - parts["p50"]))
    return {"p10": middle - below, "p50": middle, "p90": middle + above}


def _spread(gap: pd.Series, together: float) -> float:
    return float(np.sqrt((1 - together) * (gap**2).sum() + together * gap.sum() ** 2))


# --- the joint P&L ---


def joint_pnl(initiatives: pd.DataFrame, terms: object) -> pd.DataFrame:
    """One row per line of both sides' account of the plan: without the plan, and with it at P10, P50 and P90.

    Parameters
    ----------
    initiatives
        our_cost, their_cost, expected_amount (currency; blanks count as 0); low_amount, high_amount, status optional.
        Stopped initiatives count for nothing.
    terms
        See `settled` and `DEFAULT_TERMS`: a frame with term and setting, or a mapping.

    Returns
    -------
    DataFrame
        side (us, them), line, without, p10, p50, p90 (currency; costs negative), in the order of `LINES`. Ours: net
        sales − cost of goods − trade spend (rebate and our cost of the plan) = plan_margin, a gross
        margin before cost to serve. The customer's: margin on
        what it buys + service income + rebate − stock cost − its cost of the plan = benefit; purchases are told, not
        added: they equal our net sales.

    Raises
    ------
    ValueError
        If a column is missing, or a term unknown or out of range.

    Notes
    -----
    Sales = baseline + incremental (`incremental_sales`, `total_range`); every other line is a rate of sales or a fixed
    cost, so the P10 of a result is its value at the P10 of sales, as long as a sale earns something. Stock cost =
    purchases × days ÷ 365 × cost of capital.

    >>> plan = pd.DataFrame({"our_cost": [5.0], "their_cost": [2.0], "expected_amount": [100.0]})
    >>> agreed = {"baseline_amount": 200, "cogs_rate": 0.5, "pull_forward": 0, "cannibalised": 0, "stock_days": 0}
    >>> joint_pnl(plan, agreed).set_index(["side", "line"])["p50"].loc["us"].to_dict()
    {'net_sales': 300.0, 'cogs': -150.0, 'rebate': 0.0, 'plan_cost': -5.0, 'plan_margin': 145.0}
    """
    _require(initiatives, "our_cost", "their_cost", "expected_amount")
    t = settled(terms)
    added = total_range(incremental_sales(initiatives, t), together=t["together"])
    spent = {
        side: float((_column(initiatives, f"{who}_cost").fillna(0) * _counted(initiatives)).sum())
        for side, who in zip(SIDES, ("our", "their"), strict=True)
    }
    columns = {"without": _statement(t["baseline_amount"], t, {})}
    columns |= {name: _statement(t["baseline_amount"] + more, t, spent) for name, more in added.items()}
    sides, lines = zip(*LINES, strict=True)
    return pd.DataFrame({"side": sides, "line": lines, **{name: list(column) for name, column in columns.items()}})


def _statement(sales: float, t: dict[str, float], spent: dict[str, float]) -> list[float]:
    """The amounts of `LINES` at one level of sales."""
    rates = (1.0, -t["cogs_rate"], -t["rebate_rate"]), customer_rates(t)
    ours = [sales * rate for rate in rates[0]] + [-spent.get("us", 0.0)]
    theirs = [sales * rate for rate in rates[1]] + [-spent.get("them", 0.0)]
    return [amount + 0.0 for amount in (*ours, sum(ours), sales, *theirs, sum(theirs))]


def customer_rates(t: dict[str, float]) -> tuple[float, float, float, float]:
    """What a customer earns per unit of purchases: margin, service income, rebate, and (negative) the stock's cost."""
    stock = t["stock_days"] / 365 * t["capital_cost"]
    return t["customer_margin"], t["service_income"], t["rebate_rate"], -stock


def _require(frame: pd.DataFrame, *columns: str) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(_("The initiatives lack the columns: {missing}.", missing=", ".join(missing)))


def joint_returns(pnl: pd.DataFrame) -> pd.DataFrame:
    """One row per side: what it spends on the plan, what the plan adds before that, and the return at P10, P50, P90.

    Parameters
    ----------
    pnl
        The frame of `joint_pnl`.

    Returns
    -------
    DataFrame
        side, spend, p10_margin, p50_margin, p90_margin (currency), roi_p10, roi, roi_p90 (missing without spend).

    Notes
    -----
    ROI = (incremental margin − spend) ÷ spend: 0 breaks even. Incremental = actual − baseline − pull-forward −
    cannibalised. Margin is after rebates; spend is the side's cost of the initiatives.
    """
    rows = []
    for side, result in (("us", "plan_margin"), ("them", "benefit")):
        own = pnl[pnl["side"] == side].set_index("line")
        spend = -float(own.at["plan_cost", "p50"])
        margins = [float(own.at[result, at] - own.at[result, "without"]) + spend for at in ("p10", "p50", "p90")]
        returns = [(margin - spend) / spend if spend > 0 else np.nan for margin in margins]
        rows.append((side, spend + 0.0, *margins, *returns))
    names = ["side", "spend", "p10_margin", "p50_margin", "p90_margin", "roi_p10", "roi", "roi_p90"]
    return pd.DataFrame(rows, columns=names)


def swap_balance(initiatives: pd.DataFrame, terms: object) -> pd.DataFrame:
    """One row per initiative that is not stopped, and one for the whole plan: who gives and who gets what.

    Returns
    -------
    DataFrame
        initiative_id, goal, our_give, their_give (cost), our_get, their_get (expected incremental margin before that
        cost; currency), give_share, get_share (ours, 0 to 1), balance (our share of giving − our share of getting: 0
        fair, positive we give more than we get; missing where nobody gives or gets). The last row is the whole plan,
        without an initiative_id.
    """
    t = settled(terms)
    kept = initiatives[_counted(initiatives) > 0].reset_index(drop=True)
    added = incremental_sales(kept, t)["p50"]
    amounts = pd.DataFrame(
        {
            **{f"{who}_give": _column(kept, f"{who}_cost").fillna(0.0) for who in ("our", "their")},
            "our_get": added * (1 - t["cogs_rate"] - t["rebate_rate"]),
            "their_get": added * sum(customer_rates(t)),
        }
    )
    amounts.loc[len(amounts)] = amounts.sum()
    names = {"initiative_id": [*kept.get("initiative_id", [None] * len(kept)), None]}
    names["goal"] = [*kept.get("goal", [None] * len(kept)), _("The whole plan")]
    table = pd.DataFrame(names, dtype="str").join(amounts)
    for what in ("give", "get"):
        both = table[f"our_{what}"] + table[f"their_{what}"]
        table[f"{what}_share"] = table[f"our_{what}"] / both.where(both > 0)
    return table.assign(balance=table["give_share"] - table["get_share"])
