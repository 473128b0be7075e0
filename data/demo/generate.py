"""The demonstration company: a medical-device maker that sells to hospitals, directly and through dealers.

EVERYTHING HERE IS SYNTHETIC. No hospital, dealer, rival, person or city is real; only the provinces are.

``python data/demo/generate.py [FOLDER]`` writes every table of the contract as CSV, the same bytes on every run. Only
uniform numbers are taken from numpy; every other distribution is made of them in ``synthesis/chance.py``, so that the
bytes do not depend on a library's version. ``synthesis/`` holds the mechanisms, one module per part of the company's
life; ``words.toml`` the names and the tables that people write by hand.

What is built in, and can be found again by analysis (`truth` tells the true values):

- Potential (beds, kind of institution) sets the *wallet*; the wallet sets size and number of orders and deals.
- Effort (visits of AR, SR, FR) raises reorders and the odds of winning along an ADBUDG curve, mean elasticity .34.
- More decision roles looked after, a balanced team, a content customer: better odds. Each rival, lead source, kind of
  institution and region shifts them too. A deal passes its stages with these odds; some go back a stage.
- Delays (slow delivery and installation) lower satisfaction; low satisfaction ends relationships. Reorders are Poisson
  with gamma rates and beta drop-out, as in BG/NBD, with a season: Spring Festival dip, year-end rush.
- Key accounts get a deeper discount every year; a few demanding ones cost more to serve than they bring.
- Hospitals pay late, public ones up to a year. Dealers pay on time and leave a quarter of the margin.
- Northwest is in trouble: odds fall, a batch of deals stalls, cash comes later, its key account leaves in 2025.
  Southwest shines: odds and reorders rise, delivery is quick. South has ten accounts.
- A pilot in Central raises reorders of the treated accounts in 2025. Discount promotions raise quantities and borrow a
  part of them from the following weeks. An account manager left in North (2024) and one in East (2025).

The CRM begins on 2023-01-01: deals of before are known only by their orders. The order of a won deal bears the deal's
number. A lead that becomes a deal is closed on the day the deal is created, in the stage ``need``.
"""

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from synthesis.judgements import judgement_tables
from synthesis.leads import leads_table
from synthesis.pipeline import (
    DRIVERS,
    deliver,
    draw_arrivals,
    known_deals,
    opportunities_table,
    set_deals,
    settle_deals,
    stage_history_table,
    walk_deals,
)
from synthesis.plans import (
    competitors_table,
    dealers_table,
    initiatives_table,
    market_table,
    pilots_table,
    promotions_table,
    targets_table,
)
from synthesis.relations import Climate, contacts_table, draw_climate, draw_contacts
from synthesis.service import (
    deal_touches,
    draw_surveys,
    interactions_table,
    routine_touches,
    satisfaction_table,
    service_costs_table,
)
from synthesis.timeline import DAYS, LAST_QUARTER, written
from synthesis.trade import PILOT_EFFECT, all_lines, draw_pilot, draw_promotions, draw_reorders, end_days, orders_table
from synthesis.world import accounts_table, draw_accounts, first_days

HERE = Path(__file__).parent
Frames = dict[str, pd.DataFrame]


def read_words() -> dict:
    """The words of the company."""
    return tomllib.loads((HERE / "words.toml").read_text("utf-8"))


def products_frame(words: dict) -> pd.DataFrame:
    """The products with their use."""
    columns = ["product", "category", "list_price", "unit_cost", "launched", "use", "weight"]
    return pd.DataFrame(words["products"], columns=columns)


@dataclass(frozen=True)
class World:
    """What happened: accounts and people, the course of the quarters, deals, order lines, touches."""

    words: dict
    products: pd.DataFrame
    accounts: pd.DataFrame
    climate: Climate
    contacts: pd.DataFrame
    promotions: pd.DataFrame
    pilot: pd.DataFrame
    sources: pd.DataFrame
    arisen: pd.DataFrame
    """Every deal, those that arise after the last day too: they are leads by then."""
    deals: pd.DataFrame
    path: pd.DataFrame
    reorders: pd.DataFrame
    lines: pd.DataFrame
    history: pd.DataFrame
    touches: pd.DataFrame


def live(words: dict) -> World:
    """Let the three years happen."""
    products = products_frame(words)
    a = draw_accounts(words)
    climate, promos = draw_climate(a), draw_promotions(a, products)
    contacts = draw_contacts(a, climate, words)
    hopeful = (a["status"] == "hopefuls").to_numpy()
    start = np.where(hopeful, DAYS, 0)
    pilot = draw_pilot(a, draw_reorders(a, climate, start))
    end = end_days(a, draw_reorders(a, climate, start, pilot))
    arisen = draw_arrivals(a, end)
    sources = set_deals(a, arisen, climate, contacts, end, products, words)
    path = walk_deals(a, arisen)
    settle_deals(a, arisen)
    deliver(a, arisen, climate)
    deals = known_deals(arisen)
    start = np.where(hopeful, np.nan_to_num(first_days(a, deals), nan=DAYS) + 20, 0)
    reorders = draw_reorders(a, climate, start, pilot)
    lines = all_lines(a, reorders, deals, climate, products, promos)
    history = stage_history_table(deals, path)
    touches = pd.concat([routine_touches(a, climate), deal_touches(deals, history)])
    facts = (arisen, deals, path, reorders, lines, history, touches)
    return World(words, products, a, climate, contacts, promos, pilot, sources, *facts)


def trade_tables(w: World) -> Frames:
    """What comes out of customers, deals and orders."""
    a, d, words = w.accounts, w.deals, w.words
    surveys = draw_surveys(a, w.contacts, d, w.lines)
    return {
        "accounts": accounts_table(a, d),
        "contacts": contacts_table(w.contacts),
        "orders": orders_table(a, w.lines, w.products),
        "service_costs": service_costs_table(a, w.lines, w.touches, d, words),
        "interactions": interactions_table(a, w.touches, w.contacts, words),
        "satisfaction": satisfaction_table(a, surveys, w.climate, words),
        "leads": leads_table(a, w.arisen, d, w.sources, w.promotions),
        "opportunities": opportunities_table(a, d, w.path, w.products, words),
        "stage_history": w.history,
    }


def plan_tables(w: World, trade: Frames) -> Frames:
    """Market, marketing, dealers and plans."""
    a, words, market = w.accounts, w.words, market_table(w.accounts)
    return {
        "market": market,
        "competitors": competitors_table(words),
        "promotions": promotions_table(a, w.promotions, w.products),
        "pilots": pilots_table(a, w.pilot, words),
        "dealers": dealers_table(a, words),
        "targets": targets_table(a, trade["orders"], trade["interactions"], market),
        "initiatives": initiatives_table(a, trade["orders"], w.contacts, words),
    }


@cache
def build() -> tuple[Frames, Frames]:
    """Every table of the contract, and the hidden values behind them (`truth`)."""
    world = live(read_words())
    trade = trade_tables(world)
    judged = judgement_tables(world.accounts, world.contacts, world.words)
    tables = written_by_hand(world.words, world.products) | trade | plan_tables(world, trade) | judged
    return tables, hidden(world)


def written_by_hand(words: dict, products: pd.DataFrame) -> Frames:
    """Tables that stand in words.toml as they are."""
    regions = ["region", "name_en", "name_zh", "currency", "fiscal_year_start", "discount_rate"]
    stages = ["stage", "name_en", "name_zh", "order", "funnel", "entry_evidence", "owner_role", "sla_days"]
    return {
        "regions": pd.DataFrame(words["regions"], columns=regions),
        "stages": pd.DataFrame(words["stages"], columns=stages),
        "products": products[["product", "category", "list_price", "unit_cost", "launched"]],
        "events": pd.DataFrame(words["market"]["events"], columns=["date", "region", "kind", "title", "impact"]),
    }


def hidden(w: World) -> Frames:
    """The true values."""
    a, promos = w.accounts, w.promotions
    drivers = ["drive", "p_win", "effort", "covered", "content", "rival_strength", "source", "stalled"]
    effects = promos.loc[promos["uplift"] > 0, ["promotion_id", "uplift", "pull_forward", "cut"]]
    return {
        "accounts": hidden_accounts(w),
        "response": a[["account_id", "a", "b", "c", "d", "elasticity", "ar", "sr", "fr"]],
        "deals": w.deals[["opportunity_id", *drivers]],
        "drivers": pd.DataFrame(DRIVERS.items(), columns=["driver", "effect"]),
        "promotions": effects.reset_index(drop=True),
        "pilot": pd.DataFrame({"pilot_id": ["P1"], "effect": [PILOT_EFFECT]}),
        "effort": pd.DataFrame(w.climate.effort, index=a["account_id"]),
    }


def hidden_accounts(w: World) -> pd.DataFrame:
    """The true values of each account; the wallet is never below what was spent."""
    a, end = w.accounts, end_days(w.accounts, w.reorders)
    spent = np.bincount(w.lines["account"], w.lines["amount"], len(a)) / 3
    known = a[["account_id", "rate", "basket", "dropout", "coverage", "balance", "key", "demanding"]]
    return known.assign(
        wallet=np.maximum(a["wallet"], spent / 0.85),
        satisfaction=w.climate.content[:, LAST_QUARTER],
        left=np.where(end < DAYS, written(np.minimum(end, DAYS)), ""),
    )


def truth() -> Frames:
    """The hidden values behind the tables, for tests and benchmarks; they are never written to the data folder.

    Returns
    -------
    dict
        ``accounts`` (wallet a year, reorders a year, basket, chance of dropping out after an order, the day they left
        …), ``response`` (ADBUDG a, b, c, d, elasticity at the usual effort, each role's share of it), ``deals`` (p_win
        at creation, the drivers' values), ``drivers`` (their effect on the log-odds of passing a stage), ``promotions``
        (uplift of quantities, share of it borrowed from later weeks), ``pilot`` (effect on the number of orders),
        ``effort`` (accounts × quarters, over the usual).
    """
    return build()[1]


JUDGED = ("maturity", "weights", "account_scores", "wallets", "swot", "pest", "response_curves", "trust")


def write(folder: Path) -> None:
    """Write every table as CSV: UTF-8, line feeds, no index."""
    (folder / "judgements").mkdir(parents=True, exist_ok=True)
    for name, table in build()[0].items():
        place = folder / "judgements" if name in JUDGED else folder
        table.to_csv(place / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
