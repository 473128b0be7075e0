"""Orders: reorders with season, drop-out, promotions and the pilot; the orders of won deals; returns."""

import numpy as np
import pandas as pd

from synthesis.chance import best, gammas, normals, poissons, stream
from synthesis.pipeline import choose_products, deliver, settle_deals
from synthesis.relations import Climate
from synthesis.terms import discounts, payment_days, price_level
from synthesis.timeline import DAYS, MONTH, QUARTER, QUARTERS, WEEKDAY, day_of, quarter_of, working_day, written
from synthesis.world import REGIONS, field_course, lost_key_account

SEASON = (0.92, 0.66, 1.04, 0.97, 0.98, 1.06, 0.94, 0.94, 1.03, 0.95, 1.14, 1.37)
HOLIDAYS = (
    ("2023-01-21", 7), ("2023-05-01", 3), ("2023-10-01", 7), ("2024-02-10", 8), ("2024-05-01", 4), ("2024-10-01", 7),
    ("2025-01-28", 8), ("2025-05-01", 4), ("2025-10-01", 8),
)  # fmt: skip
PILOT_EFFECT = 0.28
PILOT_QUARTER = 8
BORROWED_OVER = 42
"""Days after a promotion in which quantities are lower, because customers stocked up."""


def day_weights() -> np.ndarray:
    """How much is ordered on each day, over the average day: season, weekends, holidays."""
    weight = np.array(SEASON)[MONTH[:DAYS] % 12] * (WEEKDAY[:DAYS] < 5)
    for start, length in HOLIDAYS:
        weight[day_of(start) : day_of(start) + length] = 0
    return weight / weight.mean()


def draw_pilot(a: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Forty of Central's busier hospitals, paired by their orders of 2024; a coin says which of a pair is treated."""
    rng = stream("pilot")
    year = orders["day"].between(day_of("2024-01-01"), day_of("2024-12-31"))
    count = orders.loc[year, "account"].value_counts().reindex(a.index, fill_value=0)
    count = count[(a["region"] == "Central") & (a["status"] == "customers")]
    ranked = count.sort_values(ascending=False, kind="stable").index[:40].to_numpy()
    treated = np.repeat(rng.random(20) < 0.5, 2) == (np.arange(40) % 2 == 0)
    pilot = pd.DataFrame({"account": ranked, "arm": np.where(treated, "treated", "control")})
    return pilot.sort_values("account", ignore_index=True)


def draw_promotions(a: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Discount promotions of consumables, exhibitions, webinars, sponsored meetings; with their true effects."""
    rng = stream("promotions")
    consumables = products.index[products["use"] == "consumable"].to_numpy()
    rows = []
    for region in REGIONS:
        for number in range({"East": 6, "North": 5, "Central": 5}.get(region, 3)):
            first = day_of("2023-03-06") + int((number + 0.15 + 0.6 * rng.random()) * 960 / 6)
            length = 35 + int(rng.random() * 3) * 14
            uplift, share = round(0.30 + 0.35 * rng.random(), 2), round(0.25 + 0.3 * rng.random(), 2)
            product = consumables[int(rng.random() * len(consumables))]
            rows.append((region, "discount", "offline", first, length, product, uplift, share, 0.08))
        for year in (0, 365, 731):
            for kind, channel, at in (
                ("exhibition", "offline", 75),
                ("webinar", "online", 190),
                ("academic meeting", "offline", 285),
            ):
                first = year + at + int(rng.random() * 40)
                rows.append((region, kind, channel, first, 1 if kind == "webinar" else 3, -1, 0.0, 0.0, 0.0))
    columns = ["region", "kind", "channel", "first", "length", "product_number", "uplift", "pull_forward", "cut"]
    promos = pd.DataFrame(rows, columns=columns).sort_values(["first", "region"], kind="stable", ignore_index=True)
    promos["final"] = promos["first"] + promos["length"] - 1
    promos["dip"] = promos["uplift"] * promos["pull_forward"] * promos["length"] / BORROWED_OVER
    promos["promotion_id"] = [f"M{i:03d}" for i in range(1, len(promos) + 1)]
    return promos


def draw_reorders(a: pd.DataFrame, climate: Climate, start: np.ndarray, pilot=None) -> pd.DataFrame:
    """The days on which accounts reorder, from ``start`` until they drop out: account, day, last (the account's)."""
    rng = stream("reorders")
    pace = a["rate"].to_numpy()[:, None] / 365.25 * climate.heard * field_course("reorders", a["region"])
    pace *= np.exp(a["drift"].to_numpy()[:, None] * (np.arange(QUARTERS) - 5.5) / 4)
    if pilot is not None:
        pace[pilot.loc[pilot["arm"] == "treated", "account"], PILOT_QUARTER:] *= 1 + PILOT_EFFECT
    daily = pace[:, QUARTER[:DAYS]] * day_weights()
    hit = (rng.random(daily.shape) < 1 - np.exp(-daily)) & (np.arange(DAYS) >= start[:, None])
    leave = rng.random(daily.shape)
    account, day = np.nonzero(hit)
    risk = a["dropout"].to_numpy()[account] * np.exp(-2.2 * (climate.content[account, QUARTER[day]] - 4.1))
    orders = pd.DataFrame({"account": account, "day": day, "last": leave[account, day] < risk.clip(0, 0.3)})
    gone = orders["last"].astype(int).groupby(orders["account"]).cumsum() - orders["last"]
    quit_day = day_of("2025-02-10")
    stays = (orders["account"] != lost_key_account(a)) | (orders["day"] < quit_day)
    return orders[(gone == 0) & stays].reset_index(drop=True)


def end_days(a: pd.DataFrame, orders: pd.DataFrame) -> np.ndarray:
    """The day an account dropped out; after the data where it did not."""
    end = np.full(len(a), DAYS + 999)
    final = orders[orders["last"]]
    end[final["account"]] = final["day"]
    end[lost_key_account(a)] = min(end[lost_key_account(a)], day_of("2025-02-10"))
    return end


def assortment(a: pd.DataFrame, products: pd.DataFrame) -> np.ndarray:
    """Accounts × products: how much an account likes to reorder each; zero = never does."""
    rng = stream("assortment")
    size = (len(a), len(products))
    by_use = products["use"].map({"consumable": 1.0, "small": 0.1, "service": 0.05, "capital": 0.0}).to_numpy()
    weight = by_use * products["weight"].to_numpy() * gammas(rng, 1.5, size)
    dealer = a["dealer"].to_numpy()[:, None]
    weight *= np.where(dealer & (products["use"] == "small").to_numpy(), 9.0, 1.0)
    breadth = np.where(dealer, 0.95, (0.62 + 0.10 * np.log(a["wallet"] / 5e6)).clip(0.4, 0.9).to_numpy()[:, None])
    staple = products["product"].str.contains("SpO2|Chemistry reagent").to_numpy()
    weight *= (rng.random(size) < breadth) | staple
    return weight * np.minimum(1, a["basket"].to_numpy()[:, None] / products["list_price"].to_numpy())


def draw_lines(a: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame, promos: pd.DataFrame) -> pd.DataFrame:
    """The lines of the reorders: product, quantity, amount."""
    rng = stream("lines")
    liked = assortment(a, products)[orders["account"]]
    value = a["basket"].to_numpy()[orders["account"]] * np.exp(0.5 * normals(rng, len(orders)) - 0.125)
    mean_lines = np.where(a["dealer"], 2.8, 1.35)[orders["account"]]
    row, product = np.nonzero(best(rng, liked, 1 + poissons(rng, mean_lines)))
    part = gammas(rng, 2.0, len(row))
    part /= np.bincount(row, part, len(orders))[row]
    lines = orders.iloc[row].reset_index(drop=True).assign(product=product, source=row)
    off = discounts(a, lines["account"], lines["day"]) + 0.012 * normals(rng, len(lines))
    lines["price"] = products["list_price"].to_numpy()[product] * (1 - off) * price_level(lines["day"])
    lift, cut = promotion_effects(a, lines, promos)
    wanted = value[row] * part / lines["price"] * lift
    lines["quantity"] = np.maximum(1, np.floor(wanted + rng.random(len(lines)))).astype(int)
    lines["price"] *= 1 - cut
    return lines


def promotion_effects(a: pd.DataFrame, lines: pd.DataFrame, promos: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Quantity factor and extra discount of every line, from the discount promotions of its region and product."""
    lift, cut = np.ones(len(lines)), np.zeros(len(lines))
    region = a["region"].to_numpy()[lines["account"]]
    for promo in promos[promos["uplift"] > 0].itertuples():
        same = (region == promo.region) & (lines["product"] == promo.product_number).to_numpy()
        during = same & lines["day"].between(promo.first, promo.final).to_numpy()
        after = same & lines["day"].between(promo.final + 1, promo.final + BORROWED_OVER).to_numpy()
        lift[during] *= 1 + promo.uplift
        lift[after] *= 1 - promo.dip
        cut[during] = promo.cut
    return lift, cut


def deal_lines(d: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The order lines of won deals; every fourth includes a service plan. The order bears the deal's number."""
    rng, won = stream("deal lines"), d[d["outcome"] == "won"]
    lines = won[["account", "closed", "product", "quantity", "signed", "opportunity_id", "invoiced", "paid"]]
    lines = lines.rename(columns={"closed": "day", "signed": "amount", "opportunity_id": "order_id"})
    plan = products["product"].str.contains("Service plan").to_numpy().argmax()
    fee = products["list_price"].iat[plan]
    with_plan = (rng.random(len(lines)) < 0.25) & (lines["amount"] > 400_000)
    years = (lines["amount"] * 0.07 / fee).round().clip(1, 12)
    extra = lines[with_plan].assign(product=plan, quantity=years[with_plan])
    extra["amount"] = extra["quantity"] * fee * 0.9
    lines.loc[with_plan, "amount"] -= extra["amount"]
    return pd.concat([lines.assign(line=1), extra.assign(line=2)])


def earlier_lines(a: pd.DataFrame, climate: Climate, products: pd.DataFrame) -> pd.DataFrame:
    """Orders of early 2023 from deals made before the CRM began."""
    rng = stream("earlier")
    old = a["status"] != "hopefuls"
    count = poissons(rng, np.where(old, a["deals"] * 0.52 * 0.24, 0))
    lines = pd.DataFrame({"account": np.repeat(a.index.to_numpy(), count)})
    lines["created"] = working_day((rng.random(len(lines)) * 190).astype(int))
    lines = lines[rng.random(len(lines)) < np.exp(-((lines["created"] / 105) ** 2))].reset_index(drop=True)
    choose_products(a, lines, products)
    lines["closed"] = lines["created"]
    settle_deals(a, lines)
    deliver(a, lines, climate)
    lines = lines[["account", "closed", "product", "quantity", "signed", "invoiced", "paid"]]
    return lines.rename(columns={"closed": "day", "signed": "amount"}).assign(order_id="", line=1)


def reorder_lines(a: pd.DataFrame, lines: pd.DataFrame, climate: Climate) -> pd.DataFrame:
    """Reorders with amount, invoice and payment; accessories are paid faster than equipment."""
    rng = stream("reorder settlement")
    first = lines.drop_duplicates("source").set_index("source")
    who, day = first["account"].to_numpy(), first["day"].to_numpy()
    slow = climate.delay[who, quarter_of(day)]
    first["invoiced"] = day + 1 + (gammas(rng, 2, len(first)) / 2 * 6 * slow).round()
    first["paid"] = first["invoiced"] + (payment_days(a, who, day, rng) * 0.62).round()
    return lines.assign(
        amount=(lines["price"] * lines["quantity"]).round(),
        invoiced=lines["source"].map(first["invoiced"]),
        paid=lines["source"].map(first["paid"]),
        line=lines.groupby("source").cumcount() + 1,
        order_id="",
    )


def return_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """One reorder line in eighty comes back, in whole or in part, under a number of its own."""
    rng = stream("returns")
    back = lines[(rng.random(len(lines)) < 0.0125) & (lines["quantity"] > 1)].copy()
    back["day"] = working_day((back["day"] + 8 + gammas(rng, 2, len(back)) * 9).round().astype(int))
    part = np.ceil(back["quantity"] * (0.1 + 0.9 * rng.random(len(back))))
    back["amount"] = -(back["amount"] * part / back["quantity"]).round()
    back["quantity"] = -part
    back["invoiced"] = back["paid"] = back["day"] + 5
    back["order_id"], back["line"] = "R", 1
    return back[back["day"] < DAYS]


def number_orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Order numbers in the order of time; returns get their own series, deals keep theirs."""
    lines = lines.sort_values(["day", "account", "source", "line"], kind="stable", ignore_index=True)
    plain, back = lines["order_id"] == "", lines["order_id"] == "R"
    starts = plain & (lines["line"] == 1)
    lines.loc[plain, "order_id"] = [f"S{i:05d}" for i in starts.cumsum()[plain]]
    lines.loc[back, "order_id"] = [f"R{i:04d}" for i in range(1, int(back.sum()) + 1)]
    return lines


def all_lines(a, reorders, d, climate, products, promos) -> pd.DataFrame:
    """All order lines, numbered."""
    again = reorder_lines(a, draw_lines(a, reorders, products, promos), climate)
    return number_orders(
        pd.concat([again, return_lines(again), deal_lines(d, products), earlier_lines(a, climate, products)])
    )


def orders_table(a: pd.DataFrame, lines: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The table of order lines."""
    return pd.DataFrame(
        {
            "order_id": lines["order_id"],
            "line": lines["line"].astype(int),
            "account_id": a["account_id"].to_numpy()[lines["account"]],
            "order_date": written(lines["day"]),
            "product": products["product"].to_numpy()[lines["product"].astype(int)],
            "quantity": lines["quantity"].astype(int),
            "amount": lines["amount"].round().astype(int),
            "cost": (products["unit_cost"].to_numpy()[lines["product"].astype(int)] * lines["quantity"]).astype(int),
            "invoice_date": written(lines["invoiced"]),
            "paid_date": written(lines["paid"].where(lines["invoiced"] < DAYS)),
        }
    )
