"""Text of others to HTML that cannot do anything: markdown, formulas as MathML, and foreign HTML cut to a safe list.

Nothing here trusts its input. Markup outside the list stays on the page as the text it is.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser

import mistune
from latex2mathml.converter import convert

Link = Callable[[str], str | None]
"""Where an address leads on this page; None for an address that leads nowhere from here."""

_VOID = {"br", "hr", "img", "col"}
_TEXT_TAGS = """
a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr
i img kbd li mark ol p pre q s section small span strong sub summary sup table tbody td tfoot th thead tr u ul var
"""
_MATH_TAGS = """
math menclose mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle
msub msubsup msup mtable mtd mtext mtr munder munderover none
"""
_MATH = frozenset(_MATH_TAGS.split())
_TAGS = _MATH | frozenset(_TEXT_TAGS.split())
_OF_TEXT = {"class", "colspan", "rowspan", "scope", "lang", "dir", "title", "alt", "open", "start", "id"}
_MATH_ATTRIBUTES = """
accent columnalign columnlines columnspacing display displaystyle fence form linethickness lspace mathvariant maxsize
minsize movablelimits notation rowspacing rspace scriptlevel separator stretchy symmetric width height depth
"""
_OF_MATH = frozenset(_MATH_ATTRIBUTES.split())
_SILENT = {"style"}
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]+")


_STRONG = re.compile(r"(?<=[\u3000-\uffef])\*\*([^*`\n]+)\*\*|\*\*([^*`\n]+)\*\*(?=[\u3000-\uffef])")
"""Bold beside hanzi, which markdown's rules for words between spaces do not see."""


def nowhere(_address: str) -> None:
    """The `Link` of text that may not lead anywhere."""


def safe_html(html: str, link: Link = nowhere) -> str:
    """``html`` with only harmless elements and attributes; any other markup is shown as text."""
    parser = _Safe(link)
    parser.feed(html)
    parser.close()
    return "".join(parser.out) + "".join(f"</{tag}>" for tag in reversed(parser.open))


class _Safe(HTMLParser):
    """Writes what it reads anew, element by element, so that whatever comes out is well formed."""

    def __init__(self, link: Link):
        super().__init__(convert_charrefs=True)
        self.link = link
        self.out: list[str] = []
        self.open: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag not in _TAGS:
            self.handle_data(self.get_starttag_text() or "")
        elif not self.silent:
            self.out.append(self._element(tag, attributes))
            if tag not in _VOID:
                self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag in _TAGS - _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag not in _TAGS:
            self.handle_data(f"</{tag}>")
        elif tag in self.open:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(escape(data))

    def _element(self, tag: str, attributes: list[tuple[str, str | None]]) -> str:
        known = _OF_MATH if tag in _MATH else _OF_TEXT
        kept = {name: value or "" for name, value in attributes if name in known}
        given = {name: value or "" for name, value in attributes}
        if tag == "img":
            source = given.get("src", "")
            return _tag(tag, {**kept, "src": source}) if _PICTURE.fullmatch(source) else escape(kept.get("alt", ""))
        if tag == "a" and (target := self.link(given.get("href", ""))):
            kept["href"] = target
        return _tag(tag, kept)


def _tag(name: str, attributes: dict[str, str]) -> str:
    return "<" + " ".join([name, *(f'{key}="{escape(value)}"' for key, value in attributes.items())]) + ">"


# --- markdown ---


def markdown(
    text: str,
    link: Link = nowhere,
    picture: Link = nowhere,
    *,
    raw_html: bool = True,
    anchors: dict[str, int] | None = None,
) -> str:
    """Markdown as HTML, its formulas as MathML.

    Parameters
    ----------
    picture
        The data URI of a picture's address.
    raw_html
        Whether HTML in the text is (the safe list's) HTML, as in the project's own notebooks; otherwise it is text.
    anchors
        How often the page has used a heading already; shared between the texts of one page.
    """
    reader = mistune.create_markdown(
        renderer=_Renderer(picture, {} if anchors is None else anchors, escape=not raw_html),
        plugins=["table", "strikethrough", "footnotes", "task_lists", "math"],
    )
    reader.renderer.register("task_list_item", _task)
    reader.renderer.register("inline_math", lambda _self, latex: formula(latex))
    reader.renderer.register("block_math", lambda _self, latex: formula(latex, block=True))
    return safe_html(str(reader(_STRONG.sub(r"<strong>\1\2</strong>", text) if raw_html else text)), link)


def _task(_renderer: mistune.HTMLRenderer, text: str, *, checked: bool = False) -> str:
    return f"<li class='task'>{'☑' if checked else '☐'} {text}</li>\n"


class _Renderer(mistune.HTMLRenderer):
    """mistune's, but for headings with ids, addresses spelt out where a link cannot lead, and embedded pictures."""

    def __init__(self, picture: Link, used: dict[str, int], *, escape: bool):
        super().__init__(escape=escape, allow_harmful_protocols=False)
        self.picture = picture
        self.used = used

    def heading(self, text: str, level: int, **_attributes) -> str:
        return f'<h{level} id="{escape(self._anchor(text))}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        bare = re.sub(r"^(https?://|mailto:)", "", url)
        spelt = f" ({escape(bare)})" if bare != url and bare not in text else ""
        return f'<a href="{escape(url)}">{text}</a>{spelt}'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        source = url if _PICTURE.fullmatch(url) else self.picture(url)
        return f'<img src="{escape(source or "")}" alt="{escape(text)}">'

    def _anchor(self, text: str) -> str:
        name = anchor(unescape(re.sub(r"<[^>]*>", "", text)))
        self.used[name] = self.used.get(name, -1) + 1
        return f"{name}-{self.used[name]}" if self.used[name] else name


def anchor(text: str) -> str:
    """The name by which others link to a heading, made as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def formula(latex: str, *, block: bool = False) -> str:
    """A LaTeX formula as MathML; one that cannot be read stays as it is written."""
    try:
        math = convert(latex.strip(), display="block" if block else "inline")
    except Exception:  # noqa: BLE001 - the converter raises whatever it stumbles over; the formula is shown as written
        return f"<code>{escape(latex)}</code>"
    math = math.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return f'<div class="formula">{math}</div>' if block else math
