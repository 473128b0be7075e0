"""A region's decisions put in order: the five to begin with, by account, and by owner.

The rule is simple enough to be said on the page: the earliest date first, on it the accounts about which most chapters
decide something, each account once; what ties stays in the order of the chapters.
"""

import pandas as pd

FIRST = 5
MARKED = 3
"""From this many decisions on an account is marked."""


def first(decisions: pd.DataFrame) -> pd.DataFrame:
    """The decisions to begin with, at most `FIRST`, no account twice.

    Parameters
    ----------
    decisions
        account_name, by_when and chapter (its number), in the order of the chapters; further columns are kept.

    >>> rows = pd.DataFrame({"account_name": ["X", "Y", "Y"], "by_when": pd.Timestamp("2025-01-31"),
    ...                      "chapter": ["10", "11", "12"]})
    >>> list(first(rows)["chapter"])
    ['11', '10']
    """
    about = decisions.groupby("account_name")["chapter"].transform("nunique").fillna(0)
    table = decisions.assign(about=about).sort_values(
        ["by_when", "about"], ascending=[True, False], kind="stable", na_position="last"
    )
    again = table["account_name"].duplicated() & table["account_name"].notna()
    return table[~again].head(FIRST).drop(columns="about")


def by_account(decisions: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The accounts about which several chapters decide something, those with most decisions first, with all of them."""
    groups = [(str(name), rows) for name, rows in decisions.groupby("account_name", sort=False)]
    return sorted((each for each in groups if each[1]["chapter"].nunique() > 1), key=lambda each: -len(each[1]))


def by_owner(decisions: pd.DataFrame, without: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The decisions that are not in ``without``, by owner, those with most first; within one by date, then account.

    Without an owner they come last, under an empty name.
    """
    rest = decisions[~decisions.index.isin(without.index)]
    rest = rest.assign(owner=rest["owner"].fillna("").astype(str))
    rest = rest.sort_values(["by_when", "account_name"], kind="stable", na_position="last")
    groups = [(str(name), rows) for name, rows in rest.groupby("owner", sort=True)]
    return sorted(groups, key=lambda each: (not each[0], -len(each[1])))
