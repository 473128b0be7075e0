"""Touches, cost to serve and surveys."""

import numpy as np
import pandas as pd

from synthesis.chance import gammas, normals, pick, poissons, stream
from synthesis.relations import Climate
from synthesis.timeline import DAYS, FIRST, MONTH, QUARTER, day_of, quarter_of, working_day, written
from synthesis.world import ROLES

KINDS = {
    "AR": (("visit", 0.62), ("call", 0.28), ("negotiation", 0.10)),
    "SR": (("demo", 0.34), ("proposal", 0.28), ("visit", 0.22), ("training", 0.16)),
    "FR": (("service", 0.56), ("visit", 0.22), ("training", 0.22)),
}
DEAL_TOUCHES = {
    "need": ("AR", "visit", 0.6),
    "approval": ("SR", "review", 0.75),
    "specification": ("SR", "proposal", 0.9),
    "tender": ("AR", "negotiation", 0.9),
    "installation": ("FR", "installation", 1.2),
}


def routine_touches(a: pd.DataFrame, climate: Climate) -> pd.DataFrame:
    """Visits, calls, demonstrations …: more at large and well-covered accounts, and in quarters of more effort."""
    rng = stream("touches")
    usual = 3.1 * (a["wallet"] / 5e6) ** 0.42 * a["coverage"] * np.where(a["status"] == "hopefuls", 0.6, 1.0)
    split = a[["ar", "sr", "fr"]].to_numpy()
    mean = usual.to_numpy()[:, None, None] * split[:, :, None] * climate.effort[:, None, :]
    count = np.floor(mean + rng.random(mean.shape)).astype(int)
    account, role, quarter = (np.repeat(x.reshape(-1), count.reshape(-1)) for x in np.indices(count.shape))
    day = np.searchsorted(QUARTER, quarter) + (rng.random(len(quarter)) * 90).astype(int)
    touches = pd.DataFrame({"account": account, "day": working_day(day), "role": np.array(ROLES)[role], "kind": ""})
    for name, kinds in KINDS.items():
        at = touches["role"] == name
        chosen = pick(rng, np.tile([share for _kind, share in kinds], (int(at.sum()), 1)))
        touches.loc[at, "kind"] = np.array([kind for kind, _share in kinds])[chosen]
    return touches


def deal_touches(d: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Reviews, proposals, negotiations and installations that come with the stages of a deal."""
    rng = stream("deal touches")
    frames = []
    start = (history["entered"].to_numpy().astype("datetime64[D]") - FIRST).astype(int)
    account = d.set_index("opportunity_id")["account"].reindex(history["opportunity_id"]).to_numpy()
    entry = pd.DataFrame({"account": account, "day": start, "stage": history["stage"].to_numpy()})
    for stage, (role, kind, mean) in DEAL_TOUCHES.items():
        at = entry[entry["stage"] == stage]
        at = at.loc[at.index.repeat(poissons(rng, np.full(len(at), mean)))]
        day = working_day(at["day"].to_numpy() + (rng.random(len(at)) * 18).astype(int))
        frames.append(pd.DataFrame({"account": at["account"], "day": day, "role": role, "kind": kind}))
    return pd.concat(frames)


def meet(rng: np.random.Generator, contacts: pd.DataFrame, account: np.ndarray) -> np.ndarray:
    """Someone we look after at each account; blank where there is nobody."""
    known = contacts[contacts["covered"]].reset_index(drop=True)
    begin = known["account"].searchsorted(account)
    size = known["account"].searchsorted(account, "right") - begin
    place = begin + (rng.random(len(account)) ** 1.25 * size).astype(int)
    return np.where(size > 0, known["contact_id"].to_numpy()[np.minimum(place, len(known) - 1)], "")


def topic_weights(a: pd.DataFrame, words: dict) -> np.ndarray:
    """Accounts × topics: what each account cares about."""
    return gammas(stream("needs"), 1.2, (len(a), len(words["topics"]))) + 0.15


def interactions_table(a: pd.DataFrame, touches: pd.DataFrame, contacts: pd.DataFrame, words: dict) -> pd.DataFrame:
    """The table of touches, in the order of time."""
    rng = stream("interactions")
    t = touches[touches["day"] < DAYS].sort_values(["day", "account", "role"], kind="stable", ignore_index=True)
    topic = pick(rng, topic_weights(a, words)[t["account"]])
    who = meet(rng, contacts, t["account"].to_numpy())
    return pd.DataFrame(
        {
            "interaction_id": [f"T{i:05d}" for i in range(1, len(t) + 1)],
            "account_id": a["account_id"].to_numpy()[t["account"]],
            "contact_id": np.where(rng.random(len(t)) < 0.9, who, ""),
            "date": written(t["day"]),
            "role": t["role"],
            "kind": t["kind"],
            "topic": np.array(words["topics"])[topic],
        }
    )


def service_costs_table(a: pd.DataFrame, lines: pd.DataFrame, touches, d: pd.DataFrame, words: dict) -> pd.DataFrame:
    """Cost to serve by month and activity: visits by their number, training by deliveries, the rest by sales."""
    rng = stream("service costs")
    size = (len(a), 36)
    first, last = active_months(a, lines)
    monthly = np.bincount(lines["account"], lines["amount"], len(a)) / np.maximum(1, last - first + 1)
    active = (np.arange(36) >= first[:, None]) & (np.arange(36) <= last[:, None] + 2) & (monthly > 0)[:, None]
    burden = np.exp(0.7 * normals(rng, len(a))) * np.where(a["demanding"], 7.0, 1.0) * np.where(a["dealer"], 0.35, 1)
    costs = {}
    for activity, share, chance in words["activities"]:
        happens = active & (rng.random(size) < chance)
        each = (monthly * burden * share / chance)[:, None] * np.exp(0.5 * normals(rng, size) - 0.125)
        costs[activity] = np.where(happens, each, 0)
    costs["visits"] = month_table(touches, "day", None, size) * 2400 * np.exp(0.12 * normals(rng, size))
    won = d[(d["outcome"] == "won") & (d["on_site"] < DAYS)]
    costs["training"] = month_table(won, "on_site", "signed", size) * 0.012
    return cost_rows(a, costs)


def active_months(a: pd.DataFrame, lines: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """First and last month with an order."""
    month = pd.Series(MONTH[lines["day"].astype(int)]).groupby(lines["account"].to_numpy()).agg(["min", "max"])
    month = month.reindex(a.index)
    return month["min"].fillna(99).to_numpy(), month["max"].fillna(-1).to_numpy()


def month_table(rows: pd.DataFrame, day: str, value: str | None, size: tuple[int, int]) -> np.ndarray:
    """Accounts × months: the number of rows, or the sum of a column."""
    rows = rows[rows[day] < DAYS]
    place = rows["account"].to_numpy(int) * size[1] + MONTH[rows[day].to_numpy(int)]
    weights = None if value is None else rows[value].to_numpy(float)
    return np.bincount(place, weights, size[0] * size[1]).reshape(size)


def cost_rows(a: pd.DataFrame, costs: dict[str, np.ndarray]) -> pd.DataFrame:
    """The months that cost something, to ten yuan."""
    frames = []
    for activity, cost in costs.items():
        cost = (cost / 10).round().astype(int) * 10
        account, month = np.nonzero(cost)
        rows = {"account": account, "m": month, "activity": activity, "cost": cost[account, month]}
        frames.append(pd.DataFrame(rows))
    rows = pd.concat(frames).sort_values(["m", "account", "activity"], kind="stable", ignore_index=True)
    rows["month"] = (FIRST.astype("datetime64[M]") + rows["m"].to_numpy()).astype(str)
    rows["account_id"] = a["account_id"].to_numpy()[rows["account"]]
    return rows[["account_id", "month", "activity", "cost"]]


def draw_surveys(a: pd.DataFrame, contacts: pd.DataFrame, d: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Who answers when: two surveys a year of everyone we look after, and one after each installation."""
    rng = stream("surveys")
    first = pd.Series(lines["day"].to_numpy()).groupby(lines["account"].to_numpy()).agg(["min", "max"]).reindex(a.index)
    known = contacts[contacts["covered"]]
    waves = [f"{year}-{month}-10" for year in (2023, 2024, 2025) for month in ("05", "11")]
    frames = []
    for wave in map(day_of, waves):
        day = working_day(wave + (rng.random(len(known)) * 18).astype(int))
        mine = first.loc[known["account"]]
        asked = (mine["min"] < wave).to_numpy() & (mine["max"] > wave - 200).to_numpy()
        answers = asked & (rng.random(len(known)) < 0.34)
        frames.append(
            pd.DataFrame({"account": known["account"], "contact_id": known["contact_id"], "day": day})[answers]
        )
    won = d[(d["outcome"] == "won") & (rng.random(len(d)) < 0.6)]
    after = pd.DataFrame({"account": won["account"], "day": working_day(won["invoiced"].astype(int) + 10)})
    after["contact_id"] = meet(rng, contacts, after["account"].to_numpy())
    return pd.concat([*frames, after])


def satisfaction_table(a: pd.DataFrame, surveys: pd.DataFrame, climate: Climate, words: dict) -> pd.DataFrame:
    """The table of answers: satisfaction follows the climate of the account; delays show up under delivery."""
    rng = stream("satisfaction")
    s = surveys[surveys["day"] < DAYS].sort_values(["day", "account"], kind="stable", ignore_index=True)
    who, q = s["account"].to_numpy(), quarter_of(s["day"])
    weights = topic_weights(a, words)[who]
    late = climate.delay[who, q] - 1
    weights[:, words["topics"].index("delivery")] *= np.exp(0.8 * late)
    topic = pick(rng, weights)
    felt = climate.content[who, q] + 0.6 * normals(rng, len(s))
    felt = felt - 0.25 * late * (topic == words["topics"].index("delivery"))
    answered = rng.random(len(s))
    s["nps"] = pd.Series((8.1 + 2.5 * (felt - 4.1) + 0.9 * normals(rng, len(s))).round().clip(0, 10), dtype="Int64")
    s["csat"] = pd.Series(felt.round().clip(1, 5), dtype="Int64")
    s["nps"] = s["nps"].where(answered > 0.05)
    s["csat"] = s["csat"].where(answered < 0.96)
    s["topic"] = np.array(words["topics"])[topic]
    s["comment"] = comments(s["topic"], felt, words, rng)
    s["account_id"], s["date"] = a["account_id"].to_numpy()[who], written(s["day"])
    return s[["account_id", "contact_id", "date", "nps", "csat", "topic", "comment"]].drop_duplicates()


def comments(topic: pd.Series, felt: np.ndarray, words: dict, rng: np.random.Generator) -> list[str]:
    """What they write, if anything: the displeased write more often."""
    luck, choice = rng.random(len(topic)), rng.random(len(topic))
    spoken = np.where(felt < 3.7, 0.75, np.where(felt > 4.3, 0.45, 0.0))
    answer = []
    for name, mood, says, which in zip(topic, felt, luck < spoken, choice, strict=True):
        said = words["comments"][name][int(mood < 4)]
        answer.append(said[int(which * len(said))] if says else "")
    return answer
