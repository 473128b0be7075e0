"""The value matrix: what an account is worth against what it could be, and how sure its box is (decade 2).

Frames in, frames out; one row is an account. Both axes are weighted sums on scales with stated ends (anchors), so that
an account that leaves moves no other: a rank, or an ideal point taken from the data (TOPSIS), would.
"""

import numpy as np
import pandas as pd

from kamlib.stats import matched

AXES = ("value", "potential")
BOXES = ("invest", "defend", "develop", "serve")
"""High value and potential; high value; high potential; neither."""

VALUE_WEIGHTS = {"contribution": 0.6, "revenue": 0.4}
STRENGTH_WEIGHTS = {"share_of_wallet": 0.4, "win_share": 0.2, "stance": 0.2, "csat": 0.2}
POTENTIAL_WEIGHTS = {"headroom": 0.5, "pipeline": 0.3, "growth": 0.2}
FIXED_ANCHORS = {
    "share_of_wallet": (0.0, 1.0),
    "win_share": (0.0, 0.5),
    "stance": (-2.0, 2.0),
    "csat": (1.0, 5.0),
    "growth": (0.0, 0.1),
}
"""Ends of the scales that have a unit of their own; those of amounts are proposed from the book, rounded."""
FULL_MARK = 0.9
LEAST_DECIDED = 3


def measures(
    profit: pd.DataFrame,
    wallets: pd.DataFrame,
    opportunities: pd.DataFrame,
    contacts: pd.DataFrame,
    satisfaction: pd.DataFrame,
    accounts: pd.DataFrame,
    market: pd.DataFrame,
) -> pd.DataFrame:
    """One row per account: everything the two axes are made of; a measure nobody has data for is missing.

    Parameters
    ----------
    profit
        account_id, account_name, account_type, account_manager, revenue, contribution, contribution_rate.
    wallets
        account_id, wallet, wallet_low, wallet_high, headroom, share_of_wallet.
    opportunities
        account_id, amount (currency), outcome.
    contacts
        account_id, influence (1–5), stance (−2…+2).
    satisfaction
        account_id, csat (1–5).
    accounts
        account_id, industry.
    market
        industry, year, growth_rate (fraction), market_size.

    Returns
    -------
    DataFrame
        In the order of ``profit``: its columns named above, those of ``wallets``, pipeline (amount of open deals),
        win_share (won ÷ decided amount, from three decided deals on), stance (mean, weighted by influence), csat
        (mean), growth (of the account's industry in the latest year).
    """
    kept = [
        "account_id",
        "account_name",
        "account_type",
        "account_manager",
        "revenue",
        "contribution",
        "contribution_rate",
    ]
    more = ["account_id", "wallet", "wallet_low", "wallet_high", "headroom", "share_of_wallet"]
    table = profit[kept].merge(wallets[more], on="account_id", how="left").reset_index(drop=True)
    key = table["account_id"]
    still = opportunities[opportunities["outcome"] == "open"].groupby("account_id")["amount"].sum()
    table["pipeline"] = matched(still, key).fillna(0.0) if len(opportunities) else np.nan
    table["win_share"] = matched(_win_share(opportunities), key)
    weight = contacts["influence"].fillna(1.0).where(contacts["stance"].notna())
    sums = pd.DataFrame({"above": weight * contacts["stance"], "below": weight}).groupby(contacts["account_id"]).sum()
    table["stance"] = matched(sums["above"] / sums["below"].where(sums["below"] > 0), key)
    table["csat"] = matched(satisfaction.groupby("account_id")["csat"].mean(), key)
    industry = matched(accounts.set_index("account_id")["industry"], key)
    table["growth"] = matched(_latest_growth(market), industry)
    return table


def _win_share(opportunities: pd.DataFrame) -> pd.Series:
    decided = opportunities[opportunities["outcome"] != "open"]
    sums = decided.groupby("account_id")["amount"].agg(["size", "sum"])
    won = decided[decided["outcome"] == "won"].groupby("account_id")["amount"].sum().reindex(sums.index).fillna(0.0)
    return (won / sums["sum"].where(sums["sum"] > 0)).where(sums["size"] >= LEAST_DECIDED)


def _latest_growth(market: pd.DataFrame) -> pd.Series:
    """Growth of every industry in the latest year, weighted by the size of the regions' markets."""
    last = market[market["year"] == market["year"].max()].dropna(subset=["growth_rate"])
    sums = pd.DataFrame({"above": last["growth_rate"] * last["market_size"], "below": last["market_size"]})
    sums = sums.groupby(last["industry"]).sum()
    return sums["above"] / sums["below"].where(sums["below"] > 0)


def scales(table: pd.DataFrame, *, across: str = "value", weights: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per axis and criterion: its weight, and the values that score 0 and 1.

    Parameters
    ----------
    table
        The frame of `measures`: amounts get 0 and their rounded 90th percentile as ends.
    across
        What stands on the x axis: ``value`` (current value) or ``strength`` (our relative strength).
    weights
        axis, criterion, weight: the room's, in the place of the defaults of that axis.

    Returns
    -------
    DataFrame
        axis, criterion, weight (an axis sums to 1), zero_at, full_at. Change it, keep it: it makes years
        comparable.
    """
    first = STRENGTH_WEIGHTS if across == "strength" else VALUE_WEIGHTS
    given = {"value": first, "potential": POTENTIAL_WEIGHTS}
    for axis, rows in weights.groupby("axis") if weights is not None else ():
        given[axis] = dict(zip(rows["criterion"], rows["weight"], strict=True))
    rows = [(axis, name, weight, *_ends(table, name)) for axis in AXES for name, weight in given[axis].items()]
    made = pd.DataFrame(rows, columns=["axis", "criterion", "weight", "zero_at", "full_at"])
    made["weight"] = made["weight"] / made.groupby("axis")["weight"].transform("sum")
    return made


def _ends(table: pd.DataFrame, name: str) -> tuple[float, float]:
    if name in FIXED_ANCHORS:
        return FIXED_ANCHORS[name]
    some = table[name].where(table[name] > 0).dropna()
    full = some.quantile(FULL_MARK) if len(some) else 1.0
    size = 10.0 ** np.floor(np.log10(full))
    return 0.0, float(max(round(full / size), 1) * size)


def scored(table: pd.DataFrame, scale: pd.DataFrame, axis: str) -> pd.Series:
    """Each account's weighted sum on an axis, 0 to 1; a missing measure leaves its weight to the others.

    >>> scale = pd.DataFrame({"axis": "value", "criterion": ["revenue", "csat"], "weight": [0.75, 0.25],
    ...                       "zero_at": [0.0, 1.0], "full_at": [200.0, 5.0]})
    >>> scored(pd.DataFrame({"revenue": [100.0, 400], "csat": [5.0, None]}), scale, "value").tolist()
    [0.625, 1.0]
    """
    mine = scale[scale["axis"] == axis]
    above = pd.Series(0.0, index=table.index)
    below = pd.Series(0.0, index=table.index)
    for row in mine.itertuples():
        part = ((table[row.criterion].astype("float64") - row.zero_at) / (row.full_at - row.zero_at)).clip(0, 1)
        above = above + row.weight * part.fillna(0.0)
        below = below + row.weight * part.notna()
    return (above / below.where(below > 0)).fillna(0.0).rename(axis)


def value_matrix(
    value: pd.Series, potential: pd.Series, *, value_cut: float = 0.4, potential_cut: float = 0.4
) -> pd.DataFrame:
    """One row per account: where it stands, in which box, and how far from the nearest border.

    Parameters
    ----------
    value, potential
        Scores from 0 to 1, same index (account_id).

    Returns
    -------
    DataFrame
        Index as given; value, potential, box (invest, defend, develop, serve), distance (in score, to the nearer cut).

    >>> value_matrix(pd.Series([0.9, 0.1]), pd.Series([0.2, 0.5]))["box"].tolist()
    ['defend', 'develop']
    """
    high, far = value >= value_cut, potential >= potential_cut
    box = np.select([high & far, high, far], BOXES[:3], BOXES[3])
    distance = np.minimum((value - value_cut).abs(), (potential - potential_cut).abs())
    return pd.DataFrame({"value": value, "potential": potential, "box": box, "distance": distance}, index=value.index)


def placed(
    table: pd.DataFrame, scale: pd.DataFrame, *, value_cut: float = 0.4, potential_cut: float = 0.4
) -> pd.DataFrame:
    """`measures` with every account's place in the matrix: value, potential, box, distance."""
    grid = value_matrix(
        scored(table, scale, "value"),
        scored(table, scale, "potential"),
        value_cut=value_cut,
        potential_cut=potential_cut,
    )
    return table.drop(columns=list(grid.columns), errors="ignore").join(grid)


def monthly_values(
    lines: pd.DataFrame, service_costs: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account and month back (0 = the latest): revenue, and contribution before financing (currency).

    Parameters
    ----------
    lines
        account_id, order_date, amount, goods (currency).
    service_costs
        account_id, month, cost (currency).
    """
    as_of = pd.Timestamp(as_of)
    sold = lines.assign(month=_months_back(lines["order_date"], as_of), margin=lines["amount"] - lines["goods"])
    served = service_costs.assign(month=_months_back(service_costs["month"], as_of), margin=-service_costs["cost"])
    both = pd.concat([sold[["account_id", "month", "amount", "margin"]], served[["account_id", "month", "margin"]]])
    both = both[(both["month"] >= 0) & (both["month"] < months)]
    sums = both.fillna({"amount": 0.0}).groupby(["account_id", "month"], as_index=False)[["amount", "margin"]].sum()
    return sums.rename(columns={"amount": "revenue", "margin": "contribution"})


def _months_back(days: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    return (as_of.year - days.dt.year) * 12 + as_of.month - days.dt.month


def box_stability(
    table: pd.DataFrame,
    monthly: pd.DataFrame,
    scale: pd.DataFrame,
    *,
    value_cut: float = 0.4,
    potential_cut: float = 0.4,
    months: int = 12,
    draws: int = 300,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per account: how often it stays in its box when other months, and another wallet, might have come.

    Parameters
    ----------
    table
        The frame of `measures`.
    monthly
        The frame of `monthly_values`.
    scale
        The frame of `scales`.

    Returns
    -------
    DataFrame
        In the order of ``table``: account_id, box, stability (share of draws in that box, 0–1), and the share of draws
        in each of the four boxes.

    Notes
    -----
    Bootstrap: each draw takes ``months`` months with replacement, the same for all accounts, and a wallet between its
    low and high end (triangular, with the estimate as its peak).
    """
    shown = placed(table, scale, value_cut=value_cut, potential_cut=potential_cut)["box"].to_numpy()
    other = _other_years(table, monthly, months, draws, np.random.default_rng(seed))
    high = _scored_draws(table, other, scale, "value", draws) >= value_cut
    far = _scored_draws(table, other, scale, "potential", draws) >= potential_cut
    hits = (
        np.stack([high & far, high & ~far, ~high & far, ~high & ~far]).mean(axis=2) if len(table) else np.zeros((4, 0))
    )
    shares = pd.DataFrame(hits.T, columns=list(BOXES), index=table.index)
    stays = [float(shares.at[row, name]) for row, name in zip(table.index, shown, strict=True)]
    first = pd.DataFrame({"account_id": table["account_id"], "box": shown, "stability": stays})
    return pd.concat([first, shares], axis=1)


def _other_years(
    table: pd.DataFrame, monthly: pd.DataFrame, months: int, draws: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Accounts × draws of the measures that another year would have changed."""
    counts = rng.multinomial(months, np.full(months, 1 / months), size=draws) - 1.0
    drawn = {
        name: table[name].to_numpy(float)[:, None] + _wide(monthly, name, table["account_id"], months) @ counts.T
        for name in ("revenue", "contribution")
    }
    low, peak, high = (
        table[name].fillna(0.0).to_numpy(float)[:, None] for name in ("wallet_low", "wallet", "wallet_high")
    )
    flat = high <= low
    some = rng.triangular(low, np.clip(peak, low, high), np.where(flat, low + 1.0, high), size=(len(table), draws))
    wallet, spent = np.where(flat, peak, some), drawn["revenue"].clip(min=0)
    drawn["headroom"] = (wallet - spent).clip(min=0)
    drawn["share_of_wallet"] = np.where(wallet > 0, spent / np.where(wallet > 0, wallet, 1.0), np.nan).clip(0, 1)
    return drawn


def _scored_draws(
    table: pd.DataFrame, other: dict[str, np.ndarray], scale: pd.DataFrame, axis: str, draws: int
) -> np.ndarray:
    """`scored`, for every draw at once."""
    above, below = np.zeros((len(table), draws)), np.zeros((len(table), draws))
    for row in scale[scale["axis"] == axis].itertuples():
        still = np.repeat(table[row.criterion].to_numpy(float)[:, None], draws, axis=1)
        part = ((other.get(row.criterion, still) - row.zero_at) / (row.full_at - row.zero_at)).clip(0, 1)
        above += row.weight * np.nan_to_num(part)
        below += row.weight * ~np.isnan(part)
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _wide(monthly: pd.DataFrame, name: str, accounts: pd.Series, months: int) -> np.ndarray:
    """Accounts × months, 0 where nothing happened."""
    wide = monthly.pivot_table(index="account_id", columns="month", values=name, aggfunc="sum", fill_value=0.0)
    return wide.reindex(index=pd.Index(accounts), columns=range(months)).fillna(0.0).to_numpy(float)


def tornado(
    table: pd.DataFrame, scale: pd.DataFrame, *, value_cut: float = 0.4, potential_cut: float = 0.4, swing: float = 0.25
) -> pd.DataFrame:
    """One row per assumption: how many accounts change their box when it is a quarter lower, and a quarter higher.

    Returns
    -------
    DataFrame
        assumption (a criterion, or value_cut, potential_cut), kind (measure, weight, cut), down, up (accounts that
        move), most moves first. A weight that changes leaves the rest of its axis to the others.
    """
    cuts = {"value_cut": value_cut, "potential_cut": potential_cut}
    base = placed(table, scale, **cuts)["box"]

    def moved(frame: pd.DataFrame, ends: pd.DataFrame, borders: dict[str, float]) -> int:
        return int((placed(frame, ends, **borders)["box"] != base).sum())

    factors, rows = (1 - swing, 1 + swing), []
    for name in scale["criterion"]:
        if table[name].isna().all():
            continue
        rows.append((name, "measure", *(moved(table.assign(**{name: table[name] * f}), scale, cuts) for f in factors)))
        weights = [scale["weight"].where(scale["criterion"] != name, scale["weight"] * f) for f in factors]
        rows.append((name, "weight", *(moved(table, scale.assign(weight=w), cuts) for w in weights)))
    for name, cut in cuts.items():
        rows.append((name, "cut", *(moved(table, scale, cuts | {name: cut * f}) for f in factors)))
    made = pd.DataFrame(rows, columns=["assumption", "kind", "down", "up"])
    order = (-(made["down"] + made["up"])).argsort(kind="stable")
    return made.iloc[order].reset_index(drop=True)


def three_year_value(
    table: pd.DataFrame, *, discount_rate: float, margin_rate: float, capture: pd.Series | float = 0.1, years: int = 3
) -> pd.DataFrame:
    """One row per account: what it is worth over the horizon if it stays as it is, and what winning some headroom adds.

    Parameters
    ----------
    table
        account_id, contribution, headroom (currency a year).
    discount_rate, margin_rate
        A fraction a year; the margin on what is won.
    capture
        Share of the headroom won by the last year, reached in equal steps; one number or one per account.

    Returns
    -------
    DataFrame
        account_id, as_is, upside, total (currency, discounted).

    Notes
    -----
    Σ (contribution + capture·t/years · headroom · margin) ÷ (1 + r)^t over t = 1…years.
    """
    year = np.arange(1, years + 1)
    discount = (1 + discount_rate) ** -year.astype(float)
    as_is = table["contribution"] * discount.sum()
    upside = table["headroom"].fillna(0.0) * capture * margin_rate * float((year / years) @ discount)
    return pd.DataFrame({"account_id": table["account_id"], "as_is": as_is, "upside": upside, "total": as_is + upside})
