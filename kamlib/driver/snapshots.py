"""What a run may see of a company: one region's book on one day, cut out and saved before any notebook starts."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from sys import version_info

import pandas as pd

from kamlib import data, edition, schema
from kamlib.driver.chapters import Chapter, Pooled, pooled_calls
from kamlib.driver.jobs import Failure

_MAIN_PACKAGES = ("pandas", "numpy", "scipy", "scikit-learn", "matplotlib", "pyarrow", "ipykernel", "ipywidgets")
_AFTER_THE_RUN = {"binding", "cli", "console", "lab", "markup", "narrative", "pages", "publishing", "typeface"}
"""Modules no notebook's result depends on."""


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while."""
    before = edition.language()
    edition.use(language)
    try:
        yield
    finally:
        edition.use(before)


def in_each(languages: tuple[str, ...], say: Callable[[], str]) -> dict[str, str]:
    """Language -> what ``say`` says in it."""
    said = {}
    for language in languages:
        with speaking(language):
            said[language] = say()
    return said


@dataclass
class Pools:
    """A company's aggregates over all regions on one day, each computed once."""

    book: data.Book
    _known: dict[Pooled, pd.DataFrame | Exception] = field(default_factory=dict)

    def get(self, function: Callable, *tables: str) -> pd.DataFrame:
        """The aggregate. Raises whatever its function raised."""
        call = (function, tables)
        if call not in self._known:
            self._known[call] = self._made(function, tables)
        if isinstance(self._known[call], Exception):
            raise self._known[call]
        return self._known[call]

    def _made(self, function: Callable, tables: tuple[str, ...]) -> pd.DataFrame | Exception:
        try:
            return self.book.pooled(function, *tables)
        except Exception as error:  # noqa: BLE001 - named in the chapters that ask for it; the others go on
            return error

    def failure(self, chapter: Chapter) -> Failure | None:
        """Why a chapter cannot have its aggregates, if it cannot."""
        try:
            for function, tables in pooled_calls(chapter.notebook):
                self.get(function, *tables)
        except Exception as error:  # noqa: BLE001 - becomes the chapter's failure
            return Failure("error", f"{type(error).__name__}: {error}")
        return None

    def mark(self, chapter: Chapter) -> str:
        """What a chapter's aggregates hold, as a checksum."""
        found = hashlib.sha256()
        for function, tables in pooled_calls(chapter.notebook):
            found.update(self.get(function, *tables).to_csv().encode())
        return found.hexdigest()


def save(
    book: data.Book, folder: Path, titles: dict[str, str], pools: Pools, chapters: list[Chapter]
) -> dict[str, Path]:
    """Save a region's book once per language, with the aggregates the chapters ask for. Language -> folder."""
    calls = dict.fromkeys(call for chapter in chapters for call in pooled_calls(chapter.notebook))
    places = {}
    for language, title in titles.items():
        places[language] = folder / language
        dataclasses.replace(book, company=title, _pool=pools.get).save(places[language], calls)
    return places


def health(book: data.Book) -> tuple[list[dict[str, object]], list[str]]:
    """Per table with rows: table, rows, first and last day; and the tables without."""
    rows, absent = [], []
    for name, table in schema.TABLES.items():
        frame = getattr(book, name)
        if frame.empty:
            absent.append(name)
            continue
        dated = table.seen_from if table.seen_from and table[table.seen_from].kind in ("date", "month") else ""
        ends = (frame[dated].min(), frame[dated].max()) if dated else (pd.NaT, pd.NaT)
        first, last = ("" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in ends)
        rows.append({"table": name, "rows": len(frame), "first": first, "last": last})
    return rows, absent


# --- checksums ---


def mark_of(folder: Path) -> str:
    """The tables of a saved book, as a checksum. Aggregates are marked chapter by chapter."""
    return _mark_files(path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pool")


@cache
def mark_of_library() -> str:
    """The library and the packages that decide what a notebook computes, as a checksum."""
    root = Path(__file__).parents[1]
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix in (".py", ".po", ".csv", ".ttf") and path.stem.rpartition(".")[2] not in _AFTER_THE_RUN
    ]
    packages = [f"{name} {version(name)}" for name in _MAIN_PACKAGES]
    return _mark_files(files, "\n".join([f"{version_info.major}.{version_info.minor}", *packages]))


def _mark_files(paths, also: str = "") -> str:
    found = hashlib.sha256(also.encode())
    for path in paths:
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()
