"""What the forecast asks for this week: the number to commit to, the lever to pull, the deals to chase (decade 3)."""

import pandas as pd

from kamlib.cautions import forecast_names
from kamlib.edition import _, percent
from kamlib.forecast import Forecast

MOST, LEAST = 10, 5
"""Deals of a week: the stalled ones, filled up to `LEAST` by those that promise most."""
_COLUMNS = ["account_name", "evidence", "action", "owner", "by_when"]


def deals_to_chase(deals: pd.DataFrame, *, most: int = MOST, least: int = LEAST) -> pd.DataFrame:
    """The open deals of this week: the stalled ones, largest first, then those with the largest expected amount.

    Parameters
    ----------
    deals
        `Forecast.deals`: opportunity_id, amount, expected (currency), stalled.
    most, least
        At most so many stalled deals; fewer than ``least`` are filled up by the best of the others.

    Returns
    -------
    DataFrame
        The columns of ``deals``.

    >>> deals = pd.DataFrame({"opportunity_id": list("abc"), "amount": [9.0, 5.0, 7.0], "expected": [1.0, 2.0, 3.0]})
    >>> deals_to_chase(deals.assign(stalled=[True, False, False]), least=2)["opportunity_id"].tolist()
    ['a', 'c']
    """
    stalled = deals["stalled"].astype(bool)
    first = deals[stalled].sort_values(["amount", "opportunity_id"], ascending=[False, True], kind="stable").head(most)
    rest = deals[~stalled].sort_values(["expected", "opportunity_id"], ascending=[False, True], kind="stable")
    return pd.concat([first, rest.head(max(least - len(first), 0))], ignore_index=True)


def forecast_decisions(answer: Forecast, accounts: pd.DataFrame, *, place: str, as_of: pd.Timestamp) -> pd.DataFrame:
    """What follows from a forecast, as rows for the list of decisions; never empty.

    Parameters
    ----------
    answer
        `forecast.forecast`.
    accounts
        account_id, account_name, account_manager.
    place
        The region, as people call it.

    Returns
    -------
    DataFrame
        account_name, evidence, action, owner (the deal's, else the account's, else the head of the region), by_when:
        the number to commit to, the levers where any moves something, the deals of `deals_to_chase`.
    """
    rows = [_commit(answer), *_pull(answer)]
    head = pd.DataFrame(rows, columns=["evidence", "action"]).assign(account_name=place, owner=_("head of the region"))
    head["by_when"] = pd.Timestamp(as_of) + pd.Timedelta(days=7)
    chase = deals_to_chase(answer.deals).merge(
        accounts[["account_id", "account_name", "account_manager"]], on="account_id", how="left"
    )
    chase["account_name"] = chase["account_name"].fillna(chase["opportunity_id"])
    chase["owner"] = chase["owner"].fillna(chase["account_manager"]).fillna(_("head of the region"))
    chase["evidence"] = [_evidence(row) for row in chase.to_dict("records")]
    chase["action"] = [_step(row) for row in chase.to_dict("records")]
    chase["by_when"] = pd.Timestamp(as_of) + pd.Timedelta(days=14)
    return pd.concat([frame[_COLUMNS] for frame in (head, chase) if len(frame)], ignore_index=True)


def _commit(answer: Forecast) -> tuple[str, str]:
    total, signed = answer.total, answer.total.won_to_date
    numbers = {"p20": total.p20 + signed, "p50": total.p50 + signed, "p90": total.p90 + signed}
    told = _("reached in four of five cases: {p20:money}; in one of two: {p50:money}; in one of ten: {p90:money}",
             **numbers)  # fmt: skip
    if not numbers["p20"] > 0:
        return told, _("Commit to no amount; report the range up to {p90:money} and the odds", **numbers)
    return told, _("Commit to {p20:money}; call what lies above it upside", **numbers)


def _pull(answer: Forecast) -> list[tuple[str, str]]:
    best = answer.levers[answer.levers["change"] > 0].head(2)
    if best.empty:
        return []
    names = best["lever"].map(forecast_names()).tolist()
    more = [_("{name}: {change:money}", name=n, change=c) for n, c in zip(names, best["change"], strict=True)]
    told = _("10 % more of each adds – {list}", list=_("; ").join(more))
    if len(names) == 1:
        return [(told, _("Move first: {first}", first=names[0]))]
    return [(told, _("Move first: {first}, then {second}", first=names[0], second=names[1]))]


def _evidence(row: dict) -> str:
    known = {"chance": percent(row["p_won"]), **row}
    if row["stalled"]:
        return _(
            "{amount:money}; {days_in_stage} days in its stage, nine of ten leave by {p90_days:.0f}; chance {chance}",
            **known,
        )
    return _("{amount:money}; chance in the period {chance}, so {expected:money} is expected of it", **known)


def _step(row: dict) -> str:
    if row["stalled"]:
        return _("Agree the next step with a date, or close the deal")
    return _("Visit this week: who decides, by when, what is missing?")
