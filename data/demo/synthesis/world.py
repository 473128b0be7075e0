"""Accounts: regions and their fortunes, kinds of institution, potential, relationship, names, staff."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthesis.chance import gammas, normals, stream
from synthesis.timeline import LAST_QUARTER, QUARTERS, written

PROVINCES = Path(__file__).parents[2] / "provinces.csv"
ROLES = ("AR", "SR", "FR")


@dataclass(frozen=True)
class Region:
    """How many accounts a region starts with, and the course of its fortunes: start, middle and end of the years."""

    customers: int
    hopefuls: int
    dealers: int
    size: float = 1.0
    """Of its institutions and wallets."""
    spend: float = 1.0
    """What they spend, beside their size."""
    reorders: tuple[float, float, float] = (1.0, 1.0, 1.0)
    odds: tuple[float, float, float] = (0.0, 0.0, 0.0)
    delay: tuple[float, float, float] = (1.0, 1.0, 1.0)
    payment: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mood: tuple[float, float, float] = (0.0, 0.0, 0.0)
    observed: float = 0.35
    """The share of its market that the accounts make up."""


REGIONS = {
    "East": Region(87, 26, 9, 1.03, 1.24, (0.90, 1.08, 1.30), (0.06, 0.06, 0.02)),
    "North": Region(71, 18, 7, 1.05, 0.94, (0.92, 1.07, 1.25), (0.0, 0.02, -0.02), payment=(1.0, 1.05, 1.1)),
    "Central": Region(50, 14, 5, 0.92, 0.79, (0.90, 1.08, 1.33), (-0.06, -0.06, -0.04)),
    "Northeast": Region(33, 10, 3, 1.2, 0.80, (1.0, 1.1, 1.2), (-0.14, -0.16, -0.18), payment=(1.1, 1.2, 1.25)),
    "Northwest": Region(
        *(22, 5, 3, 1.25, 1.0),
        reorders=(1.16, 1.15, 0.90),
        odds=(0.0, -0.3, -0.75),
        delay=(1.1, 1.4, 2.1),
        payment=(1.0, 1.3, 2.2),
        mood=(0.0, -0.1, -0.35),
    ),
    "Southwest": Region(
        *(17, 8, 2, 0.74, 1.28),
        reorders=(0.60, 1.10, 2.10),
        odds=(-0.05, 0.48, 0.60),
        delay=(1.0, 0.85, 0.75),
        payment=(0.95, 0.9, 0.85),
        mood=(0.0, 0.1, 0.2),
        observed=0.3,
    ),
    "South": Region(6, 3, 1, 2.1, 1.25, (0.94, 1.06, 1.22), observed=0.12),
}


@dataclass(frozen=True)
class Industry:
    """A kind of institution: its share of the hospitals, size, spend, and manner of buying."""

    share: float
    beds: float
    spread: float
    per_bed: float
    """Yearly spend per bed in our categories at 500 beds, in yuan."""
    odds: float
    pay_days: float
    pace: float
    public: bool = True


INDUSTRIES = {
    "tertiary hospital": Industry(0.24, 1500, 0.30, 8600, -0.08, 165, 1.05),
    "secondary hospital": Industry(0.25, 560, 0.30, 6200, 0.02, 150, 1.0),
    "county hospital": Industry(0.22, 480, 0.30, 5200, 0.08, 175, 1.0),
    "specialist hospital": Industry(0.14, 380, 0.40, 8000, 0.10, 130, 0.95),
    "private hospital": Industry(0.11, 240, 0.45, 5000, 0.0, 60, 0.65, public=False),
    "medical group": Industry(0.04, 3300, 0.20, 6400, -0.12, 125, 1.15),
}
DEALER = Industry(0.0, 0, 0.0, 0, 0.05, 38, 0.6, public=False)


def course(points: dict[str, tuple[float, float, float]], regions: pd.Series) -> np.ndarray:
    """Accounts × quarters: what start, middle and end of a region's course say for each quarter."""
    grid = np.arange(QUARTERS)
    path = {name: np.interp(grid, (0, 5.5, LAST_QUARTER), values) for name, values in points.items()}
    return np.array([path[region] for region in regions])


def field_course(field: str, regions: pd.Series) -> np.ndarray:
    """`course` of one field of `Region`."""
    return course({name: getattr(region, field) for name, region in REGIONS.items()}, regions)


def pairs(text: str) -> list[tuple[str, str]]:
    """``王 Wang 李 Li`` as pairs of a Chinese and an English word."""
    words = text.split()
    return list(zip(words[::2], words[1::2], strict=True))


def people(rng: np.random.Generator, names: dict, n: int) -> list[str]:
    """``n`` names in both scripts."""
    first, second = pairs(names["surnames"]), pairs(names["given"])
    a = (rng.random(n) ** 1.3 * len(first)).astype(int)
    b = (rng.random(n) * len(second)).astype(int)
    return [f"{first[i][0]}{second[j][0]} {first[i][1]} {second[j][1]}" for i, j in zip(a, b, strict=True)]


def start_accounts() -> pd.DataFrame:
    """Region and status of every account: customers of before 2023, hopefuls not yet won, dealers."""
    counts = {
        (name, status): getattr(region, status)
        for name, region in REGIONS.items()
        for status in ("customers", "hopefuls", "dealers")
    }
    rows = [key for key, n in counts.items() for _ in range(n)]
    a = pd.DataFrame(rows, columns=["region", "status"])
    a["account_id"] = [f"A{i:03d}" for i in range(1, len(a) + 1)]
    a["dealer"] = a["status"] == "dealers"
    return a


def set_industry(a: pd.DataFrame) -> None:
    """Kinds of institution in nearly the same proportions in every region."""
    rng = stream("industry")
    ladder = np.cumsum([kind.share for kind in INDUSTRIES.values()])
    order = pd.Series(rng.random(len(a)), index=a.index).where(~a["dealer"])
    place = order.groupby(a["region"]).rank() - 0.5
    place /= order.groupby(a["region"]).transform("count")
    which = (place.fillna(0).to_numpy()[:, None] * ladder[-1] >= ladder).sum(axis=1)
    a["industry"] = np.where(a["dealer"], "dealer", np.array(list(INDUSTRIES))[which])


def of_industry(a: pd.DataFrame, field: str) -> np.ndarray:
    """A field of `Industry` for every account."""
    return np.array([getattr(INDUSTRIES.get(name, DEALER), field) for name in a["industry"]])


def set_potential(a: pd.DataFrame) -> None:
    """Beds, people, the institution's own revenue, and the wallet: what it spends a year in our categories."""
    rng, n = stream("potential"), len(a)
    size = np.array([REGIONS[name].size for name in a["region"]])
    beds = of_industry(a, "beds") * size**0.5 * np.exp(of_industry(a, "spread") * normals(rng, n))
    a["beds"] = np.maximum(60, (beds / 10).round() * 10)
    wallet = of_industry(a, "per_bed") * 500 * (a["beds"] / 500) ** 1.05 * size**0.5 * np.exp(0.42 * normals(rng, n))
    dealers = 21e6 * size * np.exp(0.6 * normals(rng, n))
    a["wallet"] = np.where(a["dealer"], dealers, wallet)
    turnover = np.where(a["dealer"], dealers * 3.4, a["beds"] * 760_000 * (a["beds"] / 500) ** 0.22)
    a["annual_revenue"] = (turnover * np.exp(0.18 * normals(rng, n)) / 1e5).round() * 1e5
    staff = np.where(a["dealer"], 6 + dealers / 6e5, a["beds"] * 1.55)
    a["employees"] = np.maximum(8, (staff * np.exp(0.14 * normals(rng, n))).round())
    big, small = np.where(a["dealer"], 30e6, 1000), np.where(a["dealer"], 12e6, 400)
    scale = np.where(a["dealer"], dealers, a["beds"])
    a["size_class"] = np.select([scale >= big, scale >= small], ["large", "medium"], "small")


def set_relationship(a: pd.DataFrame) -> None:
    """How long they have been customers, how well they are looked after, and what they negotiated."""
    rng, n = stream("relationship"), len(a)
    reach = np.log(a["wallet"] / 5e6).clip(-2, 2)
    a["years"] = (0.4 + gammas(rng, 2.2, n) * (2.6 + 0.7 * reach)).clip(0.4, 17)
    a["coverage"] = np.exp(0.45 * normals(rng, n))
    roles = np.array([0.5, 0.3, 0.2]) * np.exp(0.4 * normals(rng, (n, 3)))
    roles /= roles.sum(axis=1, keepdims=True)
    a[["ar", "sr", "fr"]] = roles
    a["balance"] = roles.min(axis=1) * 3
    a["key"] = is_key(a)
    a["demanding"] = a["key"] & (rng.random(n) < 0.35)
    a.loc[lost_key_account(a), "demanding"] = False
    base = 0.075 + 0.018 * reach + 0.022 * normals(rng, n) + 0.10 * a["demanding"]
    a["discount"] = base.clip(0.01, 0.30)
    a["pay_days"] = of_industry(a, "pay_days") * np.exp(0.28 * normals(rng, n))
    a["mood"] = 0.28 * normals(rng, n)


def is_key(a: pd.DataFrame) -> pd.Series:
    """The strategic accounts: in each region the largest tenth of the hospitals we have served for two years."""
    known = (a["status"] == "customers") & (a["years"] >= 2)
    rank = (a["wallet"] * a["coverage"] ** 0.5).where(known).groupby(a["region"]).rank(ascending=False)
    seats = np.ceil(known.groupby(a["region"]).transform("sum") * 0.1)
    return rank <= seats


def lost_key_account(a: pd.DataFrame) -> int:
    """Northwest's largest key account, which leaves in February 2025."""
    return int(a.loc[a["key"] & (a["region"] == "Northwest"), "wallet"].idxmax())


def set_response(a: pd.DataFrame) -> None:
    """The account's ADBUDG curve: sales over usual sales = a + (b − a) xᶜ / (d + xᶜ), x = effort over usual effort."""
    rng, n = stream("response"), len(a)
    a["a"] = (0.50 + 0.10 * normals(rng, n)).clip(0.2, 0.8).round(3)
    a["b"] = (1.50 + 0.14 * normals(rng, n)).clip(1.15, 1.95).round(3)
    a["c"] = (1.38 + 0.25 * normals(rng, n)).clip(0.8, 2.2).round(3)
    a["d"] = (a["b"] - 1) / (1 - a["a"])
    a["elasticity"] = (1 - a["a"]) * a["c"] * (a["b"] - 1) / (a["b"] - a["a"])


def response(a: pd.DataFrame, effort: np.ndarray) -> np.ndarray:
    """Each account's curve at its efforts (accounts × anything)."""
    lo, hi, c, d = (a[name].to_numpy()[:, None] for name in "abcd")
    powered = effort**c
    return lo + (hi - lo) * powered / (d + powered)


def coverage_response(a: pd.DataFrame) -> np.ndarray:
    """The typical curve, at the account's coverage beside others of its size."""
    powered = a["coverage"].to_numpy() ** 1.38
    return 0.5 + powered / (1 + powered)


def set_buying(a: pd.DataFrame) -> None:
    """Reorders a year and their value, deals a year and their value, chance of dropping out after an order."""
    rng, n = stream("buying"), len(a)
    reach = a["wallet"] / 5e6
    heard = coverage_response(a)
    hospital = 17 * reach**0.35 * gammas(rng, 1.3, n) / 1.3
    a["rate"] = np.where(a["dealer"], 33 * gammas(rng, 5, n) / 5, hospital) * heard
    basket = np.where(a["dealer"], 150_000 * (a["wallet"] / 21e6) ** 0.8, 41_000 * reach**0.6)
    a["basket"] = basket * np.exp(0.3 * normals(rng, n))
    a["deals"] = np.where(a["dealer"], 1.2, 3.2 * reach**0.4) * np.where(a["status"] == "hopefuls", 0.6, 1)
    a["deal_size"] = np.where(a["dealer"], 1_000_000, 0.20 * a["wallet"] / reach**0.4)
    spend = np.array([REGIONS[name].spend for name in a["region"]])
    a[["wallet", "basket", "deal_size"]] = a[["wallet", "basket", "deal_size"]].mul(spend, axis=0)
    gone, stay = gammas(rng, 0.4, n), gammas(rng, 120, n)
    a["dropout"] = gone / (gone + stay)
    a["drift"] = 0.14 * normals(rng, n) + np.where(a["dealer"], 0.04 + 0.28 * np.log(a["coverage"]), 0.0)


def set_places(a: pd.DataFrame, words: dict) -> None:
    """A city (invented) in a province (real) and a name; a city has at most one hospital of a name."""
    provinces = pd.read_csv(PROVINCES, dtype=str)
    provinces["name"] = provinces["province_zh"] + " " + provinces["province_en"]
    homes = provinces.groupby("region")["name"].agg(list)
    dealers = iter(pairs(words["names"]["dealers"]))
    rows = []
    for region, kinds in a.groupby("region", sort=False)["industry"]:
        towns, taken = pairs(words["cities"][region]), set()
        for place, kind in enumerate(kinds):
            at, name = site(kind, place, towns, words["names"], taken, dealers)
            taken.add(name)
            rows.append((name, " ".join(towns[at]), homes[region][at % len(homes[region])]))
    a[["account_name", "city", "province"]] = rows


def site(kind: str, place: int, towns: list, names: dict, taken: set[str], dealers) -> tuple[int, str]:
    """The town and name of the ``place``-th account of a region: the next free name of its kind."""
    if kind == "dealer":
        zh, en = next(dealers)
        return place % len(towns), f"{zh}医械 {en} Med"
    forms = names["kinds"].get(kind) or pairs(names["brands"])
    for step in range(len(towns) * len(forms)):
        at = (place * 7 + step) % len(towns)
        zh, en = forms[(place + step // len(towns)) % len(forms)]
        name = f"{towns[at][0]}{zh} {towns[at][1]} {en}"
        if name not in taken and len(name.encode("gbk")) <= 26:
            return at, name
    raise ValueError(f"no name left for a {kind} among {len(towns)} towns")


def set_staff(a: pd.DataFrame, words: dict) -> None:
    """An account, a solution and a delivery manager for every account; each serves a run of a region's accounts."""
    rng = stream("staff")
    load = {"account_manager": 13, "solution_manager": 24, "delivery_manager": 26}
    pool = iter(dict.fromkeys(people(rng, words["names"], 400)))
    for region, group in a.groupby("region", sort=False):
        for role, accounts_each in load.items():
            seats = max(1, round(len(group) / accounts_each))
            team = [next(pool) for _ in range(seats)]
            order = np.argsort(a.loc[group.index, "city"].to_numpy(str), kind="stable")
            seat = np.empty(len(group), int)
            seat[order] = np.arange(len(group)) * seats // len(group)
            a.loc[a["region"] == region, role] = [team[i] for i in seat]


def set_parents(a: pd.DataFrame) -> None:
    """Medical groups own two to four smaller hospitals of their region."""
    rng = stream("parents")
    a["parent_account_id"] = ""
    small = a["industry"].isin(["county hospital", "secondary hospital"])
    for i in a.index[a["industry"] == "medical group"]:
        free = a.index[small & (a["region"] == a.at[i, "region"]) & (a["parent_account_id"] == "")].to_numpy()
        chosen = free[np.argsort(rng.random(len(free)), kind="stable")[: 2 + int(rng.random() * 3)]]
        a.loc[chosen, "parent_account_id"] = a.at[i, "account_id"]


def draw_accounts(words: dict) -> pd.DataFrame:
    """Every account with its hidden values; the index is its number in all arrays."""
    a = start_accounts()
    set_industry(a)
    set_potential(a)
    set_relationship(a)
    set_response(a)
    set_buying(a)
    set_places(a, words)
    set_staff(a, words)
    set_parents(a)
    return a


def since_days(a: pd.DataFrame) -> pd.Series:
    """First day as a customer, for those of before 2023."""
    return -(a["years"] * 365.25).round().astype(int)


def first_days(a: pd.DataFrame, d: pd.DataFrame) -> np.ndarray:
    """First day as a customer: years ago, or the day of the first win; nan for prospects."""
    won = d[d["outcome"] == "won"].groupby("account")["closed"].min().reindex(a.index)
    return np.where(a["status"] == "hopefuls", won, since_days(a))


def accounts_table(a: pd.DataFrame, d: pd.DataFrame) -> pd.DataFrame:
    """The table of accounts; here and there a fact is missing, as it would be."""
    rng, n = stream("accounts"), len(a)
    since = first_days(a, d)
    kind = np.where(a["dealer"], "dealer", np.where(np.isnan(since), "prospect", "customer"))
    out = a[["account_id", "account_name", "region"]].assign(account_type=kind)
    out["industry"], out["size_class"] = a["industry"], a["size_class"]
    out["employees"] = a["employees"].astype("Int64").where(rng.random(n) > 0.06)
    out["annual_revenue"] = a["annual_revenue"].astype("Int64").where(rng.random(n) > 0.1)
    out["beds"] = a["beds"].astype("Int64").where(~a["dealer"] & (rng.random(n) > 0.02))
    out["parent_account_id"] = a["parent_account_id"]
    out["since"] = written(since)
    depth = np.where(a["key"], "strategic", np.where(a["years"] > 5, "long_term", "short_term"))
    stated = (kind != "prospect") & (a["key"] | (rng.random(n) > 0.05)).to_numpy()
    out["cooperation"] = np.where(stated, np.where(a["status"] == "hopefuls", "short_term", depth), "")
    for column in ("account_manager", "solution_manager", "delivery_manager", "province", "city"):
        out[column] = a[column]
    return out
