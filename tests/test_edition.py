"""Both languages: nothing untranslated, nothing stale, no glyph that our fonts cannot draw."""

import io
import re
import string

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest

from kamlib import catalogues, edition
from kamlib.charts import canvas


@pytest.fixture
def chinese():
    edition.use("zh")
    yield
    edition.use("en")


def test_the_chinese_edition_is_complete():
    assert catalogues.problems() == []


def test_translations_keep_the_fields_of_their_message():
    wrong = []
    for path in edition.CATALOGUES.glob("*.po"):
        for message, chinese in edition.read_catalogue(path).items():
            if fields(message) != fields(chinese):
                wrong.append((path.name, message, chinese))
    assert wrong == []


def fields(message: str) -> list[str]:
    """Names of ``{fields}``; a message with braces of its own (formulas, TOML) has none."""
    if message.startswith("$$"):
        return []
    message = re.sub(r"\$[^$]+\$", "", message)
    try:
        return sorted({name for _text, name, _spec, _conversion in string.Formatter().parse(message) if name})
    except ValueError:
        return []


def test_translations_keep_links_code_and_formulas():
    pattern = re.compile(r"\]\([^)]+\)|`[^`]+`|\$[^$]+\$")
    wrong = []
    for path in edition.CATALOGUES.glob("[0-9]*.po"):
        for message, chinese in edition.read_catalogue(path).items():
            ours, theirs = (re.sub(r"\\text\{[^}]*\}", r"\\text{}", text) for text in (message, chinese))
            if not message.startswith("$$") and sorted(pattern.findall(ours)) != sorted(pattern.findall(theirs)):
                wrong.append((path.name, message[:60]))
    assert wrong == []


def test_our_fonts_draw_every_character_of_the_chinese_edition(chinese):
    from matplotlib.ft2font import FT2Font

    drawable = set(FT2Font(str(canvas.FONTS / "KAMSansSC.ttf")).get_charmap())
    drawable |= set(FT2Font(plt.matplotlib.get_data_path() + "/fonts/ttf/DejaVuSans.ttf").get_charmap())
    said = {
        c for path in edition.CATALOGUES.glob("*.po") for text in edition.read_catalogue(path).values() for c in text
    }
    said |= {c for path in (edition.CATALOGUES.parents[2] / "reference").glob("*.csv") for c in path.read_text("utf-8")}
    assert {c for c in said if ord(c) not in drawable and c not in "\n\r\t"} == set()


def test_a_chinese_label_is_drawn_without_a_missing_glyph(recwarn):
    figure, ax = plt.subplots()
    ax.set_title("联合生意计划 · 商机漏斗 −5 %")
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)
    assert [str(w.message) for w in recwarn if "Glyph" in str(w.message)] == []


@pytest.mark.parametrize(
    ("value", "english", "chinese_text"),
    [
        (0, "0", "0"),
        (7.25, "7.25", "7.25"),
        (999.6, "1k", "1,000"),
        (12_345, "12.3k", "1.23万"),
        (1_234_567, "1.23M", "123万"),
        (-250_000_000, "-250M", "-2.5亿"),
        (float("nan"), "–", "–"),
    ],
)
def test_numbers_read_as_people_of_the_language_write_them(value, english, chinese_text):
    assert edition.compact(value) == english
    edition.use("zh")
    try:
        assert edition.compact(value) == chinese_text
    finally:
        edition.use("en")


def test_percentages_keep_one_digit_when_small():
    assert [edition.percent(x) for x in (0, 0.004, 0.0994, 0.123, 1.5)] == ["0%", "0.4%", "9.9%", "12%", "150%"]
    assert edition.percent(-0.0004) == "0.0%"


def test_a_field_cannot_reach_into_an_object():
    with pytest.raises(KeyError):
        edition._("{x.__class__}", x=1)


def test_a_missing_value_reads_as_a_dash():
    assert edition._("{x:money} {y:.2f} {z:date}", x=None, y=float("nan"), z=pd.NaT) == "– – –"


def test_said_text_stays_text_in_html():
    assert "<img" not in edition.say("{name}", name="<img src=x onerror=alert(1)>")._repr_html_()


def test_one_sentence_per_row():
    frame = pd.DataFrame({"n": [1, 2], "share": [0.5, 0.25]})
    assert edition.sentences("{n}: {share:percent}", frame) == ["1: 50%", "2: 25%"]


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="unknown language 'fr'"):
        edition.use("fr")


@pytest.mark.parametrize(
    "markdown",
    [
        "one\n\ntwo\nlines\n",
        "text\n\n```python\ncode\n\nmore\n```\n\nend",
        "$$\na\n\nb\n$$\ntext",
        "$$x = 1$$",
        "a\n$$x\n+ y$$\nb",
        "",
        "\n\n",
        "~~~\nopen fence",
    ],
)
def test_markdown_splits_into_blocks_without_loss(markdown):
    assert "".join(text for text, _block in edition.blocks(markdown)) == markdown


def test_formulas_and_code_are_not_messages():
    blocks = ["$$x = 1$$", "```\ncode here\n```", "`data_dir`", "| **12** |"]
    assert [edition.message_of(block) for block in blocks] == ["", "", "", ""]


def test_a_notebook_in_chinese_runs_the_same_code():
    cells = [
        nbformat.v4.new_markdown_cell("# Title\n\nText"),
        nbformat.v4.new_code_cell('x = "# no comment"  # a comment'),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    translated = edition.in_language(notebook, "zh", lambda message: message.upper())
    assert translated.cells[0].source == "# TITLE\n\nTEXT"
    assert translated.cells[1].source == 'x = "# no comment"  # A COMMENT'
    assert notebook.cells[0].source == "# Title\n\nText"


def test_reference_tables_speak_one_language(chinese):
    pillars = edition.reference("pillars")
    assert list(pillars.columns) == ["decade", "name", "question"]
    assert pillars["name"].iloc[1] == "客户细分"


def test_a_line_broken_inside_a_chinese_sentence_does_not_become_a_space():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("One sentence.\n\n- a point\n- another")])
    told = {"One sentence.": "前半句，\n后半句（A\nB）。", "- a point\n- another": "- 一点\n- 另一点"}
    assert (
        edition.in_language(notebook, "zh", told.get).cells[0].source == "前半句，后半句（A\nB）。\n\n- 一点\n- 另一点"
    )
