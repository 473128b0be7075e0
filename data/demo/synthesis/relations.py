"""Effort, delays and satisfaction over the quarters; the people at each account and who looks after them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthesis.chance import best, normals, stream
from synthesis.timeline import LAST_QUARTER, QUARTERS
from synthesis.world import field_course, lost_key_account, people, response

DECISION_ROLES = ("EB", "UB", "TB", "coach")


@dataclass(frozen=True)
class Climate:
    """Accounts × quarters."""

    effort: np.ndarray
    """Over the account's usual effort."""
    delay: np.ndarray
    """Over a normal delivery time."""
    content: np.ndarray
    """Satisfaction on the scale 1 to 5."""
    heard: np.ndarray
    """What the effort does to sales."""


def draw_effort(a: pd.DataFrame) -> np.ndarray:
    """Effort wanders around its usual level; two account managers leave, Central holds a campaign."""
    rng = stream("effort")
    wander = normals(rng, (len(a), QUARTERS)) * 0.32
    for q in range(1, QUARTERS):
        wander[:, q] = 0.6 * wander[:, q - 1] + 0.8 * wander[:, q]
    effort = np.exp(wander)
    for region, quarters, level in (("North", (5, 6, 7), 0.4), ("East", (8, 9), 0.45)):
        leaver = a.loc[a["region"] == region, "account_manager"].iloc[0]
        effort[np.ix_(a["account_manager"] == leaver, quarters)] *= level
    effort[np.ix_(a["region"] == "Central", (7,))] *= 1.4
    return effort


def draw_climate(a: pd.DataFrame) -> Climate:
    """Effort, delays and satisfaction, and how they hang together."""
    rng, size = stream("climate"), (len(a), QUARTERS)
    effort = draw_effort(a)
    delay = field_course("delay", a["region"]) * np.exp(0.16 * normals(rng, (len(a), 1)) + 0.16 * normals(rng, size))
    content = 4.12 + a["mood"].to_numpy()[:, None] + field_course("mood", a["region"])
    content = content - 0.55 * (delay - 1) + 0.18 * np.log(effort) + 0.08 * normals(rng, size)
    content[lost_key_account(a), 5:] -= 0.9
    return Climate(effort, delay, content.clip(1.6, 4.85), response(a, effort))


def draw_posts(a: pd.DataFrame, words: dict) -> pd.DataFrame:
    """Which posts of an institution we know a person in: more in large ones, seldom all roles."""
    rng = stream("posts")
    frames = []
    for kind, mask in (("hospital", ~a["dealer"]), ("dealer", a["dealer"])):
        posts = pd.DataFrame(words["posts"][kind], columns=["department", "title", "decision_role", "rank"])
        reach = 3.6 + 1.35 * np.log(a.loc[mask, "wallet"] / 3e6) + 0.9 * normals(rng, int(mask.sum()))
        n = reach.round().clip(2, len(posts) if kind == "hospital" else 3).astype(int)
        weights = np.tile(np.exp(-0.22 * np.arange(len(posts))), (int(mask.sum()), 1))
        who, post = np.nonzero(best(rng, weights, n.to_numpy()))
        frames.append(posts.iloc[post].assign(account=a.index[mask].to_numpy()[who]))
    return pd.concat(frames).sort_values(["account", "rank"], ascending=[True, False], kind="stable", ignore_index=True)


def draw_contacts(a: pd.DataFrame, climate: Climate, words: dict) -> pd.DataFrame:
    """People, their part in the decision, whom they report to, who of us looks after them."""
    rng, c = stream("contacts"), draw_posts(a, words)
    n, of = len(c), a.loc[c["account"]].reset_index(drop=True)
    c["contact_id"] = [f"C{i:04d}" for i in range(1, n + 1)]
    c["name"] = people(rng, words["names"], n)
    c["account_id"] = of["account_id"]
    base = c["decision_role"].map({"EB": 4.6, "UB": 3.7, "TB": 3.3, "coach": 2.8}).to_numpy()
    c["influence"] = (base + 0.7 * normals(rng, n)).round().clip(1, 5).astype(int)
    warm = np.where(of["status"] == "hopefuls", -0.5, 0.35) + 1.2 * (climate.content[c["account"], LAST_QUARTER] - 4.1)
    warm = warm + 0.5 * (c["decision_role"] == "coach").to_numpy() + 0.35 * np.log(of["coverage"])
    c["stance"] = (warm + 0.8 * normals(rng, n)).round().clip(-2, 2).astype(int)
    chance = (0.78 + 0.20 * np.log(of["coverage"]) - 0.06 * (c["rank"] == 5)).clip(0.3, 0.97)
    c["covered"] = rng.random(n) < chance
    by_role = c["decision_role"].map({"EB": 0.04, "UB": 0.55, "TB": 0.15, "coach": 0.75}).to_numpy()
    ours = np.where(rng.random(n) < by_role, of["solution_manager"], of["account_manager"])
    c["owner"] = np.where(c["covered"], ours, "")
    c["reports_to"] = superiors(c)
    return c


def superiors(c: pd.DataFrame) -> list[str]:
    """For each person the lowest of the higher ranks at the account, of the same department if there is one."""
    people = list(c[["account", "contact_id", "department", "rank"]].itertuples(index=False))
    teams: dict[int, list] = {}
    for person in people:
        teams.setdefault(person.account, []).append(person)
    return [superior(person, teams[person.account]) for person in people]


def superior(person, team: list) -> str:
    """Whom one person of a team reports to; blank at the top."""
    above = [other for other in team if other.rank > person.rank]
    near = [other for other in above if other.department == person.department] or above
    return min(near, key=lambda other: other.rank).contact_id if near else ""


def roles_covered(a: pd.DataFrame, contacts: pd.DataFrame) -> np.ndarray:
    """Share of the four decision roles that somebody of us looks after, by account."""
    known = contacts[contacts["covered"]].groupby("account")["decision_role"].nunique()
    return known.reindex(a.index, fill_value=0).to_numpy() / len(DECISION_ROLES)


def contacts_table(contacts: pd.DataFrame) -> pd.DataFrame:
    """The table of people."""
    columns = ["contact_id", "account_id", "name", "department", "title", "decision_role", "influence", "stance"]
    return contacts[[*columns, "reports_to", "owner"]]
