"""``kam``: the command line, a thin door over the library.

It ends with 0 when all is well, 1 when something named went wrong, 2 when it was asked wrongly, 75 when another run is
writing the same reports.
"""

import os
import re
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from kamlib import edition
from kamlib.driver import quick
from kamlib.edition import _

WRONG, MISUSED, BUSY, INTERRUPTED = 1, 2, 75, 130
_LANGUAGE = click.Choice(edition.LANGUAGES)
_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """The key-account workbook: check a company's data, make its reports, open the notebooks."""
    quick.start()
    if edition.language() not in edition.LANGUAGES:
        raise click.UsageError(f"KAM_LANG={edition.language()!r}; known: {', '.join(edition.LANGUAGES)}.")


@main.command()
@click.argument("data")
@click.option("--lang", type=_LANGUAGE, help="Language of the answer.")
def check(data: str, lang: str | None) -> None:
    """Read every table of DATA, a folder or database URL, and name every problem."""
    _speak(lang)
    from kamlib import data as door
    from kamlib.driver.console import note_lines, plain
    from kamlib.driver.plans import problem_frame
    from kamlib.problems import DataError

    def reading(file: str) -> None:
        click.echo(_("reading {file} …", file=plain(file)), err=True)

    try:
        found = door.open_company(data).check(progress=reading)
    except DataError as error:
        _refuse(problem_frame(error.problems))
    except OSError as error:
        _give_up(error)
    _list_problems(found.problems)
    if len(found.notes):
        click.echo(_("Converted while reading:"))
        click.echo("\n".join(note_lines(found.notes)))
    _count_and_end(found.problems)


def _give_up(error: OSError) -> NoReturn:
    """The disk, or the right to it, is missing: say which file."""
    click.echo(f"{error.strerror}: {error.filename}" if error.filename else str(error), err=True)
    sys.exit(WRONG)


def _list_problems(problems) -> None:
    from kamlib.driver.console import problem_lines

    for line in problem_lines(problems):
        click.echo(line)


def _count_and_end(problems) -> None:
    count = len(problems)
    if not count:
        click.echo(_("No problems."))
        return
    click.echo(_("1 problem.") if count == 1 else _("{n} problems.", n=f"{count:,}"))
    sys.exit(WRONG)


def _refuse(problems) -> NoReturn:
    """Print problems and end."""
    _list_problems(problems)
    _count_and_end(problems)
    sys.exit(WRONG)


@main.command()
@click.option(
    "--data", "companies", multiple=True, required=True, help="A company's folder or database URL; repeatable."
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="A region, or all for the company as a whole; repeatable. Default: every region.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the report describes. Default: the last day of the data.",
)
@click.option("--lang", "languages", multiple=True, type=_LANGUAGE, help="Repeatable. Default: both.")
@click.option("--notebooks", default="", metavar="LIST", help="Numbers and ranges: 10-24,31. Default: all.")
@click.option("--jobs", type=click.IntRange(1, 512), help="Notebooks run at once. Default: one per core.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="reports", show_default=True)
@click.option("--force", is_flag=True, help="Run chapters again that have not changed.")
@click.option("--resume", is_flag=True, help="Pick up what an interrupted run had finished.")
def report(companies, regions, as_of: datetime | None, languages, notebooks, jobs, out: Path, force, resume) -> None:
    """Run the notebooks for every region and publish the pages."""
    _speak(languages[0] if len(set(languages)) == 1 else None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the children too
    from kamlib import reports
    from kamlib.driver import chapters, plans, publishing
    from kamlib.driver.console import Screen

    wish = plans.Wish(
        companies=tuple(dict.fromkeys(companies)),
        regions=regions,
        as_of=as_of.date() if as_of else None,
        languages=tuple(dict.fromkeys(languages)) or edition.LANGUAGES,
        notebooks=notebooks,
        folder=Path(os.environ.get("KAM_NOTEBOOKS", chapters.NOTEBOOKS)),
        out=out,
        workers=jobs or os.cpu_count() or 1,
        limits=_limits(),
        force=force,
        resume=resume,
    )
    try:
        mishaps = reports.make(wish, Screen())
    except plans.WishError as error:
        raise click.UsageError(str(error)) from error
    except plans.FaultyError as error:
        click.echo(_("Nothing was run: the data of {company} has problems.", company=error.company), err=True)
        _refuse(error.problems)
    except publishing.BusyError as error:
        click.echo(_("Another run is writing {folder}; wait until it is done.", folder=error), err=True)
        sys.exit(BUSY)
    except OSError as error:
        _give_up(error)
    except KeyboardInterrupt:
        click.echo(_("Interrupted. Finished chapters are kept: run the same with --resume."), err=True)
        sys.exit(INTERRUPTED)
    _tell(mishaps)


def _tell(mishaps) -> None:
    """Print what went wrong, and end accordingly."""
    from kamlib.driver.console import table_lines

    if mishaps:
        rows = [(each.region, each.notebook, each.what) for each in mishaps]
        click.echo("\n".join(table_lines(rows, (_("Region"), _("Notebook"), _("What went wrong")))))
        sys.exit(WRONG)


def _limits():
    """Time and memory one notebook may use, as the environment says."""
    from kamlib.driver.jobs import Limits

    seconds, memory = os.environ.get("KAM_TIMEOUT", "600"), os.environ.get("KAM_MEMORY", "4G")
    if not re.fullmatch(r"\d{1,6}(\.\d+)?", seconds) or float(seconds) <= 0:
        raise click.UsageError(_("KAM_TIMEOUT is a number of seconds, not {said!r}.", said=seconds))
    size = re.fullmatch(r"(\d{1,15})\s*([KMG]?)(?:i?B)?", memory.strip(), re.IGNORECASE)
    if not size or int(size[1]) == 0:
        raise click.UsageError(_("KAM_MEMORY is a size such as 4G or 800M, not {said!r}.", said=memory))
    return Limits(float(seconds), int(size[1]) * _SIZES[size[2].upper()])


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--lang", type=_LANGUAGE, help="Language of the help in the tables.")
def new(folder: Path, lang: str | None) -> None:
    """Start a company: write its empty tables, each with a row of help, into DIR."""
    _speak(lang)
    from kamlib import templates

    try:
        templates.write_templates(folder)
    except OSError as error:
        _give_up(error)
    click.echo(_("Fill in the tables in {folder}, then: kam check {folder}", folder=folder))


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--lang", type=_LANGUAGE, help="Language of the notebooks.")
@click.argument("jupyter", nargs=-1, type=click.UNPROCESSED)
def lab(lang: str | None, jupyter: tuple[str, ...]) -> None:
    """Open the notebooks in JupyterLab; further options are JupyterLab's own."""
    _speak(lang)
    from kamlib.driver import lab as rooms

    folder = rooms.folder(edition.language(), lambda text: click.echo(text, err=True))
    os.environ["KAM_LANG"] = edition.language()
    click.echo(_("Opening {folder} …", folder=folder), err=True)
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", str(folder), *jupyter])


def _speak(language: str | None) -> None:
    """Answer in the language asked for, else in the environment's."""
    if language:
        edition.use(language)
