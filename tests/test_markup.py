"""Text of others stays text; formulas become MathML; a table cannot grow a script."""

import re
from html.parser import HTMLParser

import pytest

from kamlib.driver.markup import anchor, formula, markdown, safe_html

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg onload=alert(1)><circle/></svg>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='https://example.org' onclick='x()'>x</a>",
    "<form action='https://example.org'><input name=a></form>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href='https://example.org/'>",
    "<link rel=stylesheet href='https://example.org/x.css'>",
    "<object data=x></object><embed src=x>",
    "<div style='background:url(https://example.org)'>x</div>",
    "<style>@import 'https://example.org'</style>",
    "<img src='https://example.org/x.png'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<math href='javascript:alert(1)'><mi>x</mi></math>",
    "<table><td><script>alert(1)</script></table>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<details open ontoggle=alert(1)>x</details>",
    '"><script>alert(1)</script>',
    "<scr<script>ipt>alert(1)</script>",
    "<p/onclick=alert(1)>x",
    "<img src=x onerror=alert(1)//",
]
_HARMLESS = {"href", "src", "class", "title", "alt", "open", "id", "colspan", "rowspan", "border"}


class Elements(HTMLParser):
    """Collects elements as a browser would see them."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def harm(html: str) -> list[tuple[str, dict]]:
    """Elements that could load, run or lead anywhere."""
    return [
        (tag, attributes)
        for tag, attributes in Elements(html).found
        if tag in {"script", "iframe", "object", "embed", "form", "meta", "base", "link", "svg", "input", "style"}
        or set(attributes) - _HARMLESS
        or attributes.get("href")
        or not attributes.get("src", "data:image/").startswith("data:image/")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_foreign_becomes_an_element_that_does_something(text):
    for html in (safe_html(text), markdown(text), markdown(text, raw_html=False), safe_html(f"<td>{text}</td>")):
        assert harm(html) == []


def test_a_hostile_name_stays_readable():
    assert markdown("**<img src=x onerror=alert(1)>**", raw_html=False) == (
        "<p><strong>&lt;img src=x onerror=alert(1)&gt;</strong></p>\n"
    )
    assert safe_html("<script>alert(1)</script>") == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_what_comes_out_is_well_formed():
    assert safe_html("<table><tr><td><b>x</td></tr></table></div></td>") == (
        "<table><tr><td><b>x</b></td></tr></table>"
    )
    assert safe_html("<ul><li>a<li>b") == "<ul><li>a<li>b</li></li></ul>"


def test_tables_of_pandas_keep_their_cells_and_lose_their_style():
    html = "<div><style scoped>.x{}</style><table border='1' class='dataframe'><tr><th>a</th></tr></table></div>"
    assert safe_html(html) == '<div><table class="dataframe"><tr><th>a</th></tr></table></div>'


def test_formulas_become_mathml_without_an_address():
    html = markdown("Rate $p_i$:\n\n$$\n\\hat{p} = \\frac{a + w}{a + b + n}\n$$\n")
    assert html.count("<math") == 2
    assert 'display="block"' in html
    assert "<mfrac>" in html
    assert "http" not in html


def test_a_formula_that_cannot_be_read_stays_as_written():
    assert formula(r"\frac{") == r"<code>\frac{</code>"


def test_links_lead_only_where_the_page_lets_them():
    html = markdown("[a](here.ipynb) [b](https://example.org/p) [c](there)", {"here.ipynb": "here.html"}.get)
    assert '<a href="here.html">a</a>' in html
    assert "<a>b</a> (example.org/p)" in html
    assert "href" not in html.partition("<a>c")[2]


def test_headings_can_be_linked_to_even_if_they_repeat():
    html = markdown("## Decide & act\n\n## 双漏斗 *x*\n\n## Decide & act")
    assert re.findall(r'id="([^"]*)"', html) == ["decide--act", "双漏斗-x", "decide--act-1"]
    assert anchor("Share of wallet") == "share-of-wallet"


def test_bold_beside_hanzi_is_bold():
    assert "<strong>重点。</strong>后面" in markdown("**重点。**后面")
    assert "<strong>“引号”</strong>" in markdown("前面**“引号”**后面")


def test_pictures_come_inside_or_not_at_all():
    assert markdown("![alt](x.png)", picture=lambda address: "data:image/png;base64,AAAA") == (
        '<p><img alt="alt" src="data:image/png;base64,AAAA"></p>\n'
    )
    assert markdown("![alt](https://example.org/x.png)") == "<p>alt</p>\n"
