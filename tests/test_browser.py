"""The pages of one region as a browser shows them, in both languages: nothing fails, is clipped, or asks for anything.

The stored notebooks are looked at, and a gallery of what strains a page.
"""

import io
import shutil

import browser as browsers
import pytest
from small import BOOK, company, notebook

from kamlib import reports
from kamlib.driver import chapters, plans
from kamlib.driver.console import Screen

pytestmark = pytest.mark.skipif(not browsers.PROGRAM, reason="no Chromium on this machine")

SUM = r"\sum_{t=1}^{T} \frac{m_t \cdot r^t}{(1 + d)^t}"
GALLERY = [
    BOOK,
    rf"""%% ## Formulas and long words

Inline $p_i = \frac{{a}}{{b}}$ and

$$\hat{{v}} = {SUM} + {SUM} + {SUM} + {SUM}$$

{"Donaudampfschifffahrtsgesellschaft" * 8}""",
    "%% ## 客户与商机\n\n中文正文:大客户、商机、漏斗、联合生意计划。\n\n| a | b |\n|---|---|\n| 价值 | 1 |",
    "%% ## Tables",
    """import pandas as pd
from kamlib import exports
from kamlib.charts import canvas
exports.table(pd.DataFrame({f"column_number_{i}": [i * 1000.5, None] for i in range(30)}))""",
    "pd.DataFrame({f'column_number_{i}': ['text ' * 9] for i in range(12)})",
    "%% ## Chart",
    "ax = canvas.axes()\nax.barh(['Clinic', '东海医院'], [1, 2])",
    "import warnings\nwarnings.warn('x' * 300)\nprint('y' * 400)",
    """#!headline
numbers = {"accounts": 3, "largest_account": "东海医院东海医院东海医院东海医院", "revenue": 12345678.0, "share": 0.5}
exports.publish("headline", pd.DataFrame([numbers | {"a_rather_long_name_of_a_number": "n/a"}]))""",
    """#!decide
todo = {"account_name": "Clinic", "evidence": "e " * 60, "action": "a " * 60, "owner": "Somebody"}
exports.publish("decisions", pd.DataFrame([todo | {"by_when": pd.Timestamp("2025-07-31")}]))""",
]

CLIPPED = """[...document.querySelectorAll('body *')].filter(element => {
  const style = getComputedStyle(element);
  if (['inline', 'none', 'contents'].includes(style.display)) return false;
  if (element.parentElement.closest('.scroll, pre, .formula, .prose table, math')) return false;
  if (['auto', 'scroll'].includes(style.overflowX) || !element.clientWidth) return false;
  return element.scrollWidth > element.clientWidth + 1;
}).map(element => element.outerHTML.slice(0, 120))"""
OUTSIDE = """[...document.querySelectorAll('main *')].filter(element =>
  !element.closest('.scroll, pre, .formula, .prose table, math')
  && element.getBoundingClientRect().right > innerWidth + 1).map(element => element.outerHTML.slice(0, 120))"""
BROKEN = "[...document.images].filter(image => !image.complete || !image.naturalWidth || !image.alt).length"
UNLOADED = "[...document.fonts].filter(font => font.status !== 'loaded').map(font => font.family)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of one region in both languages."""
    tmp_path = tmp_path_factory.mktemp("pages")
    folder = tmp_path / "notebooks"
    notebook(folder, "90_gallery", *GALLERY)
    notebook(folder, "91_broken", "1 / 0")
    notebook(folder, "92_lacking", tables="`accounts`, `satisfaction`")
    data = chapters.NOTEBOOKS.parent / "data" / "maven_crm"
    if not data.exists():
        data = company(tmp_path / "acme", {"East": ["Clinic"]})
    for path in chapters.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"):
        shutil.copy(path, folder)
    wish = plans.Wish((str(data),), regions=("East",), folder=folder, out=tmp_path / "out", workers=2)
    mishaps = reports.make(wish, Screen(io.StringIO()))
    assert {mishap.notebook for mishap in mishaps} == {"91_broken"}, mishaps
    return tmp_path / "out"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser for all tests."""
    found = browsers.Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.mark.parametrize("width", [1440, 1024, 390], ids=["projector", "small screen", "telephone"])
def test_every_page_opens_whole_and_asks_for_nothing(pages, browser, width):
    every = sorted(pages.rglob("*.html"))
    assert len(every) >= 12
    for page in every:
        browser.open(page, width=width)
        assert browser.said == [], page
        assert [url for url in browser.asked if not url.startswith(("file:", "data:"))] == []
        assert browser.ask(CLIPPED) == [], page
        assert browser.ask(OUTSIDE) == [], page
        assert browser.ask(BROKEN) == 0, page
        assert browser.ask("document.documentElement.scrollWidth") <= width, page
        assert "error" not in (browser.ask(UNLOADED) or []), page


def test_chinese_is_drawn_by_a_font_that_knows_it(pages, browser):
    page = next(pages.glob("*/*/East/zh/index.html"))
    browser.open(page)
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="h2")["nodeId"]
    fonts = browser.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
    assert fonts
    assert not [font for font in fonts if "LastResort" in font["familyName"] or "Fallback" in font["familyName"]]


def test_the_policy_stops_a_script_even_if_one_came_in(pages, browser, tmp_path):
    page = next(pages.glob("*/*/East/en/index.html")).read_text("utf-8")
    hostile = tmp_path / "hostile.html"
    hostile.write_text(page.replace("<main>", "<main><script>document.title = 'owned'</script><img src=x onerror=a()>"))
    browser.open(hostile)
    assert browser.ask("document.title") != "owned"
    assert any("Content Security Policy" in line for line in browser.said)


def test_the_first_page_shows_decisions_numbers_chapters_and_data(pages, browser):
    browser.open(next(pages.glob("*/*/East/en/index.html")))
    parts = browser.ask("[...document.querySelectorAll('h2')].map(element => element.id)")
    assert parts == ["decisions", "headlines", "chapters", "data"]
    assert browser.ask("document.querySelectorAll('.numbers dd').length") >= 5
    assert browser.ask("document.querySelectorAll('table.decisions tbody tr').length") >= 1


def test_code_is_folded_and_sliders_are_left_to_the_notebook(pages, browser):
    for page in pages.glob("*/*/East/en/[0-9]*.html"):
        browser.open(page)
        assert browser.ask("document.querySelectorAll('details.code[open]').length") == 0
        assert browser.ask("document.querySelectorAll('input, button, script, iframe').length") == 0
