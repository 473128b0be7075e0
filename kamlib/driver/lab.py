"""The notebooks to open in JupyterLab, in either language; what a learner has changed is never lost."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kamlib import edition
from kamlib.driver import chapters
from kamlib.driver.publishing import write
from kamlib.edition import _

RENDERED = "build/zh/notebooks"
_RECORD = ".rendered.json"
_STRING = re.compile(r"""(?P<quote>["'])(?P<path>\.{1,2}/[^"'\n]*)(?P=quote)""")
_ADDRESS = re.compile(r"\]\((\.{1,2}/[^)\s#]+)")


def render(source: Path, target: Path, language: str, say: Callable[[str], None]) -> None:
    """Write the notebooks of ``source`` in a language to ``target``.

    A notebook that was changed there since it was rendered is kept; the new edition is then written beside it as
    ``<name>.new.ipynb``, and ``say`` is told.
    """
    record = _record(target)
    for path in sorted(source.glob("[0-9][0-9]_*.ipynb")):
        notebook = rendered(path, target, language)
        mark = _mark(notebook)
        place = target / path.name
        known = record.get(path.name, "")
        if place.exists() and known == mark:
            continue
        if place.exists() and _mark(nbformat.read(place, 4)) not in (known, mark):
            place = place.with_suffix(".new.ipynb")
            say(_("Kept your changed {name}; the new edition is beside it: {new}", name=path.name, new=place.name))
        write(place, nbformat.writes(notebook) + "\n")
        record[path.name] = mark if place.name == path.name else known
    write(target / _RECORD, json.dumps(record, indent=1))


def rendered(path: Path, target: Path, language: str) -> NotebookNode:
    """A notebook in a language, at home in the folder ``target``: its relative paths lead where they led."""
    notebook = edition.in_language(nbformat.read(path, 4), language)
    for cell in notebook.cells:
        pattern = _ADDRESS if cell.cell_type == "markdown" else _STRING
        cell.source = pattern.sub(lambda match: _moved(match, path.parent, target), cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    _speak(notebook, language)
    return notebook


def _moved(match: re.Match, source: Path, target: Path) -> str:
    """The match with its path, if it leads anywhere, written as seen from ``target``."""
    address = match["path"] if "path" in match.re.groupindex else match[1]
    leads_to = (source / address).resolve()
    if not leads_to.exists() or (leads_to.parent == source.resolve() and leads_to.suffix == ".ipynb"):
        return match[0]
    return match[0].replace(address, Path(os.path.relpath(leads_to, target.resolve())).as_posix())


def _speak(notebook: NotebookNode, language: str) -> None:
    """Make the notebook's first imports say which language the labels are in."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and re.search(r"^(import|from) ", cell.source, re.MULTILINE):
            cell.source = f'from kamlib import edition; edition.use("{language}")\n{cell.source}'
            return


def _record(target: Path) -> dict[str, str]:
    path = target / _RECORD
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _mark(notebook: NotebookNode) -> str:
    """The text of a notebook as a checksum: running it changes nothing, writing in it does."""
    texts = [(cell.cell_type, cell.source.rstrip()) for cell in notebook.cells]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def folder(language: str, say: Callable[[str], None]) -> Path:
    """The folder to open: the notebooks themselves, or their rendering in another language."""
    if language == "en":
        return chapters.NOTEBOOKS
    target = chapters.NOTEBOOKS.parent / RENDERED
    render(chapters.NOTEBOOKS, target, language, say)
    return target
