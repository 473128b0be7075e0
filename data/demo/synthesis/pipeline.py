"""Deals: how they arise, their odds, their way through the stages, their delivery."""

import numpy as np
import pandas as pd

from synthesis.chance import gammas, normals, pick, poissons, sigmoid, stream
from synthesis.relations import Climate, roles_covered
from synthesis.terms import DEALER_PRICE, discounts, payment_days, price_level
from synthesis.timeline import (
    CALENDAR,
    DAYS,
    FIRST,
    LAST_QUARTER,
    MONTH,
    QUARTER,
    day_of,
    quarter_of,
    working_day,
    written,
)
from synthesis.world import coverage_response, field_course, of_industry

STAGES = ("need", "approval", "specification", "tender")
ADVANCE = (1.10, 1.05, 1.05, 0.12)
"""Log-odds of passing each stage, at the average of all drivers."""
BACK = (0.0, 0.05, 0.10, 0.14)
"""Chance that a stage ends in going back to the one before."""
STAGE_DAYS = (16.0, 25.5, 21.0, 18.0)
STALLED_PACE = 9.0
"""How much longer a stalled deal stays in each stage."""
DRIVERS = {
    "log effort response": 1.10,
    "decision roles covered (share)": 0.90,
    "team balance (min / mean)": 0.40,
    "satisfaction (points)": 0.25,
    "customer already": 0.5,
    "rival strength (points)": -0.50,
    "unseen (standard deviation)": 0.15,
}
"""What one unit adds to the log-odds of passing a stage."""
DEAL_SEASON = (0.88, 0.60, 1.05, 1.02, 1.00, 1.00, 1.10, 1.20, 1.25, 1.00, 0.98, 0.92)


def draw_arrivals(a: pd.DataFrame, end: np.ndarray) -> pd.DataFrame:
    """Deals as they arise: account and day, through April 2026 (the later ones are still leads on the last day)."""
    rng, months = stream("arrivals"), np.arange(40)
    season = np.array(DEAL_SEASON)[months % 12]
    growth = field_course("reorders", a["region"])[:, np.minimum(months // 3, LAST_QUARTER)] ** 0.8
    account, month = np.indices((len(a), 40)).reshape(2, -1)
    count = poissons(rng, (a["deals"].to_numpy()[:, None] / 12 * season * growth).reshape(-1))
    account, month = np.repeat(account, count), np.repeat(month, count)
    begins = (FIRST.astype("datetime64[M]") + month).astype("datetime64[D]") - FIRST
    day = working_day(begins.astype(int) + (rng.random(len(month)) * 28).astype(int))
    deals = pd.DataFrame({"account": account, "created": day})
    keep = (deals["created"] <= end[account]) | (rng.random(len(deals)) < 0.25)
    return deals[keep].sort_values(["created", "account"], kind="stable", ignore_index=True)


def choose_products(a: pd.DataFrame, deals: pd.DataFrame, products: pd.DataFrame) -> None:
    """What each deal is about, how many, and what the salesperson expects it to bring."""
    rng = stream("deal products")
    spread = np.exp(0.55 * normals(rng, len(deals)) - 0.15)
    wanted = (a["deal_size"].to_numpy()[deals["account"]] * spread).clip(24_000, 9_000_000)
    price = products["list_price"].to_numpy()
    launched = (pd.to_datetime(products["launched"]).to_numpy().astype("datetime64[D]") - FIRST).astype(int)
    likes = products["weight"].to_numpy() * products["use"].isin(["capital", "small"]).to_numpy()
    likes = likes * gammas(rng, 2.0, (len(a), len(products)))[deals["account"]]
    fits = (price <= 1.5 * wanted[:, None]) & (launched <= deals["created"].to_numpy()[:, None])
    close = np.exp(-0.35 * np.abs(np.log(price / wanted[:, None])))
    deals["product"] = pick(rng, likes * fits * close)
    deals["list_price"] = price[deals["product"]]
    deals["quantity"] = np.maximum(1, (wanted / deals["list_price"]).round()).clip(upper=90).astype(int)
    hoped = deals["list_price"] * deals["quantity"] * (0.97 - 0.10 * rng.random(len(deals)))
    hoped *= np.where(a["dealer"].to_numpy()[deals["account"]], DEALER_PRICE, 1)
    deals["amount"] = (hoped / 1000).round() * 1000


def choose_rivals(a: pd.DataFrame, deals: pd.DataFrame, words: dict) -> None:
    """The main rival of each deal; Senwei grows in Northwest from September 2024."""
    rng = stream("rivals")
    rivals = pd.DataFrame(words["competitors"], columns=["name", "price_index", "product", "service", "share"])
    weights = np.tile(rivals["share"].to_numpy(), (len(deals), 1))
    region = a["region"].to_numpy()[deals["account"]]
    pushed = (region == "Northwest") & (deals["created"] > day_of("2024-09-09")).to_numpy()
    weights[pushed, 0] *= 3
    chosen = pick(rng, weights * gammas(rng, 3.0, weights.shape))
    deals["rival"] = rivals["name"].to_numpy()[chosen]
    deals["rival_cheap"] = (rivals["price_index"] < 100).to_numpy()[chosen]
    strength = (rivals["product"] - 3.8) + 0.5 * (rivals["service"] - 3.6) - 0.02 * (rivals["price_index"] - 102)
    deals["rival_strength"] = strength.to_numpy()[chosen] + 0.9 * (pushed & (chosen == 0))


def choose_sources(deals: pd.DataFrame, words: dict) -> pd.DataFrame:
    """Where the lead of each deal came from, and how long before. Returns the dictionary of sources."""
    rng = stream("sources")
    sources = pd.DataFrame(words["sources"], columns=["source", "weight", "conversion", "odds", "cost"])
    chosen = pick(rng, np.tile(sources["weight"].to_numpy(), (len(deals), 1)))
    deals["source"] = sources["source"].to_numpy()[chosen]
    deals["source_odds"] = sources["odds"].to_numpy()[chosen]
    deals["lead_day"] = deals["created"] - (1 + gammas(rng, 1.6, len(deals)) / 1.6 * 21).round().astype(int)
    return sources


def set_odds(a: pd.DataFrame, deals: pd.DataFrame, climate: Climate, contacts: pd.DataFrame, end: np.ndarray) -> None:
    """The sum of all drivers of each deal (``drive``) and its true chance of being won (``p_win``)."""
    rng, who, q = stream("odds"), deals["account"].to_numpy(), quarter_of(deals["created"])
    effect = DRIVERS
    deals["effort"] = np.log(climate.heard[who, q] * coverage_response(a)[who])
    deals["covered"] = roles_covered(a, contacts)[who]
    deals["content"] = climate.content[who, q]
    drive = effect["log effort response"] * deals["effort"]
    drive += effect["decision roles covered (share)"] * (deals["covered"] - 0.65)
    drive += effect["team balance (min / mean)"] * (a["balance"].to_numpy()[who] - 0.5)
    drive += effect["satisfaction (points)"] * (deals["content"] - 4.1)
    drive += effect["customer already"] * ((a["status"] != "hopefuls").to_numpy()[who] - 0.6)
    drive += effect["rival strength (points)"] * deals["rival_strength"] + deals["source_odds"]
    drive += of_industry(a, "odds")[who] + field_course("odds", a["region"])[who, q]
    drive += effect["unseen (standard deviation)"] * normals(rng, len(deals))
    deals["drive"] = drive - 1.2 * (deals["created"].to_numpy() > end[who])
    deals["p_win"] = chance_of_winning(deals["drive"].to_numpy())


def chance_of_winning(drive: np.ndarray) -> np.ndarray:
    """From the first stage, with going back: solved by iterating the stage equations."""
    advance = [sigmoid(base + drive) for base in ADVANCE]
    chance = [np.zeros(len(drive)) for _ in STAGES] + [np.ones(len(drive))]
    for _round in range(60):
        for s in reversed(range(len(STAGES))):
            back = chance[s - 1] if s else 0
            chance[s] = (1 - BACK[s]) * advance[s] * chance[s + 1] + BACK[s] * back
    return chance[0]


def walk_deals(a: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """Take every deal through its stages: sets closed and won; returns deal, stage, day of each entry."""
    rng, steps = stream("walks"), 16
    stay = gammas(rng, 2.0, (len(deals), steps)) / 2
    luck, rush = rng.random((len(deals), steps)), rng.random((len(deals), steps))
    pace = of_industry(a, "pace")[deals["account"]] * np.exp(0.2 * normals(rng, len(deals)))
    deals["stalled"] = stalls(a, deals, rng)
    entries, ends = [], []
    columns = zip(deals["created"], deals["drive"], pace, deals["stalled"], strict=True)
    for deal, (created, drive, speed, stalled) in enumerate(columns):
        speed = speed * (STALLED_PACE if stalled else 1.0)
        path, closed, won = walk(created, drive, speed, stay[deal], luck[deal], rush[deal])
        entries += [(deal, stage, day) for stage, day in path]
        ends.append((closed, won))
    deals["closed"], deals["won"] = map(np.array, zip(*ends, strict=True))
    return pd.DataFrame(entries, columns=["deal", "stage", "day"])


def stalls(a: pd.DataFrame, deals: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The batch that does not move: most of Northwest's deals of the first half of 2025."""
    region = a["region"].to_numpy()[deals["account"]]
    batch = deals["created"].between(day_of("2025-01-01"), day_of("2025-07-31")).to_numpy()
    return (region == "Northwest") & batch & (rng.random(len(deals)) < 0.75)


def walk(created: int, drive: float, pace: float, stay, luck, rush) -> tuple[list, int, bool]:
    """One deal: its (stage, day) entries, the day it closed, and whether it was won."""
    stage, day, path = 0, int(created), [(STAGES[0], int(created))]
    for wait, chance, hurry in zip(stay, luck, rush, strict=True):
        day = next_day(day, STAGE_DAYS[stage] * pace * wait, hurry if stage == 3 else 1.0)
        if chance < BACK[stage]:
            stage -= 1
        elif (chance - BACK[stage]) / (1 - BACK[stage]) >= sigmoid(ADVANCE[stage] + drive):
            return path, day, False
        elif stage == 3:
            return [*path, ("award", day)], day, True
        else:
            stage += 1
        path.append((STAGES[stage], day))
    return path, day, False


def next_day(day: int, wait: float, hurry: float) -> int:
    """A working day after the wait; a third of the tenders wait for, or are brought to, the end of the quarter."""
    end = day + max(1, round(wait))
    if hurry < 0.36 and end < len(CALENDAR) - 100:
        close = int(np.searchsorted(QUARTER, QUARTER[end] + 1)) - 1
        near = close - int(hurry / 0.36 * 12)
        end = near if close - end < 35 and near > day else end
    return int(working_day(end))


def settle_deals(a: pd.DataFrame, deals: pd.DataFrame) -> None:
    """Signed amount, stated closing date, and days of delivery and acceptance."""
    rng, n = stream("settlement"), len(deals)
    who = deals["account"].to_numpy()
    off = discounts(a, who, deals["closed"].to_numpy()) + 0.03 * normals(rng, n)
    worth = deals["list_price"] * deals["quantity"] * price_level(deals["closed"])
    deals["signed"] = (worth * (1 - off.clip(0.0, 0.62)) / 100).round() * 100
    stated = deals["created"] + (76 + 26 * normals(rng, n)).clip(25, 200).round().astype(int)
    month_end = np.searchsorted(MONTH, MONTH[stated.clip(upper=len(CALENDAR) - 40)] + 1) - 1
    deals["expected"] = np.where(rng.random(n) < 0.6, month_end, stated)
    deals["by_solution"] = rng.random(n) < 0.16


def deliver(a: pd.DataFrame, deals: pd.DataFrame, climate: Climate) -> None:
    """Days of delivery (on site), acceptance (invoice) and payment of each deal, slower where delays rule."""
    rng, n = stream("delivery"), len(deals)
    who, q = deals["account"].to_numpy(), quarter_of(deals["closed"])
    slow = climate.delay[who, q]
    deals["on_site"] = working_day((deals["closed"] + 3 + gammas(rng, 3, n) / 3 * 21 * slow).round().astype(int))
    deals["invoiced"] = working_day((deals["on_site"] + 2 + gammas(rng, 3, n) / 3 * 17 * slow).round().astype(int))
    deals["paid"] = deals["invoiced"] + payment_days(a, who, deals["invoiced"], rng)


def known_deals(deals: pd.DataFrame) -> pd.DataFrame:
    """The deals the CRM knows on the last day, with their outcome by then."""
    d = deals[deals["created"] < DAYS].copy()
    d["opportunity_id"] = [f"D{i:04d}" for i in range(1, len(d) + 1)]
    d["outcome"] = np.where(d["closed"] >= DAYS, "open", np.where(d["won"], "won", "lost"))
    return d


def set_deals(a, deals, climate, contacts, end, products, words) -> pd.DataFrame:
    """What the deals are about and their odds. Returns the dictionary of lead sources."""
    choose_products(a, deals, products)
    choose_rivals(a, deals, words)
    sources = choose_sources(deals, words)
    set_odds(a, deals, climate, contacts, end)
    return sources


def opportunities_table(a: pd.DataFrame, d: pd.DataFrame, path: pd.DataFrame, products, words: dict) -> pd.DataFrame:
    """The table of deals."""
    rng, of = stream("opportunities"), a.loc[d["account"]]
    reached = path[path["day"] < DAYS].groupby("deal")["stage"].last().reindex(d.index)
    closed = d["outcome"] != "open"
    seen = np.where(closed, rng.random(len(d)) < 0.92, (reached == "tender") & (rng.random(len(d)) < 0.8))
    return pd.DataFrame(
        {
            "opportunity_id": d["opportunity_id"],
            "account_id": of["account_id"].to_numpy(),
            "product": products["product"].to_numpy()[d["product"]],
            "amount": d["amount"].astype(int),
            "created": written(d["created"]),
            "expected_close": (FIRST + d["expected"].to_numpy()).astype(str),
            "closed": written(d["closed"]),
            "outcome": d["outcome"],
            "closed_amount": d["signed"].where(d["outcome"] == "won").astype("Int64"),
            "owner": np.where(d["by_solution"], of["solution_manager"], of["account_manager"]),
            "competitor": d["rival"].where(seen, ""),
            "lost_reason": reasons(d, reached, words, rng),
        }
    )


def reasons(d: pd.DataFrame, reached: pd.Series, words: dict, rng: np.random.Generator) -> np.ndarray:
    """Why a deal was lost: money early, a rival late, price where the rival is cheaper."""
    table = pd.DataFrame(words["lost_reasons"], columns=["reason", "cheap", "early", "late"])
    early, cheap = reached.isin(["need", "approval"]).to_numpy()[:, None], d["rival_cheap"].to_numpy()[:, None]
    late = np.where(cheap, table["cheap"].to_numpy(), table["late"].to_numpy())
    chosen = pick(rng, np.where(early, table["early"].to_numpy(), late))
    return np.where(d["outcome"] == "lost", table["reason"].to_numpy()[chosen], "")


def stage_history_table(d: pd.DataFrame, path: pd.DataFrame) -> pd.DataFrame:
    """Every entry of a deal into a stage, the deliveries of won deals included."""
    won = d[d["outcome"] == "won"]
    after = pd.concat(
        [
            pd.DataFrame({"deal": won.index, "stage": "installation", "day": won["on_site"]}),
            pd.DataFrame({"deal": won.index, "stage": "cash", "day": won["invoiced"]}),
        ]
    )
    h = pd.concat([path[path["deal"].isin(d.index)], after])
    h = h[h["day"] < DAYS].sort_values(["deal", "day"], kind="stable")
    return pd.DataFrame(
        {
            "opportunity_id": d.loc[h["deal"], "opportunity_id"],
            "stage": h["stage"].to_numpy(),
            "entered": list(written(h["day"].to_numpy())),
        }
    )
