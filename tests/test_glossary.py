"""The glossary's page: each term once, wholly in the language spoken, with a file that stays the single source."""

import re

import pytest

from kamlib import edition, glossary

TEXT = glossary.PATH.read_text("utf-8")
SMALL = """# Glossary 术语表

Every term once: what it means, in both languages, how it is computed, in which column it stands, where it comes from.
The sections follow the decades of the notebooks.

## 0x Start and market 开篇与市场

| Term | 中文 | Meaning | 含义 | Formula · unit | Column | Source |
|---|---|---|---|---|---|---|
| <a id="x"></a>coverage | 覆盖率 | there | 具备 | share · 0–1 | `coverage` | this workbook; Gini 1912 |
"""


@pytest.fixture(autouse=True)
def _english():
    edition.use("en")
    yield
    edition.use("en")


def test_a_chinese_page_is_chinese_in_its_title_introduction_heads_units_and_sources():
    edition.use("zh")
    lines = glossary.spoken(SMALL).splitlines()
    assert lines[0] == "# 术语表"
    assert lines[2].startswith("每个术语只解释一次：含义、算法、所在列、出处。")
    assert lines[4] == "## 0x 开篇与市场"
    assert lines[6] == "| 术语 | 英文 | 含义 | 算法，单位 | 所在列 | 出处 |"
    assert lines[8] == '| 覆盖率 | <a id="x"></a>coverage | 具备 | 占比，0–1 | `coverage` | 本工作簿；Gini 1912 |'


def test_an_english_page_has_no_hanzi_but_the_names_of_the_terms():
    lines = glossary.spoken(SMALL).splitlines()
    assert lines[0] == "# Glossary"
    assert lines[4] == "## 0x Start and market"
    assert (
        lines[8].removeprefix('| <a id="x"></a>')
        == "coverage | 覆盖率 | there | share · 0–1 | `coverage` | this workbook; Gini 1912 |"
    )


def test_only_parts_with_words_are_asked_of_a_translator():
    assert list(glossary.messages(SMALL))[-2:] == ["share", "this workbook"]


def test_every_term_stands_once():
    anchors = re.findall(r'<a id="([^"]+)">', TEXT)
    assert len(anchors) > 50
    assert sorted(set(anchors)) == sorted(anchors)


def test_the_chinese_of_the_terms_has_chinese_punctuation():
    rows = [line.split(" | ") for line in TEXT.splitlines() if line.startswith("| <a")]
    said = [cell for row in rows for cell in (row[1], row[3])]
    assert [cell for cell in said if re.search(r"[\u4e00-\u9fff][,;:(]|[,;)][\u4e00-\u9fff]", cell)] == []
