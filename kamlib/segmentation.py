"""Customer segmentation: which accounts are key, and why (decade 1).

Frames in, frames out; one row is an account. The four traits of a key account are those of the method's source: high
value, complexity, a long relationship, a long decision chain.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.stats import matched
from kamlib.weighting import entropy_weights, weighted_score

CRITERIA = ("value", "complexity", "longevity", "decision_chain")
EQUAL_WEIGHTS = pd.Series(0.25, index=list(CRITERIA), name="weight")
ABC_CUTS = (0.8, 0.95)
"""A accounts carry the first 80 % of revenue, B the next 15 %, C the rest."""
FULL_MARK = 0.95
"""The quantile of a trait at which an account scores 1, so that one giant does not flatten all others."""
MARKED = 0.5
"""A trait is given as a reason from this score on."""
LONG = 5
"""Years from which a relationship may be called long, however short those of the others are."""


def account_facts(
    accounts: pd.DataFrame, orders: pd.DataFrame, contacts: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account: what its orders and contacts say about the four traits of a key account.

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, account_manager, since.
    orders
        account_id, order_date, product, amount (currency; returns negative).
    contacts
        contact_id, account_id, decision_role, reports_to. Without a row, role_count and level_count are missing.
    as_of
        Last day that counts; later orders are left out.
    months
        Length of the window for revenue and breadth.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: account_id, account_name, account_type, account_manager, revenue (currency, in the
        window), revenue_share (of all accounts' positive revenue), product_count (different products bought in the
        window), tenure_years (since the first day as a customer, or the first order), repeat_rate (share of the last
        eight quarters with an order), role_count (decision roles known), level_count (levels of the reporting line).
    """
    as_of = pd.Timestamp(as_of)
    orders = orders[orders["order_date"] <= as_of]
    recent = orders[orders["order_date"] > as_of - pd.DateOffset(months=months)]
    bought = recent[recent["amount"] > 0]
    key = accounts["account_id"].reset_index(drop=True)
    facts = accounts[["account_id", "account_name", "account_type", "account_manager"]].reset_index(drop=True)
    facts["revenue"] = _per_account(recent.groupby("account_id")["amount"].sum(), key, 0.0)
    earned = facts["revenue"].clip(lower=0)
    facts["revenue_share"] = earned / earned.sum() if earned.sum() > 0 else 0.0
    facts["product_count"] = _per_account(bought.groupby("account_id")["product"].nunique(), key, 0)
    first = _per_account(orders.groupby("account_id")["order_date"].min(), key)
    since = accounts["since"].reset_index(drop=True).fillna(first)
    facts["tenure_years"] = ((as_of - since).dt.days / 365.25).clip(lower=0).fillna(0.0)
    facts["repeat_rate"] = _per_account(_quarters_with_orders(orders, as_of), key, 0) / 8
    known = len(contacts) > 0
    facts["role_count"] = _per_account(
        contacts.groupby("account_id")["decision_role"].nunique(), key, 0 if known else np.nan
    )
    facts["level_count"] = _per_account(_levels(contacts), key, 0 if known else np.nan)
    return facts


def _per_account(values: pd.Series, accounts: pd.Series, default: object = None) -> pd.Series:
    found = matched(values, accounts)
    return found if default is None else found.fillna(default)


def _quarters_with_orders(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """How many of the eight quarters up to ``as_of`` each account ordered in."""
    quarter = quarters_back(orders, as_of)
    recent = orders[(quarter < 8) & (orders["amount"] > 0)].assign(quarter=quarter)
    return recent.groupby("account_id")["quarter"].nunique()


def quarters_back(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """For every order line how many whole quarters before ``as_of`` it was: 0 is the last quarter."""
    return ((as_of - orders["order_date"]).dt.days / (365.25 / 4)).astype(int)


def _levels(contacts: pd.DataFrame) -> pd.Series:
    """The longest reporting line among an account's contacts, in people."""
    above = dict(zip(contacts["contact_id"], contacts["reports_to"], strict=True))
    depth: dict[str, int] = {}
    for person in above:
        line = [person]
        while isinstance(above.get(line[-1]), str) and above[line[-1]] in above and len(line) <= len(above):
            line.append(above[line[-1]])
        depth[person] = len(line)
    levels = pd.Series([depth[person] for person in contacts["contact_id"]], index=contacts.index, dtype="float64")
    return levels.groupby(contacts["account_id"]).max()


def key_account_criteria(facts: pd.DataFrame) -> pd.DataFrame:
    """One row per account: its four traits, each from 0 to 1.

    Parameters
    ----------
    facts
        The frame of `account_facts`.

    Returns
    -------
    DataFrame
        account_id, value (revenue share), complexity (products bought), longevity (mean of tenure and repeat rate),
        decision_chain (roles × levels). Each is divided by its own 95th percentile and capped at 1; a trait nobody has
        data for is missing.
    """
    chain = facts["role_count"] * facts["level_count"]
    longevity = (_scaled(facts["tenure_years"]) + facts["repeat_rate"]) / 2
    return pd.DataFrame(
        {
            "account_id": facts["account_id"],
            "value": _scaled(facts["revenue_share"]),
            "complexity": _scaled(facts["product_count"]),
            "longevity": longevity,
            "decision_chain": _scaled(chain),
        }
    )


def _scaled(values: pd.Series) -> pd.Series:
    """Values as a fraction of their 95th percentile, between 0 and 1; all 0 where that is 0."""
    full = values.quantile(FULL_MARK)
    if pd.isna(full):
        return values
    full = full if full > 0 else values.max()
    return (values / full).clip(0, 1) if full > 0 else values * 0.0


def key_accounts(facts: pd.DataFrame, criteria: pd.DataFrame, weights: pd.Series, *, threshold: float) -> pd.DataFrame:
    """One row per customer, best first: its score, whether it is a key account, and the traits that make it one.

    Parameters
    ----------
    facts, criteria
        The frames of `account_facts` and `key_account_criteria`, in the same order.
    weights
        Weight by criterion.
    threshold
        Score from which a customer is a key account, 0 to 1.

    Returns
    -------
    DataFrame
        rank, account_id, account_name, account_manager, revenue, revenue_share, the four criteria, score, key (bool),
        reason (the traits from 0.5 on, strongest first; a relationship only
        from five years on). Prospects and dealers are not ranked: they enter by rules of
        their own.
    """
    table = facts.merge(criteria, on="account_id", validate="one_to_one")
    table["score"] = weighted_score(table, weights)
    table = table[table["account_type"] == "customer"].sort_values(["score", "revenue"], ascending=False, kind="stable")
    table = table.reset_index(drop=True)
    table["rank"] = table.index + 1
    table["key"] = table["score"] >= threshold
    table["reason"] = [_reason(row) for row in table[[*CRITERIA, "tenure_years"]].to_dict("records")]
    kept = ["rank", "account_id", "account_name", "account_manager", "revenue", "revenue_share", *CRITERIA]
    return table[[*kept, "score", "key", "reason"]]


def _reason(traits: dict[str, float]) -> str:
    names = {
        "value": _("high value"),
        "complexity": _("broad need"),
        "longevity": _("long relationship"),
        "decision_chain": _("long decision chain"),
    }
    strong = sorted((name for name in names if traits[name] >= MARKED), key=lambda name: -traits[name])
    strong = [name for name in strong if name != "longevity" or traits["tenure_years"] >= LONG]
    return _(", ").join(names[name] for name in strong) or _("no trait stands out")


def pareto(facts: pd.DataFrame) -> pd.DataFrame:
    """One row per account with revenue, largest first: the cumulative share of revenue and the ABC class.

    Parameters
    ----------
    facts
        account_id, account_name, revenue (currency).

    Returns
    -------
    DataFrame
        account_id, account_name, revenue, cumulative_share, account_share (rank ÷ accounts), abc. An account is A while
        the accounts before it hold less than 80 % of revenue, B up to 95 %, else C.

    >>> facts = pd.DataFrame({"account_id": ["x", "y", "z"], "account_name": ["X", "Y", "Z"], "revenue": [10, 85, 5]})
    >>> pareto(facts)[["account_id", "cumulative_share", "abc"]].round(2).to_dict("list")
    {'account_id': ['y', 'x', 'z'], 'cumulative_share': [0.85, 0.95, 1.0], 'abc': ['A', 'B', 'C']}
    """
    table = facts.loc[facts["revenue"] > 0, ["account_id", "account_name", "revenue"]]
    table = table.sort_values("revenue", ascending=False, kind="stable").reset_index(drop=True)
    total = table["revenue"].sum()
    table["cumulative_share"] = table["revenue"].cumsum() / total
    table["account_share"] = (table.index + 1) / max(len(table), 1)
    before = (table["cumulative_share"] - table["revenue"] / total).round(12)
    table["abc"] = np.select([before < ABC_CUTS[0], before < ABC_CUTS[1]], ["A", "B"], "C")
    return table


def dependence(facts: pd.DataFrame) -> str:
    """The account with most revenue, what it is, its share, and whether that is more than a third; in words.

    Parameters
    ----------
    facts
        account_name, account_type, revenue (currency), revenue_share (0 to 1).
    """
    if facts.empty or not facts["revenue_share"].max() > 0:
        return _("nobody")
    row = facts.loc[facts["revenue_share"].idxmax()]
    dealer = row["account_type"] == "dealer"
    kind = _("dealer, takes no part in the scoring") if dealer else _("customer")
    said = _("{name} ({kind}): {share:percent}", name=row["account_name"], kind=kind, share=row["revenue_share"])
    return _("{said}, more than a third of revenue", said=said) if row["revenue_share"] > 1 / 3 else said


def agreed_weights(judgements: pd.DataFrame, criteria: pd.DataFrame, *, topic: str = "key_account") -> pd.Series:
    """The weights the room agreed on for a topic; entropy weights of ``criteria`` where it agreed on none.

    Parameters
    ----------
    judgements
        The judgement table ``weights``: topic, criterion, weight.
    criteria
        The frame of `key_account_criteria`.

    >>> said = pd.DataFrame({"topic": ["key_account"], "criterion": ["value"], "weight": [1.0]})
    >>> agreed_weights(said, pd.DataFrame({"value": [0.1, 0.9]})).to_dict()
    {'value': 1.0}
    """
    said = judgements[(judgements["topic"] == topic) & judgements["criterion"].isin(list(criteria.columns))]
    weights = said.drop_duplicates("criterion", keep="last").set_index("criterion")["weight"].astype(float)
    return weights if weights.sum() > 0 else entropy_weights(criteria)


# --- key and potential accounts ---

ENTRY_RULES = ("large_enough", "right_industry", "open_need", "way_in")
OPEN_LEADS = ("new", "qualified")


def customer_size(accounts: pd.DataFrame) -> pd.Series:
    """Each account's own size among the accounts, 0 smallest to 1 largest; missing where nothing is known.

    The mean of its percentile ranks in beds, annual_revenue (currency per year) and employees (people), as far as each
    is known. It says nothing about what the account buys from us.

    >>> customer_size(pd.DataFrame({"beds": [10.0, 30.0, None], "annual_revenue": None, "employees": None})).tolist()
    [0.5, 1.0, nan]
    """
    measures = accounts[["beds", "annual_revenue", "employees"]].astype(float)
    return measures.rank(pct=True).mean(axis=1).rename("customer_size")


def potential_accounts(
    accounts: pd.DataFrame,
    ranking: pd.DataFrame,
    opportunities: pd.DataFrame,
    leads: pd.DataFrame,
    contacts: pd.DataFrame,
    *,
    least: int = 3,
) -> pd.DataFrame:
    """One row per prospect: which entry rules it meets, and whether it enters the list as a potential account.

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, account_manager, industry, beds, annual_revenue, employees.
    ranking
        `key_accounts`.
    opportunities, leads, contacts
        account_id and outcome; account_id and status; account_id and decision_role.
    least
        Rules a prospect has to meet; where fewer can be checked, all of those.

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, industry, large_enough (at least the key accounts' median size),
        right_industry (key accounts are at least as frequent there as among all customers), open_need (an open deal or
        lead), way_in (an economic or user buyer is known), each yes, no or missing where there is no data; met, checked
        (numbers of rules), enters (bool). Those with most rules met come first.
    """
    answers = _entry_answers(accounts, ranking, opportunities, leads, contacts)
    table = accounts[["account_id", "account_name", "account_manager", "industry"]].join(answers)
    table["met"] = (answers == True).sum(axis=1)  # noqa: E712  a missing answer is not a no
    table["checked"] = answers.notna().sum(axis=1)
    table["enters"] = (table["met"] >= table["checked"].clip(upper=least)) & (table["met"] > 0)
    table = table[accounts["account_type"] == "prospect"]
    return table.sort_values(["met", "account_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _entry_answers(
    accounts: pd.DataFrame,
    ranking: pd.DataFrame,
    opportunities: pd.DataFrame,
    leads: pd.DataFrame,
    contacts: pd.DataFrame,
) -> pd.DataFrame:
    """Every account's answers to `ENTRY_RULES`: True, False, or None where there is no data."""
    named = accounts["account_id"]
    keys = named.isin(ranking.loc[ranking["key"], "account_id"])
    size, industry, someone = customer_size(accounts), accounts["industry"], bool(keys.any())
    asked_deals = len(opportunities) + len(leads) > 0
    holds = {
        "large_enough": (size >= size[keys].median(), size.notna() & someone),
        "right_industry": (industry.isin(_fertile(accounts, ranking)), industry.notna() & someone),
        "open_need": (
            named.isin(_in_need(opportunities, leads)),
            named.notna() & asked_deals,
        ),
        "way_in": (named.isin(_reachable(contacts)), named.notna() & (len(contacts) > 0)),
    }
    return pd.DataFrame({name: yes.astype(object).where(known, None) for name, (yes, known) in holds.items()})


def _fertile(accounts: pd.DataFrame, ranking: pd.DataFrame) -> set[str]:
    """Industries in which key accounts are at least as frequent as among all customers."""
    industry = matched(accounts.set_index("account_id")["industry"], ranking["account_id"])
    frequent = ranking["key"].astype(float).groupby(industry).mean()
    return set(frequent.index[(frequent >= ranking["key"].mean()) & (frequent > 0)])


def _in_need(opportunities: pd.DataFrame, leads: pd.DataFrame) -> set[str]:
    deals = opportunities.loc[opportunities["outcome"] == "open", "account_id"]
    return set(deals.dropna()) | set(leads.loc[leads["status"].isin(OPEN_LEADS), "account_id"].dropna())


def _reachable(contacts: pd.DataFrame) -> set[str]:
    return set(contacts.loc[contacts["decision_role"].isin(["EB", "UB"]), "account_id"])
