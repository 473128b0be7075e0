"""How each account buys and what it needs: RFM, rhythm, mix, price, needs, and what we do not know (decade 1)."""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from kamlib.profiles import price_realisation
from kamlib.stats import matched

FIFTHS = 5
ASKED = (
    "industry", "size_class", "employees", "annual_revenue", "beds", "since", "cooperation",
    "account_manager", "solution_manager", "delivery_manager",
)  # fmt: skip
"""Columns of ``accounts`` a dossier asks for, where the company keeps them at all."""
ROLES = ("EB", "UB", "TB", "coach")
_RECENT_TOUCH, _RECENT_ANSWER = pd.DateOffset(months=3), pd.DateOffset(months=12)

_CATEGORIES = 12
"""Largest categories of the region that an account might miss."""


def rfm(orders: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 24) -> pd.DataFrame:
    """One row per account with an order in the window: recency, frequency and monetary value, each scored 1 to 5.

    Parameters
    ----------
    orders
        account_id, order_id, order_date, amount (currency; returns negative).

    Returns
    -------
    DataFrame
        account_id, recency_days (since the last order), frequency (orders), monetary (currency, net of returns), r, f,
        m (fifth of the accounts, 5 = most recent, most frequent, most money; equal values share a score). Sorted by
        account_id.

    Notes
    -----
    Score = ⌈5 · (mean rank − ½) ÷ n⌉; the idea of fifths: Hughes, Strategic Database Marketing, 1994.
    """
    as_of = pd.Timestamp(as_of)
    window = orders[(orders["order_date"] > as_of - pd.DateOffset(months=months)) & (orders["order_date"] <= as_of)]
    bought = window[window["amount"] > 0].groupby("account_id", sort=True)
    table = pd.DataFrame(
        {"recency_days": (as_of - bought["order_date"].max()).dt.days, "frequency": bought["order_id"].nunique()}
    )
    table["monetary"] = window.groupby("account_id")["amount"].sum().reindex(table.index)
    for score, values in (("r", -table["recency_days"]), ("f", table["frequency"]), ("m", table["monetary"])):
        table[score] = np.ceil((values.rank() - 0.5) / max(len(table), 1) * FIFTHS).astype(int)
    return table.rename_axis("account_id").reset_index()


def rhythm(orders: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per account that ever ordered: its usual gap between orders, and whether the present silence is too long.

    Parameters
    ----------
    orders
        account_id, order_date, amount.

    Returns
    -------
    DataFrame
        account_id, order_days (days with an order), last_order, days_since, usual_gap (days; its median gap, drawn to
        the others' where it has few), overdue_probability (that a gap of this account would have ended by now).

    Notes
    -----
    Logarithms of gaps are normal around the account's own mean; account means are normal around the region's. With n
    gaps the mean is drawn to the region's by κ ÷ (n + κ), κ = variance within ÷ variance between accounts; the
    predictive variance is within · (1 + 1 ÷ (n + κ)); half a day is added to the silence, since gaps are whole days
    (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, §5.4).
    """
    as_of = pd.Timestamp(as_of)
    sold = orders[(orders["amount"] > 0) & (orders["order_date"] <= as_of)]
    days = sold[["account_id", "order_date"]].drop_duplicates().sort_values(["account_id", "order_date"])
    gaps = np.log(days.groupby("account_id")["order_date"].diff().dt.days)
    grouped = days.groupby("account_id", sort=True)["order_date"]
    table = pd.DataFrame({"order_days": grouped.size(), "last_order": grouped.max()})
    table["days_since"] = (as_of - table["last_order"]).dt.days
    mean, deviation = _drawn_means(gaps.groupby(days["account_id"]).agg(["size", "count", "mean", "var"]))
    table["usual_gap"] = np.exp(mean)
    silence = np.log(table["days_since"] + 0.5)  # a gap of s days is one up to s and a half
    table["overdue_probability"] = ndtr((silence - mean) / deviation)
    return table.rename_axis("account_id").reset_index()


def _drawn_means(gaps: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Mean and predictive deviation of each account's log gaps; missing where nobody has two gaps."""
    many = gaps[gaps["count"] >= 2]
    freedom = (many["count"] - 1).sum()
    within = max(((many["count"] - 1) * many["var"]).sum() / freedom, 1e-6) if freedom > 0 else np.nan
    centre = gaps["mean"].mean()
    between = gaps["mean"].var() - (within / gaps["count"].where(gaps["count"] > 0)).mean()
    strength = within / max(between, 1e-6) if len(many) > 1 else 1.0
    own = gaps["mean"].fillna(0) * gaps["count"]
    mean = (own + strength * centre) / (gaps["count"] + strength)
    return mean, np.sqrt(within * (1 + 1 / (gaps["count"] + strength)))


def order_history(orders: pd.DataFrame, *, as_of: pd.Timestamp, quarters: int = 12) -> pd.DataFrame:
    """One row per account and calendar quarter with a line: amount (currency, net of returns).

    Returns
    -------
    DataFrame
        account_id, quarter (its first day), amount; by account and quarter. The last quarter may be cut short by
        ``as_of``.
    """
    as_of = pd.Timestamp(as_of)
    first = as_of.to_period("Q").start_time - pd.DateOffset(months=3 * (quarters - 1))
    shown = orders[(orders["order_date"] >= first) & (orders["order_date"] <= as_of)]
    quarter = shown["order_date"].dt.to_period("Q").dt.start_time.rename("quarter")
    return shown.groupby([shown["account_id"], quarter], sort=True)["amount"].sum().reset_index()


def category_mix(
    orders: pd.DataFrame, products: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account that bought and category: its share of the account's purchases, beside the region's.

    Parameters
    ----------
    orders
        account_id, order_date, product, amount (currency).
    products
        product, category; a product without one stands for itself.

    Returns
    -------
    DataFrame
        account_id, category, amount (0 for what it did not buy of the region's twelve largest categories), share,
        region_share (of all accounts' purchases); largest first in each account.
    """
    as_of = pd.Timestamp(as_of)
    sold = orders[(orders["order_date"] > as_of - pd.DateOffset(months=months)) & (orders["order_date"] <= as_of)]
    sold = sold[sold["amount"] > 0]
    category = matched(products.set_index("product")["category"], sold["product"]).fillna(sold["product"])
    bought = sold["amount"].groupby([sold["account_id"], category.rename("category")]).sum()
    largest = bought.groupby("category").sum().nlargest(_CATEGORIES).index
    pairs = pd.MultiIndex.from_product([bought.index.unique("account_id"), largest]).union(bought.index)
    amounts = bought.reindex(pairs, fill_value=0.0).rename("amount").reset_index()
    amounts["share"] = amounts["amount"] / amounts.groupby("account_id")["amount"].transform("sum")
    whole = amounts.groupby("category")["amount"].sum()
    amounts["region_share"] = matched(whole / whole.sum(), amounts["category"])
    return amounts.sort_values(["account_id", "amount"], ascending=[True, False], kind="stable").reset_index(drop=True)


def price_position(
    accounts: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account that bought at a list price: its discount, and the middle discount of its peers.

    Parameters
    ----------
    accounts
        account_id, account_type, industry. Peers are other accounts of the same type and industry.
    orders
        account_id, order_date, product, quantity, amount (currency).
    products
        product, list_price (currency per unit).

    Returns
    -------
    DataFrame
        account_id, discount (1 − amount ÷ amount at list price), peer_discount (median of the peers; missing without
        any), peers (their number). By account_id.
    """
    as_of = pd.Timestamp(as_of)
    sold = orders[(orders["order_date"] > as_of - pd.DateOffset(months=months)) & (orders["order_date"] <= as_of)]
    realised = price_realisation(sold[sold["amount"] > 0], products).sort_index()
    table = (1 - realised).rename("discount").rename_axis("account_id").reset_index()
    about = accounts.set_index("account_id")
    kind = matched(about["account_type"], table["account_id"]) + "\n" + matched(
        about["industry"], table["account_id"]
    ).fillna("")  # fmt: skip
    groups = table["discount"].groupby(kind)
    table["peer_discount"] = groups.transform(_median_of_others)
    table["peers"] = groups.transform("size").astype(int) - 1
    return table


def _median_of_others(values: pd.Series) -> np.ndarray:
    """For each value the median of all others; missing for the only one."""
    if len(values) < 2:
        return np.full(len(values), np.nan)
    ordered, place = np.sort(values.to_numpy()), values.rank(method="first").to_numpy(int) - 1
    middle = [(len(values) - 2) // 2, (len(values) - 1) // 2]
    return np.mean([ordered[at + (place <= at)] for at in middle], axis=0)


def needs(
    interactions: pd.DataFrame, satisfaction: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 24
) -> pd.DataFrame:
    """One row per account and need it raised: how often, and how satisfied it is with us there.

    Parameters
    ----------
    interactions
        account_id, date, topic.
    satisfaction
        account_id, date, csat (1 to 5), topic, comment.

    Returns
    -------
    DataFrame
        account_id, need, mentions (touches and answers about it), importance (share of the account's mentions), csat
        (mean; missing without an answer), answers, usual_csat (of all accounts' answers about it), pain (the latest
        comment of a dissatisfied answer, csat up to 3), verdict: ``fix`` (raised more than an even share, satisfied
        less than 4 or than usual), ``keep`` (raised more, satisfied), ``watch`` (raised less, not satisfied), ``ease``
        (raised less, satisfied) or ``ask`` (nobody asked). The most important first in each account.

    Notes
    -----
    Importance–performance analysis: Martilla & James (1977), Journal of Marketing 41(1). Mentions without a topic are
    not coded; they are left out.
    """
    as_of = pd.Timestamp(as_of)
    start = as_of - pd.DateOffset(months=months)
    told = [frame[(frame["date"] > start) & (frame["date"] <= as_of)] for frame in (interactions, satisfaction)]
    said = pd.concat([frame[["account_id", "topic"]] for frame in told]).dropna()
    answers = told[1].dropna(subset=["topic", "csat"]).sort_values("date", kind="stable")
    keys = ["account_id", "topic"]
    table = said.groupby(keys, sort=True).size().rename("mentions").reset_index()
    table["importance"] = table["mentions"] / table.groupby("account_id")["mentions"].transform("sum")
    scores = answers.groupby(keys)["csat"].agg(csat="mean", answers="size").reset_index()
    pains = answers[answers["csat"] <= 3].dropna(subset=["comment"]).groupby(keys)["comment"].last()
    table = table.merge(scores, on=keys, how="left").merge(pains.rename("pain").reset_index(), on=keys, how="left")
    table["answers"] = table["answers"].fillna(0).astype(int)
    table["usual_csat"] = matched(answers.groupby("topic")["csat"].mean(), table["topic"])
    table["verdict"] = _need_verdicts(table)
    table = table.sort_values(["account_id", "mentions"], ascending=[True, False], kind="stable")
    return table.rename(columns={"topic": "need"}).reset_index(drop=True)


def _need_verdicts(table: pd.DataFrame) -> np.ndarray:
    even = 1 / table.groupby("account_id")["mentions"].transform("size")
    often, content = table["importance"] >= even, table["csat"] >= np.fmin(table["usual_csat"], 4)
    known = table["csat"].notna()
    return np.select([~known, often & ~content, often & content, ~content], ["ask", "fix", "keep", "watch"], "ease")


def completeness(
    accounts: pd.DataFrame,
    contacts: pd.DataFrame,
    interactions: pd.DataFrame,
    satisfaction: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """One row per account: which of the facts a dossier asks for are known.

    A fact that the company keeps for nobody is unknown of every account and counts as asked; it is no question to one
    account, so it is not among its ``unknown``: `not_kept` names it.

    Parameters
    ----------
    accounts
        account_id, account_type and the columns of `ASKED`.
    contacts
        account_id, decision_role.
    interactions, satisfaction
        account_id, date.

    Returns
    -------
    DataFrame
        account_id, known, asked (numbers of facts), completeness (known ÷ asked), unknown (tuple of the facts missing:
        columns of accounts, a decision role, ``touch`` within three months, ``answer`` within twelve). In the order of
        ``accounts``.
    """
    as_of = pd.Timestamp(as_of)
    holds = accounts[list(ASKED)].notna()
    named = accounts["account_id"]
    holds = holds.assign(**{
        role: named.isin(contacts.loc[contacts["decision_role"] == role, "account_id"])
        for role in ROLES
    })  # fmt: skip
    for name, frame, window in (("touch", interactions, _RECENT_TOUCH), ("answer", satisfaction, _RECENT_ANSWER)):
        recent = frame[(frame["date"] > as_of - window) & (frame["date"] <= as_of)] if len(frame) else frame
        holds[name] = named.isin(recent["account_id"])
    asked = pd.DataFrame(True, index=holds.index, columns=holds.columns)
    asked.loc[accounts["account_type"] == "prospect", ["since", "cooperation", "answer"]] = False
    # only the kinds of institution that have beds are asked for them
    asked["beds"] = accounts["industry"].isin(accounts.loc[accounts["beds"].notna(), "industry"])
    known, wanted = (holds & asked).sum(axis=1), asked.sum(axis=1)
    missing = (~holds & asked & _kept(accounts, contacts, interactions, satisfaction, holds)).to_numpy()
    names = list(holds.columns)
    unknown = [tuple(name for name, gone in zip(names, row, strict=True) if gone) for row in missing]
    table = pd.DataFrame({"account_id": named, "known": known, "asked": wanted})
    table["completeness"] = known / wanted.where(wanted > 0)
    return table.assign(unknown=pd.Series(unknown, index=table.index, dtype=object)).reset_index(drop=True)


def _kept(
    accounts: pd.DataFrame,
    contacts: pd.DataFrame,
    interactions: pd.DataFrame,
    satisfaction: pd.DataFrame,
    holds: pd.DataFrame,
) -> pd.Series:
    """For every fact whether the company keeps it for anybody."""
    tables = {**dict.fromkeys(ROLES, contacts), "touch": interactions, "answer": satisfaction}
    kept = [len(tables[fact]) > 0 if fact in tables else accounts[fact].notna().any() for fact in holds]
    return pd.Series(kept, index=holds.columns)


def not_kept(accounts: pd.DataFrame, **tables: pd.DataFrame) -> list[str]:
    """Columns of `ASKED` and tables that hold nothing for anybody: a gap of the company, not of an account."""
    columns = [name for name in ASKED if accounts[name].isna().all()]
    return columns + [name for name, frame in tables.items() if frame.empty]
