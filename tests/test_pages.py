"""Chapters for readers: results first, code folded, learners' cells gone, nothing foreign let in."""

import base64
import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kamlib import edition, exports
from kamlib.driver import narrative, pages, typeface
from kamlib.driver.jobs import ALL_PAGES, Entry, Failure, Report

PNG = base64.b64encode(b"\x89PNG picture").decode()


@pytest.fixture(autouse=True)
def _english():
    edition.use("en")
    yield
    edition.use("en")


def shown(*cells) -> narrative.Content:
    return narrative.content(new_notebook(cells=list(cells)))


def code(source: str, *outputs, tags=()) -> nbformat.NotebookNode:
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def display(**data) -> nbformat.NotebookNode:
    named = {"html": "text/html", "text": "text/plain", "png": "image/png", "svg": "image/svg+xml"}
    return new_output("display_data", {named.get(name, name): value for name, value in data.items()})


def test_the_title_moves_to_the_head_of_the_page():
    body = shown(new_markdown_cell("# 10 · Title\n\n| a | b |\n|---|---|\n| c | d |")).body
    assert "Title" not in body
    assert 'class="prose title-card"' in body


def test_results_come_before_the_folded_code():
    body = shown(code("x = 1"), code("x", display(text="1"))).body
    assert body.count('<details class="code">') == 1
    assert "x" in re.sub(r"<[^>]*>", "", body)
    assert '<pre class="scroll">1</pre>' in body


def test_what_an_object_says_of_itself_is_left_out():
    says = ("<Axes: title={'left': 'x'}>", "[<matplotlib.lines.Line2D at 0x1>]", "Text(0.5, 1.0, 'x')", "None")
    for text in says:
        assert "output" not in shown(code("ax", display(text=text))).body
    assert "<b>not markup</b>" not in shown(code("x", display(text="1 <b>not markup</b>"))).body


def test_sliders_are_left_to_the_notebook():
    body = shown(code("interact()", display(text="VBox(children=())"), tags=["widget"])).body
    assert "interact" not in body
    assert "live in the notebook" in body


def test_learners_cells_are_not_in_a_report():
    body = shown(
        new_markdown_cell("## Exercises"),
        code("answer = None", display(text="Not answered yet"), tags=["exercise"]),
        code("answer = 4711", tags=["solution"]),
    ).body
    assert body.strip() == ""


def test_pictures_come_inside_with_words_for_those_who_do_not_see_them():
    body = shown(
        new_markdown_cell("## How is *revenue* spread?"),
        code("plot()", display(png=PNG, text="<Figure size 640x480>")),
        code("draw()", display(svg="<svg onload='alert(1)'></svg>")),
    ).body
    assert f'<img src="data:image/png;base64,{PNG}" alt="Chart: How is revenue spread?">' in body
    assert "data:image/svg+xml;base64," in body
    assert "onload" not in body
    told = new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": 'A "curve"'}})
    assert 'alt="A &#34;curve&#34;"' in shown(code("plot()", told)).body


def test_foreign_html_and_markdown_are_cut_to_the_safe_list():
    body = shown(
        code("HTML()", display(html="<table><tr><td><script>alert(1)</script></td></tr></table>")),
        code("Markdown()", new_output("display_data", {"text/markdown": "**<img src=x onerror=alert(1)>**"})),
    ).body
    assert "<script" not in body
    assert "<img" not in body
    assert '<div class="scroll"><table>' in body


def test_headline_decisions_and_warnings_are_read_from_the_outputs():
    headline = exports.Published("headline", pd.DataFrame({"account_name": ["<b>"], "rows": [1234]}))
    todo = dict.fromkeys(exports.DECISION_COLUMNS, "x") | {"by_when": pd.Timestamp("2025-01-31")}
    decisions = exports.Published("decisions", pd.DataFrame([todo]))
    stderr = new_output("stream", name="stderr", text="a.py:1: UserWarning: x\nb.py:2: FutureWarning: y\n")
    found = shown(
        code("h", new_output("display_data", headline._repr_mimebundle_())),
        code("d", new_output("display_data", decisions._repr_mimebundle_()), stderr),
    )
    assert found.headline == [{"label": "Account", "text": "<b>"}, {"label": "Rows", "text": "1,234"}]
    assert list(found.decisions["by_when"]) == [pd.Timestamp("2025-01-31")]
    assert found.warnings == 2
    assert "&lt;b&gt;" in found.body
    assert "<summary>2 warnings</summary>" in found.body
    assert '<td class="day">2025-01-31</td>' in found.body


def test_pictures_of_the_narrative_come_from_beside_the_notebook_only(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "map.png").write_bytes(b"map")
    (tmp_path / "secret.png").write_bytes(b"secret")
    cell = new_markdown_cell("![map](map.png) ![secret](../secret.png) ![none](none.png)")
    body = narrative.content(new_notebook(cells=[cell]), pictures=tmp_path / "notebooks").body
    assert body.count("data:image/png") == 1
    assert "secret" in body  # its alternative text


def test_the_font_brings_only_the_characters_shown():
    assert typeface.font_face("plain English") == ""
    face = typeface.font_face("大客户")
    assert face.startswith('@font-face { font-family: "KAM Sans SC"; src: url(data:font/woff;base64,')
    assert len(face) < 20_000
    assert face == typeface.font_face("客大户 and more")


def report(**changed) -> Report:
    names = {"en": "East <b>", "zh": "华东"}
    facts = {"language": "en", "company": {"en": "Acme (synthetic)", "zh": "甲"}, "region": names, "key": "East"}
    return Report(**{**facts, "slug": "East", "as_of": "2025-06-30", "data": "acme", **changed})


def test_a_chapters_page_leads_to_its_neighbours_and_its_other_language():
    made = report(siblings={"zh": [ALL_PAGES]})
    made.entries = [Entry("10_a", "A", "done"), Entry("11_b", "B", "skipped"), Entry("12_c", "C & c", "done")]
    page = pages.chapter_page(made, made.entries[0], narrative.Content("<p>body</p>"))
    assert 'href="12_c.html"' in page
    assert "C &amp; c" in page
    assert 'href="../zh/10_a.html"' in page
    assert "11_b" not in page
    assert "East &lt;b&gt;" in page
    assert "synthetic data" in page
    assert "Exercises and sliders are in the .ipynb file" in page
    assert "This report holds the chapters 10, 12;" in page


def test_a_language_that_is_not_there_is_not_linked_to():
    made = report(siblings={"zh": ["index.html"]}, entries=[Entry("10_a", "A", "done")])
    assert "../zh/" not in pages.chapter_page(made, made.entries[0], narrative.Content())
    assert "../zh/index.html" in pages.region_page(made, {"10_a": narrative.Content()}, glossary=False)


def test_a_failed_chapter_says_why_in_the_readers_language():
    entry = Entry("10_a", "A", "failed", failure=Failure("error", "ValueError: <x>", 3))
    assert "cell 3: ValueError: &lt;x&gt;" in pages.chapter_page(report(entries=[entry]), entry, narrative.Content())
    edition.use("zh")
    made = report(entries=[entry], language="zh")
    assert "第 3 个代码单元" in pages.chapter_page(made, entry, narrative.Content())
