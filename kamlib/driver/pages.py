"""The pages of a report: chapters, a region's front page, the company's and the list of companies.

Each is one file that needs nothing else: style, pictures and font inside, no script, no outside address, and a
Content-Security-Policy that would stop one.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from kamlib import edition, exports, schema
from kamlib.driver import agenda
from kamlib.driver.jobs import ALL_PAGES, Entry, Report, describe
from kamlib.driver.narrative import Content, numbers
from kamlib.driver.typeface import font_face
from kamlib.edition import _

TEMPLATES = Path(__file__).parent / "page_template"
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
_TAGS = {"en": "en", "zh": "zh-CN"}
_INVENTED = ("synthetic", "fictional", "invented", "虚构", "合成", "模拟")


def index_name(language: str) -> str:
    """The file name of a company's page in a language."""
    return "index.html" if language == "en" else f"index.{language}.html"


# --- a chapter ---


def chapter_page(report: Report, entry: Entry, content: Content) -> str:
    """The page of a chapter that ran, or failed."""
    shown = [each for each in report.entries if each.status != "skipped"]
    at = shown.index(entry)
    turn = {
        "before": _step(shown[at - 1]) if at else None,
        "after": _step(shown[at + 1]) if at + 1 < len(shown) else None,
    }
    region = report.region[report.language]
    return _page(
        "chapter.html.j2",
        title=entry.title,
        here=entry.title,
        trail=[_to_company(report), {"href": "index.html", "text": region}],
        switch=_switch(report, f"{entry.name}.html"),
        colophon=_colophon(report),
        number=entry.name[:2],
        pillar=_pillar(entry)["name"],
        region=region,
        words=_words(report.as_of, report.currency),
        failure=describe(entry.failure) if entry.failure else "",
        headline=Markup(numbers(content.headline)) if content.headline else "",
        contents=content.contents,
        body=Markup(content.body),
        held=_(
            "This report holds the chapters {chapters}; others named in the text are not in it.",
            chapters=_(", ").join(each.name[:2] for each in shown),
        ),
        **turn,
    )


def _step(entry: Entry) -> dict[str, str]:
    return {"href": f"{entry.name}.html", "text": entry.title}


def _pillar(entry: Entry) -> dict[str, str]:
    return _pillars(edition.language()).get(entry.name[0], {"name": "", "question": ""})


@cache
def _pillars(_language: str) -> dict[str, dict[str, str]]:
    return edition.reference("pillars").set_index("decade").to_dict("index")


# --- a region's front page ---


def region_page(
    report: Report, contents: dict[str, Content], *, glossary: bool, plans: Iterable[dict[str, str]] = ()
) -> str:
    """The front page of a region: every chapter's numbers, all decisions in one list, and what they rest on.

    ``plans`` are the joint business plans that lie beside it: ``account``, ``workbook``, ``slides``.
    """
    region, company = report.region[report.language], report.company[report.language]
    decisions = _decisions(report, contents)
    begin = agenda.first(decisions)
    return _page(
        "region.html.j2",
        title=region,
        here=region,
        trail=[_to_company(report)],
        switch=_switch(report, "index.html"),
        colophon=_colophon(report),
        company=company,
        words=_words(report.as_of, report.currency),
        synthetic=invented(company),
        failed=[_listed(entry, contents) for entry in report.entries if entry.status == "failed"],
        headlines=[
            {**_listed(entry, contents), "numbers": Markup(numbers(contents[entry.name].headline))}
            for entry in report.entries
            if entry.status == "done" and contents[entry.name].headline
        ],
        decisions=_rows(begin),
        decision_columns=[exports.heading(column) for column in exports.DECISION_COLUMNS],
        by_account=[_about(name, rows) for name, rows in agenda.by_account(decisions)],
        owners_title=_("{n} more, by owner", n=len(decisions) - len(begin)),
        by_owner=[_owned(name, rows) for name, rows in agenda.by_owner(decisions, begin)],
        pillars=_chapters_by_pillar(report, contents),
        glossary=glossary,
        plans=list(plans),
        health=[_health_row(row) for row in report.health],
        conversions=_("{n} kinds of conversion were made when the data was read; kam check lists them.", n=n)
        if (n := report.conversions)
        else "",
        absent=_("No rows of: {tables}.", tables=", ".join(report.absent)) if report.absent else "",
    )


def _listed(entry: Entry, contents: dict[str, Content]) -> dict[str, object]:
    warnings = contents[entry.name].warnings if entry.name in contents else 0
    return {
        "number": entry.name[:2],
        "title": entry.title,
        "href": f"{entry.name}.html" if entry.status != "skipped" else "",
        "status": entry.status,
        "what": why_not(entry),
        "warnings": _warned(warnings) if warnings else "",
    }


def why_not(entry: Entry) -> str:
    """Why a chapter was skipped, or failed; empty for one that is there."""
    if entry.missing:
        return _("needs data this report does not have: {tables}", tables=", ".join(entry.missing))
    return describe(entry.failure) if entry.failure else ""


def _warned(count: int) -> str:
    return _("1 warning") if count == 1 else _("{n} warnings", n=count)


def _decisions(report: Report, contents: dict[str, Content]) -> pd.DataFrame:
    """The decisions of every chapter that ran, in its order, with where they are explained."""
    frames = [pd.DataFrame(columns=[*exports.DECISION_COLUMNS, "chapter", "title", "href"])]
    for entry in report.entries:
        frame = contents[entry.name].decisions if entry.name in contents else None
        if entry.status == "done" and frame is not None and len(frame):
            known = frame[list(exports.DECISION_COLUMNS)].astype(object)
            frames.append(known.assign(chapter=entry.name[:2], title=entry.title, href=f"{entry.name}.html"))
    return pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)


def _rows(decisions: pd.DataFrame) -> list[dict[str, object]]:
    """Decisions as rows of text."""
    texts = exports.texts(decisions[list(exports.DECISION_COLUMNS)])
    texts["owner"] = texts["owner"].replace({edition.MISSING: _("to be named"), "": _("to be named")})
    links = decisions[["chapter", "title", "href"]].rename(columns={"chapter": "number"}).to_dict("records")
    return [{"cells": list(cells), **link} for cells, link in zip(texts.to_numpy(), links, strict=True)]


def _about(account: str, decisions: pd.DataFrame) -> dict[str, object]:
    n = len(decisions)
    said = _("{n} decisions", n=n)
    return {"name": account, "count": said, "marked": n >= agenda.MARKED, "rows": _rows(decisions)}


def _owned(owner: str, decisions: pd.DataFrame) -> dict[str, object]:
    name = owner or _("to be named")
    return {"name": name, "count": _("{n} decisions", n=len(decisions)), "rows": _rows(decisions)}


def _chapters_by_pillar(report: Report, contents: dict[str, Content]) -> list[dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for entry in report.entries:
        pillar = found.setdefault(entry.name[0], {**_pillar(entry), "chapters": []})
        pillar["chapters"].append(_listed(entry, contents))
    return list(found.values())


def _health_row(row: dict[str, object]) -> dict[str, str]:
    first, last = (edition.date(pd.Timestamp(row[end])) if row[end] else edition.MISSING for end in ("first", "last"))
    what = _(schema.TABLES[str(row["table"])].row)
    return {"table": str(row["table"]), "what": what, "rows": f"{row['rows']:,}", "first": first, "last": last}


# --- a company, and all of them ---


def company_page(name: str, as_of: str, regions: Iterable[dict], *, language: str) -> str:
    """The page of a company and day: its regions, in both languages.

    Parameters
    ----------
    regions
        ``name``, ``folder``, ``languages``, ``done``, ``failed``, ``skipped``, ``decisions``.
    """
    return _page(
        "company.html.j2",
        title=name,
        here=name,
        trail=[{"href": f"../../{index_name(language)}", "text": _("All companies")}],
        switch=[
            {
                "lang": _TAGS[other],
                "text": LANGUAGE_NAMES[other],
                "href": "" if other == language else index_name(other),
            }
            for other in edition.LANGUAGES
        ],
        colophon=[name, _words(as_of)["as_of"], *([_("synthetic data")] if invented(name) else [])],
        words=_words(as_of),
        synthetic=invented(name),
        regions=[_region_card(region, language) for region in regions],
    )


def _region_card(region: dict, language: str) -> dict[str, object]:
    spoken = language if language in region["languages"] else region["languages"][0]
    counts = [
        _("{n} chapters", n=region["done"]),
        _("{n} decisions", n=region["decisions"]),
        *([_("{n} skipped", n=region["skipped"])] if region["skipped"] else []),
    ]
    return {
        "name": region["name"],
        "href": f"{region['folder']}/{spoken}/index.html",
        "counts": " · ".join(counts),
        "failed": _("{n} failed", n=region["failed"]) if region["failed"] else "",
        "languages": [
            {"lang": _TAGS[each], "text": LANGUAGE_NAMES[each], "href": f"{region['folder']}/{each}/index.html"}
            for each in region["languages"]
        ],
    }


def companies_page(companies: Iterable[dict], *, language: str) -> str:
    """The list of companies: ``name`` and ``days``, each with ``text`` and ``folder``."""
    listed = [
        {
            "name": company["name"],
            "days": [
                {"text": day["text"], "href": f"{day['folder']}/{index_name(language)}"} for day in company["days"]
            ],
        }
        for company in companies
    ]
    return _page(
        "companies.html.j2",
        title=_("Reports"),
        here=_("All companies"),
        trail=[],
        switch=[
            {
                "lang": _TAGS[other],
                "text": LANGUAGE_NAMES[other],
                "href": "" if other == language else index_name(other),
            }
            for other in edition.LANGUAGES
        ],
        colophon=[_("Key-account workbook")],
        words=_words(""),
        companies=listed,
    )


def glossary_page(report: Report, body: str) -> str:
    """The glossary beside a region's chapters."""
    region = report.region[report.language]
    return _page(
        "glossary.html.j2",
        title=_("Glossary"),
        here=_("Glossary"),
        trail=[_to_company(report), {"href": "index.html", "text": region}],
        switch=_switch(report, "glossary.html"),
        colophon=_colophon(report),
        words=_words(report.as_of, report.currency),
        body=Markup(body),
    )


# --- what all pages share ---


def invented(company: str) -> bool:
    """Whether a company says of itself that it does not exist."""
    return any(word in company.lower() for word in _INVENTED)


def _to_company(report: Report) -> dict[str, str]:
    return {"href": f"../../{index_name(report.language)}", "text": report.company[report.language]}


def _switch(report: Report, file: str) -> list[dict[str, str]]:
    """The languages a page comes in; empty if it is only this one."""
    spoken = [each for each in edition.LANGUAGES if each == report.language or _has_page(report, each, file)]
    return [
        {
            "lang": _TAGS[each],
            "text": LANGUAGE_NAMES[each],
            "href": "" if each == report.language else f"../{each}/{file}",
        }
        for each in (spoken if len(spoken) > 1 else [])
    ]


def _has_page(report: Report, language: str, file: str) -> bool:
    return bool({file, ALL_PAGES} & set(report.siblings.get(language, [])))


def _colophon(report: Report) -> list[str]:
    company = report.company[report.language]
    rows = sum(int(row["rows"]) for row in report.health)
    data = _(
        "data: {data}, {tables} tables, {rows} rows", data=report.data, tables=len(report.health), rows=f"{rows:,}"
    )
    note = [_("synthetic data")] if invented(company) else []
    return [company, report.region[report.language], _words(report.as_of)["as_of"], data, *note]


def _words(as_of: str, currency: str = "") -> dict[str, str]:
    return {
        "amounts": _("amounts in {currency}", currency=currency) if currency else "",
        "as_of": _("as of {day}", day=as_of),
        "you_are_here": _("You are here"),
        "contents": _("On this page"),
        "chapter": _("Chapter"),
        "chapters": _("Chapters"),
        "before": _("Previous"),
        "after": _("Next"),
        "up": _("Overview"),
        "left_in_notebook": _("Exercises and sliders are in the .ipynb file; this page shows results only."),
        "headlines": _("The numbers at a glance"),
        "no_headlines": _("No chapter published headline numbers."),
        "decisions": _("Decisions"),
        "first": _("First five things this week"),
        "first_rule": _(
            "The earliest date first; on the same date the account about which most chapters decide something; each "
            "account once."
        ),
        "by_account": _("Accounts about which several chapters decide"),
        "by_account_why": _("Read them side by side: what contradicts must be settled before anybody acts."),
        "no_decisions": _("No chapter published decisions."),
        "glossary": _("Glossary"),
        "plans": _("Joint business plans"),
        "workbook_file": _("workbook"),
        "slides_file": _("slides"),
        "data": _("What this report rests on"),
        "data_intro": _("Rows of this region known on that day; nothing later and nothing of another region is used."),
        "table": exports.heading("table"),
        "rows": exports.heading("rows"),
        "first_day": exports.heading("first_day"),
        "last_day": exports.heading("last_day"),
        "failed": _("failed"),
        "skipped": _("left out"),
        "done": _("done"),
        "chapter_failed": _("This chapter could not be made."),
        "some_failed": _("Not every chapter could be made:"),
        "failed_help": _("The other chapters of this report are not affected."),
        "synthetic": _("synthetic data"),
        "reports": _("Reports by region"),
        "workbook": _("Key-account workbook"),
    }


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text("utf-8")


def _page(template: str, **context: object) -> str:
    html = _environment().get_template(template).render(language=edition.language(), style="/*style*/", **context)
    return html.replace("/*style*/", f"{font_face(html)}\n{_style()}", 1) + "\n"
