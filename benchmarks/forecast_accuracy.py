"""How far the forecast misses, beside what a sales office would say without it, on public CRM data.

``python benchmarks/forecast_accuracy.py [--json FILE] [--data DIR]`` runs the rolling-origin backtest of
`funnel.backtest` with one frozen configuration:

- 28d: windows of 28 days, a forecast every week;
- 1m: the next calendar month, a forecast at every month's end;
- 3m: the next three calendar months, a forecast at every month's end.

``total`` is the company's sum, ``region`` all regions together. A forecast day counts when the same window a quarter
earlier lies wholly inside the log of closings (the best simple forecast can speak) and the window has ended. Errors are
sums of absolute errors ÷ sums of actuals (wape), CRPS ÷ mean actual (ncrps), the share of actuals inside the 80 %
interval (cov80) and the sum of errors ÷ the sum of actuals (bias). "kamlib" is the headline forecast, "part: …" one
of the models in it; the others are the simple ones.
"""

import argparse
import json
import time
from pathlib import Path

import pandas as pd

from kamlib import data, funnel, scoring

HERE = Path(__file__).resolve().parents[1]
METRICS = ("wape", "ncrps", "cov80", "bias")


def days_of_forecast(closed: pd.Series) -> dict[str, tuple[pd.DatetimeIndex, object]]:
    """Case -> (the days to forecast from, the horizon)."""
    first, last = closed.min() + pd.DateOffset(months=3), closed.max()
    weekly = pd.date_range(last - pd.Timedelta(days=28), first, freq="-7D")[::-1]
    monthly = pd.date_range(first - pd.Timedelta(days=1), last, freq="ME")
    return {
        "28d": (weekly, pd.Timedelta(days=28)),
        "1m": (monthly, pd.offsets.MonthEnd(1)),
        "3m": (monthly, pd.offsets.MonthEnd(3)),
    }


def measure(opportunities: pd.DataFrame, stage_history: pd.DataFrame) -> pd.DataFrame:
    """Tidy rows: case, system, metric, value."""
    tables = []
    for case, (as_ofs, horizon) in days_of_forecast(opportunities["closed"]).items():
        told = funnel.backtest(opportunities, stage_history, as_ofs=as_ofs, horizon=horizon)
        level = (told["region"] == "all").map({True: f"{case} total", False: f"{case} region"})
        system = (
            told["model"].where(told["simple"], "part: " + told["model"]).mask(told["model"] == "forecast", "kamlib")
        )
        scores = scoring.accuracy(told.assign(case=level, system=system), by=["case", "system"])
        tables.append(scores)
    scores = pd.concat(tables)
    return scores.melt(["case", "system"], list(METRICS), var_name="metric", value_name="value")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--data", type=Path, default=HERE / "data" / "maven_crm")
    options = parser.parse_args()
    book = data.open_company(options.data).book("all")
    began = time.process_time()
    rows = measure(book.opportunities, book.stage_history)
    spent = time.process_time() - began
    shown = rows.pivot(index=["case", "system"], columns="metric", values="value")[list(METRICS)].reset_index()
    shown = shown.sort_values(["case", "ncrps"])
    print(shown.round(4).to_string(index=False))
    print(f"\n{spent:.0f} s of processor time for the whole backtest")
    if options.json:
        options.json.write_text(json.dumps(rows.to_dict("records"), indent=1), "utf-8")


if __name__ == "__main__":
    main()
