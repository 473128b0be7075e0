"""What people decided in the room."""

import numpy as np
import pandas as pd

from synthesis.chance import normals, stream
from synthesis.world import ROLES, response


def judged(frame: pd.DataFrame, by, on: str) -> pd.DataFrame:
    """A table of judgements with who decided and when."""
    return frame.assign(decided_by=by, decided_on=on)


def judgement_tables(a: pd.DataFrame, words: dict) -> dict[str, pd.DataFrame]:
    """Everything under judgements/."""
    told = words["judgements"]
    heads = {region: group["account_manager"].iloc[0] for region, group in a.groupby("region")}
    head = heads["East"]
    swot = pd.DataFrame(told["swot"], columns=["region", "quadrant", "statement", "importance"])
    pest = pd.DataFrame(told["pest"], columns=["region", "factor", "statement", "impact", "probability", "horizon"])
    maturity = pd.DataFrame(told["maturity"], columns=["item", "answer", "evidence"])
    weights = pd.DataFrame(told["weights"], columns=["topic", "criterion", "weight"])
    return {
        "maturity": judged(maturity, head, "2025-11-12"),
        "weights": judged(weights, head, "2025-11-12"),
        "account_scores": account_scores(a, heads),
        "swot": judged(swot, swot["region"].map(heads).fillna(head), "2025-11-13"),
        "pest": judged(pest, pest["region"].map(heads).fillna(head), "2025-11-13"),
        "response_curves": response_curves(a, heads),
    }


def account_scores(a: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    """The room's scores of the largest key account of each region."""
    rng = stream("scores")
    top = a[a["key"]].sort_values("wallet", ascending=False, kind="stable").drop_duplicates("region").sort_index()
    rows = []
    for account, region in zip(top["account_id"], top["region"], strict=True):
        for criterion, reason in (
            ("complexity", "多院区定制 Customised for several sites"),
            ("decision_chain", "五级审批 Five levels of approval"),
        ):
            rows.append((account, criterion, round(0.6 + 0.35 * rng.random(), 2), reason, heads[region]))
    out = pd.DataFrame(rows, columns=["account_id", "criterion", "score", "reason", "decided_by"])
    return out.assign(decided_on="2025-11-14")


def response_curves(a: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    """Five points a curve (none, half, same, half as much again, saturation): the truth, seen through people's eyes."""
    rng, rows = stream("judged response"), []
    chosen = a[a["key"]].groupby("region", sort=False).head(2).index
    efforts = np.array([0, 0.5, 1, 1.5, 3])
    for place, i in enumerate(chosen):
        for role, share in zip(ROLES if place % 3 == 0 else ROLES[:1], a.loc[i, ["ar", "sr", "fr"]], strict=False):
            true = response(a.loc[[i]], (1 + share * (efforts - 1))[None, :])[0]
            seen = true + 0.05 * normals(rng, 5) * (efforts != 1)
            seen = np.maximum.accumulate(seen.round(2))
            seen[efforts == 1] = 1.0
            seen = np.where(efforts > 1, np.maximum(seen, 1.0), np.minimum(seen, 1.0))
            rows += [
                (a.at[i, "account_id"], role, e, s, heads[a.at[i, "region"]])
                for e, s in zip(efforts, seen, strict=True)
            ]
    out = pd.DataFrame(rows, columns=["account_id", "role", "effort", "response", "decided_by"])
    return out.assign(decided_on="2025-11-14")
