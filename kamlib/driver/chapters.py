"""The notebooks as chapters of a report: what each needs, which aggregates it asks for, how it is made ready to run."""

import ast
import copy
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kamlib import edition, schema

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LEARNERS = {"exercise", "solution"}
"""Tags of cells that belong to the notebook, not to a region's report."""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_NAME = re.compile(r"(\d\d)_\w+")
_TABLES = re.compile(r"^\|\s*\*\*Tables\*\*\s*\|(.*)\|\s*$", re.MULTILINE)
_TITLE = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)
Pooled = tuple[Callable, tuple[str, ...]]


@dataclass(frozen=True)
class Chapter:
    """A notebook that a report may hold."""

    name: str
    """The file's name without its ending, e.g. ``31_double_funnel``."""
    notebook: NotebookNode
    needs: tuple[str, ...]
    """Tables without which it has nothing to say."""

    @property
    def number(self) -> int:
        """The two digits its name starts with; the first is its pillar."""
        return int(self.name[:2])

    def in_language(self, language: str) -> NotebookNode:
        """The notebook in a language, without outputs and learners' cells, ready to run."""
        return ready(edition.in_language(self.notebook, language))

    def title(self, language: str) -> str:
        """Its title in a language."""
        return title(edition.in_language(self.notebook, language)) or self.name


def read_chapters(folder: Path = NOTEBOOKS, wanted: str = "") -> list[Chapter]:
    """The chapters of a folder of notebooks in the order of their numbers.

    Parameters
    ----------
    wanted
        Numbers and ranges, ``10-24,31``; empty for all.

    Raises
    ------
    ValueError
        If ``wanted`` cannot be read, or names a notebook that is not there.
    """
    paths = [path for path in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(path.stem)]
    numbers = {int(path.stem[:2]) for path in paths}
    chosen = numbers_in(wanted, numbers) if wanted else numbers
    if not chosen:
        raise ValueError(edition._("There are no notebooks in {folder}.", folder=folder))
    return [read_chapter(path) for path in paths if int(path.stem[:2]) in chosen]


def read_chapter(path: Path) -> Chapter:
    """A notebook file as a chapter."""
    notebook = nbformat.read(path, 4)
    return Chapter(path.stem, notebook, needs(notebook))


def numbers_in(text: str, known: set[int]) -> set[int]:
    """The known numbers that ``10-24,31`` selects. Raises ValueError for other text, and for a number nobody has."""
    chosen: set[int] = set()
    listed = ", ".join(f"{number:02d}" for number in sorted(known))
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*", part)
        if not match:
            raise ValueError(edition._("{part!r} is not a number or a range such as 10-24.", part=part))
        first, last = int(match[1]), int(match[2] or match[1])
        hits = {number for number in known if first <= number <= last}
        if not hits:
            raise ValueError(edition._("There is no notebook {part}; known: {known}.", part=part.strip(), known=listed))
        chosen |= hits
    return chosen


def title(notebook: NotebookNode) -> str:
    """The first heading of the title card, as plain text."""
    found = _TITLE.search(_card(notebook))
    return re.sub(r"[*_`]|^\d\d\s*[·.:]\s*", "", found[1]) if found else ""


def needs(notebook: NotebookNode) -> tuple[str, ...]:
    """The tables the (English) title card names as needed."""
    found = _TABLES.search(_card(notebook))
    named = re.findall(r"`(\w+)`", found[1]) if found else []
    return tuple(name for name in named if name in schema.TABLES)


def _card(notebook: NotebookNode) -> str:
    first = notebook.cells[0] if notebook.cells else None
    return first.source if first is not None and first.cell_type == "markdown" else ""


# --- ready to run ---


def ready(notebook: NotebookNode) -> NotebookNode:
    """A copy without outputs, learners' cells and whatever a notebook remembers of its last run."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL), kam=notebook.metadata.get("kam", {}))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells = without_learners(notebook.cells)
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def without_learners(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells without exercises and solutions, nor the headings and words that only introduce them."""
    kept = [cell for section in _sections(cells) for cell in section if not _only_learners(section)]
    return [cell for cell in kept if not _tags(cell) & LEARNERS]


def _only_learners(section: list[NotebookNode]) -> bool:
    tagged = [bool(_tags(cell) & LEARNERS) for cell in section]
    rest = [cell for cell, learner in zip(section, tagged, strict=True) if not learner]
    return any(tagged) and all(cell.cell_type == "markdown" for cell in rest)


def _sections(cells: list[NotebookNode]) -> Iterator[list[NotebookNode]]:
    """The cells from one heading of the first or second level to the next."""
    section: list[NotebookNode] = []
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"#{1,2}\s", cell.source.lstrip()) and section:
            yield section
            section = []
        section.append(cell)
    if section:
        yield section


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


# --- the aggregates over all regions that a notebook asks for ---


def pooled_calls(notebook: NotebookNode) -> list[Pooled]:
    """Every ``….pooled(function, "table", …)`` of a notebook, with its function looked up in kamlib.

    Raises
    ------
    ValueError
        If a call does not name a function of kamlib and its tables plainly.
    """
    trees = [tree for cell in notebook.cells if cell.cell_type == "code" for tree in _parsed(cell.source)]
    imported = dict(pair for tree in trees for pair in _imports(tree))
    calls = [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pooled"
    ]
    return list(dict.fromkeys(_pooled(call, imported) for call in calls))


def _parsed(code: str) -> list[ast.Module]:
    try:
        return [ast.parse(code)]
    except SyntaxError:  # the run will say so, with the cell's number
        return []


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name in the notebook -> what it stands for: ``segmentation`` -> ``kamlib.segmentation``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "kamlib":
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("kamlib."):
                    yield (alias.asname, alias.name) if alias.asname else ("kamlib", "kamlib")


def _pooled(call: ast.Call, imported: dict[str, str]) -> Pooled:
    said = ast.unparse(call)
    tables = tuple(argument.value for argument in call.args[1:] if isinstance(argument, ast.Constant))
    head, _dot, rest = (ast.unparse(call.args[0]) if call.args else "").partition(".")
    target = ".".join(part for part in (imported.get(head, ""), rest) if part)
    module, _dot, name = target.rpartition(".")
    if not module.startswith("kamlib.") or call.keywords or len(tables) != len(call.args) - 1:
        raise ValueError(edition._("Write it plainly, as book.pooled(module.function, 'orders'): {said}", said=said))
    function = getattr(importlib.import_module(module), name, None)
    if function is None:
        raise ValueError(edition._("There is no {target} to pool with: {said}", target=target, said=said))
    return function, tables
