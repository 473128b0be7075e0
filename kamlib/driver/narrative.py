"""An executed notebook as a chapter's body: prose and pictures for readers, code folded away, nothing that runs."""

import base64
import copy
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets.config import Config

from kamlib import exports
from kamlib.driver.chapters import without_learners
from kamlib.driver.markup import Link, formula, markdown, nowhere, safe_html
from kamlib.edition import _
from kamlib.jointforms import JointPlan

TEMPLATE = "page_template"
_PRIORITY = [
    exports.MIME,
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
]
_MACHINE_TALK = re.compile(r"\s*[\[({]*\s*(<[\w.]+.*>|Text\(.*|None)[\])}]*\s*", re.DOTALL)
"""What an object says of itself when it has nothing to say: ``<Axes: …>``."""
_WARNING = re.compile(r"\b\w*Warning: ")
_DAY = re.compile(r"<td(?: class=\"\")?>(\d{4}-\d\d-\d\d)</td>")
_PICTURES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".svg": "svg+xml"}


@dataclass
class Content:
    """What a chapter's page and the region's front page take from an executed notebook."""

    body: str = ""
    contents: list[dict[str, str]] = field(default_factory=list)
    """Its sections: id, text."""
    headline: list[dict[str, str]] = field(default_factory=list)
    """label, text."""
    decisions: pd.DataFrame | None = None
    warnings: int = 0
    plans: list[JointPlan] = field(default_factory=list)


def content(notebook: NotebookNode, link: Link = nowhere, pictures: Path | None = None) -> Content:
    """The content of an executed notebook, in the language spoken now.

    Parameters
    ----------
    link
        Where an address in the narrative leads from the page.
    pictures
        The folder from which pictures named in the narrative are taken.
    """
    frames = published(notebook)
    notebook = _for_readers(notebook)
    body = _body(notebook, link, _picture_from(pictures))
    return Content(
        body,
        [{"id": name, "text": re.sub(r"<[^>]*>", "", text)} for name, text in _H2.findall(body)],
        headline(frames["headline"][-1]) if frames.get("headline") else [],
        pd.concat(frames["decisions"], ignore_index=True) if frames.get("decisions") else None,
        _count_warnings(notebook),
        joint_plans(notebook),
    )


_H2 = re.compile(r'<h2 id="([^"]*)">(.*?)</h2>', re.DOTALL)


def published(notebook: NotebookNode) -> dict[str, list[pd.DataFrame]]:
    """The frames a notebook published with `exports.publish`, by name."""
    found: dict[str, list[pd.DataFrame]] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            payload = output.get("data", {}).get(exports.MIME)
            if payload:
                found.setdefault(payload["name"], []).append(exports.from_payload(payload))
    return found


def joint_plans(notebook: NotebookNode) -> list[JointPlan]:
    """The joint business plans a notebook published with `exports.publish_plan`."""
    bundles = (output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))
    return [exports.plan_from_payload(data[exports.PLAN_MIME]) for data in bundles if exports.PLAN_MIME in data]


def headline(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The numbers of a one-row frame, as people read them."""
    texts = exports.texts(frame).iloc[0]
    return [{"label": exports.heading(column), "text": texts[column]} for column in frame]


def _count_warnings(notebook: NotebookNode) -> int:
    streams = [o.text for c in notebook.cells for o in c.get("outputs", ()) if o.get("name") == "stderr"]
    return sum(warnings_in(text) for text in streams)


def warnings_in(text: str) -> int:
    """How many warnings a stretch of stderr holds; one, if it holds anything."""
    return max(len(_WARNING.findall(text)), 1 if text.strip() else 0)


# --- what readers need to see ---


def _for_readers(notebook: NotebookNode) -> NotebookNode:
    notebook = copy.deepcopy(notebook)
    notebook.cells = without_learners(notebook.cells)
    if notebook.cells and notebook.cells[0].cell_type == "markdown":
        card = notebook.cells[0]
        card.source = re.sub(r"^#\s.*\n?", "", card.source.lstrip(), count=1)
        card.metadata["card"] = True
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^#+\s+(.+)$", cell.source, re.MULTILINE)
            heading = re.sub(r"[*_`$]", "", found[-1]) if found else heading
            _inline_attachments(cell)
        elif cell.cell_type == "code":
            _prune(cell, heading)
    notebook.cells = _folded(notebook.cells)
    return notebook


def _inline_attachments(cell: NotebookNode) -> None:
    for name, bundle in cell.get("attachments", {}).items():
        for mime, data in bundle.items():
            cell.source = cell.source.replace(f"(attachment:{name})", f"(data:{mime};base64,{data})")


def _prune(cell: NotebookNode, heading: str) -> None:
    if "widget" in cell.metadata.get("tags", ()):
        cell.source, cell.outputs, cell.metadata["left_out"] = "", [], True
    cell.outputs = [output for output in cell.outputs if not _says_nothing(output)]
    for output in cell.outputs:
        if output.output_type in ("display_data", "execute_result"):
            output.metadata["alt"] = _alternative(output, heading)


def _alternative(output: NotebookNode, heading: str) -> str:
    """The picture's own description, else where it stands."""
    told = (output.metadata.get(mime, {}) for mime in ("image/png", "image/svg+xml", "image/jpeg"))
    own = next((each["alt"] for each in told if isinstance(each, dict) and each.get("alt")), "")
    return own or (_("Chart: {heading}", heading=heading) if heading else _("Chart"))


def _says_nothing(output: NotebookNode) -> bool:
    data = output.get("data", {})
    return bool(data) and set(data) == {"text/plain"} and bool(_MACHINE_TALK.fullmatch(data["text/plain"]))


def _folded(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Code without anything to show joins the next code, so that readers pass one fold instead of five."""
    kept: list[NotebookNode] = []
    for cell in cells:
        before = kept[-1] if kept else None
        if before is not None and before.cell_type == cell.cell_type == "code" and not before.outputs:
            before.source = "\n\n".join(part for part in (before.source, cell.source) if part)
            before.outputs = cell.outputs
            before.metadata.update(cell.metadata)
        else:
            kept.append(cell)
    return kept


# --- HTML ---


def _body(notebook: NotebookNode, link: Link, picture: Link) -> str:
    exporter = TemplateExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
        template_name=TEMPLATE,
        template_file="index.html.j2",
        extra_template_basedirs=[str(Path(__file__).parent)],
    )
    for name, function in _filters(link, picture).items():
        exporter.register_filter(name, function)
    words = {
        "code": _("Code"),
        "widget": _("The sliders of this step live in the notebook: open it to try other assumptions."),
    }
    return exporter.from_notebook_node(notebook, resources={"words": words, "mime": exports.MIME})[0]


def _filters(link: Link, picture: Link) -> dict[str, Callable]:
    anchors: dict[str, int] = {}
    python = HtmlFormatter(nowrap=True, classprefix="c-")
    return {
        "from_markdown": lambda text: markdown(text, link, picture, anchors=anchors),
        "coloured": lambda code: highlight(code, PythonLexer(), python).rstrip(),
        "foreign_html": _foreign_html,
        "foreign_markdown": lambda text: _boxed(markdown(text, raw_html=False)),
        "from_latex": lambda latex: formula(latex.strip().strip("$"), block=True),
        "published": _published,
        "counted": lambda text: _("{n} warnings", n=n) if (n := warnings_in(text)) > 1 else _("1 warning"),
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "packed": lambda text: "".join(text.split()),
    }


def _foreign_html(html: str) -> str:
    return _boxed(safe_html(html))


def _boxed(html: str) -> str:
    """Tables in a box that scrolls, their dates in one piece."""
    html = _DAY.sub(r'<td class="day">\1</td>', html)
    return f'<div class="scroll">{html}</div>' if "<table" in html else html


def _published(data: NotebookNode) -> str:
    payload = data[exports.MIME]
    if payload["name"] == "headline":
        return numbers(headline(exports.from_payload(payload)))
    return _foreign_html(data.get("text/html") or exports.html(exports.from_payload(payload)))


def numbers(cells: list[dict[str, str]]) -> str:
    """Headline numbers as a row of cards."""
    cards = (
        f"<div><dt>{escape(cell['label'])}</dt>"
        f"<dd{_WORDY if _width(cell['text']) > _LONG else ''}>{escape(cell['text'])}</dd></div>"
        for cell in cells
    )
    return f'<dl class="numbers">{"".join(cards)}</dl>'


_LONG, _WORDY = 12, ' class="wordy"'


def _width(text: str) -> int:
    """In columns: a hanzi takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _picture_from(folder: Path | None) -> Link:
    """Pictures of the narrative, taken from beside the notebook and from nowhere else."""

    def picture(address: str) -> str | None:
        path = (folder / address).resolve() if folder else None
        if path is None or not path.is_relative_to(folder.resolve()) or path.suffix.lower() not in _PICTURES:
            return None
        if not path.is_file():
            return None
        kind = _PICTURES[path.suffix.lower()]
        return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    return picture
