"""Order lines too many for memory become one line per account: DuckDB reads them with a cap on memory and spills."""

import datetime as dt
import tempfile
from pathlib import Path

import pandas as pd

from kamlib.edition import _
from kamlib.problems import DataError, Problem

MEMORY_LIMIT = "600MB"
_NEEDED = ("account_id", "order_date", "amount")

_HISTORIES = """
    WITH days AS (
        SELECT account_id, CAST(order_date AS DATE) AS day, SUM(amount) AS net, MAX(amount) >= 0 AS bought
        FROM read_parquet(?) WHERE CAST(order_date AS DATE) <= ? GROUP BY ALL)
    SELECT account_id, COUNT(*) FILTER (bought) - 1 AS frequency, MIN(day) FILTER (bought) AS first,
        MAX(day) FILTER (bought) AS last, SUM(net) - ARG_MIN(net, day) FILTER (bought) AS later,
        MIN(day) < MIN(day) FILTER (bought) AS returned_before
    FROM days GROUP BY account_id HAVING COUNT(*) FILTER (bought) > 0 ORDER BY account_id"""
_BEFORE = """
    SELECT lines.account_id, SUM(lines.amount) AS before FROM read_parquet(?) AS lines
    JOIN early ON lines.account_id = early.account_id AND CAST(lines.order_date AS DATE) < early.first
    GROUP BY lines.account_id"""


def order_histories(
    lines: str | Path, *, as_of: dt.date | str, period_days: float = 7, memory_limit: str = MEMORY_LIMIT
) -> pd.DataFrame:
    """One row per account that ever ordered, from Parquet files of any size: what `lifetime.customer_summary` gives.

    Parameters
    ----------
    lines
        A Parquet file, or a pattern such as ``orders/*.parquet``, with account_id, order_date, amount.
    as_of
        Last day that counts.
    period_days
        Length of the period in days.
    memory_limit
        What the scan may use, as DuckDB writes it; beyond it, it spills to the temporary folder.

    Raises
    ------
    DataError
        If the files cannot be read, or lack a column.
    """
    import duckdb

    day = pd.Timestamp(as_of).normalize()
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as session:
        session.execute(f"SET memory_limit = '{memory_limit}'")
        session.execute(f"SET temp_directory = '{spill}'")
        session.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        try:
            table = session.execute(_HISTORIES, [str(lines), day.date()]).df()
            early = table.loc[table["returned_before"], ["account_id", "first"]]
            if len(early):
                session.register("early", early)
                before = session.execute(_BEFORE, [str(lines)]).df().set_index("account_id")["before"]
                table["later"] -= table["account_id"].map(before).fillna(0.0).astype(float)
        except (duckdb.IOException, duckdb.BinderException, duckdb.InvalidInputException) as error:
            raise _unreadable(lines, error) from None
    frequency = table["frequency"].astype("int64")
    return pd.DataFrame(
        {
            "account_id": table["account_id"],
            "frequency": frequency,
            "recency": (table["last"] - table["first"]).dt.days / period_days,
            "age": (day - table["first"]).dt.days / period_days,
            "monetary": (table["later"] / frequency.where(frequency > 0)).astype(float).fillna(0.0),
        }
    )


def _unreadable(lines: str | Path, error: Exception) -> DataError:
    remedy = _("Name Parquet files with the columns {needed}.", needed=", ".join(_NEEDED))
    said = str(error).splitlines()[0]
    return DataError([Problem(str(lines), None, "", said, _("the order lines cannot be scanned"), remedy)])
