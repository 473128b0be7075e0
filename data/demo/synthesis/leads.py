"""Leads: those behind the deals, and the many that come to nothing."""

import numpy as np
import pandas as pd

from synthesis.chance import gammas, normals, pick, stream
from synthesis.timeline import DAYS, working_day, written


def converted_leads(a: pd.DataFrame, deals: pd.DataFrame, d: pd.DataFrame) -> pd.DataFrame:
    """Leads that became deals, and those that will after the last day."""
    rng = stream("converted leads")
    found = deals[(rng.random(len(deals)) < 0.9) & (deals["lead_day"] >= 0) & (deals["lead_day"] < DAYS)]
    yet = found["created"] >= DAYS
    leads = pd.DataFrame({"account": found["account"], "source": found["source"], "created": found["lead_day"]})
    leads["status"] = np.where(yet, np.where(rng.random(len(leads)) < 0.6, "qualified", "new"), "converted")
    leads["closed"] = found["created"].where(~yet)
    leads["opportunity_id"] = d["opportunity_id"].reindex(leads.index).where(~yet, "")
    leads["quality"] = 0.75 + 0.6 * found["drive"]
    return leads


def other_leads(a: pd.DataFrame, good: pd.DataFrame, sources: pd.DataFrame, pushes: pd.DataFrame) -> pd.DataFrame:
    """Leads that come to nothing: so many that each source converts at its rate; events bring their own."""
    rng = stream("other leads")
    closed = good["source"].value_counts().reindex(sources["source"]).to_numpy()
    count = (closed * (1 / sources["conversion"].to_numpy() - 1)).round().astype(int)
    n = int(count.sum())
    like = good.iloc[(rng.random(n) * len(good)).astype(int)].reset_index(drop=True)
    leads = like[["account"]].assign(source=np.repeat(sources["source"].to_numpy(), count))
    leads["created"] = (like["created"] + (rng.random(n) * 60).astype(int) - 30).clip(0, DAYS - 1)
    event = (leads["source"] == "exhibitions") & (rng.random(n) < 0.55)
    at = pushes.iloc[pick(rng, np.tile(pushes["region"].map(a["region"].value_counts()).to_numpy(float), (n, 1)))]
    leads.loc[event, "created"] = (at["final"].to_numpy() + (gammas(rng, 1.5, n) * 8).astype(int))[event]
    leads["created"] = working_day(leads["created"].clip(0, DAYS - 3))
    leads["region"] = np.where(event, at["region"], a["region"].to_numpy()[leads["account"]])
    mine = event & (leads["region"].to_numpy() != a["region"].to_numpy()[leads["account"]])
    leads["unknown"] = mine | (rng.random(n) < 0.33)
    return finish_leads(leads, rng)


def finish_leads(leads: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """When a lead that comes to nothing was given up; some never are."""
    n = len(leads)
    given_up = working_day((leads["created"] + 4 + gammas(rng, 1.4, n) * 30).round().astype(int))
    leads["closed"] = np.where(rng.random(n) < 0.05, np.nan, given_up)
    leads.loc[leads["closed"] >= DAYS, "closed"] = np.nan
    still = np.where(rng.random(n) < 0.4, "qualified", "new")
    leads["status"] = np.where(leads["closed"].notna(), "disqualified", still)
    leads["opportunity_id"], leads["quality"] = "", 0.0
    return leads


def leads_table(a: pd.DataFrame, deals: pd.DataFrame, d: pd.DataFrame, sources: pd.DataFrame, promos) -> pd.DataFrame:
    """The table of leads; those of unknown institutions carry their region instead of an account."""
    rng = stream("leads")
    good = converted_leads(a, deals, d).assign(unknown=False)
    good["region"] = a["region"].to_numpy()[good["account"]]
    pushes = promos[promos["kind"] == "exhibition"]
    leads = pd.concat([good, other_leads(a, good, sources, pushes)])
    leads = leads.sort_values(["created", "account"], kind="stable", ignore_index=True)
    of = a.loc[leads["account"]].reset_index(drop=True)
    cost = leads["source"].map(sources.set_index("source")["cost"]) * np.exp(0.5 * normals(rng, len(leads)))
    score = 46 + 15 * leads["quality"] + 13 * normals(rng, len(leads)) + 3 * np.log(of["wallet"] / 5e6)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(1, len(leads) + 1)],
            "account_id": of["account_id"].where(~leads["unknown"], ""),
            "source": leads["source"],
            "created": written(leads["created"]),
            "score": score.clip(1, 99).round().astype(int),
            "status": leads["status"],
            "cost": (cost / 10).round().astype(int) * 10,
            "opportunity_id": leads["opportunity_id"],
            "closed": written(leads["closed"]),
            "owner": of["account_manager"].where(~leads["unknown"], ""),
            "region": leads["region"].where(leads["unknown"], ""),
        }
    )
