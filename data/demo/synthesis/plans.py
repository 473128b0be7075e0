"""Market, marketing, dealers, targets and the actions of joint plans."""

import numpy as np
import pandas as pd

from synthesis.chance import best, normals, stream
from synthesis.timeline import DAYS, FIRST, day_of, working_day, written
from synthesis.trade import SEASON
from synthesis.world import INDUSTRIES, REGIONS, since_days


def market_table(a: pd.DataFrame) -> pd.DataFrame:
    """What all hospitals of a region and kind spend a year, ours and the others."""
    rng = stream("market")
    spend = a[~a["dealer"]].groupby(["region", "industry"])["wallet"].sum()
    rows = []
    for region, plan in REGIONS.items():
        for industry, kind in INDUSTRIES.items():
            base = (
                spend.get((region, industry), 4 * kind.per_bed * kind.beds) / plan.observed * (0.9 + 0.2 * rng.random())
            )
            players = 5 + int(rng.random() * 9)
            rows += market_years(region, industry, base, players, rng)
    return pd.DataFrame(rows, columns=["region", "industry", "year", "market_size", "growth_rate", "players"])


def market_years(region: str, industry: str, base: float, players: int, rng: np.random.Generator) -> list[tuple]:
    """Three years of one market; the middle one is the base."""
    lift = {"Southwest": 0.05, "Northeast": -0.03, "South": 0.03}.get(region, 0.0)
    growth = [round(0.055 + lift + 0.025 * float(normals(rng, 1)[0]), 3) for _ in range(3)]
    sizes = [base / (1 + growth[1]), base, base * (1 + growth[2])]
    return [
        (region, industry, year, round(size / 1e5) * 100_000, rate, players + i)
        for i, (year, size, rate) in enumerate(zip((2023, 2024, 2025), sizes, growth, strict=True))
    ]


def competitors_table(words: dict) -> pd.DataFrame:
    """Share, price and strength of each rival by region and year; Senwei's rise in Northwest."""
    rng, rows = stream("competitors"), []
    for region in REGIONS:
        for name, price, product, service, share in words["competitors"]:
            own = share * float(np.exp(0.2 * normals(rng, 1)[0]))
            for i, year in enumerate((2023, 2024, 2025)):
                rise = (1.0, 1.25, 1.8)[i] if (region, name.split()[1]) == ("Northwest", "Senwei") else 1.0
                cut = (0, 0, 8)[i] if (region, name.split()[1]) == ("East", "Halvard") else 0
                rows.append((name, region, year, round(own * rise, 3), price - cut - i, product, service))
    columns = ["competitor", "region", "year", "market_share", "price_index", "product_score", "service_score"]
    return pd.DataFrame(rows, columns=columns)


def promotions_table(a: pd.DataFrame, promos: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The table of marketing activities; the academic meetings are held with a key account."""
    rng = stream("promotion costs")
    weight = promos["region"].map(a["region"].value_counts()) / 60
    level = promos["kind"].map(
        {"discount": 26_000, "exhibition": 210_000, "webinar": 24_000, "academic meeting": 80_000}
    )
    spend = level * (0.5 + 0.5 * weight) * np.exp(0.25 * normals(rng, len(promos)))
    hosts = {region: group["account_id"].iloc[0] for region, group in a[a["key"]].groupby("region")}
    hosted = promos["kind"] == "academic meeting"
    named = products["product"].reindex(promos["product_number"]).fillna("").to_numpy()
    return pd.DataFrame(
        {
            "promotion_id": promos["promotion_id"],
            "region": promos["region"],
            "account_id": promos["region"].map(hosts).where(hosted, ""),
            "product": named,
            "kind": promos["kind"],
            "channel": promos["channel"],
            "start": written(promos["first"]),
            "end": written(promos["final"]),
            "spend": (spend / 100).round().astype(int) * 100,
        }
    )


def pilots_table(a: pd.DataFrame, pilot: pd.DataFrame, words: dict) -> pd.DataFrame:
    """The table of the pilot."""
    return pd.DataFrame(
        {
            "pilot_id": "P1",
            "account_id": a["account_id"].to_numpy()[pilot["account"]],
            "practice": words["plan"]["practice"],
            "arm": pilot["arm"],
            "start": "2025-01-01",
            "end": "2025-12-31",
        }
    )


def dealers_table(a: pd.DataFrame, words: dict) -> pd.DataFrame:
    """Territory, capability and terms of each dealer."""
    rng, d = stream("dealers"), a[a["dealer"]]
    skills = words["plan"]["capabilities"]
    rank = (d["coverage"] * d["wallet"] ** 0.3).rank(ascending=False) + 6 * normals(rng, len(d))
    skill = ((rank.rank() - 1) * len(skills) // len(d)).astype(int)
    ends = 2026 + (rng.random(len(d)) * 3).astype(int)
    return pd.DataFrame(
        {
            "account_id": d["account_id"],
            "territory": d["province"],
            "capability": np.array(skills)[skill],
            "sales_people": (2 + d["wallet"] / 2.6e6 * np.exp(0.2 * normals(rng, len(d)))).round().astype(int),
            "credit_limit": (d["wallet"] * 0.06 / 1e5).round().clip(lower=3).astype(int) * 100_000,
            "rebate_rate": (0.02 + 0.03 * rng.random(len(d))).round(3),
            "contract_start": written(since_days(d)),
            "contract_end": [f"{year - 1}-12-31" for year in ends],
        }
    )


def sales_by(a: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Sales and gross profit by account and year."""
    o = orders.assign(year=orders["order_date"].str[:4].astype(int), gross_profit=orders["amount"] - orders["cost"])
    by = o.groupby(["account_id", "year"])[["amount", "gross_profit"]].sum().reset_index()
    return by.merge(a[["account_id", "region", "account_manager", "key"]], on="account_id")


def split(total: int, weights: np.ndarray, unit: int) -> np.ndarray:
    """Whole units that sum to the total, by the largest remainders."""
    share = np.asarray(weights, float) / np.sum(weights) * (total / unit)
    whole = np.floor(share)
    short = round(total / unit - whole.sum())
    whole[np.argsort(-(share - whole), kind="stable")[:short]] += 1
    return (whole * unit).astype(int)


def region_targets(by: pd.DataFrame, answers: pd.DataFrame, market: pd.DataFrame) -> list[tuple]:
    """Each region's year: last year's result and a tenth more; Northwest's plan ignores the trouble."""
    rows = []
    size = market.groupby(["region", "year"])["market_size"].sum()
    results = by.groupby(["region", "year"])[["amount", "gross_profit"]].sum()
    for region in REGIONS:
        for year in (2024, 2025, 2026):
            past = results.loc[(region, year - 1)]
            more = {"Southwest": 1.15, "Northwest": 1.08}.get(region, 1.10)
            sales = round(past["amount"] * more / 1e4) * 10_000
            share = sales / size.loc[(region, min(year, 2025))]
            rows += [
                (region, "", "", "sales", str(year), sales),
                (region, "", "", "gross_profit", str(year), round(past["gross_profit"] * more / 1e4) * 10_000),
                (region, "", "", "market_share", str(year), round(float(share), 3)),
                (region, "", "", "satisfaction", str(year), 4.2),
                (region, "", "", "new_accounts", str(year), max(1, round(REGIONS[region].hopefuls * 0.22))),
                (region, "", "", "visits", str(year), int(answers.loc[region] * 1.05 / 30) * 10),
            ]
    return rows


def finer_targets(by: pd.DataFrame, region_rows: list[tuple]) -> list[tuple]:
    """Sales targets of account managers, of the larger accounts, and of the quarters and months of 2025."""
    rows = []
    for region, _account, _owner, metric, period, total in region_rows:
        if metric != "sales":
            continue
        past = by[(by["region"] == region) & (by["year"] == int(period) - 1)]
        team = past.groupby("account_manager")["amount"].sum().clip(lower=1)
        shares = split(total, team, 10_000)
        rows += [(region, "", who, "sales", period, t) for who, t in zip(team.index, shares, strict=True)]
        large = past[past["amount"] >= past["amount"].quantile(0.75)]
        goals = (large["amount"] * total / past["amount"].sum() / 1e4).round().astype(int) * 10_000
        rows += [(region, who, "", "sales", period, t) for who, t in zip(large["account_id"], goals, strict=True)]
        if period == "2025":
            months = split(total, SEASON, 10_000)
            rows += [(region, "", "", "sales", f"2025-Q{q + 1}", months[3 * q : 3 * q + 3].sum()) for q in range(4)]
            rows += [(region, "", "", "sales", f"2025-{m + 1:02d}", months[m]) for m in range(12)]
    return rows


def targets_table(a: pd.DataFrame, orders: pd.DataFrame, interactions: pd.DataFrame, market) -> pd.DataFrame:
    """The table of targets."""
    by = sales_by(a, orders)
    visits = interactions.merge(a[["account_id", "region"]], on="account_id").groupby("region").size()
    rows = region_targets(by, visits, market)
    rows += finer_targets(by, rows)
    out = pd.DataFrame(rows, columns=["region", "account_id", "owner", "metric", "period", "target"])
    out["target"] = [f"{value:.12g}" for value in out["target"]]
    return out


def planned_accounts(a: pd.DataFrame) -> list[int]:
    """Accounts with a joint plan: two or three key accounts of each region."""
    keys = a[a["key"]].sort_values(["region", "wallet"], ascending=[True, False], kind="stable")
    room = keys["region"].map({"East": 4, "North": 3, "Central": 3}).fillna(2)
    return list(keys.index[keys.groupby("region").cumcount() < room])


def initiatives_table(a: pd.DataFrame, orders: pd.DataFrame, contacts: pd.DataFrame, words: dict) -> pd.DataFrame:
    """Actions of the joint plans; a few lack an owner, a date or a cost, for the completeness check to find."""
    rng, rows = stream("initiatives"), []
    recent = orders[orders["order_date"] >= "2025"].groupby("account_id")["amount"].sum()
    goals = words["plan"]["goals"]
    for i in planned_accounts(a):
        year = max(2e6, float(recent.get(a.at[i, "account_id"], 0)))
        theirs = contacts.loc[contacts["account"] == i, "name"].tolist()
        chosen = np.nonzero(best(rng, np.ones((1, len(goals))), np.array([4 + int(rng.random() * 3)])))[1]
        rows += [initiative(a.loc[i], goals[g], year, theirs, rng) for g in chosen]
    out = pd.DataFrame(rows)
    out.insert(0, "initiative_id", [f"J{i:03d}" for i in range(1, len(out) + 1)])
    for column, gap in (("their_owner", 0.07), ("end", 0.04), ("their_cost", 0.06), ("our_owner", 0.03)):
        out[column] = out[column].astype(str).where(rng.random(len(out)) > gap, "")
    return out


def initiative(account: pd.Series, goal: list, year: float, theirs: list[str], rng: np.random.Generator) -> dict:
    """One action: owners on both sides, dates, costs, expected sales, status."""
    what, share, ours, cost = goal
    expected = year * share * (0.7 + 0.6 * rng.random())
    start = working_day(day_of("2025-03-03") + int(rng.random() * 420))
    end = working_day(start + 60 + int(rng.random() * 240))
    owners = account[["account_manager", "solution_manager", "delivery_manager"]].to_numpy()
    state = "planned" if start >= DAYS else "done" if end < DAYS - 30 else "active"
    return {
        "account_id": account["account_id"],
        "goal": what,
        "our_owner": owners[int(rng.random() * 3)],
        "their_owner": theirs[int(rng.random() * len(theirs))],
        "start": str(FIRST + int(start)),
        "end": str(FIRST + int(end)),
        "our_cost": round(expected * ours / 1000) * 1000,
        "their_cost": round(expected * cost / 1000) * 1000,
        "expected_amount": round(expected / 1e4) * 10_000,
        "status": "stopped" if state == "active" and rng.random() < 0.08 else state,
    }
