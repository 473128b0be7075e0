"""What people decided in the room."""

import numpy as np
import pandas as pd

from synthesis.chance import normals, stream
from synthesis.world import ROLES, response


def judged(frame: pd.DataFrame, by, on: str) -> pd.DataFrame:
    """A table of judgements with who decided and when."""
    return frame.assign(decided_by=by, decided_on=on)


def judgement_tables(a: pd.DataFrame, contacts: pd.DataFrame, words: dict) -> dict[str, pd.DataFrame]:
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
        "wallets": wallets(a, heads),
        "swot": judged(swot, swot["region"].map(heads).fillna(head), "2025-11-13"),
        "pest": judged(pest, pest["region"].map(heads).fillna(head), "2025-11-13"),
        "response_curves": response_curves(a, heads),
        "trust": trust(a, contacts, heads),
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


def wallets(a: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    """The room's word on the wallet of one account of each region: near the truth, where orders cannot show it."""
    rng = stream("judged wallets")
    rest = a[~a["key"] & ~a["dealer"]].sort_values("wallet", ascending=False, kind="stable")
    top = rest.drop_duplicates("region").sort_index()
    seen = top["wallet"] * np.exp(0.1 * normals(rng, len(top)))
    out = pd.DataFrame({"account_id": top["account_id"], "wallet": (seen / 1e4).round() * 1e4})
    out = out.assign(reason="新院区明年启用 A new campus opens next year", decided_by=top["region"].map(heads))
    return out.assign(decided_on="2025-11-14")


def trust(a: pd.DataFrame, contacts: pd.DataFrame, heads: dict[str, str]) -> pd.DataFrame:
    """Twice in 2025 the team judged the people at each region's largest key account: the stance, seen four ways."""
    rng = stream("judged trust")
    top = a[a["key"]].sort_values("wallet", ascending=False, kind="stable").drop_duplicates("region").sort_index()
    people = contacts[contacts["account_id"].isin(top["account_id"])]
    heads_of = people["account_id"].map(top.set_index("account_id")["region"]).map(heads)
    rounds = []
    for day in ("2025-05-20", "2025-11-14"):
        one = people[["account_id", "contact_id"]].assign(asked_on=day)
        for item in ("competence", "reliability", "openness", "goodwill"):
            points = 3.2 + 0.6 * people["stance"].fillna(0) + 0.6 * normals(rng, len(people))
            one[item] = points.round().clip(1, 5).astype(int)
        rounds.append(one.assign(decided_by=heads_of))
    return pd.concat(rounds, ignore_index=True)


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
