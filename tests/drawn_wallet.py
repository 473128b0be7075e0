"""What `test_charts` draws of wallets: how to call each chart, and which must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"


def wallets(n=20):
    rng = np.random.default_rng(3)
    wallet = np.exp(rng.normal(15, 1, n))
    table = pd.DataFrame({"account_name": LONG, "wallet": wallet, "revenue": wallet * rng.uniform(0.01, 1, n)})
    table = table.assign(wallet_low=wallet * 0.7, wallet_high=wallet * 1.4, headroom=wallet - table["revenue"])
    return table.assign(basis=np.resize(["model", "peers", "room", "own"], n))


CHECK = pd.DataFrame(
    {
        "quantile": [0.5, 0.5, 0.9, 0.9],
        "method": ["model", "flat"] * 2,
        "coverage": [0.48, 0.55, 0.88, 0.91],
        "accounts": 322,
    }
)
DRAWN = {
    "wallet.spend_and_wallet": lambda f: f(wallets(), currency="CNY"),
    "wallet.headroom_bars": lambda f: f(wallets(), currency="CNY"),
    "wallet.coverage_lines": lambda f: f(CHECK),
}
EMPTY = {
    "wallet.spend_and_wallet": lambda f: f(wallets(0)),
    "wallet.headroom_bars": lambda f: f(wallets().assign(headroom=0.0)),
    "wallet.coverage_lines": lambda f: f(CHECK.iloc[:0]),
}
