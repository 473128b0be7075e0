"""Joint plans beside a region's pages: one workbook and one set of slides each, linked, sealed, the same every time."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from plans import HOSTILE, demo_like, remade, same

from kamlib import edition, exports, jointforms, planning
from kamlib.driver import binding, publishing
from kamlib.driver.jobs import Entry, Failure, Report


@pytest.fixture(autouse=True)
def _english():
    yield
    edition.use("en")


def named(name: str, number: str = "A1") -> jointforms.JointPlan:
    plan = demo_like(name)
    tables = {table: getattr(plan, table) for table in jointforms.FORMS}
    return jointforms.make_plan(number, name, currency="CNY", as_of=plan.as_of, **tables)


def bound(folder, *plans, language="en", failure=None):
    """Bind one chapter that published these plans."""
    cells = [
        new_code_cell(
            "publish",
            id=f"cell-{at}",
            execution_count=at + 1,
            outputs=[new_output("display_data", exports.PublishedPlan(plan)._repr_mimebundle_())],
        )
        for at, plan in enumerate(plans)
    ]
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), folder / "run.ipynb")
    entry = Entry("43_joint_business_plan", "Plan", "failed" if failure else "done", str(folder / "run.ipynb"))
    entry.failure = failure
    names = {"en": "East", "zh": "华东"}
    facts = {"language": language, "company": names, "region": names, "key": "East", "slug": "East"}
    report = Report(**facts, as_of="2025-12-31", data="acme", folder=str(folder / "made"), entries=[entry])
    binding.bind(report)
    return folder / "made"


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("jbp_")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_plan_is_a_workbook_and_slides_in_the_pages_language(tmp_path, language):
    plan = named("Clinic")
    folder = bound(tmp_path / "x", plan, named("医院", "A2"), language=language)
    assert sorted(files(folder)) == ["jbp_A1-Clinic.pptx", "jbp_A1-Clinic.xlsx", "jbp_A2-医院.pptx", "jbp_A2-医院.xlsx"]
    page = (folder / "index.html").read_text("utf-8")
    for name in files(folder):
        assert f'href="{name}"' in page
    assert ("联合生意计划" if language == "zh" else "Joint business plans") in page
    assert same(planning.read_jbp_workbook(folder / "jbp_A1-Clinic.xlsx"), plan)


def test_the_files_are_sealed_and_the_same_every_time(tmp_path):
    one, two = (bound(tmp_path / name, named("Clinic")) for name in "ab")
    assert files(one) == files(two)
    sums = json.loads((one / publishing.MANIFEST).read_text("utf-8"))["files"]
    assert {name for name in sums if name.startswith("jbp_")} == set(files(one))
    assert all(publishing.intact(one, name) for name in files(one))


@pytest.mark.parametrize("name", [*HOSTILE[:5], "长" * 200, "con", "a/../b"])
def test_an_account_of_any_name_gets_a_harmless_file_and_link(name, tmp_path):
    folder = bound(tmp_path / "x", named(name))
    assert len(files(folder)) == 2
    page = (folder / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert 'href="http' not in page
    links = re.findall(r'<a href="(jbp_[^"]*)" download>', page)
    assert sorted(links) == sorted(files(folder))
    assert all(not set(link) & set('/\\:*?"<>|=+@ ') for link in links)


def test_accounts_whose_names_fall_together_keep_apart(tmp_path):
    folder = bound(tmp_path / "x", named("a/b"), named("a b", "a1"), named("A B", "A-1"))
    assert len({name.casefold() for name in files(folder)}) == 6


def test_a_chapter_published_twice_writes_the_last(tmp_path):
    late = remade(named("Clinic"), goals=named("Clinic").goals.iloc[:1])
    folder = bound(tmp_path / "x", named("Clinic"), late)
    assert same(planning.read_jbp_workbook(folder / "jbp_A1-Clinic.xlsx"), late)


def test_a_failed_chapter_hands_over_no_plan(tmp_path):
    folder = bound(tmp_path / "x", named("Clinic"), failure=Failure("error", "ValueError", 3))
    assert files(folder) == {}
    assert "jbp_" not in (folder / "index.html").read_text("utf-8")


def test_a_report_without_plans_has_no_heading_for_them(tmp_path):
    page = (bound(tmp_path / "x") / "index.html").read_text("utf-8")
    assert "Joint business plans" not in page
