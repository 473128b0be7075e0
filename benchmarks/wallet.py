"""How near the estimated wallets come to the true ones, where the truth is known: the demonstration company's.

``python benchmarks/wallet.py [--json FILE]`` estimates the wallet of every account from what the company's tables show
(firmographics and orders), and compares with the hidden wallet the data was generated from. "flat" is the same
percentile of spend for every account; "own spend" takes what an account spends as its wallet.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib import data, wallet

DEMO = Path(__file__).parents[1] / "data" / "demo"
AS_OF = "2025-12-31"
QUANTILE = 0.9


def truth() -> pd.Series:
    """The hidden wallet of every account, by account_id."""
    sys.path.insert(0, str(DEMO))
    import generate

    return generate.truth()["accounts"].set_index("account_id")["wallet"]


def estimates() -> pd.DataFrame:
    """One row per customer: what each way of estimating says, and its true wallet."""
    book = data.open_company(DEMO).book("all", AS_OF)
    models = book.pooled(wallet.wallet_models, "accounts", "orders")
    peers = book.pooled(wallet.peer_quantiles, "accounts", "orders")
    spend = wallet.yearly_spend(book.orders, as_of=book.as_of)
    unjudged = book.wallets.iloc[:0]  # the room's word would be near the truth
    table = wallet.wallets(book.accounts, spend, models, peers, unjudged, scope="all", quantile=QUANTILE)
    table["true"] = table["account_id"].map(truth())
    table["flat"] = np.exp(np.log(spend[spend > 0]).quantile(QUANTILE))
    table["flat"] = table[["flat", "revenue"]].max(axis=1)
    return table[(table["account_type"] == "customer") & (table["revenue"] > 0)]


def rows() -> list[dict]:
    """Tidy results: case, system, metric, value."""
    table = estimates()
    found = []
    for system, column in (("kamlib", "wallet"), ("flat", "flat"), ("own spend", "revenue")):
        ratio, order = table[column] / table["true"], table[[column, "true"]].rank().corr().iloc[0, 1]
        metrics = {
            "median of estimate ÷ truth": ratio.median(),
            "median |log(estimate ÷ truth)|": np.abs(np.log(ratio)).median(),
            "rank correlation with the truth": order,
            "sum of estimates ÷ sum of truths": table[column].sum() / table["true"].sum(),
        }
        found += [{"case": f"demo, {len(table)} customers", "system": system, "metric": m, "value": round(float(v), 4)}
                  for m, v in metrics.items()]  # fmt: skip
    return found


def main() -> None:
    """Print the table; write the rows where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    told, found = parser.parse_args(), rows()
    print(pd.DataFrame(found).pivot(index="metric", columns="system", values="value").to_string())
    if told.json:
        told.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
