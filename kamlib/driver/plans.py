"""What is asked for, and the companies it is asked of: opened and checked before anything runs."""

import datetime as dt
import os
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd

from kamlib import data, edition, schema
from kamlib.driver import chapters, publishing, snapshots
from kamlib.driver.console import Screen, plain
from kamlib.driver.jobs import Limits
from kamlib.edition import _
from kamlib.problems import DataError, Problem

_SILENCE = 2.0
"""Seconds."""


class WishError(ValueError):
    """Something was asked for that there is not: a region, a notebook."""


class FaultyError(Exception):
    """A company's data has problems; nothing was run."""

    def __init__(self, company: str, problems: pd.DataFrame):
        super().__init__(company)
        self.company, self.problems = company, problems


@dataclass(frozen=True)
class Wish:
    """What reports to make."""

    companies: tuple[str, ...]
    """Folders or database URLs."""
    regions: tuple[str, ...] = ()
    """By any of their names; none for every region, ``all`` for the company as a whole."""
    as_of: dt.date | None = None
    languages: tuple[str, ...] = edition.LANGUAGES
    notebooks: str = ""
    """Numbers and ranges, ``10-24,31``; empty for all."""
    folder: Path = chapters.NOTEBOOKS
    out: Path = Path("reports")
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    resume: bool = False


# --- a company on one day ---


@dataclass
class Plan:
    """A company on one day, checked, with the regions to report and the folder they go to."""

    company: data.Company
    as_of: pd.Timestamp
    folder: Path
    regions: list[str]
    conversions: int

    @property
    def work(self) -> Path:
        return self.folder.absolute() / publishing.WORK

    @cached_property
    def slugs(self) -> dict[str, str]:
        return publishing.slugs([*self.company.regions, schema.ALL_REGIONS])

    @cached_property
    def titles(self) -> dict[str, str]:
        return snapshots.in_each(edition.LANGUAGES, lambda: self.company.title)

    @cached_property
    def called(self) -> str:
        return called(self.company.location)

    def currency_of(self, region: str) -> str:
        """The currency of a region's amounts; empty when the whole company has several."""
        known = self.company.book(region, self.as_of).regions["currency"].unique()
        return str(known[0]) if len(known) == 1 else ""

    @cached_property
    def pools(self) -> snapshots.Pools:
        return snapshots.Pools(self.company.book(schema.ALL_REGIONS, self.as_of))


def called(location: str) -> str:
    """A company's data as it may be shown: the path as it was given, if that tells nothing of the machine or of a
    password, else its last part."""
    if "://" in location:
        return location.rpartition("/")[2].partition("?")[0]
    path = PurePosixPath(location)
    tame = path.parts and not path.is_absolute() and not {"..", "~"} & set(path.parts)
    return str(path) if tame else Path(location).resolve().name


def plan(location: str, wish: Wish, screen: Screen) -> Plan:
    """Open and check a company."""
    shown = plain(called(location))
    screen.say(_("Checking {data} …", data=shown))
    try:
        company = data.open_company(location)
        if not isinstance(company, data.Company):
            raise WishError(_("{data} is one region's saved book, not a company.", data=shown))
        check = company.check(progress=_now_and_then(screen))
        if not check.ok:
            raise FaultyError(shown, check.problems)
        regions = _regions(company, wish.regions)
    except DataError as error:
        raise FaultyError(shown, problem_frame(error.problems)) from error
    screen.say(_("Checked {data}: no problems, {n} kinds of conversion.", data=shown, n=len(check.notes)))
    as_of = pd.Timestamp(wish.as_of) if wish.as_of else company.as_of
    folder = wish.out / publishing.slug(company.name) / f"{as_of:%Y-%m-%d}"
    return Plan(company, as_of, folder, regions, len(check.notes))


def _now_and_then(screen: Screen) -> Callable[[str], None]:
    """Tell which file is being read, when reading takes long enough to wonder."""
    told = time.monotonic()

    def tell(file: str) -> None:
        nonlocal told
        if time.monotonic() - told > _SILENCE:
            told = time.monotonic()
            screen.say(_("reading {file} …", file=plain(file)))

    return tell


def _regions(company: data.Company, asked: tuple[str, ...]) -> list[str]:
    """The regions to report, in the order asked for."""
    try:
        return list(dict.fromkeys(company.region_named(name) for name in asked)) or company.regions
    except DataError as error:
        raise WishError(str(error)) from error


def problem_frame(problems: list[Problem]) -> pd.DataFrame:
    """Problems as the table that a check returns."""
    return pd.DataFrame([astuple(problem) for problem in problems], columns=[f.name for f in fields(Problem)])
