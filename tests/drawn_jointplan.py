"""What `test_charts` draws of a joint plan: chart -> how to call it, and how it looks without data."""

import pandas as pd

DAY = pd.Timestamp("2025-12-31")
LONG = "重症监护标准化 Standardise intensive care monitoring in every branch of the hospital group"
LIGHTS = ["finished", "green", "amber", "red", "grey", "green"]
STATUS = pd.DataFrame(
    {
        "goal": [LONG, "短 short", None, "=1+1", LONG, "two\nlines"],
        "start": pd.to_datetime(["2025-01-10", "2025-06-01", None, "2025-03-01", None, "2025-11-01"]),
        "end": pd.to_datetime(["2025-06-10", "2026-06-01", "2026-02-01", "2025-09-01", None, None]),
        "light": LIGHTS,
    }
)
PNL = pd.DataFrame(
    [
        ("us", "net_sales", "net sales", 10e6, 12e6, 15e6, 17e6),
        ("us", "cogs", "cost of goods", -5e6, -6e6, -7.5e6, -8.5e6),
        ("us", "plan_cost", "the plan's cost", 0.0, -4e5, -4e5, -4e5),
        ("us", "plan_margin", "plan_margin", 5e6, 5.6e6, 7.1e6, 8.1e6),
        ("them", "benefit", "benefit", 1e6, 1.1e6, 1.6e6, 1.9e6),
    ],
    columns=["side", "line", "name", "without", "p10", "p50", "p90"],
)
BALANCE = pd.DataFrame(
    {
        "goal": [LONG, None, "The whole plan"],
        "give_share": [0.7, None, 0.65],
        "get_share": [0.5, 1.0, 0.8],
        "balance": [0.2, None, -0.15],
    }
)
CURVE = pd.DataFrame(
    {
        "month": pd.date_range("2025-01-31", periods=14, freq="ME"),
        "baseline": [1e6 * n for n in range(1, 15)],
        "planned": [1.3e6 * n for n in range(1, 15)],
        "actual": [1.1e6 * n if n < 9 else None for n in range(1, 15)],
    }
)

DRAWN = {
    "jointplan.gantt": lambda f: f(STATUS, as_of=DAY),
    "jointplan.joint_pnl_bars": lambda f: f(PNL, currency="CNY"),
    "jointplan.swap_bars": lambda f: f(BALANCE),
    "jointplan.burn_up_lines": lambda f: f(CURVE, currency="CNY"),
}
EMPTY = {
    "jointplan.gantt": lambda f: f(STATUS.iloc[:0], as_of=DAY),
    "jointplan.joint_pnl_bars": lambda f: f(
        PNL.assign(p10=PNL["without"], p50=PNL["without"], p90=PNL["without"]), currency="CNY"
    ),
    "jointplan.swap_bars": lambda f: f(BALANCE.assign(give_share=None, get_share=None)),
    "jointplan.burn_up_lines": lambda f: f(CURVE.iloc[:0], currency="CNY"),
}
