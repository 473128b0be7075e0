"""A company of deals drawn from a known process, for the tests of the forecast."""

import numpy as np
import pandas as pd


def drawn(n=900, *, days=700, growth=0.0, seed=1, regions=("A", "B"), start="2023-01-01", times=False):
    """(opportunities, stage_history): two stages, exponential stays, half of what reaches the second is won."""
    rng = np.random.default_rng(seed)
    u = np.sort(rng.random(n))
    created = days * (np.log1p(u * np.expm1(growth)) / growth if growth else u)
    first, second = rng.exponential(20, n), rng.exponential(30, n)
    onward = rng.random(n) < 0.7
    won = onward & (rng.random(n) < 0.5)
    closed = created + first + np.where(onward, second, 0)
    began = pd.Timestamp(start)

    def moment(x):
        stamps = began + pd.to_timedelta(x, unit="D")
        return pd.Series(stamps if times else stamps.normalize())

    seen = closed <= days
    amount = rng.lognormal(8, 0.6, n).round()
    keys = np.array([f"D{i:05d}" for i in range(n)])
    deals = pd.DataFrame(
        {
            "opportunity_id": keys,
            "account_id": [f"C{i % 40}" for i in range(n)],
            "product": rng.choice(["p", "q"], n),
            "amount": amount,
            "created": moment(created),
            "closed": moment(closed).where(seen),
            "outcome": np.where(~seen, "open", np.where(won, "won", "lost")),
            "closed_amount": np.where(seen & won, (amount * 0.95).round(), np.nan),
            "owner": rng.choice(["x", "y", "z"], n),
            "region": rng.choice(list(regions), n),
        }
    )
    moves = pd.concat(
        [
            pd.DataFrame({"opportunity_id": keys, "stage": "talk", "entered": moment(created)}),
            pd.DataFrame(
                {"opportunity_id": keys[onward], "stage": "offer", "entered": moment(created[onward] + first[onward])}
            ),
        ],
        ignore_index=True,
    )
    end = began + pd.Timedelta(days=days)
    return deals, moves[moves["entered"] <= end].reset_index(drop=True)


def last_day(deals):
    """The day the drawn company ends on."""
    return deals["created"].max().normalize()
