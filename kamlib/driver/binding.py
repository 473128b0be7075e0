"""Bind the executed notebooks of one region in one language into a folder of pages, sealed and ready to publish."""

import copy
import re
from pathlib import Path

import nbformat

from kamlib import edition, exports, glossary
from kamlib.driver import chapters, pages, publishing
from kamlib.driver.jobs import Entry, Report
from kamlib.driver.markup import Link, markdown
from kamlib.driver.narrative import Content, content

GLOSSARY = glossary.PATH


def bind(report: Report) -> dict[str, int]:
    """Write all pages of a report into ``report.folder``.

    Returns
    -------
    dict
        How many chapters are ``done``, ``failed`` and ``skipped``, and how many ``decisions`` and ``warnings`` there
        are; also in the manifest.
    """
    edition.use(report.language)
    folder = Path(report.folder)
    folder.mkdir(parents=True)
    link = _link(report)
    contents = {entry.name: _chapter(report, entry, link, folder) for entry in report.entries if entry.source}
    for entry in report.entries:
        if entry.status != "skipped":
            page = pages.chapter_page(report, entry, contents.get(entry.name, Content()))
            (folder / f"{entry.name}.html").write_text(page, "utf-8")
    plans = _joint_plans([content for content in contents.values() if content.plans], folder)
    if GLOSSARY.exists():
        (folder / "glossary.html").write_text(pages.glossary_page(report, glossary_body()), "utf-8")
    (folder / "index.html").write_text(
        pages.region_page(report, contents, glossary=GLOSSARY.exists(), plans=plans), "utf-8"
    )
    counts = _counts(report, contents)
    publishing.seal(folder, _facts(report, counts))
    return counts


def _chapter(report: Report, entry: Entry, link: Link, folder: Path) -> Content:
    """The content of a chapter, after its executed notebook has been put into the folder."""
    notebook = nbformat.read(entry.source, 4)
    (folder / f"{entry.name}.ipynb").write_text(nbformat.writes(notebook) + "\n", "utf-8")
    if entry.failure:
        return Content()  # half a chapter would be read as a whole one
    return content(copy.deepcopy(notebook), link, chapters.NOTEBOOKS)


def _joint_plans(contents: list[Content], folder: Path) -> list[dict[str, str]]:
    """Write every joint plan as a workbook and slides; per plan its account, and the two files."""
    plans = {(plan.account_id, plan.account_name): plan for content in contents for plan in content.plans}
    names = publishing.slugs(f"{number}-{name}" for number, name in plans)
    made = []
    for (number, name), plan in plans.items():
        stem = f"jbp_{names[f'{number}-{name}']}"
        exports.jbp_workbook(plan, folder / f"{stem}.xlsx")
        exports.jbp_slides(plan, folder / f"{stem}.pptx")
        made.append({"account": name, "workbook": f"{stem}.xlsx", "slides": f"{stem}.pptx"})
    return made


def _counts(report: Report, contents: dict[str, Content]) -> dict[str, int]:
    status = [entry.status for entry in report.entries]
    made = [contents[entry.name] for entry in report.entries if entry.status == "done"]
    return {
        "done": status.count("done"),
        "failed": status.count("failed"),
        "skipped": status.count("skipped"),
        "decisions": sum(len(each.decisions) for each in made if each.decisions is not None),
        "warnings": sum(each.warnings for each in made),
    }


def _facts(report: Report, counts: dict[str, int]) -> dict[str, object]:
    return {
        "company": report.company,
        "region": report.region,
        "key": report.key,
        "as_of": report.as_of,
        "language": report.language,
        "data": report.data,
        "counts": counts,
        "chapters": {
            entry.name: {"status": entry.status, "fingerprint": entry.fingerprint, "why": pages.why_not(entry)}
            for entry in report.entries
        },
    }


def _link(report: Report) -> Link:
    """Where the narrative's addresses lead within the report: other chapters, the glossary, places on the page."""
    there = {entry.name for entry in report.entries if entry.status != "skipped"}

    def link(address: str) -> str | None:
        if address.startswith("#"):
            return address
        path, _hash, place = address.partition("#")
        name = Path(path).name
        if name == GLOSSARY.name and GLOSSARY.exists():
            return f"glossary.html#{place}" if place else "glossary.html"
        if name.endswith(".ipynb") and name.removesuffix(".ipynb") in there and "://" not in address:
            return f"{name.removesuffix('.ipynb')}.html" + (f"#{place}" if place else "")
        return None

    return link


def glossary_body() -> str:
    """GLOSSARY.md as HTML in the language spoken now: every term in both languages, its meaning in this one."""
    text = glossary.spoken(GLOSSARY.read_text("utf-8"))
    html = markdown(text, lambda address: address if address.startswith("#") else None)
    return re.sub(r"<table>.*?</table>", lambda table: f'<div class="scroll">{table[0]}</div>', html, flags=re.DOTALL)
