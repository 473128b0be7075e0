"""The pages above the regions: a company's list of regions and the list of companies, made from what is published."""

from collections.abc import Iterable
from pathlib import Path

from kamlib import edition
from kamlib.driver import pages, publishing
from kamlib.driver.snapshots import speaking


def shelve(folder: Path, slugs: Iterable[str]) -> None:
    """Write a company's page for one day anew, and the list of all companies.

    Parameters
    ----------
    folder
        ``<out>/<company>/<day>``.
    slugs
        The folders of the company's regions in the order they are listed in.
    """
    regions = [found for slug in slugs if (found := _published(folder / slug))]
    for language in edition.LANGUAGES:
        with speaking(language):
            page = _company_page(regions, folder.name, language)
        publishing.write(folder / pages.index_name(language), page)
    out = folder.parents[1]
    with publishing.only_writer(out, wait=True):
        companies = list(_companies(out))
        for language in edition.LANGUAGES:
            with speaking(language):
                page = pages.companies_page(_listed(companies, language), language=language)
            publishing.write(out / pages.index_name(language), page)


def _published(region: Path) -> dict[str, dict]:
    """Language -> manifest of a region's published reports."""
    found = {language: publishing.manifest(region / language) for language in edition.LANGUAGES}
    return {language: {**manifest, "folder": region.name} for language, manifest in found.items() if manifest}


def _company_page(regions: list[dict[str, dict]], day: str, language: str) -> str:
    cards = []
    for found in regions:
        manifest = found.get(language) or next(iter(found.values()))
        name = manifest["region"][language]
        cards.append({"name": name, "folder": manifest["folder"], "languages": list(found), **manifest["counts"]})
    company = next(iter(regions[-1].values()))["company"][language] if regions else ""
    return pages.company_page(company, day, cards, language=language)


def _companies(out: Path) -> Iterable[tuple[dict[str, str], list[str]]]:
    """Every company with something published: its names, and its days, the latest first."""
    for company in sorted(path for path in out.iterdir() if path.is_dir()):
        sealed = sorted(company.glob(f"*/*/*/{publishing.MANIFEST}"))
        days = sorted({path.parents[2].name for path in sealed}, reverse=True)
        if days:
            yield {"folder": company.name, **publishing.manifest(sealed[-1].parent)["company"]}, days


def _listed(companies: list[tuple[dict[str, str], list[str]]], language: str) -> list[dict]:
    return [
        {"name": names[language], "days": [{"text": day, "folder": f"{names['folder']}/{day}"} for day in days]}
        for names, days in companies
    ]
