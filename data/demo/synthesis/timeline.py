"""The three years: days counted from the first, months, quarters, working days."""

import numpy as np
import pandas as pd

FIRST, LAST = np.datetime64("2023-01-01"), np.datetime64("2025-12-31")
DAYS = int((LAST - FIRST).astype(int)) + 1
QUARTERS = 12
LAST_QUARTER = QUARTERS - 1
CALENDAR = FIRST + np.arange(DAYS + 400)
MONTH = CALENDAR.astype("datetime64[M]").astype(int) - int(FIRST.astype("datetime64[M]").astype(int))
QUARTER = MONTH // 3
WEEKDAY = (CALENDAR.astype(int) + 3) % 7  # Monday = 0


def day_of(text: str) -> int:
    """Days since the first day of the data."""
    return int((np.datetime64(text) - FIRST).astype(int))


def quarter_of(day) -> np.ndarray:
    """Quarter of a day, held within the three years."""
    return QUARTER[np.clip(day, 0, DAYS - 1)]


def working_day(day: np.ndarray) -> np.ndarray:
    """The day itself, or the Monday after a weekend."""
    day = np.asarray(day)
    weekday = (day + int(FIRST.astype(int)) + 3) % 7
    return day + np.where(weekday >= 5, 7 - weekday, 0)


def written(day) -> pd.Series:
    """Days as text; blank where unknown or after the last day of the data."""
    day = pd.Series(day, dtype="float64")
    known = day.notna() & (day < DAYS)
    text = (FIRST + day.where(known, 0).to_numpy().round().astype(int)).astype(str)
    return pd.Series(text, index=day.index).where(known, "")
