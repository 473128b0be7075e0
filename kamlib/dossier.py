"""The dossier of an account: everything the records say about it, on one page (decade 1)."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from kamlib import behaviour
from kamlib.edition import _, compact, date, percent

TABLES = ("accounts", "orders", "products", "contacts", "interactions", "satisfaction", "opportunities")
_MOST_NAMED = 3


def gather(frames: dict[str, pd.DataFrame], *, as_of: pd.Timestamp, months: int = 12) -> dict[str, pd.DataFrame]:
    """Everything the dossiers of a region are made of, computed once.

    Parameters
    ----------
    frames
        `TABLES` by name; a table the company lacks is an empty frame.

    Returns
    -------
    dict
        The frames, and rfm, rhythm, history, mix, price, needs and completeness as `behaviour` computes them.
    """
    accounts, orders, products = frames["accounts"], frames["orders"], frames["products"]
    touches, answers = frames["interactions"], frames["satisfaction"]
    return frames | {
        "rfm": behaviour.rfm(orders, as_of=as_of, months=2 * months),
        "rhythm": behaviour.rhythm(orders, as_of=as_of),
        "history": behaviour.order_history(orders, as_of=as_of),
        "mix": behaviour.category_mix(orders, products, as_of=as_of, months=months),
        "price": behaviour.price_position(accounts, orders, products, as_of=as_of, months=months),
        "needs": behaviour.needs(touches, answers, as_of=as_of, months=2 * months),
        "completeness": behaviour.completeness(accounts, frames["contacts"], touches, answers, as_of=as_of),
    }


def page(gathered: dict[str, pd.DataFrame], account_id: str) -> pd.DataFrame:
    """The page of one account: one row per fact, as text in the language spoken.

    Parameters
    ----------
    gathered
        `gather`.

    Returns
    -------
    DataFrame
        section, fact, detail. What is not known is listed in the last section instead of left out.

    Raises
    ------
    ValueError
        If there is no such account.
    """
    mine = {name: frame[frame["account_id"] == account_id] for name, frame in gathered.items() if "account_id" in frame}
    if mine["accounts"].empty:
        raise ValueError(_("There is no account {account_id} in this region.", account_id=account_id))
    about = mine["accounts"].iloc[0]
    sections = (
        (_("Facts"), _facts(about)),
        (_("Buying"), _buying(mine)),
        (_("Key contacts"), _people(mine["contacts"])),
        (_("Deals"), _deals(mine["opportunities"])),
        (_("Satisfaction"), _satisfaction(mine["satisfaction"])),
        (_("Needs"), _needs(mine["needs"])),
        (_("What we do not know"), _unknown(mine["completeness"].iloc[0], gathered)),
    )
    rows = [(section, fact, detail) for section, facts in sections for fact, detail in facts]
    return pd.DataFrame(rows, columns=["section", "fact", "detail"], dtype="str")


def _facts(about: pd.Series) -> list[tuple[str, str]]:
    size = [
        _("{n} beds", n=compact(about["beds"])) if pd.notna(about["beds"]) else "",
        _("{n} employees", n=compact(about["employees"])) if pd.notna(about["employees"]) else "",
        _("own revenue {money}", money=compact(about["annual_revenue"])) if pd.notna(about["annual_revenue"]) else "",
    ]
    team = [str(about[name]) for name in ("account_manager", "solution_manager", "delivery_manager")]
    facts = [
        (_("industry"), _(str(about["industry"])) if pd.notna(about["industry"]) else ""),
        (_("size"), _(", ").join(part for part in size if part)),
        (_("customer since"), date(about["since"]) if pd.notna(about["since"]) else ""),
        (_("our team"), _(", ").join(name for name in team if name not in ("nan", "None", "<NA>"))),
    ]
    return [(name, text) for name, text in facts if text]


def _buying(mine: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    rhythm, scores, price = mine["rhythm"], mine["rfm"], mine["price"]
    if rhythm.empty:
        return [(_("orders"), _("none on record"))]
    row = rhythm.iloc[0]
    facts = [
        (
            _("last order"),
            _("{day:date}; days since: {n}; usual gap in days: {gap:.0f}", day=row["last_order"], n=row["days_since"],
              gap=row["usual_gap"]),
        ),
        (_("overdue"), _("with probability {p:percent}", p=row["overdue_probability"])),
    ]  # fmt: skip
    if len(scores):
        told = scores.iloc[0]
        text = _("R {r} · F {f} · M {m}: {n} orders, {money:money}", r=told["r"], f=told["f"], m=told["m"],
                 n=told["frequency"], money=told["monetary"])  # fmt: skip
        facts.append((_("recency, frequency, money"), text))
    bought = mine["mix"][mine["mix"]["amount"] > 0]
    mix = [f"{_(row.category)} {percent(row.share)} ({percent(row.region_share)})" for row in bought.itertuples()]
    if mix:
        facts.append((_("buys (region)"), _(", ").join(mix[:_MOST_NAMED])))
    if len(price):
        told = price.iloc[0]
        text = _("{own:percent}; the middle of {n} peers {peers:percent}", own=told["discount"], n=told["peers"],
                 peers=told["peer_discount"])  # fmt: skip
        facts.append((_("discount on list price"), text))
    return facts


def _people(contacts: pd.DataFrame) -> list[tuple[str, str]]:
    names = {"EB": _("economic buyer"), "UB": _("user buyer"), "TB": _("technical buyer"), "coach": _("coach")}
    facts = []
    for role, label in names.items():
        known = contacts[contacts["decision_role"] == role].sort_values("influence", ascending=False, kind="stable")
        if len(known):
            people = [f"{row.name}{_stance(row.stance)}" for row in known[["name", "stance"]].head(_MOST_NAMED).itertuples(index=False)]  # fmt: skip  # noqa: E501
            more = len(known) - len(people)
            facts.append((label, _(", ").join(people) + (f" +{more}" if more else "")))
    return facts


def _stance(stance: float) -> str:
    return "" if pd.isna(stance) else f" ({stance:+.0f})" if stance else " (0)"


def _deals(deals: pd.DataFrame) -> list[tuple[str, str]]:
    running = deals[deals["outcome"] == "open"]
    closed = deals[deals["outcome"] != "open"]
    facts = []
    if len(running):
        text = _("{n} worth {money:money}; the next decision {day:date}", n=len(running), money=running["amount"].sum(),
                 day=running["expected_close"].min())  # fmt: skip
        facts.append((_("open"), text))
    if len(closed):
        won = int((closed["outcome"] == "won").sum())
        facts.append((_("closed so far"), _("{won} won of {n}", won=won, n=len(closed))))
    return facts


def _satisfaction(answers: pd.DataFrame) -> list[tuple[str, str]]:
    facts = []
    csat, nps = answers["csat"].dropna(), answers["nps"].dropna()
    if len(csat):
        low, high = mean_interval(csat)
        text = _(
            "{mean:.1f} of 5 ({low:.1f}–{high:.1f}, {n} answers)", mean=csat.mean(), low=low, high=high, n=len(csat)
        )
        facts.append((_("satisfied"), text))
    if len(nps):
        balance = (nps >= 9).mean() - (nps <= 6).mean()
        facts.append((_("would recommend us"), _("NPS {nps:+.0f} ({n} answers)", nps=100 * balance, n=len(nps))))
    return facts


def mean_interval(answers: pd.Series, *, level: float = 0.9, low: float = 1, high: float = 5) -> tuple[float, float]:
    """The interval of a mean on a scale from ``low`` to ``high``; the whole scale for a single answer.

    >>> tuple(round(edge, 2) for edge in mean_interval(pd.Series([3.0, 4.0, 5.0])))
    (2.31, 5.0)
    """
    if len(answers) < 2:
        return float(low), float(high)
    half = stdtrit(len(answers) - 1, (1 + level) / 2) * answers.std() / np.sqrt(len(answers))
    return float(max(answers.mean() - half, low)), float(min(answers.mean() + half, high))


def _needs(needs: pd.DataFrame) -> list[tuple[str, str]]:
    facts = []
    for row in needs[needs["verdict"].isin(["fix", "keep"])].head(_MOST_NAMED).itertuples():
        text = _("{share:percent} of what they raise; satisfied {csat:.1f} ({n} answers)", share=row.importance,
                 csat=row.csat, n=row.answers)  # fmt: skip
        text = f"{text}: {row.pain}" if isinstance(row.pain, str) else text
        facts.append((need_name(row.need), text))
    return facts


def _unknown(told: pd.Series, gathered: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    missing = [fact_name(name) for name in told["unknown"]]
    share = _("{share:percent} complete ({known} of {asked})", share=told["completeness"], known=told["known"],
              asked=told["asked"])  # fmt: skip
    facts = [(_("dossier"), share), (_("to find out"), _(", ").join(missing) or _("nothing"))]
    tables = {name: gathered[name] for name in ("contacts", "interactions", "satisfaction", "opportunities")}
    nobody = [fact_name(name) for name in behaviour.not_kept(gathered["accounts"], **tables)]
    return facts + ([(_("kept for no account"), _(", ").join(nobody))] if nobody else [])


def need_name(need: str) -> str:
    """A need's name: the usual topics of the trade in the language spoken, others as they stand in the data."""
    names = {
        "price": _("price"), "delivery": _("delivery"), "training": _("training"),
        "product quality": _("product quality"), "service response": _("service response"),
        "clinical support": _("clinical support"),
    }  # fmt: skip
    return names.get(need, str(need))


def fact_name(fact: str) -> str:
    """The name of a fact a dossier asks for."""
    names = {
        "industry": _("industry"), "size_class": _("size class"), "employees": _("employees"),
        "annual_revenue": _("own revenue"), "beds": _("beds"), "since": _("first day as a customer"),
        "cooperation": _("agreed depth of cooperation"), "account_manager": _("account manager"),
        "solution_manager": _("solution manager"), "delivery_manager": _("delivery manager"),
        "EB": _("economic buyer"), "UB": _("user buyer"), "TB": _("technical buyer"), "coach": _("coach"),
        "touch": _("a touch within three months"), "answer": _("a survey answer within a year"),
        "contacts": _("contacts"), "interactions": _("visits and calls"), "satisfaction": _("satisfaction"),
        "opportunities": _("deals"),
    }  # fmt: skip
    return names.get(fact, fact)
